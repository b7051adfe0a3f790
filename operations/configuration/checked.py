"""What a form says about a document, as a fault of the document."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from core.errors import ConfigurationInvalid
from credentials import storing


def insist(form: Any, where: str = "") -> None:
    """ConfigurationInvalid, with the keys that are wrong, unless the form takes what it was given."""
    if form.is_valid():
        return
    told = ValidationError({name or "__all__": texts for name, texts in form.errors.items()})
    said = " ".join(storing.told(told))
    raise ConfigurationInvalid(f"{where}: {said}" if where else said)
