from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from access.models import AuditEntry
from credentials.models import ApiCredential, CallbackEndpoint
from tests.webhooks.conftest import Post, inbound, make_credential, path_of, shown, url_of
from webhooks.forms import WebhookForm
from webhooks.models import InboundMessage, InboundRequest, Webhook
from webhooks.samples import samples_of
from webhooks.services import create_webhook, is_local

ADD = reverse("admin:webhooks_webhook_add")
LIST = reverse("admin:webhooks_webhook_changelist")
LABELS = [
    "Name", "Select SMS vendor", "Select API credentials", "Brand name", "Help contact",
    "Opt-in Keywords", "Opt-in Message", "Opt-out Keywords", "Opt-out Message",
]  # fmt: skip


def page_of(webhook: Webhook) -> str:
    return reverse("admin:webhooks_webhook_change", args=[webhook.pk])


def filled(credential: ApiCredential, **values: Any) -> dict[str, Any]:
    samples = samples_of("custom")
    return {
        "name": "Shop",
        "vendor": "custom",
        "credential": str(credential.pk),
        "brand": "Acme",
        "help_contact": "help@acme.test",
        "opt_out_scope": "all",
        "opt_out_purpose": "all",
        "inbound_mapping": samples.inbound,
        "report_mapping": samples.report,
        **values,
    }


def test_the_form_has_the_documented_fields_in_order(staff: Client) -> None:
    page = shown(staff.get(ADD))
    places = [page.index(f">{label}\n") if f">{label}\n" in page else page.find(label) for label in LABELS]
    assert -1 not in places
    assert places == sorted(places)
    assert "View payload editor" in page
    assert "Submit" in page
    assert "SUBSCRIBE, YES, UNSTOP, START, CONTINUE, RESUME, BEGIN" in page
    assert "STOP, QUIT, CANCEL, END, UNSUBSCRIBE, NO" in page


def test_creating_a_webhook_makes_its_url(staff: Client, credential: ApiCredential) -> None:
    answer = staff.post(ADD, filled(credential), follow=True)
    webhook = Webhook.objects.get()
    assert answer.status_code == 200, answer.context["adminform"].form.errors
    assert webhook.endpoint.enabled
    assert webhook.credential == credential
    assert AuditEntry.objects.filter(object_type="webhooks.webhook", action="added").count() == 1
    page = shown(staff.get(page_of(webhook)))
    assert url_of(webhook) in page
    assert "Copy URL" in page
    assert "Where to paste it" in page
    assert "Providers cannot reach" not in page
    assert staff.get(LIST).status_code == 200


