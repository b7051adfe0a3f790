from __future__ import annotations

import pytest
from django import forms

from core.editor import PayloadEditor


class Form(forms.Form):
    payload = forms.CharField(widget=PayloadEditor(check_url="admin:index"))


@pytest.fixture
def html() -> str:
    return str(Form(initial={"payload": '{"a": "<b>"}'})["payload"])


def test_textarea_works_without_script(html: str) -> None:
    assert '<textarea name="payload"' in html
    assert "{&quot;a&quot;: &quot;&lt;b&gt;&quot;}" in html


def test_button_stays_hidden_until_the_script_shows_it(html: str) -> None:
    assert '<button type="button" class="pe-button" hidden>View payload editor</button>' in html


def test_textarea_names_where_to_check_and_the_language(html: str) -> None:
    assert 'data-check-url="/admin/"' in html
    assert 'data-language="json"' in html


def test_a_message_template_is_plain_text() -> None:
    assert 'data-language="text"' in PayloadEditor("admin:index", language="text").render("m", "Hi")


def test_own_attributes_win() -> None:
    assert 'rows="3"' in PayloadEditor("admin:index", attrs={"rows": 3}).render("m", "Hi")


def test_script_and_style_are_files_of_ours() -> None:
    media = str(Form().media)
    assert "/static/editor/payload-editor.js" in media
    assert "/static/editor/payload-editor.css" in media
    assert "defer" in media
