"""Pages of long lists: counted exactly where that is cheap, else by the planner's estimate; and not without end.

Counting the rows of a list takes as long as reading them. PostgreSQL knows about how many rows a query gives and what
it costs before it runs it: few rows at little cost are counted, anything else is "about" so many. SQLite counts.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connections
from django.db.models import QuerySet

MANY = 20_000  # more rows than this are not counted, by the planner's estimate or while counting
DEAR = 25_000.0  # nor where counting costs more than this, in the planner's units: some 100 ms
FAR = 1000  # rows before a page
MOST_PAGES = 1000  # further back by a filter or a search: each page reads all rows before it


class LongListPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator for lists of any length.

    `is_estimate`: `count` is about right. `is_least`: it is where counting ended.
    """

    is_estimate = is_least = False

    @cached_property
    def count(self) -> int:
        """How many rows there are, or about how many."""
        rows, cost = _planned(self.object_list)
        if rows < MANY and cost <= DEAR:
            return self._counted()
        self.is_estimate = True
        # A list that may be longer than the estimate is never shown whole.
        return max(rows, self.per_page + 1)

    def _counted(self) -> int:
        if not _is_estimated(self.object_list):
            return int(super().count)
        rows: Any = self.object_list
        count = int(rows.order_by()[: MANY + 1].count())
        self.is_least = count > MANY  # the planner was wrong
        return min(count, MANY)

    @cached_property
    def num_pages(self) -> int:
        """How many pages can be turned to."""
        return min(super().num_pages, MOST_PAGES)

    def page(self, number: int | str) -> Page[Any]:
        """A page; far back, its keys are looked for first: rows that are passed over are not read whole."""
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        if bottom < FAR or not isinstance(self.object_list, QuerySet):
            return super().page(number)
        keys = list(self.object_list.values_list("pk", flat=True)[bottom : bottom + self.per_page])
        return Page(self.object_list.filter(pk__in=keys), number, self)

    @property
    def is_cut(self) -> bool:
        """Whether there are rows that no page shows."""
        return self.is_least or self.count > self.num_pages * self.per_page


def _planned(rows: Any) -> tuple[int, float]:
    """The planner's estimate of rows and cost; (0, 0.0) where nobody can say, or rows are no query."""
    if not _is_estimated(rows):
        return 0, 0.0
    explained = rows.order_by().values("pk").explain(format="json")
    if not explained:  # a query that can find nothing is not asked
        return 0, 0.0
    plan = json.loads(explained)[0]["Plan"]
    return int(plan["Plan Rows"]), float(plan["Total Cost"])


def _is_estimated(rows: Any) -> bool:
    return isinstance(rows, QuerySet) and connections[rows.db].vendor == "postgresql"