def test_a_new_webhook_is_shown_with_its_url_and_a_changed_one_returns_to_the_list(
    staff: Client, credential: ApiCredential
) -> None:
    answer = staff.post(ADD, filled(credential), follow=True)
    webhook = Webhook.objects.get()
    assert answer.redirect_chain == [(page_of(webhook), 302)]
    assert "was added successfully" in shown(answer)
    assert "Copy this URL now and paste it at your provider" in shown(answer)
    assert url_of(webhook) in shown(answer)
    answer = staff.post(page_of(webhook), filled(credential, brand="New"), follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert "Copy this URL now" not in shown(answer)


def test_whoever_may_only_add_webhooks_is_not_told_to_copy_what_is_hidden(credential: ApiCredential) -> None:
    author = with_permissions("add_webhook")
    answer = author.post(ADD, filled(credential), follow=True)
    assert (answer.status_code, Webhook.objects.count()) == (200, 1)
    assert "Copy this URL now" not in shown(answer)


def test_a_link_may_choose_the_credentials(staff: Client) -> None:
    make_credential("Other")
    twilio = make_credential("Twilio account", "twilio")
    initial = staff.get(ADD, {"credential": str(twilio.pk)}).context["adminform"].form.initial
    assert (initial["credential"], initial["vendor"]) == (twilio.pk, "twilio")
    assert initial["inbound_mapping"] == samples_of("twilio").inbound
    page = shown(staff.get(ADD, {"credential": str(twilio.pk)}))
    assert re.search(rf'<option value="{twilio.pk}"[^>]* selected', page)


@pytest.mark.parametrize("credential_id", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_a_link_to_unknown_credentials_chooses_none(staff: Client, db: None, credential_id: str) -> None:
    initial = staff.get(ADD, {"credential": credential_id}).context["adminform"].form.initial
    assert (initial["credential"], initial["vendor"]) == (None, "custom")


@pytest.mark.parametrize("vendor", ["custom", "twilio"])
def test_a_blank_payload_shows_the_standard_one_in_grey_and_says_so(staff: Client, vendor: str) -> None:
    webhook = create_webhook(credential=make_credential(vendor=vendor), name="Blank")
    page = shown(staff.get(page_of(webhook)))
    fields = staff.get(page_of(webhook)).context["adminform"].form.fields
    for name, standard in (
        ("inbound_mapping", samples_of(vendor).inbound),
        ("report_mapping", samples_of(vendor).report),
    ):
        assert fields[name].widget.attrs["placeholder"] == standard
        assert html.escape(standard) in page
    assert page.count("Leave blank for the vendor's standard payload, shown in grey.") == 2


def test_deleting_says_first_what_it_means_for_the_provider(staff: Client, webhook: Webhook) -> None:
    one = staff.get(reverse("admin:webhooks_webhook_delete", args=[webhook.pk]))
    several = staff.post(LIST, {"action": "delete_selected", "_selected_action": [webhook.pk]})
    for page in (shown(one), shown(several)):
        for text in ("stops answering at once", "404", "STOP", "delivery reports are lost", "are kept"):
            assert text in page
        assert "Yes, I’m sure" in page


def test_the_custom_samples_and_the_latest_brand_are_filled_in(staff: Client, webhook: Webhook) -> None:
    initial = staff.get(ADD).context["adminform"].form.initial
    assert (initial["brand"], initial["help_contact"]) == ("Acme", "help@acme.test")
    assert json.loads(initial["inbound_mapping"])["text"] == "{{inboundMessage}}"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "required"),
        ("credential", "", "required"),
        ("vendor", "twilio", "Choose credentials of Twilio"),
        ("opt_in_keywords", "YES, STOP", "STOP"),
        ("opt_in_keywords", "👍", "👍"),
        ("help_keywords", "Stop", "Stop"),
        ("opt_out_message", "{{ oops |", "Line 1"),
        ("opt_out_message", "Bye {{firstName}}", "profile.firstName"),
        ("help_message", "x" * 1501, "1,501"),
        ("inbound_mapping", '{"a": ', "Line 1, column 6"),
        ("inbound_mapping", '{"a": "{{message}}"}', "{{message}}"),
        ("report_mapping", '{"a": "{{feedbackStatus}}"}', "{{client_reference}}"),
        ("status_map", "[]", "object"),
        ("opt_out_scope", "universe", "valid choice"),
    ],
)
def test_bad_input_is_refused_at_its_field(
    credential: ApiCredential, field: str, value: str, says: str
) -> None:
    form = WebhookForm({**filled(credential), field: value})
    assert not form.is_valid()
    at = "credential" if field == "vendor" else field
    assert says in " ".join(form.errors[at])
    assert not Webhook.objects.exists()


def test_blank_keywords_messages_and_samples_are_fine(credential: ApiCredential) -> None:
    form = WebhookForm(filled(credential, inbound_mapping="", report_mapping=""))
    assert form.is_valid(), form.errors
    assert form.save().endpoint.credential == credential
    assert form.warnings == []


def test_a_name_is_taken_once(webhook: Webhook) -> None:
    form = WebhookForm(filled(webhook.credential))
    assert "already exists" in " ".join(form.errors["name"])


def test_required_words_left_out_are_warned_about_and_saved(staff: Client, credential: ApiCredential) -> None:
    answer = staff.post(ADD, filled(credential, opt_out_keywords="ARRET, STOP"), follow=True)
    assert "leave out QUIT, END, REVOKE, OPT OUT, CANCEL, UNSUBSCRIBE, STOPALL" in shown(answer)
    assert Webhook.objects.get().opt_out_keywords == "ARRET, STOP"


