from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.segments import LIMITS, Encoding, segment, unicode_culprits

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "segments.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_counts_as_agreed_by_the_reference_counters(vector: dict[str, Any]) -> None:
    found = segment(vector["text"])

    assert (found.encoding, found.count, found.units) == (
        vector["encoding"],
        vector["segments"],
        vector["units"],
    )
    if vector["part_units"] is not None:
        assert list(found.part_units) == vector["part_units"]


@given(st.text(alphabet="aé€^~[я👍\n", max_size=700))
def test_parts_add_up_and_none_is_over_full(text: str) -> None:
    found = segment(text)
    single, part = LIMITS[found.encoding]

    assert sum(found.part_units) == found.units
    assert max(found.part_units, default=0) <= (single if found.count == 1 else part)
    assert found.count >= -(-found.units // part) or found.units <= single


@pytest.mark.parametrize(
    ("text", "culprits"),
    [
        ("plain @ text €", []),
        ("naïve", ["ï"]),
        ("“Hi” – “there”", ["“", "”", "–"]),
        ("ç and Ç", ["ç"]),
        ("👍👍", ["👍"]),
    ],
)
def test_names_the_characters_that_cost_unicode(text: str, culprits: list[str]) -> None:
    assert unicode_culprits(text) == culprits
    assert (segment(text).encoding == Encoding.UCS2) == bool(culprits)
