from __future__ import annotations

from datetime import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from access.models import AuditEntry
from core.errors import ConfigurationInvalid
from credentials import storing
from credentials.loading import spec_of
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from messaging import channels
from messaging.models import ChannelConfiguration, Route
from operations.configuration import documents
from operations.configuration.applying import secret_name
from webhooks import custom_rows
from webhooks.models import Webhook
from webhooks.services import create_webhook
from webhooks.verification import VerificationSpec
from webhooks.verifying import set_verification

pytestmark = pytest.mark.django_db
INPUTS: dict[str, Any] = {
    "account_sid": "AC1",
    "auth_token": "very-secret-token",
    "messaging_service_sid": "MG1",
}
ENVIRONMENT = "SMSGATEWAY_SECRET_SHOP_TWILIO_AUTH_TOKEN"


@pytest.fixture
def shop() -> ApiCredential:
    credential = storing.store(
        credential=ApiCredential(), name="Shop Twilio", preset=VENDORS["twilio"], inputs=INPUTS
    )
    create_webhook(credential=credential, name="Shop in", brand="Shop")
    channel = ChannelConfiguration.objects.create(
        name="shop", credential=credential, sender="+15005550006", require_opt_in=False
    )
    channels.activate(channel)
    return credential


def run(action: str, directory: Path) -> str:
    out = StringIO()
    call_command("config", action, str(directory), stdout=out)
    return out.getvalue()


def differs(directory: Path) -> str:
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("config", "diff", str(directory), stdout=out)
    assert stopped.value.code == 1
    return out.getvalue()


def change(directory: Path, path: str, before: str, after: str) -> None:
    text = (directory / path).read_text()
    assert before in text
    (directory / path).write_text(text.replace(before, after))


def test_an_export_holds_no_secret_and_differs_in_nothing(shop: ApiCredential, tmp_path: Path) -> None:
    assert "3 files" in run("export", tmp_path)
    text = "".join(path.read_text() for path in tmp_path.rglob("*.toml"))
    assert "AC1" in text
    assert "very-secret-token" not in text
    assert run("diff", tmp_path) == "No differences.\n"
    assert run("apply", tmp_path) == "Nothing to do.\n"


def test_times_of_a_channel_stand_in_its_file_and_leave_with_it(shop: ApiCredential, tmp_path: Path) -> None:
    run("export", tmp_path)
    assert "quiet" not in (tmp_path / "channels/shop.toml").read_text()
    values: dict[str, Any] = {
        "quiet_from": time(21), "quiet_until": time(8), "quiet_days": ["mon"], "quiet_whole_days": ["sun"],
        "quiet_for_all": True, "cap_count": 3, "cap_window": "week", "give_up_after": 90,
    }  # fmt: skip
    ChannelConfiguration.objects.update(**values)
    run("export", tmp_path / "timed")
    assert "quiet_from = 21:00:00" in (tmp_path / "timed/channels/shop.toml").read_text()
    for directory, expected in ((tmp_path, dict.fromkeys(values)), (tmp_path / "timed", values)):
        run("apply", directory)
        assert run("diff", directory) == "No differences.\n"
        channel = ChannelConfiguration.objects.get()
        assert channel.quiet_from == expected["quiet_from"]
        assert channel.give_up_after == expected["give_up_after"]
        assert channel.cap_window == (expected["cap_window"] or "day")
        assert channel.quiet_whole_days == (expected["quiet_whole_days"] or [])


def test_a_change_is_shown_and_applied_with_secrets_kept(shop: ApiCredential, tmp_path: Path) -> None:
    run("export", tmp_path)
    change(tmp_path, "credentials/shop-twilio.toml", "1600", "320")
    change(tmp_path, "webhooks/shop-in.toml", 'brand = "Shop"', 'brand = "Store"')
    change(tmp_path, "channels/shop.toml", "+15005550006", "+15005550009")
    shown = differs(tmp_path)
    assert "preset.text.max_length: 1600 -> 320" in shown
    assert "brand: 'Shop' -> 'Store'" in shown
    before = spec_of(shop)
    assert "3 applied." in run("apply", tmp_path)
    after = spec_of(ApiCredential.objects.get(pk=shop.pk))
    assert (before.text.max_length, after.text.max_length) == (1600, 320)
    assert after.auth.auth_password == "very-secret-token"
    assert after.revision > before.revision
    assert (after.request, after.response, after.variables) == (
        before.request,
        before.response,
        before.variables,
    )
    assert Webhook.objects.get().brand == "Store"
    assert ChannelConfiguration.objects.get().sender == "+15005550009"
    assert ChannelConfiguration.objects.get().status == "active"
    assert AuditEntry.objects.filter(action="configuration applied").count() == 3
    assert run("diff", tmp_path) == "No differences.\n"