def test_credentials_carry_their_vendor_for_the_browser(staff: Client, credential: ApiCredential) -> None:
    make_credential("Twilio account", "twilio")
    page = shown(staff.get(ADD))
    assert 'data-vendor="custom"' in page
    assert 'data-vendor="twilio"' in page


def test_editing_keeps_the_url_even_with_other_credentials(staff: Client, webhook: Webhook) -> None:
    other = make_credential("Other")
    url = url_of(webhook)
    staff.post(page_of(webhook), filled(other, name="Renamed", opt_out_message="Bye"))
    changed = Webhook.objects.get()
    assert (changed.name, changed.credential, changed.opt_out_message) == ("Renamed", other, "Bye")
    assert url_of(changed) == url


def test_a_local_public_url_is_explained(staff: Client, webhook: Webhook, settings: Any) -> None:
    settings.SMSGATEWAY_PUBLIC_URL = "http://127.0.0.1:8000"
    page = shown(staff.get(page_of(webhook)))
    assert "Providers cannot reach http://127.0.0.1:8000" in page
    assert "SMSGATEWAY_PUBLIC_URL" in page


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://10.1.2.3", True),
        ("http://[::1]:8000", True),
        ("http://gateway", True),
        ("http://gateway.local", True),
        ("https://sms.example.com", False),
        ("https://8.8.8.8", False),
    ],
)
def test_local_urls_are_recognised(url: str, local: bool) -> None:
    assert is_local(url) is local


def test_rotating_changes_the_url_at_once(staff: Client, webhook: Webhook) -> None:
    old = path_of(webhook)
    assert staff.get(reverse("admin:webhooks_webhook_rotate", args=[webhook.pk])).status_code == 405
    answer = staff.post(reverse("admin:webhooks_webhook_rotate", args=[webhook.pk]), follow=True)
    webhook.endpoint.refresh_from_db()
    assert path_of(webhook) != old
    assert url_of(webhook) in shown(answer)
    assert staff.post(old).status_code == 404
    assert staff.post(path_of(webhook)).status_code == 200
    assert AuditEntry.objects.filter(action="URL rotated").count() == 1


def test_disabling_and_enabling(staff: Client, webhook: Webhook) -> None:
    url = reverse("admin:webhooks_webhook_enabled", args=[webhook.pk])
    assert "disabled" in shown(staff.post(url, {"enabled": "0"}, follow=True))
    assert staff.post(path_of(webhook)).status_code == 404
    assert "Disabled" in shown(staff.get(LIST))
    staff.post(url, {"enabled": "1"})
    assert staff.post(path_of(webhook)).status_code == 200
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["disabled", "enabled"]


def test_deleting_takes_the_url_along_and_keeps_what_came_in(
    staff: Client, webhook: Webhook, post: Post
) -> None:
    post(inbound("STOP"))
    answer = staff.post(reverse("admin:webhooks_webhook_delete", args=[webhook.pk]), {"post": "yes"})
    assert answer.status_code == 302
    assert not Webhook.objects.exists()
    assert not CallbackEndpoint.objects.exists()
    assert InboundMessage.objects.get().webhook is None
    for model in ("inboundmessage", "inboundrequest"):
        assert staff.get(reverse(f"admin:webhooks_{model}_changelist")).status_code == 200


def test_deleting_several_at_once_goes_the_same_way(staff: Client, webhook: Webhook) -> None:
    staff.post(LIST, {"action": "delete_selected", "_selected_action": [webhook.pk], "post": "yes"})
    assert not CallbackEndpoint.objects.exists()


def with_permissions(*codenames: str) -> Client:
    user = User.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def test_a_viewer_sees_neither_url_nor_raw_bodies_and_changes_nothing(webhook: Webhook, post: Post) -> None:
    post(inbound("STOP"))
    viewer = with_permissions("view_webhook", "view_inboundmessage")
    page = shown(viewer.get(page_of(webhook)))
    assert webhook.endpoint.token not in page
    assert "Shop" in page
    for name in ("rotate", "enabled"):
        url = reverse(f"admin:webhooks_webhook_{name}", args=[webhook.pk])
        assert viewer.post(url).status_code == 403
    assert (
        viewer.post(reverse("admin:webhooks_webhook_payload_check"), "{}", "application/json").status_code
        == 403
    )
    request = InboundRequest.objects.get()
    raw = reverse("admin:webhooks_inboundrequest_change", args=[request.pk])
    assert viewer.get(raw).status_code == 403
    message = InboundMessage.objects.get()
    page = shown(viewer.get(reverse("admin:webhooks_inboundmessage_change", args=[message.pk])))
    assert "Raw callback" not in page


