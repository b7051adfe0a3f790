from __future__ import annotations

import json
import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from django import forms

from core import errors
from core.clock import database_now, now
from core.errors import GatewayError, InstallationInvalid
from core.forms import STORED_HINT, SecretField, SecretTextarea
from core.ids import uuid7
from core.keyfile import FILE_NAME, load_or_create


def test_ids_are_version_7_and_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.ids._last", (0, 0))  # other tests travel in time
    made = []
    for _ in range(5):
        made.append(uuid7())
        time.sleep(0.002)

    assert made == sorted(made)
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert abs((made[0].int >> 80) / 1000 - time.time()) < 5
    assert len({uuid7() for _ in range(10_000)}) == 10_000


@pytest.mark.django_db
def test_both_clocks_are_aware_utc_and_agree() -> None:
    assert now().utcoffset() == timedelta(0)
    assert database_now().tzinfo is UTC
    assert abs(database_now() - now()) < timedelta(seconds=5)


def test_every_error_has_its_own_stable_code() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, GatewayError) and kind is not GatewayError
    ]
    codes = [kind.code for kind in kinds]

    assert len(set(codes)) == len(codes)
    assert all(code == code.lower() and code.isidentifier() for code in codes)
    assert {kind.code for kind in kinds if kind.retryable} >= {"connection_failed", "token_unavailable"}
    assert not errors.AnswerLost.retryable


def test_keys_are_made_once_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    keys = load_or_create(folder)

    assert load_or_create(folder) == keys
    assert stat.S_IMODE(os.stat(folder / FILE_NAME).st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]
    assert keys.pepper not in keys.master_keys.values()


def test_processes_starting_together_agree_on_the_keys(tmp_path: Path) -> None:
    start = threading.Barrier(8)

    def first_start(_: int) -> str:
        start.wait()
        return load_or_create(tmp_path).pepper

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(first_start, range(8)))) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"secret_key": "x"}'])
def test_damaged_keys_are_never_replaced(content: str, tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(content)

    with pytest.raises(InstallationInvalid, match="backup"):
        load_or_create(tmp_path)
    assert path.read_text() == content


def test_key_order_survives_the_file(tmp_path: Path) -> None:
    load_or_create(tmp_path)
    path = tmp_path / FILE_NAME
    kept = json.loads(path.read_text())
    kept["master_keys"] = {"z": "1", "a": "2"}
    path.write_text(json.dumps(kept))

    assert list(load_or_create(tmp_path).master_keys) == ["z", "a"]


class SecretForm(forms.Form):
    name = forms.CharField()
    token = SecretField()
    key = SecretField(widget=SecretTextarea)


def test_a_stored_secret_is_never_shown() -> None:
    html = str(SecretForm(initial={"token": "s3cret", "key": "k3y"}))

    assert "s3cret" not in html
    assert "k3y" not in html
    assert html.count(STORED_HINT) == 2
    assert html.count('autocomplete="new-password"') == 2


def test_a_typed_secret_is_not_shown_again_nor_called_stored() -> None:
    form = SecretForm({"token": "typed", "key": ""})

    assert not form.is_valid()
    assert "typed" not in str(form)
    assert STORED_HINT not in str(form)


@pytest.mark.parametrize(("typed", "kept"), [("", "old"), ("  ", "old"), ("new", "new"), (" new ", "new")])
def test_blank_keeps_what_is_stored(typed: str, kept: str) -> None:
    form = SecretForm({"name": "a", "token": typed}, initial={"name": "a", "token": "old"})

    assert form.is_valid(), form.errors
    assert form.fields["token"].kept(form.cleaned_data["token"], "old") == kept
    assert ("token" in form.changed_data) == bool(typed)


def test_ids_keep_their_order_whatever_the_clock_does(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([2_000_000_000_000, 2_000_000_000_000, 1_900_000_000_000, 2_000_000_000_000] * 500)
    monkeypatch.setattr("core.ids._last", (0, 0))
    monkeypatch.setattr("core.ids.time.time_ns", lambda: next(moments) * 1_000_000)
    made = [uuid7() for _ in range(2_000)]
    assert made == sorted(made)
    assert {value.version for value in made} == {7}