def test_files_make_an_empty_gateway_whole(
    shop: ApiCredential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("export", tmp_path)
    wanted = spec_of(shop)
    ChannelConfiguration.objects.all().delete()
    Webhook.objects.all().delete()
    ApiCredential.objects.all().delete()
    assert "new: credentials/shop-twilio.toml" in differs(tmp_path)
    with pytest.raises(CommandError, match=ENVIRONMENT):
        run("apply", tmp_path)
    assert not ApiCredential.objects.exists()
    monkeypatch.setenv(ENVIRONMENT, "very-secret-token")
    assert "created credentials/shop-twilio.toml" in run("apply", tmp_path)
    made = spec_of(ApiCredential.objects.get())
    assert (made.request, made.text, made.response, made.variables) == (
        wanted.request, wanted.text, wanted.response, wanted.variables,
    )  # fmt: skip
    assert made.auth.auth_password == "very-secret-token"
    assert ChannelConfiguration.objects.get().status == "active"


def test_routes_travel_with_their_channel_in_their_order(shop: ApiCredential, tmp_path: Path) -> None:
    channel = ChannelConfiguration.objects.get()
    Route.objects.create(channel=channel, name="Rest", position=9, credential=shop, active=False)
    Route.objects.create(
        channel=channel, name="Codes", position=3, credential=shop, senders="ACME, +15005550006",
        countries="US, CA", prefixes="+1415", purposes="one_time_code, transactional", weight=70,
    )  # fmt: skip
    run("export", tmp_path)
    assert run("diff", tmp_path) == "No differences.\n"
    change(tmp_path, "channels/shop.toml", "US, CA", "US, MX")
    assert "routes[0].countries: 'US, CA' -> 'US, MX'" in differs(tmp_path)
    Route.objects.all().delete()
    Route.objects.create(channel=channel, name="Only here", credential=shop)
    run("apply", tmp_path)
    assert list(
        Route.objects.order_by("position").values_list("name", "active", "countries", "purposes", "weight")
    ) == [
        ("Codes", True, "US, MX", "one_time_code, transactional", 70),
        ("Rest", False, "", "", None),
    ]
    assert run("diff", tmp_path) == "No differences.\n"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('name = "A"\ncredential = "None such"', "no API credentials named 'None such'"),
        ('name = "A"\ncredential = "Shop Twilio"\ncountries = "UK"', "routes, A: countries: .*GB"),
        ('name = "A"\ncredential = "Shop Twilio"\ncuntries = "DE"', "no key cuntries"),
        ('credential = "Shop Twilio"', "a name of its own"),
    ],
)
def test_a_wrong_route_changes_nothing(shop: ApiCredential, tmp_path: Path, table: str, told: str) -> None:
    run("export", tmp_path)
    path = tmp_path / "channels/shop.toml"
    path.write_text(f"{path.read_text()}\n[[routes]]\n{table}\n")
    with pytest.raises(CommandError, match=told):
        run("apply", tmp_path)
    assert not Route.objects.exists()


