from __future__ import annotations

from typing import Any

import pytest

from core.numbers import country_or_main
from credentials.models import ApiCredential
from messaging.routing.choosing import Facts, RouteRow, choose, fits, sender_for, why_none

BERLIN = Facts("+4915112345678", "DE", "transactional")


def row(name: str = "r", **values: Any) -> RouteRow:
    return RouteRow(**({"name": name, "credential": ApiCredential(name=name), "senders": ("ACME",)} | values))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, True),
        ({"countries": frozenset({"DE"})}, True),
        ({"countries": frozenset({"FR", "AT"})}, False),
        ({"prefixes": ("+4915", "+4916")}, True),
        ({"prefixes": ("+4917",)}, False),
        ({"purposes": frozenset({"transactional"})}, True),
        ({"purposes": frozenset({"marketing", "one_time_code"})}, False),
        ({"active": False}, False),
        ({"countries": frozenset({"DE"}), "prefixes": ("+4915",), "purposes": frozenset({"transactional"})}, True),
        ({"countries": frozenset({"DE"}), "prefixes": ("+33",)}, False),
    ],
)  # fmt: skip
def test_a_route_fits_when_every_condition_holds(conditions: dict[str, Any], expected: bool) -> None:
    assert fits(row(**conditions), BERLIN) is expected


def test_the_first_route_that_fits_is_taken() -> None:
    routes = [row("a", countries=frozenset({"FR"})), row("b"), row("c")]
    found = choose(routes, BERLIN)
    assert found is not None
    assert found.name == "b"


def test_a_route_that_carries_nothing_now_is_taken_only_when_no_other_fits() -> None:
    a, b, c = row("a"), row("b"), row("c", countries=frozenset({"FR"}))
    assert choose([a, b, c], BERLIN, unwell={a.credential.pk}) is b
    assert choose([a, c], BERLIN, unwell={a.credential.pk}) is a
    assert choose([c], BERLIN) is None


NUMBERS = [f"+49151{number:08d}" for number in range(4000)]


def taken(routes: list[RouteRow], **more: Any) -> list[str]:
    """The name of the route that each of many recipients gets."""
    found = [choose(routes, Facts(number, "DE", "transactional"), **more) for number in NUMBERS]
    return [route.name for route in found if route is not None]


def test_routes_with_a_weight_share_in_its_proportion_and_a_recipient_keeps_to_one() -> None:
    routes = [row("a", weight=70), row("b", weight=30), row("rest")]
    first = taken(routes)
    assert first == taken(list(routes))
    assert first.count("a") / len(NUMBERS) == pytest.approx(0.7, abs=0.03)
    assert first.count("b") == len(NUMBERS) - first.count("a")


def test_a_changed_weight_moves_only_those_it_must() -> None:
    before = taken([row("a", weight=70), row("b", weight=30)])
    after = taken([row("a", weight=50), row("b", weight=50)])
    moved = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert set(moved) == {("a", "b")}
    assert len(moved) / len(NUMBERS) == pytest.approx(0.2, abs=0.03)


def test_what_follows_without_a_weight_does_not_share_and_what_is_unwell_is_passed_over() -> None:
    main, a, b = row("main"), row("a", weight=1), row("b", weight=1)
    assert set(taken([main, a, b])) == {"main"}
    assert set(taken([a, main, b], unwell={a.credential.pk})) == {"main"}
    assert set(taken([a, b, main], unwell={a.credential.pk})) == {"b"}


def test_no_route_says_of_each_what_is_not_met() -> None:
    routes = [
        row("France", countries=frozenset({"FR", "BE"}), prefixes=("+33",)),
        row("Codes", purposes=frozenset({"one_time_code"})),
        row("Old", active=False),
    ]
    assert why_none(routes, BERLIN) == (
        "No route fits +4915•••5678 (DE, transactional): “France” is for BE, FR and is for numbers that begin with "
        "+33; “Codes” is for one-time-code; “Old” is switched off."
    )


def test_a_recipient_always_sees_the_same_sender_and_a_pool_is_used_evenly() -> None:
    pool = [f"+1500555000{index}" for index in range(4)]
    numbers = [f"+1415555{index:04d}" for index in range(2000)]
    before = {number: sender_for(pool, number) for number in numbers}
    assert before == {number: sender_for(list(reversed(pool)), number) for number in numbers}
    counts = [sum(sender == one for sender in before.values()) for one in pool]
    assert min(counts) > 400


def test_taking_a_sender_out_of_a_pool_changes_it_only_for_its_own_recipients() -> None:
    pool = [f"+1500555000{index}" for index in range(4)]
    numbers = [f"+1415555{index:04d}" for index in range(500)]
    moved = {number for number in numbers if sender_for(pool, number) != sender_for(pool[:3], number)}
    assert moved == {number for number in numbers if sender_for(pool, number) == pool[3]}


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+4915112345678", "DE"),
        ("+12425551234", "BS"),
        ("+15555550123", "US"),
        ("+447700900123", "GB"),
        ("+88163123456", "001"),
    ],
)
def test_a_number_of_no_plan_counts_for_the_main_country_of_its_calling_code(
    number: str, country: str
) -> None:
    assert country_or_main(number) == country
