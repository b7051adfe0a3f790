"""What moves messages while ten million lie there: claim, sweep, back-pressure, reports. Nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import transaction


class _Undone(Exception):
    """Ends a transaction whose writes are not wanted."""


def cases() -> Iterator[tuple[str, Callable[[], None]]]:
    """Names and calls."""
    from credentials.models import ApiCredential
    from messaging import lookups, matching
    from messaging.backlog import Backlog
    from messaging.claiming import claim
    from messaging.models import MessagePart
    from messaging.selectors import credentials_with_due_messages
    from messaging.sweeping import sweep

    credential = ApiCredential.objects.order_by("created_at").first()
    assert credential is not None
    part = (
        MessagePart.objects.filter(state="delivered", message__credential=credential)
        .select_related("message")
        .first()
    )
    assert part is not None
    report = matching.Report(status="delivered", provider_id=part.provider_id)
    ours = matching.Report(status="delivered", message_id=str(part.message_id))
    nobodys = matching.Report(status="delivered", provider_id="SM-nobody")
    yield "queue: claim 256 of 100,000 due", _undone(lambda: claim(credential_id=credential.pk, limit=256))
    yield "queue: who has something due", credentials_with_due_messages
    yield "queue: a round of the sweeper", _undone(sweep)
    yield "queue: whom to ask about", _undone(lookups.begin)
    yield "alerts: all judged", _undone(_judged)
    yield "queue: is it too long", lambda: Backlog().check()
    yield "report by the provider's id", _undone(lambda: matching.find(credential.pk, report))
    yield "report by our id", _undone(lambda: matching.find(credential.pk, ours))
    yield "report about nothing", _undone(lambda: matching.find(credential.pk, nobodys))


def _judged() -> None:
    """As a worker does it that has just started: nothing is remembered."""
    from core.brief import forget_everything
    from operations.alerting.evaluating import evaluate

    forget_everything()
    evaluate()


def _undone(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            with transaction.atomic():
                work()
                raise _Undone
        except _Undone:
            pass

    return run