@pytest.mark.parametrize(
    ("path", "before", "after", "told"),
    [
        ("credentials/shop-twilio.toml", "method = ", "methud = ", "methud"),
        ("credentials/shop-twilio.toml", "format = 1", "format = 99", "newer"),
        ("credentials/shop-twilio.toml", "{{message}}", "{{messsage}}", "messsage"),
        ("credentials/shop-twilio.toml", "https://api.twilio.com", "http://127.0.0.1", "provider_url"),
        ("webhooks/shop-in.toml", 'credential = "Shop Twilio"', 'credential = "Gone"', "Gone"),
        ("channels/shop.toml", 'sender = "+15005550006"', 'sender = "!!"', "sender"),
        ("channels/shop.toml", "name =", "nome =", "name"),
        ("channels/shop.toml", 'name = "shop"', 'name = "shop', "no TOML"),
    ],
)
def test_a_fault_names_file_and_key_and_nothing_is_applied(
    shop: ApiCredential, tmp_path: Path, path: str, before: str, after: str, told: str
) -> None:
    run("export", tmp_path)
    if before == "method = ":
        before, after = "[preset.request]\n", '[preset.request]\nmethud = "x"\n'
    change(tmp_path, path, before, after)
    change(tmp_path, "webhooks/shop-in.toml", 'brand = "Shop"', 'brand = "Store"')
    with pytest.raises(CommandError) as fault:
        run("apply", tmp_path)
    assert told in str(fault.value)
    assert path.rpartition("/")[2] in str(fault.value)
    assert Webhook.objects.get().brand == "Shop"


KEYWORDS = [
    {"name": "Gifts", "keywords": "GIFT, PRESENT", "action": "reply", "message": "{{brand}}: on its way"},
    {
        "name": "Survey",
        "keywords": "SURVEY",
        "action": "forward",
        "forward_url": "https://crm.example.com/in",
    },
    {"name": "Club", "keywords": "CLUB", "action": "tag", "attribute": "club", "value": "yes"},
    {"name": "News", "keywords": "NEWS", "action": "add", "target": "News readers"},
]


def test_custom_keywords_are_exported_compared_and_applied(shop: ApiCredential, tmp_path: Path) -> None:
    webhook = Webhook.objects.get()
    custom_rows.replace_rows(webhook=webhook, rows=KEYWORDS)
    run("export", tmp_path)
    assert run("diff", tmp_path) == "No differences.\n"
    webhook.custom_keywords.filter(name="Club").delete()
    webhook.custom_keywords.filter(name="Gifts").update(keywords="GIFT")
    shown = differs(tmp_path)
    assert "custom_keywords[0].keywords: 'GIFT' -> 'GIFT, PRESENT'" in shown
    run("apply", tmp_path)
    assert custom_rows.rows_of(webhook) == KEYWORDS
    assert run("diff", tmp_path) == "No differences.\n"


def test_a_word_may_move_from_a_custom_keyword_to_a_list(shop: ApiCredential, tmp_path: Path) -> None:
    webhook = Webhook.objects.get()
    custom_rows.replace_rows(webhook=webhook, rows=KEYWORDS)
    run("export", tmp_path)
    change(tmp_path, "webhooks/shop-in.toml", "GIFT, PRESENT", "PRESENT")
    change(tmp_path, "webhooks/shop-in.toml", '\nopt_in_keywords = ""', '\nopt_in_keywords = "GIFT"')
    run("apply", tmp_path)
    webhook.refresh_from_db()
    assert (webhook.opt_in_keywords, custom_rows.rows_of(webhook)[0]["keywords"]) == ("GIFT", "PRESENT")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('keywords = "SURVEY"', 'keywords = "STOP"', "STOP"),
        ('keywords = "SURVEY"', 'keywords = ""', "keywords"),
        ('name = "Club"', 'name = "gifts"', "stands twice"),
        ('action = "tag"', 'action = "call"', "action"),
        ("https://crm.example.com/in", "ftp://crm.example.com/in", "forward_url"),
        ("{{brand}}: on", "{{brnd}}: on", "brnd"),
        ('attribute = "club"', 'atribute = "club"', "atribute"),
    ],
)
def test_a_fault_in_a_custom_keyword_is_told_and_nothing_is_applied(
    shop: ApiCredential, tmp_path: Path, before: str, after: str, told: str
) -> None:
    webhook = Webhook.objects.get()
    custom_rows.replace_rows(webhook=webhook, rows=KEYWORDS)
    run("export", tmp_path)
    change(tmp_path, "webhooks/shop-in.toml", before, after)
    change(tmp_path, "webhooks/shop-in.toml", 'brand = "Shop"', 'brand = "Store"')
    with pytest.raises(CommandError, match=r"shop-in\.toml") as fault:
        run("apply", tmp_path)
    assert told in str(fault.value)
    assert (Webhook.objects.get().brand, custom_rows.rows_of(webhook)) == ("Shop", KEYWORDS)


