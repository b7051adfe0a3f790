"""Telling somebody by e-mail or webhook that something stands still, and that it goes on (docs/screens/alerts.md)."""
