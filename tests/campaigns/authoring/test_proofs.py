from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from access.models import AuditEntry
from campaigns.authoring import proofs
from campaigns.models import StaffNumber
from consent import ledger
from messaging.models import ChannelConfiguration, Message, Source
from messaging.models import SendHold as Hold

pytestmark = pytest.mark.django_db(transaction=True)

PROOF = reverse("admin:campaigns_messagetemplate_proof")


def colleague(name: str, number: str) -> StaffNumber:
    return StaffNumber.objects.create(name=name, msisdn=number)


def posted(text: str, channel: ChannelConfiguration, *staff: StaffNumber, **more: Any) -> dict[str, Any]:
    return {
        "name": "Welcome",
        "missing_policy": "skip",
        "texts-TOTAL": "1",
        "texts-0-language": "",
        "texts-0-text": text,
        "preview_channel": str(channel.pk),
        "proof_to": [str(one.pk) for one in staff],
        **more,
    }


def test_a_proof_goes_out_with_the_chosen_samples_data_marked_as_a_test(
    admin_client: Client, channel: ChannelConfiguration, provider: Any
) -> None:
    ada = colleague("Ada", "+14155550101")
    text = "Hi {{profile.name}} {{toNumber | national}}"

    answer = admin_client.post(
        PROOF, posted(text, channel, ada, preview_samples="name\nX\n{{Y}}", proof_sample="1")
    )

    assert answer.status_code == 200
    assert "Accepted" in answer.content.decode()
    message = Message.objects.get()
    assert (message.source, message.text, message.msisdn) == (
        Source.TEST,
        "Hi {{Y}} 4155550101",
        ada.msisdn,
    )
    assert message.text in provider.calls[0].request.body.decode()
    entry = AuditEntry.objects.get(action="sent proof")
    assert entry.changes == {"to": ["Ada"], "messages": [str(message.id)]}


def test_a_proof_obeys_opt_outs_and_goes_on_to_the_next(
    admin_client: Client, channel: ChannelConfiguration, provider: Any
) -> None:
    out, ada = colleague("A out", "+14155550102"), colleague("B in", "+14155550103")
    ledger.record(msisdn=out.msisdn, kind="opt_out", source="keyword")

    page = admin_client.post(PROOF, posted("Hi", channel, out, ada)).content.decode()

    assert len(provider.calls) == 1
    assert Message.objects.exclude(msisdn=ada.msisdn).filter(state="accepted").count() == 0
    assert "opted out" in page.lower()


def test_links_of_a_proof_are_tracked_as_in_the_real_message(
    admin_client: Client, channel: ChannelConfiguration, provider: Any
) -> None:
    ada = colleague("Ada", "+14155550101")

    admin_client.post(
        PROOF, posted("See {{ 'https://shop.example/x' | track: 'Shop' }} {{optOutUrl}}", channel, ada)
    )

    text = Message.objects.get().text
    assert "shop.example" not in text
    assert "/optout/" in text
    assert not any("\ue000" <= character <= "\uf8ff" for character in text)


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("Hi", {"proof_to": []}, "at least one colleague"),
        ("Hi", {"proof_to": ["nonsense"]}, "at least one colleague"),
        ("Hi", {"preview_channel": ""}, "Choose the channel configuration"),
        ("Hi {{profile.nick}}", {}, "would be left out: profile.nick"),
        ("Hi {{profile.nick}}", {"missing_policy": "stop"}, "Sending would stop"),
        ("Hi {{", {}, "is not closed"),
        ("Hi", {"preview_samples": "a,a"}, "name each column once"),
    ],
)
def test_a_proof_that_cannot_be_sent_says_why(
    text: str,
    more: dict[str, Any],
    words: str,
    admin_client: Client,
    channel: ChannelConfiguration,
    provider: Any,
) -> None:
    answer = admin_client.post(PROOF, posted(text, channel, colleague("Ada", "+14155550101")) | more)

    assert words in answer.content.decode()
    assert not Message.objects.exists()


def test_a_proof_goes_to_at_most_ten_and_waits_for_no_slow_provider(
    admin_client: Client, channel: ChannelConfiguration, provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = [colleague(f"S{number}", f"+141555501{number:02}") for number in range(11)]
    assert "at most 10" in admin_client.post(PROOF, posted("Hi", channel, *staff)).content.decode()

    monkeypatch.setattr(proofs, "_PATIENCE", -1.0)
    page = admin_client.post(PROOF, posted("Hi", channel, *staff[:2])).content.decode()
    assert "answers too slowly" in page
    assert not provider.calls


def test_a_hold_stops_proofs_too(admin_client: Client, channel: ChannelConfiguration, provider: Any) -> None:
    Hold.objects.create(reason="stop")

    page = admin_client.post(PROOF, posted("Hi", channel, colleague("Ada", "+14155550101"))).content.decode()

    assert "on hold" in page
