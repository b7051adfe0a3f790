"""One shape for database, preset and engine: it goes out and comes back the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from core.errors import MappingInvalid
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from credentials.vendors.format import webhook_problems
from tests.webhooks.conftest import PERSON, inbound, make_channel, path_of
from webhooks.configuration import configuration_of, spec_of
from webhooks.models import InboundMessage, InboundRequest, RequestState, Webhook
from webhooks.reading import InboundReader
from webhooks.samples import webhook_table
from webhooks.services import create_webhook, save_webhook
from webhooks.spec import SECTIONS, WebhookSpec


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_webhook_written_as_a_table_and_read_again_is_the_same(vendor: str) -> None:
    inputs = {item.name: item.default for item in VENDORS[vendor].inputs}
    spec = WebhookSpec.of(webhook_table(vendor, inputs))
    table = json.loads(json.dumps(spec.table()))
    assert webhook_problems(table) == []
    assert WebhookSpec.of(table) == spec
    assert table.keys() <= set(SECTIONS)
    if vendor != "external_xml":  # its paths are the operator's
        InboundReader(spec.filled(inputs))


def test_variables_of_the_credential_stand_for_their_values_and_blank_ones_drop_out() -> None:
    spec = WebhookSpec.of(
        {
            "inbound": {
                "fields": [
                    {"name": "profileNumber", "paths": ["{{a}}", "{{b}}", "c"], "filters": "default: '{{q}}'"}
                ]
            },
            "rules": [{"take": "ignore", "path": "{{a}}", "values": ["{{words}}", "{{unknown}}"]}],
            "answers": [{"body": "{{a}} {{profileNumber}}"}],
            "verification": {"scheme": "header", "secret": "{{a}}"},
        }
    ).filled({"a": "x", "b": "", "q": 'o"k', "words": "1, 2\n3"})
    (row,) = spec.inbound.fields
    assert (row.paths, row.filters) == (("x", "c"), "default: 'ok'")
    assert (spec.rules[0].path, spec.rules[0].values) == ("x", ("1", "2", "3", "{{unknown}}"))
    assert spec.answers[0].body == "x {{profileNumber}}"
    assert spec.verification == {"scheme": "header", "secret": "x"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"colour": "red"}, "colour: there is no such key"),
        ({"rules": [{"take": "message", "test": "any_of"}]}, "Rule 1"),
        ({"answers": [{"status": 404}]}, "from 200 to 299"),
        ({"answers": [{"body": "{{nope}}"}]}, "nope"),
        ({"answers": [{"content_type": "text/plain\n"}]}, "header cannot have"),
    ],
)
def test_a_webhook_with_a_mapping_that_cannot_work_is_not_kept(
    credential: ApiCredential, mapping: dict[str, Any], says: str
) -> None:
    with pytest.raises(MappingInvalid) as caught:
        create_webhook(credential=credential, name="Bad", mapping=mapping)
    assert says in caught.value.text
    assert not Webhook.objects.exists()


def test_a_section_of_the_webhook_takes_the_place_of_the_presets(webhook: Webhook) -> None:
    stored = Webhook.objects.get(pk=webhook.pk)
    stored.mapping = {"statuses": {"words": {"delivered": "failed"}}}
    save_webhook(webhook=stored, credential=stored.credential)
    reader = configuration_of(Webhook.objects.get(pk=webhook.pk)).reader
    assert (reader.meaning("delivered"), reader.meaning("sent")) == ("failed", "sent")
    assert (
        spec_of(stored, stored.credential).inbound.sample == webhook_table("custom", {})["inbound"]["sample"]
    )


def test_a_change_of_a_credential_variable_counts_at_once(credential: ApiCredential, client: Client) -> None:
    make_channel(credential)
    variable = credential.variables.create(name="field", value="text", position=0)
    rows = [{"name": "profileNumber", "paths": ["from"]}, {"name": "inboundMessage", "paths": ["{{field}}"]}]
    webhook = create_webhook(credential=credential, name="Rows", mapping={"inbound": {"fields": rows}})
    post = {"from": PERSON, "text": "one", "words": "two"}
    client.post(path_of(webhook), json.dumps(post), content_type="application/json")
    variable.value = "words"
    variable.save()
    credential.save(update_fields=["revision"])
    from webhooks import lookup

    lookup.forget()
    client.post(path_of(webhook), json.dumps(post), content_type="application/json")
    assert list(InboundMessage.objects.order_by("id").values_list("text", flat=True)) == ["one", "two"]


ANSWERS = [
    {"when": "always", "body": "any"},
    {
        "when": "message",
        "status": 202,
        "content_type": "application/json",
        "body": '{"to": "{{profileNumber}}"}',
    },
    {"when": "error", "status": 422, "body": "what?"},
]


@pytest.mark.parametrize(
    ("body", "status", "text", "state"),
    [
        (inbound("Hi"), 202, f'{{"to": "{PERSON}"}}', RequestState.PROCESSED),
        (
            {"type": "delivery_report", "messageId": "p9", "status": "sent"},
            200,
            "any",
            RequestState.PROCESSED,
        ),
        ({"nothing": "known"}, 422, "what?", RequestState.QUARANTINED),
        ("", 200, "any", RequestState.IGNORED),
    ],
)
def test_the_answer_is_the_one_for_what_came(
    credential: ApiCredential, client: Client, body: Any, status: int, text: str, state: str
) -> None:
    make_channel(credential)
    webhook = create_webhook(credential=credential, name="Answering", mapping={"answers": ANSWERS})
    data = json.dumps(body) if body else ""
    answer = client.post(path_of(webhook), data, content_type="application/json")
    assert (answer.status_code, answer.content.decode()) == (status, text)
    assert InboundRequest.objects.get().state == state


def test_messages_to_a_number_that_is_not_ours_are_shown_to_staff(
    credential: ApiCredential, client: Client
) -> None:
    make_channel(credential)
    mapping = {"inbound": {**webhook_table("custom", {})["inbound"], "only_ours": True}}
    webhook = create_webhook(credential=credential, name="Ours", mapping=mapping)
    for to in ("14155550100", "+14155550199", ""):
        client.post(path_of(webhook), json.dumps(inbound(to, to=to)), content_type="application/json")
    assert [message.recipient for message in InboundMessage.objects.all()] == ["14155550100"]
    assert InboundRequest.objects.filter(state=RequestState.QUARANTINED).count() == 2


@pytest.mark.django_db
def test_a_webhook_of_a_preset_verifies_from_its_first_callback_on(client: Client) -> None:
    credential = ApiCredential.objects.create(
        name="T", vendor="twilio", provider_url="https://p.example/", payload="x"
    )
    credential.variables.create(name="auth_token", value="tok-1", secret=True, position=0)
    make_channel(credential)
    webhook = create_webhook(credential=credential, name="Signed")
    answer = client.post(path_of(webhook), {"From": PERSON, "Body": "Hi", "MessageSid": "SM1"})
    assert answer.status_code == 403
    assert not InboundMessage.objects.exists()
