"""Audiences: a filter as data, the one query that it becomes, and lists of members."""
