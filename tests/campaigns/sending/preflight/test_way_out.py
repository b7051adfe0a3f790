"""Which texts tell how to opt out, and for which channels they have to."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.findings import _must_tell_how_to_opt_out, _tells
from core.brief import forget_everything
from messaging.models import ChannelConfiguration, Route


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("Sale! STOP to 12345", True),
        ("Sale! Text STOP to opt out: 12345", True),
        ("Angebot. Abmelden: https://a.example/x", True),
        ("Oferta. Responde BAJA al 12345", True),
        ("Soldes. Désabonnement: www.a.example", True),
        ("{{ optOutUrl }}", True),
        ("12345: unsubscribe", True),
        ("Non-stop flights from 199 EUR. Book: https://air.example/sale", False),
        ("Free cancellation! Book at https://hotel.example", False),
        ("Rebajas: trabajamos 2026", False),
        (
            "STOP by any day this week for a coffee with us and the team, we are open: https://a.example",
            False,
        ),
        ("STOP", False),
    ],
)
def test_a_text_tells_how_to_opt_out(text: str, tells: bool) -> None:
    assert _tells(text) is tells


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("own", "routed", "must"),
    [
        ("ACME", "", True),
        ("+15005550006", "", False),
        ("+15005550006", "ACME", True),
        ("ACME", "+15005550007", False),
    ],
)
def test_senders_of_routes_count_where_there_are_any(
    channel: ChannelConfiguration, credential: Any, own: str, routed: str, must: bool
) -> None:
    channel.sender = own
    channel.save()
    if routed:
        Route.objects.create(channel=channel, name="Main", credential=credential, senders=routed)
    forget_everything()
    assert _must_tell_how_to_opt_out(channel) is must
