"""A database in memory for one run: recorded callbacks go through the real path, and nothing of it is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connections
from django.db.utils import load_backend


@contextmanager
def scratch_database() -> Iterator[None]:
    """Everything this thread does with the database happens in an empty, migrated one that is gone afterwards."""
    own = connections["default"]
    settings = connections.configure_settings(
        {"default": {"ENGINE": "core.sqlite", "NAME": ":memory:", "ATOMIC_REQUESTS": False}}
    )["default"]
    scratch = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, alias="default")
    connections["default"] = scratch
    try:
        call_command("migrate", verbosity=0, interactive=False)
        yield
    finally:
        connections["default"] = own
        scratch.close()


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """What a logger warns of stays unsaid: calls that are refused are part of the cases."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
