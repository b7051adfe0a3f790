"""Statements of the hot paths mean the same with either engine's placeholders, however many values they have."""

from __future__ import annotations

import pytest
from django.db import connection

from core import prepared

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("sql", "values", "row"),
    [
        ("SELECT 7 %% 4, CAST(%s AS integer)", [5], (3, 5)),
        ("SELECT CAST(%s AS text), CAST(%s AS text)", ["%s", "$1"], ("%s", "$1")),
        (f"SELECT {' + '.join(['CAST(%s AS integer)'] * 120)}", list(range(120)), (7140,)),
    ],
    ids=["percent sign", "placeholders within values", "many values"],
)
def test_values_stand_where_their_placeholders_are(
    sql: str, values: list[object], row: tuple[object, ...]
) -> None:
    for _ in range(2):
        assert prepared.execute(sql, values)[0] == [row]


def test_writes_sent_together_keep_their_values_apart() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE prepared_writes (place integer, word text)")
    try:
        with prepared.together():
            for place, word in ((1, "one"), (2, "%s"), (3, "$1")):
                prepared.write("INSERT INTO prepared_writes (place, word) VALUES (%s, %s)", [place, word])
        rows, _ = prepared.execute("SELECT place, word FROM prepared_writes ORDER BY place", [])
        assert rows == [(1, "one"), (2, "%s"), (3, "$1")]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE prepared_writes")
