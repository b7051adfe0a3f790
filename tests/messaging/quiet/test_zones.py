"""Which zones a number may be in."""

from __future__ import annotations

import pytest

from messaging.quiet.zones import zones_of


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+14155238886", ("America/Los_Angeles",)),
        ("+16135550123", ("America/Toronto",)),
        ("+4915112345678", ("Europe/Berlin",)),
        ("+447911123456", ("Europe/Guernsey", "Europe/Isle_of_Man", "Europe/Jersey", "Europe/London")),
        ("+551199999999", ("America/Sao_Paulo",)),  # no number of the plan: by its first digits
        ("+881612345678", ()),  # a satellite is nowhere
        ("nonsense", ()),
    ],
)
def test_zones_of(number: str, zones: tuple[str, ...]) -> None:
    assert zones_of(number) == zones


def test_a_mobile_number_of_a_wide_country_may_be_anywhere_in_it() -> None:
    assert {"Australia/Perth", "Australia/Sydney"} <= set(zones_of("+61412345678"))
    assert len(zones_of("+79161234567")) > 10
