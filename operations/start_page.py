"""The start page with what only the workers look up: alerts that are open and not among those judged at once."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest

from operations.models import OpenAlert
from reports import start_page
from reports.alerts import Alert, Level
from reports.checklist import Target

LOOKED_UP_BY_WORKERS: Final = ("reports_silent", "review_due", "unknown_piling", "spend_stop")


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Everything of reports.start_page, and these alerts below its own."""
    start_page.fill(request, context)
    if request.user.has_perm("operations.view_openalert"):
        rows = OpenAlert.objects.filter(kind__in=LOOKED_UP_BY_WORKERS, resolved_at__isnull=True)
        target = Target("admin:operations_openalert_changelist", "operations.view_openalert")
        more = [(Alert(Level.LOOK, row.text, "Look", target), row.link) for row in rows.order_by("opened_at")]
        context["alerts"] = [*context.get("alerts", []), *more]
    return context
