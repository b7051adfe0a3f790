from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from access.models import AuditEntry
from credentials import connection, storing
from credentials.drafts import LIFETIME, SESSION_KEY
from credentials.loading import spec_of
from credentials.models import ApiCredential, CredentialVariable, ProviderCode, RequestHeader
from credentials.vendors import VENDORS, preset_from_text
from tests.credentials.conftest import TOKEN_URL, make_credential
from tests.credentials.screens import fields_shown, staff

pytestmark = pytest.mark.django_db
CURL = """curl -X POST https://api.example.com/send -u shop:hush-password -d 'to=+14155550123&text=Hi'"""


def url(name: str, *args: Any) -> str:
    return reverse(f"admin:credentials_apicredential_{name}", args=args)


def shown_cards(page: Any) -> list[str]:
    return re.findall(
        r'<li class="sg-panel ct-card"[^>]*"(?! hidden)>\s*<h3><a [^>]*\?preset=([\w-]+)"',
        page.content.decode(),
    )


def test_the_gallery_shows_every_preset_and_leads_to_the_form(admin_client: Client) -> None:
    page = admin_client.get(url("presets"))
    assert sorted(shown_cards(page)) == sorted(slug for slug in VENDORS if slug != "custom")
    assert admin_client.get(url("add"), {"preset": "twilio"}).status_code == 200


@pytest.mark.parametrize(
    ("query", "found"), [("TWILIO service", ["twilio_messaging_service"]), ("brazil", ["zenvia_sms"]), ("nope", [])]
)  # fmt: skip
def test_the_gallery_is_searched_on_the_server_too(
    admin_client: Client, query: str, found: list[str]
) -> None:
    page = admin_client.get(url("presets"), {"q": query})
    assert [slug for slug in shown_cards(page) if slug in found] == found
    assert ("No preset fits" in page.content.decode()) == (not found)


def test_the_gallery_is_reached_from_the_list_and_the_empty_form(admin_client: Client) -> None:
    for start in (url("changelist"), url("add")):
        text = admin_client.get(start).content.decode()
        assert all(url(name) in text for name in ("presets", "paste_curl", "import_preset"))


def test_a_pasted_curl_fills_the_form_and_leaves_no_readable_secret(admin_client: Client) -> None:
    answer = admin_client.post(url("paste_curl"), {"curl": CURL})
    assert answer.headers["Location"] == f"{url('add')}?draft=1"
    kept = admin_client.session[SESSION_KEY]
    assert "hush-password" not in kept
    assert all("hush-password" not in str(session.get_decoded()) for session in Session.objects.all())
    page = admin_client.get(answer.headers["Location"]).content.decode()
    assert "https://api.example.com/send" in page
    assert "hush-password" not in page
    assert "Taken from the sample. Leave blank to use it." in page


def test_a_curl_that_cannot_be_read_is_kept_and_marked(admin_client: Client) -> None:
    page = admin_client.post(url("paste_curl"), {"curl": "curl https://x.example \\\n -d $(date)"})
    text = page.content.decode()
    assert "Line 2, column 5" in text
    assert "<mark>$</mark>" in text
    assert 'data-line="2" data-column="5"' in text
    assert "$(date)" in text


def test_a_known_provider_is_told_of_its_preset(admin_client: Client) -> None:
    command = "curl https://api.zenvia.com/v2/channels/sms/messages -d to=1"
    page = admin_client.post(url("paste_curl"), {"curl": command}, follow=True)
    assert "There is a preset for Zenvia" in page.content.decode()


def posted(client: Client, name: str, content: Any) -> Any:
    return client.post(url(name), json.dumps(content), content_type="application/json")


FORM = {
    "provider_url": "https://p.example.com/{{path}}", "method": "POST", "body_kind": "json", "auth_type": "api_key",
    "key_location": "header", "key_name": "X-Key", "key_prefix": "", "max_length": "20",
    "payload": '{"to": "{{toNumber}}", "text": "{{message}}", "who": "{{profile.firstName}}", "k": "{{secretOne}}"}',
    "variables-0-name": "path", "variables-0-value": "v 1",
    "variables-1-name": "secretOne", "variables-1-secret": "on", "variables-1-value": "hush-1",
}  # fmt: skip
SAMPLE = {
    "to": "+14155550123",
    "sender": "ACME",
    "text": "One two three four five six",
    "more": '{"profile": {"firstName": "Ada"}}',
}


def test_the_preview_shows_the_form_as_it_stands_part_by_part(admin_client: Client) -> None:
    answer = posted(admin_client, "request_preview", {"fields": FORM, "sample": SAMPLE})
    first, second = answer.json()["requests"]
    assert (first["part"], first["parts"], second["part"]) == (1, 2, 2)
    assert first["url"] == "https://p.example.com/v%201"
    assert json.loads(first["body"]) == {
        "to": "+14155550123",
        "text": "One two three four",
        "who": "Ada",
        "k": "••••••",
    }
    assert first["headers"]["X-Key"] == "••••••"
    assert "YOUR-SECRET" in first["curl"]
    assert "hush" not in answer.content.decode()