def test_an_anonymous_visitor_is_sent_to_the_login(client: Client, webhook: Webhook) -> None:
    for name in ("rotate", "enabled"):
        answer = client.post(reverse(f"admin:webhooks_webhook_{name}", args=[webhook.pk]))
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]


CUSTOM_ROW = {
    "custom-TOTAL_FORMS": "1",
    "custom-INITIAL_FORMS": "0",
    "custom-0-name": "Food",
    "custom-0-keywords": "PIZZA, MENU",
    "custom-0-action": "reply",
    "custom-0-message": "Our menu: example.com",
}


def test_lists_that_are_the_standard_ones_are_stored_blank_and_shown_in_full(
    staff: Client, credential: ApiCredential
) -> None:
    words = staff.get(ADD).context["adminform"].form.initial["opt_out_keywords"]
    assert words == "STOP, QUIT, CANCEL, END, UNSUBSCRIBE, NO"
    form = WebhookForm(filled(credential, opt_out_keywords="stop, quit, cancel, end, no, unsubscribe"))
    assert form.is_valid()
    assert (form.cleaned_data["opt_out_keywords"], form.warnings) == ("", [])


def test_a_custom_keyword_is_saved_with_its_webhook_and_counts_at_once(
    staff: Client, credential: ApiCredential
) -> None:
    staff.post(ADD, {**filled(credential), **CUSTOM_ROW})
    webhook = Webhook.objects.get()
    assert [row.keywords for row in webhook.custom_keywords.all()] == ["PIZZA, MENU"]
    body = json.dumps(inbound("pizza"))
    staff.post(path_of(webhook), body, content_type="application/json")
    assert InboundMessage.objects.get().category == "Food"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"custom-0-keywords": "STOP"}, "STOP"),
        ({"custom-0-keywords": " , "}, "Enter at least one keyword"),
        ({"custom-0-message": ""}, "Write what is replied"),
        ({"custom-0-message": "{{ oops |"}, "Line 1"),
        ({"custom-0-action": "tag"}, "Name the attribute"),
        ({"custom-0-action": "tag", "custom-0-attribute": "a b"}, "Use letters, digits and _"),
        ({"custom-0-action": "forward"}, "Enter the URL"),
        ({"custom-0-action": "add"}, "Name the audience"),
        ({"custom-0-action": "remove", "custom-0-target": "  "}, "Name the audience"),
        ({"custom-0-action": "campaign"}, "Name the campaign"),
        ({"custom-0-action": "forward", "custom-0-forward_url": "ftp://x"}, "http"),
    ],
)
def test_a_custom_keyword_that_cannot_work_is_refused_at_its_row(
    staff: Client, credential: ApiCredential, values: dict[str, str], says: str
) -> None:
    page = shown(staff.post(ADD, {**filled(credential), **CUSTOM_ROW, **values}))
    assert says in html.unescape(page)
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    ("source", "line", "culprits"),
    [
        ("Bye {{profile.firstName}}", "1 part, GSM-7, 7 of 160 characters used", []),
        ("Adiós 👋", "1 part, UCS-2, 8 of 70 characters used", ["ó", "👋"]),
        ("x" * 161, "2 parts, GSM-7, 161 of 306 characters used", []),
        ("{{ oops |", "", []),
    ],
)
def test_a_reply_is_counted_while_it_is_written(
    staff: Client, db: None, source: str, line: str, culprits: list[str]
) -> None:
    url = reverse("admin:webhooks_webhook_message_check")
    posted = {"source": source, "field": "default_reply", "fields": {"brand": "Acme"}}
    answer = staff.post(url, json.dumps(posted), content_type="application/json").json()
    assert answer["line"] == line
    assert [one["character"] for one in answer["culprits"]] == culprits
    assert bool(answer["problem"]) is not bool(line)
