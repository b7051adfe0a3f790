"""When campaigns go out."""