@pytest.mark.parametrize("auth_type", ["api_key", "basic", "bearer", "oauth", "jwt", "mac", "none"])
@pytest.mark.parametrize("body_kind", ["json", "form", "xml", "text", "none"])
def test_every_kind_is_previewed_without_the_network(
    admin_client: Client, auth_type: str, body_kind: str
) -> None:
    payload = {"xml": "<a><to>{{toNumber}}</to></a>", "text": "{{message}}", "none": ""}.get(
        body_kind, '{"a": "{{message}}"}'
    )
    fields = {**FORM, "auth_type": auth_type, "body_kind": body_kind, "payload": payload, "max_length": ""}
    (shown,) = posted(admin_client, "request_preview", {"fields": fields, "sample": SAMPLE}).json()[
        "requests"
    ]
    assert (shown["problem"], shown["method"]) == ("", "POST")
    assert ("••••••" in str(shown["headers"])) == (auth_type != "none")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": "x"}, None), ({"to": ""}, "to"), ({"more": "{"}, "more"), ({"more": "[]"}, "more"),
        ({"text": "x" * 6000}, "text"),
    ],
)  # fmt: skip
def test_a_sample_that_cannot_be_used_is_told_at_its_field(
    admin_client: Client, change: dict[str, str], field: str | None
) -> None:
    answer = posted(admin_client, "request_preview", {"fields": FORM, "sample": {**SAMPLE, **change}})
    assert answer.json().get("field") == field


def test_a_form_that_makes_no_request_says_why(admin_client: Client) -> None:
    fields = {**FORM, "payload": '{"to": ', "max_length": ""}
    (shown,) = posted(admin_client, "request_preview", {"fields": fields, "sample": SAMPLE}).json()[
        "requests"
    ]
    assert "line 1" in shown["problem"]


def test_a_sample_answer_is_taken_apart(admin_client: Client) -> None:
    answer = posted(admin_client, "answer_sample", {"sample": '{"data": {"id": "m-1"}}'}).json()
    assert [row["path"] for row in answer["rows"]] == ["", "data.id"]


@pytest.mark.parametrize("name", ["request_preview", "answer_sample"])
@pytest.mark.parametrize("body", ["[]", "{", "[" * 100_000, '{"x": "' + "y" * 300_000 + '"}'])
def test_nonsense_is_refused(admin_client: Client, name: str, body: str) -> None:
    answer = admin_client.post(url(name), body, content_type="application/json")
    assert answer.status_code == 400
    assert admin_client.get(url(name)).status_code == 405


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "probe", lambda url, **options: 1)


@pytest.mark.usefixtures("reached")
def test_the_connection_is_tested_and_audited(admin_client: Client) -> None:
    credential = make_credential()
    page = admin_client.post(url("connection", credential.pk))
    assert 'data-verdict="fine"' in page.content.decode()
    assert AuditEntry.objects.get(action="tested connection").object_id == str(credential.pk)
    assert admin_client.get(url("connection", credential.pk)).status_code == 405


@pytest.mark.usefixtures("reached")
def test_the_other_token_encoding_is_one_click_away(admin_client: Client, wire: Any) -> None:
    wire.post(TOKEN_URL, status=415)
    body = json.dumps({"grant_type": "client_credentials", "client_id": "a", "client_secret": "hush-1"})
    credential = make_credential(auth_type="oauth", oauth_url=TOKEN_URL, oauth_body=body)
    text = admin_client.post(url("connection", credential.pk)).content.decode()
    assert 'name="encoding" value="json"' in text
    assert "hush-1" not in text
    admin_client.post(url("token_encoding", credential.pk), {"encoding": "json"})
    credential.refresh_from_db()
    assert credential.oauth_encoding == "json"
    changes = AuditEntry.objects.get(action="changed").changes
    assert changes == {"oauth_encoding": {"before": "form", "after": "json"}}
    admin_client.post(url("token_encoding", credential.pk), {"encoding": "xml"})
    assert AuditEntry.objects.filter(action="changed").count() == 1


def test_a_credential_leaves_as_a_preset_without_secrets_and_comes_back(admin_client: Client) -> None:
    credential = make_credential(auth_type="bearer", api_token="hush-token")
    RequestHeader.objects.create(credential=credential, name="X-Key", value="hush-header", secret=True)
    CredentialVariable.objects.create(credential=credential, name="pin", value="hush-pin", secret=True)
    answer = admin_client.get(url("export_preset", credential.pk))
    text = answer.content.decode()
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "hush" not in text
    assert preset_from_text(text, slug="custom").label == credential.name
    back = admin_client.post(url("import_preset"), {"preset": text})
    assert back.headers["Location"] == f"{url('add')}?draft=1"
    assert credential.provider_url in admin_client.get(back.headers["Location"]).content.decode()


