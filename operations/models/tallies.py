"""Counts that only grow, kept beside what they count: no metric ever scans a table of messages."""

from __future__ import annotations

from django.db import models


class Tally(models.Model):
    """One counter: the series, the values of its labels as a JSON list, and how many so far."""

    series = models.CharField(max_length=40)
    labels = models.CharField(max_length=300)
    value = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "labels"], name="tally_once")]

    def __str__(self) -> str:
        return f"{self.series} {self.labels}"


class TallyCursor(models.Model):
    """How far a source is counted: `position` is counted, up to `horizon` (noted at `horizon_at`) comes next."""

    source = models.CharField(max_length=40, primary_key=True)
    position = models.CharField(max_length=40)
    horizon = models.CharField(max_length=40)
    horizon_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.source} up to {self.position}"
