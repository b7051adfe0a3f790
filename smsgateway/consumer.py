"""Celery's consumer, except that a broker that dies in the middle of a wake-up does not take the worker along.

kombu puts unfinished tasks back while it closes the lost connection, and fails over the connection being lost
(5.7: AttributeError). Celery calls that unrecoverable and ends the worker. A wake-up may be lost (docs/adr/0002).
"""

from __future__ import annotations

import logging

from celery.worker import consumer

logger = logging.getLogger(__name__)


class Consumer(consumer.Consumer):
    """Connects again after whatever closing the lost connection raises."""

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Called between losing a connection and making the next."""
        try:
            super().on_connection_error_after_connected(exc)
        except Exception as error:
            logger.warning("The lost connection to the broker did not close in order: %r", error)
