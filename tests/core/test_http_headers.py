from __future__ import annotations

from requests.structures import CaseInsensitiveDict

from core.http.headers import copy_of, pairs_of

HEADERS: CaseInsensitiveDict[str] = CaseInsensitiveDict({"X-Key": "one", "accept": "*/*"})


def test_a_copy_is_equal_and_apart() -> None:
    copied = copy_of(HEADERS)
    assert copied == HEADERS == HEADERS.copy()
    copied["x-key"] = "two"
    assert (copied["X-KEY"], HEADERS["X-Key"]) == ("two", "one")


def test_pairs_are_those_of_items_as_they_were_written() -> None:
    for headers in (HEADERS, dict(HEADERS)):
        assert list(pairs_of(headers)) == list(headers.items()) == [("X-Key", "one"), ("accept", "*/*")]
