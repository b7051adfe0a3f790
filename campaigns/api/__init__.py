"""The REST API of campaigns."""