def test_records_no_file_names_are_left_alone(shop: ApiCredential, tmp_path: Path) -> None:
    run("export", tmp_path)
    (tmp_path / "channels/shop.toml").unlink()
    assert "only here, left alone: channels/shop.toml" in run("diff", tmp_path)
    run("apply", tmp_path)
    assert ChannelConfiguration.objects.exists()


def test_two_records_that_would_share_a_file_are_told(tmp_path: Path) -> None:
    pair = [documents.Document("channels", name, {}) for name in ("a.b", "a-b")]
    with pytest.raises(ConfigurationInvalid, match=r"channels/a-b\.toml"):
        documents.write(tmp_path, pair)


def test_every_shipped_preset_survives_export_and_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = {}
    for slug, preset in VENDORS.items():
        inputs = {
            item.name: item.default or _sample(item.name) for item in preset.inputs if item.field != "headers"
        }
        if storing.problems_of(preset, inputs):
            continue
        credential = storing.store(
            credential=ApiCredential(), name=f"My {slug}", preset=preset, inputs=inputs
        )
        specs[f"My {slug}"] = spec_of(credential)
        for item in preset.inputs:
            if item.secret:
                monkeypatch.setenv(secret_name(f"My {slug}", item.name), str(inputs[item.name]))
    assert len(specs) >= 25
    run("export", tmp_path)
    ApiCredential.objects.all().delete()
    run("apply", tmp_path)
    for name, spec in specs.items():
        made = spec_of(ApiCredential.objects.get(name=name))
        assert (made.request, made.text, made.response) == (spec.request, spec.text, spec.response), name
        assert made.auth == made.auth.__class__(**{**vars(spec.auth), "key": made.auth.key}), name


def _sample(name: str) -> str:
    special = {
        "body": '{"to": {{to}}, "text": {{text}}}',
        "send_url": "https://gw.example.com/{{to}}/{{text}}",
    }
    return special.get(name, "https://gw.example.com" if "url" in name else f"{len(name)}-{name}-x")


def verified(*, secret: str) -> Webhook:
    webhook = Webhook.objects.get()
    spec = VerificationSpec(scheme="hmac", header="X-Sig", algorithm="sha512", addresses="203.0.113.0/24")
    set_verification(webhook=webhook, spec=spec, secrets=[secret])
    return webhook


def test_how_callbacks_are_verified_travels_without_its_secret(shop: ApiCredential, tmp_path: Path) -> None:
    verified(secret="very-secret-key")
    run("export", tmp_path)
    text = (tmp_path / "webhooks/shop-in.toml").read_text()
    assert "very-secret-key" not in text
    assert '[verification]\nscheme = "hmac"\nheader = "X-Sig"\nalgorithm = "sha512"' in text
    assert run("diff", tmp_path) == "No differences.\n"
    change(tmp_path, "webhooks/shop-in.toml", "sha512", "sha256")
    run("apply", tmp_path)
    webhook = Webhook.objects.get()
    assert webhook.verify_algorithm == "sha256"
    assert [secret.value for secret in webhook.secrets.all()] == ["very-secret-key"]


def test_a_secret_that_is_not_stored_comes_from_the_environment(
    shop: ApiCredential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified(secret="very-secret-key")
    run("export", tmp_path)
    Webhook.objects.all().delete()
    with pytest.raises(CommandError, match="SMSGATEWAY_SECRET_SHOP_IN_VERIFICATION"):
        run("apply", tmp_path)
    monkeypatch.setenv("SMSGATEWAY_SECRET_SHOP_IN_VERIFICATION", "from-the-environment")
    run("apply", tmp_path)
    assert [secret.value for secret in Webhook.objects.get().secrets.all()] == ["from-the-environment"]


def test_a_setting_that_verification_does_not_have_is_named(shop: ApiCredential, tmp_path: Path) -> None:
    verified(secret="very-secret-key")
    run("export", tmp_path)
    change(tmp_path, "webhooks/shop-in.toml", 'header = "X-Sig"', 'headr = "X-Sig"')
    with pytest.raises(CommandError, match="headr: verification has no such setting"):
        run("apply", tmp_path)
