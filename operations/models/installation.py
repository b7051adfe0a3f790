"""Which installation this is, and its last signs of life."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Installation(models.Model):
    """One row, made at the first start: a sealed sentence and a keyed hash that only the right keys reproduce."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sealed_check = models.TextField()
    pepper_check = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="installation_single_row")]

    def __str__(self) -> str:
        return f"installed {self.created_at:%Y-%m-%d}"


class Heartbeat(models.Model):
    """The last sign of life of one kind, written by a worker; `token` answers a round trip that somebody asked for."""

    kind = models.CharField(max_length=40, primary_key=True)
    token = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%H:%M:%S}"


class RetentionLease(models.Model):
    """One row: who deletes old records now, and which archive directory messages go to, if to any."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    token = models.UUIDField(null=True)
    until = models.DateTimeField(default=timezone.now)
    archive = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="retention_single_row")]

    def __str__(self) -> str:
        return f"retention until {self.until:%H:%M:%S}"
