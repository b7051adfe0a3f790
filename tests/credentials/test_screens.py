from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client

from access.models import AuditEntry
from credentials.endpoints import create_endpoint
from credentials.models import ApiCredential
from credentials.pausing import pause
from tests.credentials.conftest import make_credential
from tests.credentials.screens import (
    ADD,
    LIST,
    OAUTH_BODY,
    change_data,
    change_url,
    errors_of,
    header_rows,
    headers_of,
    posted,
    staff,
)

pytestmark = pytest.mark.django_db


def labels_of(page: str) -> list[str]:
    found = re.findall(r"<label[^>]*>(.*?)</label>", page, re.DOTALL)
    texts = [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split()) for text in found]
    return [text.rstrip(" *") for text in texts if text]


def test_the_add_screen_has_the_documented_labels_in_their_order(admin_client: Client) -> None:
    page = admin_client.get(ADD).content.decode()
    labels = labels_of(page)
    documented = ["SMS vendor", "Name", "Provider AppId", "Provider Name", "Provider URL", "Auth Type"]
    start = labels.index("SMS vendor")
    assert labels[start : start + 6] == documented
    auth = ["Name", "API Token", "API Secret Key", "Mac Authorization Hash Format", "OAuth URL", "OAuth Body"]
    positions = [labels.index(label, start + 6) for label in [*auth[:2], *auth[2:]]]
    assert positions == sorted(positions)
    assert labels.index("JWT Payload") > labels.index("OAuth Body")
    order = [
        page.index(text)
        for text in ("Auth Type", 'id="headers-heading"', "Add new parameter", 'name="payload"')
    ]
    assert order == sorted(order)
    assert "Submit" in page


def test_creating_a_credential(admin_client: Client) -> None:
    response = admin_client.post(ADD, posted(**header_rows(
        ("Content-Type", "application/json"), ("Charset", "ISO-8859-1"), ("X-Version", "2"),
        ("X-Key", "hush-hush", "secret"),
    )))  # fmt: skip
    assert response.status_code == 302, errors_of(response)
    credential = ApiCredential.objects.get()
    assert credential.api_token == "tok-123456"
    assert headers_of(credential) == {
        "Content-Type": "application/json", "Charset": "ISO-8859-1", "X-Version": "2", "X-Key": "hush-hush",
    }  # fmt: skip


def test_new_credentials_are_shown_with_the_next_step_and_changed_ones_return_to_the_list(
    admin_client: Client,
) -> None:
    response = admin_client.post(ADD, posted(), follow=True)
    credential = ApiCredential.objects.get()
    assert response.redirect_chain == [(change_url(credential), 302)]
    page = response.content.decode()
    assert "was added successfully" in page
    assert "Next: send a test SMS" in page
    changed = admin_client.post(change_url(credential), change_data(credential), follow=True)
    assert changed.redirect_chain == [(LIST, 302)]
    assert "Next: send a test SMS" not in changed.content.decode()


def test_whoever_may_only_add_credentials_does_not_land_on_a_refusal() -> None:
    client = staff("add_apicredential", "add_requestheader")
    response = client.post(ADD, posted(), follow=True)
    assert response.status_code == 200
    assert ApiCredential.objects.count() == 1


def test_the_test_button_does_not_look_like_the_one_that_saves(admin_client: Client) -> None:
    page = admin_client.get(change_url(make_credential())).content.decode()
    assert '<button class="sg-button quiet">Send test SMS</button>' in page


def test_changing_keeps_secrets_that_are_left_blank(admin_client: Client) -> None:
    credential = make_credential()
    response = admin_client.post(change_url(credential), change_data(credential, provider_name="New"))
    assert response.status_code == 302, errors_of(response)
    credential.refresh_from_db()
    assert (credential.provider_name, credential.api_token) == ("New", "tok-123456")


def test_no_page_shows_a_secret(admin_client: Client) -> None:
    credential = make_credential(
        auth_type="oauth",
        oauth_body=OAUTH_BODY,
        oauth_url="https://p.example.com/t",
        api_secret_key="left-over",
    )
    pages = [
        LIST,
        change_url(credential),
        f"{LIST}{credential.pk}/history/",
        f"{LIST}{credential.pk}/delete/",
    ]
    for url in pages:
        page = admin_client.get(url, follow=True).content.decode()
        for secret in ("tok-123456", "sssh-client", "left-over"):
            assert secret not in page
    failed = admin_client.post(
        change_url(credential),
        change_data(credential, auth_type="jwt", api_token="typed-secret-token", jwt_payload="{"),
    )
    assert "typed-secret-token" not in failed.content.decode()


