"""The address of a request: a template whose values are percent-encoded, and the query rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import requests

from core.errors import ConfigurationInvalid
from core.templating import Missing, render_text, variables_in
from credentials.building.rows import encoded, rendered
from credentials.spec import Field

_OUTPUT: Final = re.compile(r"(\{\{.*?\}\})", re.DOTALL)
_BASE: Final = re.compile(r"\s*\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def with_base(source: str, fixed: Mapping[str, Any]) -> str:
    """The URL's template, a credential variable at its very start filled in as it is: a base address."""
    match = _BASE.match(source)
    if match is None or match[1] not in fixed:
        return source.strip()
    return f"{str(fixed[match[1]]).strip().rstrip('/')}{source[match.end() :]}".strip()


class UrlTemplate:
    """A URL whose `{{…}}` values are percent-encoded, whole, wherever they stand; the query rows follow."""

    def __init__(
        self,
        source: str,
        query: tuple[Field, ...],
        *,
        fixed: Mapping[str, Any],
        charset: str,
        missing: Missing,
    ) -> None:
        self._missing = missing
        self._query = query
        self._charset = charset
        if "{%" in source:
            raise ConfigurationInvalid(
                "The Provider URL can hold {{…}} only, not {% … %}.", param="provider_url"
            )
        self._parts = _OUTPUT.split(with_base(source, fixed))
        is_constant = all(
            variables_in(part) <= fixed.keys() and "now" not in part for part in self._parts[1::2]
        )
        self._constant = checked_url(self._filled(fixed)) if is_constant else ""

    def render(self, context: Mapping[str, Any]) -> str:
        """The address for one message."""
        url = self._constant or checked_url(self._filled(context))
        if not self._query:
            return url
        pairs = [(row.name, value) for row, value in rendered(self._query, context, self._missing)]
        if not pairs:
            return url
        joint = "" if url.endswith(("?", "&")) else "&" if "?" in url else "?"
        return f"{url}{joint}{encoded(pairs, self._charset, plus=False)}"

    def _filled(self, context: Mapping[str, Any]) -> str:
        return "".join(
            quote(render_text(part, context, missing=self._missing), safe="") if index % 2 else part
            for index, part in enumerate(self._parts)
        )


def checked_url(url: str) -> str:
    """The address as requests sends it, without a fragment; ConfigurationInvalid when it is none."""
    prepared = requests.PreparedRequest()
    try:
        # A stray % would make requests quote every % of the URL once more.
        prepared.prepare_url(_STRAY_PERCENT.sub("%25", url), None)
    except (requests.exceptions.RequestException, UnicodeError, ValueError) as error:
        raise ConfigurationInvalid(
            "The Provider URL is not a complete http or https address.", param="provider_url"
        ) from error
    return (prepared.url or "").partition("#")[0]
