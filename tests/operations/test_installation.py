from __future__ import annotations

import base64
from typing import Any

import pytest
from django.db import connection

from core.errors import InstallationInvalid
from core.triggers import missing, remove
from messaging.triggers import TRIGGERS
from operations import installation

pytestmark = pytest.mark.django_db


def other_key() -> str:
    return base64.b64encode(bytes(32)).decode()


def test_second_start_with_the_same_keys_is_fine() -> None:
    installation.verify()
    installation.verify()


def test_other_master_key_is_refused(settings: Any) -> None:
    installation.verify()
    settings.SMSGATEWAY_MASTER_KEYS = {"t1": other_key()}
    with pytest.raises(InstallationInvalid, match="keys do not belong"):
        installation.verify()


def test_other_pepper_is_refused(settings: Any) -> None:
    installation.verify()
    settings.SMSGATEWAY_PEPPER = other_key()
    with pytest.raises(InstallationInvalid, match="keys do not belong"):
        installation.verify()


def test_additional_master_key_is_fine(settings: Any) -> None:
    installation.verify()
    settings.SMSGATEWAY_MASTER_KEYS = {**settings.SMSGATEWAY_MASTER_KEYS, "t2": other_key()}
    installation.verify()


def test_missing_trigger_is_told_and_put_back() -> None:
    remove(connection, TRIGGERS)
    with pytest.raises(InstallationInvalid, match="messaging_message_state_transitions"):
        installation.verify()
    assert missing(connection, installation.ALL_TRIGGERS) == []
