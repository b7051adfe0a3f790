"""Screens, look-ups and the queue at ten million messages; `python -m bench.scale`."""
