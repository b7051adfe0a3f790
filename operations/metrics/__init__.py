"""Metrics for Prometheus, read from the database: right with any number of processes (docs/metrics.md)."""
