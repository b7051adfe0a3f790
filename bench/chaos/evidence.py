"""Reading what the database holds after a run; Django must be set up for it."""

from __future__ import annotations

from collections import defaultdict

from django.db import connection

from bench.chaos.record import Row, Try

# On PostgreSQL: which incarnation of which worker opened an attempt, kept by the database itself.
WATCH = """
CREATE TABLE chaos_attempt (attempt_id bigint PRIMARY KEY, worker text NOT NULL);
CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_attempt VALUES (NEW.id, current_setting('application_name'));
    RETURN NEW;
END $$;
CREATE TRIGGER chaos_note AFTER INSERT ON messaging_attempt FOR EACH ROW EXECUTE FUNCTION chaos_note();
"""


def open_messages() -> int:
    """How many messages still wait or are on the wire."""
    from messaging.models import Message
    from messaging.states import UNDER_WAY

    return Message.objects.filter(state__in=UNDER_WAY).count()


def rows() -> list[Row]:
    """Every message with its tries and its history, in order."""
    from messaging.models import Message, MessageEvent

    tries, events = _tries(), defaultdict(list)
    for message_id, before, after in MessageEvent.objects.order_by("id").values_list(
        "message_id", "before", "after"
    ):
        events[message_id].append((before, after))
    return [
        Row(str(pk), text, state, flagged, tuple(tries[pk]), tuple(events[pk]))
        for pk, text, state, flagged in Message.objects.values_list(
            "pk", "text", "state", "possible_duplicate"
        )
    ]


def _tries() -> dict[object, list[Try]]:
    from messaging.models import Attempt

    workers = _workers()
    tries = defaultdict(list)
    for pk, message_id, started_at, outcome, code in Attempt.objects.order_by("id").values_list(
        "id", "message_id", "started_at", "outcome", "code"
    ):
        tries[message_id].append(Try(started_at.timestamp(), outcome, code, workers.get(pk, "")))
    return tries


def _workers() -> dict[int, str]:
    if connection.vendor != "postgresql":
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT attempt_id, worker FROM chaos_attempt")
        return dict(cursor.fetchall())
