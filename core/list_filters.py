"""List filters that stay quick on tables of any length."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, make_aware

from core.ids import ID_MAY_BE_OFF, first_id_at

# min() jumps along an index from one value to the next; DISTINCT would read every row.
_VALUES = """
    WITH RECURSIVE found (value) AS (
        SELECT min({column}) FROM {table}
        UNION ALL
        SELECT (SELECT min({column}) FROM {table} WHERE {column} > found.value) FROM found WHERE found.value IS NOT NULL
    ) SELECT value FROM found WHERE value IS NOT NULL
"""


class DateByIdFilter(admin.DateFieldListFilter):
    """Dates of rows whose ids sort by time: the primary key finds them, newest first, without another index."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """The rows of the dates, with bounds on the id beside those on the date."""
        since = self._moment(self.lookup_kwarg_since, -ID_MAY_BE_OFF)
        until = self._moment(self.lookup_kwarg_until, ID_MAY_BE_OFF)
        if since:
            queryset = queryset.filter(pk__gte=first_id_at(since))
        if until:
            queryset = queryset.filter(pk__lt=first_id_at(until))
        return super().queryset(request, queryset)

    def _moment(self, name: str, shift: timedelta) -> datetime | None:
        given = self.used_parameters.get(name, "")
        text = given[-1] if isinstance(given, list) and given else given
        try:
            moment = text if isinstance(text, datetime) else parse_datetime(str(text))
        except ValueError:  # the filter itself says what is wrong with it
            return None
        if moment is None:
            return None
        return (make_aware(moment) if is_naive(moment) else moment) + shift


class ValuesFilter(admin.AllValuesFieldListFilter):
    """The values that occur in an indexed text column, found without reading the table."""

    def __init__(self, field: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, *args, **kwargs)
        quote = connection.ops.quote_name
        sql = _VALUES.format(column=quote(field.column), table=quote(field.model._meta.db_table))
        with connection.cursor() as cursor:
            cursor.execute(sql)
            self.lookup_choices = [value for (value,) in cursor.fetchall()]  # type: ignore[assignment]