def test_the_audit_trail_has_no_secret(admin_client: Client) -> None:
    admin_client.post(ADD, posted(**header_rows(("X-Key", "hush-hush", "secret"))))
    credential = ApiCredential.objects.get()
    admin_client.post(change_url(credential), change_data(credential, api_token="second-token-1"))
    trail = str(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert AuditEntry.objects.count() == 2
    for secret in ("tok-123456", "second-token-1", "hush-hush"):
        assert secret not in trail


def test_the_list_shows_searches_and_filters(admin_client: Client) -> None:
    make_credential(name="Alpha", provider_name="Acme")
    paused = make_credential(name="Beta", auth_type="mac")
    pause(credential_id=paused.pk, reason="Key refused")
    page = admin_client.get(LIST).content.decode()
    for text in (
        "Alpha",
        "Acme",
        "MAC",
        "Paused",
        "Active",
        "Create new API credentials",
        "Edit Alpha",
        "Delete Beta",
    ):
        assert text in page
    assert "Beta" not in admin_client.get(LIST, {"q": "acme"}).content.decode()
    assert "Edit Alpha" not in admin_client.get(LIST, {"auth_type__exact": "mac"}).content.decode()
    paused_only = admin_client.get(LIST, {"status": "paused"}).content.decode()
    active_only = admin_client.get(LIST, {"status": "active"}).content.decode()
    assert ("Edit Alpha" in paused_only, "Edit Beta" in paused_only) == (False, True)
    assert ("Edit Alpha" in active_only, "Edit Beta" in active_only) == (True, False)


def test_the_list_takes_the_same_queries_however_long_it_is(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        make_credential()
    with django_assert_max_num_queries(16):
        admin_client.get(LIST)


def test_an_unused_credential_is_deleted_with_its_headers(admin_client: Client) -> None:
    credential = make_credential()
    assert admin_client.post(f"{LIST}{credential.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not ApiCredential.objects.exists()


def test_a_paused_credential_says_why_and_can_be_resumed(admin_client: Client) -> None:
    credential = make_credential()
    pause(credential_id=credential.pk, reason="The provider refused the key")
    page = admin_client.get(change_url(credential)).content.decode()
    assert "The provider refused the key" in page
    resume = f"{LIST}{credential.pk}/resume/"
    assert resume in page
    assert admin_client.get(resume).status_code == 405
    assert admin_client.post(resume).status_code == 302
    credential.refresh_from_db()
    assert credential.paused_at is None
    assert AuditEntry.objects.filter(action="resume").count() == 1


def test_view_only_staff_see_the_chosen_types_fields_and_no_secret() -> None:
    credential = make_credential(
        {"X-Shown": "visible-value"}, auth_type="mac", api_secret_key="mac-secret-key"
    )
    credential.headers.create(name="X-Key", value="hush-hush", secret=True)
    client = staff("view_apicredential", "view_requestheader")
    page = client.get(change_url(credential)).content.decode()
    for secret in ("tok-123456", "mac-secret-key", "hush-hush"):
        assert secret not in page
    for text in (
        "API Secret Key",
        "Mac Authorization Hash Format",
        "visible-value",
        "X-Key",
        credential.provider_url,
    ):
        assert text in page
    for text in ("OAuth URL", "JWT Payload", "Add new parameter", 'name="api_token"', "Send test SMS"):
        assert text not in page
    assert client.post(change_url(credential), change_data(credential)).status_code == 403
    assert client.post(f"{LIST}{credential.pk}/resume/").status_code == 403
    assert client.get(ADD).status_code == 403


def test_staff_without_permission_see_nothing() -> None:
    client = staff()
    assert client.get(LIST).status_code == 403
    assert client.post(f"{LIST}payload-check/", "{}", content_type="application/json").status_code == 403


def test_strangers_are_sent_to_the_login_page(client: Client) -> None:
    for url in (LIST, ADD, f"{LIST}payload-check/"):
        assert client.post(url).status_code == 302
    assert not User.objects.exists()


def test_deleting_a_credential_in_use_is_refused_and_says_by_what(admin_client: Client) -> None:
    credential = make_credential()
    channels = apps.get_model("messaging", "ChannelConfiguration")
    channels.objects.create(name="shop-alerts", credential=credential, sender="+15005550006")
    webhooks = apps.get_model("webhooks", "Webhook")
    webhooks.objects.create(
        name="Shop callbacks", vendor="custom", endpoint=create_endpoint(credential=credential)
    )
    selected = {"action": "delete_selected", "_selected_action": [str(credential.pk)], "post": "yes"}
    delete = f"{LIST}{credential.pk}/delete/"
    refusals = [admin_client.get(delete), admin_client.post(delete, {"post": "yes"})]
    for refusal in (*refusals, admin_client.post(LIST, selected)):
        page = refusal.content.decode()
        for text in (
            f"“{credential.name}” cannot be deleted: it is still in use",
            ">shop-alerts</a>",
            ">Shop callbacks</a>",
            "choose other API credentials there",
            "Back to",
        ):
            assert text in page
        assert "protected related objects" not in page
    assert ApiCredential.objects.filter(pk=credential.pk).exists()
    change = admin_client.get(change_url(credential)).content.decode()
    assert "shop-alerts" in change
    assert "Shop callbacks" in change


def test_an_endpoint_without_a_webhook_goes_with_its_credential(admin_client: Client) -> None:
    credential = make_credential()
    create_endpoint(credential=credential)
    admin_client.post(f"{LIST}{credential.pk}/delete/", {"post": "yes"})
    assert not ApiCredential.objects.exists()


def test_after_a_refused_save_typed_secrets_are_gone_and_the_page_says_so(admin_client: Client) -> None:
    broken = posted(payload="{", **header_rows(("X-Key", "hush-hush", "secret")))
    page = admin_client.post(ADD, broken).content.decode()
    assert "Type again" in page
    assert "API Token, header X-Key" in page
    assert "Stored. Leave blank to keep it." not in page
    assert "hush-hush" not in page
    assert "tok-123456" not in page
    credential = make_credential()
    again = admin_client.post(change_url(credential), change_data(credential, payload="{")).content.decode()
    assert "Type again" not in again
    assert again.count("Stored. Leave blank to keep it.") == 1


def test_rows_are_kept_in_the_order_of_the_page_and_blank_ones_ignored(admin_client: Client) -> None:
    given = [("b", "1", "1"), ("", "", "0"), ("a", "2", "0")]
    rows = {"query-TOTAL_FORMS": 3, "query-INITIAL_FORMS": 0}
    for index, (name, value, position) in enumerate(given):
        rows |= {f"query-{index}-name": name, f"query-{index}-value": value, f"query-{index}-when": "always",
                 f"query-{index}-position": position}  # fmt: skip
    response = admin_client.post(ADD, posted(**rows))
    assert response.status_code == 302, errors_of(response)
    stored = ApiCredential.objects.get().request_fields
    assert list(stored.values_list("name", "place", "position")) == [("a", "query", 0), ("b", "query", 1)]


def test_a_wrong_row_saves_nothing_and_stays_as_typed(admin_client: Client) -> None:
    rows = {"fields-TOTAL_FORMS": 1, "fields-INITIAL_FORMS": 0, "fields-0-name": "extra.field",
            "fields-0-value": "{{nobody}}", "fields-0-when": "always", "fields-0-kind": "text"}  # fmt: skip
    refused = admin_client.post(ADD, posted(**rows))
    assert "nobody" in errors_of(refused)["fields-0-value"][0]
    assert 'value="extra.field"' in refused.content.decode()
    assert not ApiCredential.objects.exists()


def test_any_preset_can_be_chosen_by_address(admin_client: Client) -> None:
    page = admin_client.get(ADD, {"preset": "kannel"}).content.decode()
    assert '<option value="kannel" selected' in page
    assert '<option value="twilio"' in page
    assert "Your account at the provider" in page
    assert '<option value="kannel"' not in admin_client.get(ADD).content.decode()