FOREIGN = """
format = 1
label = "Larkspur"

[inputs]
account = { label = "Account", help = "On the <first> page.", required = true }
ttl = { label = "Time to live" }

[request]
url = "https://api.larkspur.example.com/{{account}}?ttl={{ttl}}"
payload = '{"to": "{{toNumber}}", "text": "{{message}}", "from": "{{fromNumber}}"}'

[auth]
type = "none"
"""


def test_an_imported_preset_keeps_what_it_asks_for_and_why(admin_client: Client) -> None:
    admin_client.post(url("import_preset"), {"preset": FOREIGN})
    where = f"{url('add')}?draft=1"
    page = admin_client.get(where)
    posted = fields_shown(page.content.decode()) | {"name": "Larkspur"}
    refused = admin_client.post(where, posted).content.decode()
    assert "Account is needed." in refused
    assert "On the &lt;first&gt; page." in refused
    saved = admin_client.post(where, fields_shown(refused) | {"variables-0-value": "a-77"})
    assert saved.status_code == 302
    rows = CredentialVariable.objects.order_by("position").values_list("name", "label", "help", "required")
    assert list(rows) == [
        ("account", "Account", "On the <first> page.", True),
        ("ttl", "Time to live", "", False),
    ]
    # And again with the page of the saved credential.
    change = saved.headers["Location"]
    again = fields_shown(admin_client.get(change).content.decode())
    emptied = admin_client.post(change, again | {"variables-0-value": ""}).content.decode()
    assert "Account is needed." in emptied
    assert admin_client.post(change, again | {"variables-0-value": "a-78"}).status_code == 302
    assert CredentialVariable.objects.get(name="account").help == "On the <first> page."
    assert CredentialVariable.objects.get(name="account").value == "a-78"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({'"Account"': f'"{"x" * 101}"'}, "inputs.account.label: these are 101 characters; at most 100 fit."),
        ({"On the <first> page.": "x" * 301}, "inputs.account.help: these are 301 characters"),
        ({'"Time to live"': '"a\\u0000b"'}, "inputs.ttl.label: the character U+0000 cannot be kept"),
    ],
)
def test_a_preset_whose_texts_cannot_be_kept_is_refused(
    admin_client: Client, change: dict[str, str], says: str
) -> None:
    ((old, new),) = change.items()
    page = admin_client.post(url("import_preset"), {"preset": FOREIGN.replace(old, new)})
    assert says in page.content.decode()


def test_a_preset_whose_values_do_not_fit_changes_nothing_of_existing_credentials(
    admin_client: Client,
) -> None:
    credential = make_credential(name="Shop", auth_type="none")
    before = spec_of(credential)
    rows = 'query = [{ name = "q", value = "1" }, { name = "' + "n" * 201 + '", value = "2" }]\n'
    text = FOREIGN.replace("[request]\n", f"[request]\n{rows}")
    text = text.replace("required = true", 'default = "a-77"')
    posted_text = {"preset": text, "target": "Shop", "confirmed": "yes"}
    page = admin_client.post(url("import_preset"), posted_text).content.decode()
    assert "request field " in page
    assert "at most 200 characters" in page
    assert spec_of(ApiCredential.objects.get()) == before


def test_a_preset_for_existing_credentials_shows_what_would_change_before_it_does(
    admin_client: Client,
) -> None:
    inputs = {"account_sid": "AC1", "auth_token": "hush-token"}
    credential = storing.store(
        credential=ApiCredential(), name="Shop", preset=VENDORS["twilio"], inputs=inputs
    )
    text = admin_client.get(url("export_preset", credential.pk)).content.decode()
    assert "hush-token" not in text
    posted_text = {"preset": text.replace("max_length = 1600", "max_length = 320"), "target": "Shop"}
    assert "1600" in text
    page = admin_client.post(url("import_preset"), posted_text).content.decode()
    assert "text.max_length" in page
    assert "<td>1600</td><td>320</td>" in page
    assert ApiCredential.objects.get().max_length == 1600
    done = admin_client.post(url("import_preset"), {**posted_text, "confirmed": "yes"})
    assert done.headers["Location"].endswith(f"/{credential.pk}/change/")
    changed = ApiCredential.objects.get()
    assert changed.max_length == 320
    assert spec_of(changed).auth.auth_password == "hush-token"
    again = admin_client.post(url("import_preset"), posted_text).content.decode()
    assert "Nothing: the credential is as the preset says" in again


