"""Forms of the campaign screens."""