def test_a_preset_for_credentials_that_are_gone_is_refused(admin_client: Client) -> None:
    page = admin_client.post(url("import_preset"), {"preset": "format = 1", "target": "Gone"})
    assert "no API credentials named Gone" in page.content.decode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "paste a preset"),
        ("format = = 1", "line 1"),
        ("format = 1", "label"),
        ('format = 99\nlabel = "x"', "format 99"),
        ('format = 1\nlabel = "x"\n[request]\nmethod = "DROP"', "request.method"),
    ],
)
def test_what_is_wrong_with_a_preset_is_listed_with_its_place(
    admin_client: Client, text: str, says: str
) -> None:
    page = admin_client.post(url("import_preset"), {"preset": text})
    assert page.status_code == 200
    assert says in page.content.decode()
    assert not ApiCredential.objects.exists()


@pytest.fixture
def codes() -> list[ProviderCode]:
    rows = (
        ("twilio", "30003", "unreachable"),
        ("twilio", "99999", ""),
        (f"credential:{make_credential().pk}", "E7", ""),
    )
    return [
        ProviderCode.objects.create(scope=scope, code=code, failure=failure, sample="In words")
        for scope, code, failure in rows
    ]


CODES = "/admin/credentials/providercode/"


def test_unmapped_codes_come_first_and_the_menu_counts_them(
    admin_client: Client, codes: list[ProviderCode]
) -> None:
    text = admin_client.get(CODES).content.decode()
    assert text.index("E7") < text.index("99999") < text.index("30003")
    assert re.search(r'class="menu-waiting">2<', text)


def test_a_meaning_is_chosen_in_the_list_and_holds_at_once(
    admin_client: Client, codes: list[ProviderCode]
) -> None:
    credential = ApiCredential.objects.get()
    ordered = [codes[2], codes[1], codes[0]]
    data: dict[str, Any] = {"form-TOTAL_FORMS": 3, "form-INITIAL_FORMS": 3, "_save": "Save"}
    for index, code in enumerate(ordered):
        data |= {
            f"form-{index}-id": str(code.pk),
            f"form-{index}-failure": "blocked" if index == 0 else code.failure,
        }
    assert admin_client.post(CODES, data).status_code == 302
    codes[2].refresh_from_db()
    assert codes[2].failure == "blocked"
    assert ApiCredential.objects.get().revision > credential.revision
    entry = AuditEntry.objects.get(action="changed")
    assert (entry.object_repr, entry.changes) == ("E7", {"failure": {"before": "", "after": "blocked"}})


def test_several_codes_get_a_meaning_together(admin_client: Client, codes: list[ProviderCode]) -> None:
    selected = [str(code.pk) for code in codes[1:]]
    admin_client.post(CODES, {"action": "mean_credit", "_selected_action": selected})
    assert set(ProviderCode.objects.filter(failure="credit").values_list("code", flat=True)) == {
        "99999",
        "E7",
    }
    assert AuditEntry.objects.filter(action="changed").count() == 2


def test_codes_are_neither_added_nor_deleted(admin_client: Client, codes: list[ProviderCode]) -> None:
    assert admin_client.get(f"{CODES}add/").status_code == 403
    assert admin_client.post(f"{CODES}{codes[0].pk}/delete/", {"post": "yes"}).status_code == 403


GETS = ("presets", "paste_curl", "import_preset")


@pytest.mark.usefixtures("reached")
@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("view_apicredential", {"request_preview", "answer_sample", "export_preset"}),
        ("add_apicredential", {"presets", "paste_curl", "import_preset"}),
        ("change_apicredential", {"request_preview", "answer_sample", "export_preset", "connection", "token_encoding"}),
        ("view_webhook", set()),
    ],
)  # fmt: skip
def test_each_tool_asks_for_its_permission(permission: str, allowed: set[str]) -> None:
    credential, client = make_credential(), staff(permission)
    answers = {
        **{name: client.get(url(name)) for name in GETS},
        **{name: posted(client, name, {}) for name in ("request_preview", "answer_sample")},
        **{name: client.post(url(name, credential.pk)) for name in ("connection", "token_encoding")},
        "export_preset": client.get(url("export_preset", credential.pk)),
    }  # fmt: skip
    assert {name for name, answer in answers.items() if answer.status_code != 403} == allowed


@pytest.mark.parametrize("name", ["paste_curl", "import_preset", "request_preview", "answer_sample"])
def test_posts_need_the_token(admin_user: Any, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.post(url(name), {}).status_code == 403


def test_a_draft_grows_old(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    admin_client.post(url("paste_curl"), {"curl": CURL})
    later = time.time() + LIFETIME + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert "https://api.example.com/send" not in admin_client.get(f"{url('add')}?draft=1").content.decode()
    assert SESSION_KEY not in admin_client.session
