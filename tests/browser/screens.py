"""The screens: how staff get there, and what every one of them must be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Error, Page, expect

from tests.browser.sample import ASKED, DELIVERED, OPTED_OUT, REFUSED, ROUTED
from tests.browser.sample_campaigns import DRAFT, FINISHED, RUNNING
from tests.browser.staff import Gateway

DESKTOP = {"width": 1360, "height": 900}
PHONE = {"width": 390, "height": 844}
DIRECTORY = Path(os.environ.get("SCREENSHOTS", Path(__file__).resolve().parents[2] / "screenshots"))
SETTLED_HEIGHT = """new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
    () => done(document.documentElement.scrollHeight))))"""
SIZES = {"desktop": DESKTOP, "phone": PHONE}


def _stay(page: Page, gateway: Gateway) -> None:
    """The address is the screen."""


@dataclass(frozen=True)
class Screen:
    """A name for the pictures, the address under the gateway, and what is done there to see the screen."""

    name: str
    path: str
    open: Callable[[Page, Gateway], None] = _stay
    on_simulator: bool = False
    tolerated: tuple[str, ...] = ()

    def visit(self, page: Page, gateway: Gateway) -> None:
        """Open the screen and wait until its scripts have run."""
        start = gateway.simulator_url if self.on_simulator else gateway.url
        answer = page.goto(start + self.path)
        assert answer is not None
        assert answer.ok or self.name.startswith("error-"), f"{answer.status} at {answer.url}"
        self.open(page, gateway)
        page.wait_for_load_state()


SAMPLE_ANSWER = '{"messages": [{"id": "m-1", "status": {"code": 0, "text": "queued"}}]}'
SAMPLE_CALLBACK = (
    '{"type": "inbound_message", "id": "x-1", "from": "+14155550190", "to": "1", "text": "STOP"}'
)
SAMPLE_PEOPLE = "id,Mobile,First Name,Visits\nc-1,+14155550110,Ada,3\nc-2,4155550111,Ben,many\n"
SAMPLE_CURL = (
    "curl -X POST https://api.example.com/v1/messages -H 'Authorization: Bearer demo-token' "
    """-H 'Content-Type: application/json' -d '{"to": ["+14155550123"], "from": "ACME", "text": "Hi", "ttl": 60}'"""
)


def _open(name: str, *links: str) -> Callable[[Page, Gateway], None]:
    """The row's "Open", then link by link."""

    def click(page: Page, gateway: Gateway) -> None:
        page.get_by_role("link", name=f"Open {name}", exact=True).click()
        for link in links:
            page.get_by_role("link", name=link, exact=True).click()
            page.wait_for_load_state()

    return click


def _look_ahead(page: Page, gateway: Gateway) -> None:
    _edit(DRAFT.name)(page, gateway)
    page.get_by_role("link", name="Look ahead and start").click()
    for reason in page.get_by_role("region", name="Whom it reaches").locator("summary").all():
        reason.click()


def _fill_in_campaign(page: Page, gateway: Gateway) -> None:
    page.get_by_label("Starts").select_option("weekly")
    page.get_by_role("link", name="Add another message").click()


def _trigger(page: Page, gateway: Gateway) -> None:
    page.get_by_label("Kind").select_option("triggered")
    expect(page.get_by_role("heading", name="When", exact=True)).to_be_hidden()


def _upload(rows: str) -> Callable[[Page, Gateway], None]:
    """A file and what the next page says of its columns."""

    def upload(page: Page, gateway: Gateway) -> None:
        file = {"name": "people.csv", "mimeType": "text/csv", "buffer": rows.encode()}
        page.get_by_label("CSV file").set_input_files(files=[file])  # type: ignore[list-item]
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("button", name="Try it on every row")).to_be_visible()

    return upload


def _edit(name: str) -> Callable[[Page, Gateway], None]:
    def click(page: Page, gateway: Gateway) -> None:
        page.get_by_role("link", name=f"Edit {name}", exact=True).first.click()

    return click


def _bin(name: str) -> Callable[[Page, Gateway], None]:
    def click(page: Page, gateway: Gateway) -> None:
        page.get_by_role("link", name=f"Delete {name}", exact=True).click()

    return click


def _message(number: str) -> Callable[[Page, Gateway], None]:
    def follow(page: Page, gateway: Gateway) -> None:
        page.goto(f"{gateway.url}admin/messaging/message/{gateway.messages[number]}/change/")
        for attempt in page.get_by_role("region", name="Attempts").get_by_role("group").all():
            attempt.locator("summary").click()

    return follow


def _build_filter(page: Page, gateway: Gateway) -> None:
    page.get_by_role("button", name="Add group").click()
    page.get_by_label("What").select_option("messages")
    page.get_by_label("Days").fill("14")
    page.get_by_role("button", name="Add condition").last.click()
    page.get_by_label("What").last.select_option("country")
    page.get_by_label("Value").last.fill("UK")
    expect(page.get_by_text("is no country code")).to_be_visible()


def _counted(name: str) -> Callable[[Page, Gateway], None]:
    def follow(page: Page, gateway: Gateway) -> None:
        _edit(name)(page, gateway)
        expect(page.get_by_role("region", name="Who is found")).to_contain_text("1 profile")

    return follow


def _members(name: str) -> Callable[[Page, Gateway], None]:
    def follow(page: Page, gateway: Gateway) -> None:
        page.get_by_role("link", name=f"Members of {name}").click()
        expect(page.get_by_text("2 profiles", exact=True)).to_be_visible()

    return follow


def _choose_profiles(page: Page, gateway: Gateway) -> None:
    page.get_by_role("row").nth(1).get_by_role("checkbox").check()
    page.get_by_label("Select action to run").select_option("add_to_audience")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("heading", name="Add 1 profile to an audience")).to_be_visible()


def _conversation(number: str) -> Callable[[Page, Gateway], None]:
    def follow(page: Page, gateway: Gateway) -> None:
        page.get_by_role("link", name=number).first.click()
        expect(page.get_by_role("log")).to_be_visible()

    return follow


def _answer(page: Page, gateway: Gateway) -> None:
    _conversation(ASKED)(page, gateway)
    page.get_by_label("Answer").fill("Call us on 415 555 0100 🙂")
    expect(page.get_by_role("status")).to_contain_text("1 SMS, UCS-2")


def _first_row(page: Page, gateway: Gateway) -> None:
    page.get_by_role("rowheader").get_by_role("link").first.click()


def _wrong_payload(page: Page, gateway: Gateway) -> None:
    page.get_by_label("Name*", exact=True).fill("Wrong on purpose")
    page.get_by_label("Provider URL").fill("ftp://provider.example.com")
    page.get_by_role("textbox", name="Provider Payload").fill('{"to": "{{toNumber}}",\n "text": }')
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Please correct the errors below")).to_be_visible()


def _payload_dialog(page: Page, gateway: Gateway) -> None:
    page.get_by_role("button", name="View payload editor").first.click()
    expect(page.get_by_role("dialog").get_by_role("status").first).to_have_text("No problems found")


def _tool(name: str, typed: str, button: str) -> Callable[[Page, Gateway], None]:
    def use(page: Page, gateway: Gateway) -> None:
        _edit("Demo webhook")(page, gateway)
        page.get_by_role("link", name=name).first.click()
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
        if paste := page.get_by_text("Paste a callback", exact=True).all():
            paste[0].click()
        page.get_by_label(typed, exact=True).fill(SAMPLE_CALLBACK)
        page.get_by_role("button", name=button).click()
        page.wait_for_load_state()

    return use


def _test_send(page: Page, gateway: Gateway) -> None:
    _edit("Demo provider")(page, gateway)
    page.get_by_role("region", name="Send test SMS").get_by_label("Number").first.fill(DELIVERED)
    page.get_by_role("button", name="Send test SMS").click()
    expect(page.get_by_role("heading", name="The provider's answer")).to_be_visible()


def _test_editor(page: Page, gateway: Gateway) -> None:
    _edit("Demo provider")(page, gateway)
    test = page.get_by_role("region", name="Send test SMS")
    expect(test.get_by_role("status")).to_contain_text("GSM-7, 1 part")
    test.get_by_role("button", name="Open message editor").click()
    expect(page.get_by_role("dialog").get_by_role("status").first).to_contain_text("No problems found")


def _filter_gallery(page: Page, gateway: Gateway) -> None:
    page.get_by_role("searchbox").last.fill("zenvia")
    expect(page.get_by_role("status").filter(has_text="1 of")).to_be_visible()


def _empty_gallery(page: Page, gateway: Gateway) -> None:
    page.get_by_role("searchbox").last.fill("no such provider")
    expect(page.get_by_role("heading", name="No preset fits")).to_be_visible()


def _paste(command: str) -> Callable[[Page, Gateway], None]:
    def paste(page: Page, gateway: Gateway) -> None:
        page.get_by_label("cURL command").fill(command)
        page.get_by_role("button", name="Fill in the form").click()
        page.wait_for_load_state()

    return paste


def _preview(page: Page, gateway: Gateway) -> None:
    _edit("Demo provider")(page, gateway)
    page.get_by_role("button", name="Preview request").click()
    expect(page.get_by_role("button", name="Copy as cURL")).to_be_visible()


def _sample_answer(page: Page, gateway: Gateway) -> None:
    _edit("Demo provider")(page, gateway)
    answers = page.locator("#section-answers")
    answers.evaluate("element => element.open = true")
    answers.get_by_text("Paste a sample answer").click()
    answers.get_by_label("Answer, JSON, XML or text").fill(SAMPLE_ANSWER)
    answers.get_by_role("button", name="Show values").click()
    answers.get_by_role("button", name="m-1", exact=True).click()
    expect(answers.get_by_role("button", name="This is the message id")).to_be_visible()


def _test_connection(page: Page, gateway: Gateway) -> None:
    _edit("Demo provider")(page, gateway)
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_role("heading", name="Connection of Demo provider")).to_be_visible()


def _wrong_preset(page: Page, gateway: Gateway) -> None:
    page.get_by_label("Or paste it").fill('format = 1\nlabel = "Mine"\n[request]\nmethod = "DROP"')
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_be_visible()


def _issue_key(page: Page, gateway: Gateway) -> None:
    page.get_by_label("Name").fill("Booking application")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("sgw_").first).to_be_visible()


def _write(page: Page, gateway: Gateway) -> None:
    page.get_by_role("textbox", name="Text, default").click()
    page.keyboard.insert_text("Hi {{profile.firstNam}} – see {{ optOutUrl }}…")
    expect(page.get_by_role("status", name="Length").get_by_text("UCS-2")).to_be_visible()


def _versions(page: Page, gateway: Gateway) -> None:
    _edit("Sample template")(page, gateway)
    page.get_by_role("link", name="Versions").click()


def _handset(page: Page, gateway: Gateway) -> None:
    page.get_by_role("button", name=OPTED_OUT).click()
    expect(page.get_by_role("log").get_by_text("STOP", exact=True)).to_be_visible()


def _accounts(page: Page, gateway: Gateway) -> None:
    expect(page.get_by_role("region", name="JWT")).to_be_visible()


def _faults(page: Page, gateway: Gateway) -> None:
    expect(page.get_by_role("row").nth(5)).to_be_visible()


def _docs(page: Page, gateway: Gateway) -> None:
    expect(page.get_by_text("Send a message").first).to_be_visible()


def _list(name: str, app_and_model: str) -> Screen:
    return Screen(name, f"admin/{app_and_model}/")


AUDIENCES, CAMPAIGNS = "admin/campaigns/audience/", "admin/campaigns/campaign/"
CREDENTIALS, WEBHOOKS = "admin/credentials/apicredential/", "admin/webhooks/webhook/"
TEMPLATES = "admin/campaigns/messagetemplate/"
CHANNELS, MESSAGES = "admin/messaging/channelconfiguration/", "admin/messaging/message/"
SCREENS = (
    Screen("start", "admin/"),
    Screen("credential-list", CREDENTIALS),
    Screen("credential-add", f"{CREDENTIALS}add/"),
    Screen("credential-add-wrong", f"{CREDENTIALS}add/", _wrong_payload),
    Screen("credential-change", CREDENTIALS, _edit("Demo provider")),
    Screen("credential-delete-refused", CREDENTIALS, _bin("Demo provider")),
    Screen("credential-payload-editor", f"{CREDENTIALS}add/", _payload_dialog),
    Screen("credential-test-editor", CREDENTIALS, _test_editor),
    Screen("credential-test-result", CREDENTIALS, _test_send),
    Screen("credential-gallery", f"{CREDENTIALS}presets/"),
    Screen("credential-gallery-found", f"{CREDENTIALS}presets/", _filter_gallery),
    Screen("credential-gallery-empty", f"{CREDENTIALS}presets/", _empty_gallery),
    Screen("credential-from-preset", f"{CREDENTIALS}add/?preset=zenvia_sms"),
    Screen("credential-paste-curl", f"{CREDENTIALS}paste-curl/"),
    Screen(
        "credential-paste-curl-wrong",
        f"{CREDENTIALS}paste-curl/",
        _paste("curl https://x.example \\\n  -d $(date)"),
    ),
    Screen("credential-from-curl", f"{CREDENTIALS}paste-curl/", _paste(SAMPLE_CURL)),
    Screen("credential-import-wrong", f"{CREDENTIALS}import-preset/", _wrong_preset),
    Screen("credential-preview", CREDENTIALS, _preview),
    Screen("credential-sample-answer", CREDENTIALS, _sample_answer),
    Screen("credential-connection", CREDENTIALS, _test_connection),
    _list("provider-code-list", "credentials/providercode"),
    _list("provider-status-list", "webhooks/providerstatus"),
    Screen("webhook-list", WEBHOOKS),
    Screen("webhook-add", f"{WEBHOOKS}add/"),
    Screen("webhook-change", WEBHOOKS, _edit("Demo webhook")),
    Screen("webhook-map", WEBHOOKS, _tool("Map by clicking", "Callback", "Use it")),
    Screen("webhook-bench", WEBHOOKS, _tool("Test bench", "Request", "Try it")),
    _list("provider-status-list", "webhooks/providerstatus"),
    Screen("webhook-delete", WEBHOOKS, _bin("Demo webhook")),
    Screen("webhook-payload-editor", f"{WEBHOOKS}add/", _payload_dialog),
    Screen("channel-list", CHANNELS),
    Screen("channel-add", f"{CHANNELS}add/"),
    Screen("channel-change", CHANNELS, _edit("demo")),
    Screen("channel-routes", CHANNELS, _edit(ROUTED)),
    _list("route-list", "messaging/route"),
    _list("route-add", "messaging/route/add"),
    _list("spend-limit-list", "messaging/spendlimit"),
    _list("spend-limit-add", "messaging/spendlimit/add"),
    _list("segment-price-list", "messaging/segmentprice"),
    Screen("message-list", MESSAGES),
    Screen("message-delivered", MESSAGES, _message(DELIVERED)),
    Screen("message-failed", MESSAGES, _message(REFUSED)),
    Screen("message-suppressed", MESSAGES, _message(OPTED_OUT)),
    _list("conversation-list", "conversations/conversation"),
    Screen("conversation-list-unread", "admin/conversations/conversation/?show=unread"),
    Screen("conversation", "admin/conversations/conversation/", _conversation(ASKED)),
    Screen("conversation-answer", "admin/conversations/conversation/", _answer),
    Screen("conversation-opted-out", "admin/conversations/conversation/", _conversation(OPTED_OUT)),
    _list("inbound-list", "webhooks/inboundmessage"),
    Screen("inbound-detail", "admin/webhooks/inboundmessage/", _first_row),
    _list("keyword-action-list", "webhooks/keywordoutbox"),
    _list("raw-callback-list", "webhooks/inboundrequest"),
    _list("forward-list", "webhooks/forward"),
    Screen("raw-callback-detail", "admin/webhooks/inboundrequest/", _first_row),
    _list("sender-limit-list", "messaging/senderlimit"),
    _list("sender-limit-add", "messaging/senderlimit/add"),
    _list("alert-list", "operations/openalert"),
    _list("alert-target-list", "operations/alerttarget"),
    _list("link-list", "links/linktarget"),
    _list("template-list", "campaigns/messagetemplate"),
    Screen("template-add", f"{TEMPLATES}add/", _write),
    Screen("template-change", TEMPLATES, _edit("Sample template")),
    Screen("template-versions", TEMPLATES, _versions),
    _list("staff-number-list", "campaigns/staffnumber"),
    _list("staff-number-add", "campaigns/staffnumber/add"),
    _list("send-hold-list", "messaging/sendhold"),
    _list("send-hold-add", "messaging/sendhold/add"),
    _list("numbers-list", "consent/consentsubject"),
    Screen("number-detail", "admin/consent/consentsubject/", _first_row),
    Screen("consent-export", "admin/consent/consentsubject/export/"),
    _list("consent-imports-list", "consent/consentimport"),
    Screen("consent-import-upload", "admin/consent/consentimport/add/"),
    Screen(
        "consent-import-columns",
        "admin/consent/consentimport/add/",
        _upload("Phone,Status\n+14155550110,in\n"),
    ),
    _list("consent-list", "consent/consentevent"),
    Screen("consent-number", f"admin/consent/consentevent/?q={OPTED_OUT.removeprefix('+1')}"),
    Screen("consent-detail", "admin/consent/consentevent/", _first_row),
    _list("profile-list", "profiles/profile"),
    _list("profile-add", "profiles/profile/add"),
    _list("profile-imports-list", "profiles/profileimport"),
    _list("profile-import-upload", "profiles/profileimport/add"),
    Screen("profile-import-columns", "admin/profiles/profileimport/add/", _upload(SAMPLE_PEOPLE)),
    Screen("profile-change", "admin/profiles/profile/", _first_row),
    _list("audience-list", "campaigns/audience"),
    Screen("audience-add", f"{AUDIENCES}add/", _build_filter),
    Screen("audience-change", AUDIENCES, _counted("Londoners")),
    Screen("audience-members", AUDIENCES, _members("Guests")),
    Screen("audience-choose", "admin/profiles/profile/", _choose_profiles),
    Screen("campaign-list", CAMPAIGNS),
    Screen("campaign-add", f"{CAMPAIGNS}add/", _fill_in_campaign),
    Screen("campaign-add-triggered", f"{CAMPAIGNS}add/", _trigger),
    Screen("campaign-draft", CAMPAIGNS, _edit(DRAFT.name)),
    Screen("campaign-preflight", CAMPAIGNS, _look_ahead),
    Screen("campaign-running", CAMPAIGNS, _open(RUNNING.name)),
    Screen("campaign-finished", CAMPAIGNS, _open(FINISHED.name)),
    Screen("campaign-recipients", CAMPAIGNS, _open(FINISHED.name, "Recipients one by one")),
    Screen("campaign-left-out", CAMPAIGNS, _open(FINISHED.name, "Opted out")),
    _list("api-key-list", "access/apikey"),
    _list("api-key-add", "access/apikey/add"),
    Screen("api-key-issued", "admin/access/apikey/add/", _issue_key),
    Screen("api-key-change", "admin/access/apikey/", _first_row),
    _list("user-list", "auth/user"),
    _list("user-add", "auth/user/add"),
    Screen("user-change", "admin/auth/user/", _edit("admin")),
    _list("group-list", "auth/group"),
    Screen("group-change", "admin/auth/group/", _edit("operator")),
    _list("audit-list", "access/auditentry"),
    Screen("audit-detail", "admin/access/auditentry/", _first_row),
    Screen("password-change", "admin/password_change/"),
    Screen("error-not-found", "admin/nothing-here/"),
    # A link inside a button is how Swagger UI builds its lines; nothing outside it can change that.
    Screen("api-docs", "api/docs/", _docs, tolerated=("nested-interactive",)),
    Screen("simulator-handset", "", _handset, on_simulator=True),
    Screen("simulator-handset-list", "", on_simulator=True),
    Screen("simulator-accounts", "accounts", _accounts, on_simulator=True),
    Screen("simulator-faults", "faults", _faults, on_simulator=True),
)


def grave_problems(page: Page, *, scheme: str, tolerated: tuple[str, ...] = ()) -> list[str]:
    """What axe finds serious or critical: rule, first place, how many. The dark scheme changes colours alone."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if scheme == "dark":
        options["runOnly"] = ["color-contrast"]
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']}: {rule['help']} ({len(rule['nodes'])} x, {rule['nodes'][0]['target']}: "
        f"{rule['nodes'][0]['html'][:200]})"
        for rule in found
        if rule["impact"] in ("serious", "critical") and rule["id"] not in tolerated
    ]


def sideways(page: Page) -> list[str]:
    """Elements that make the page scroll sideways; empty when it does not."""
    if page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
        return []
    return list(
        page.evaluate(
            """[...document.querySelectorAll("body *")]
                .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
                .map(e => e.outerHTML.slice(0, 120)).slice(0, 5)"""
        )
    ) or ["the document itself"]


def wide_tables(page: Page) -> list[str]:
    """Tables that do not fit their place, so that a bar to scroll them appears."""
    return list(
        page.evaluate(
            """[...document.querySelectorAll("table")]
                .filter(e => e.checkVisibility() && e.scrollWidth > e.parentElement.clientWidth + 1)
                .concat([...document.querySelectorAll(".simplebar-track.simplebar-horizontal")]
                    .filter(e => getComputedStyle(e).visibility === "visible").map(e => e.parentElement))
                .map(e => e.outerHTML.slice(0, 120))"""
        )
    )


@contextmanager
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser complains of meanwhile: a script that failed or was refused, a file that is not there."""
    heard: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and message.location["url"] != page.url:
            heard.append(f"console: {message.text} ({message.location['url']})")

    def fail(error: Error) -> None:
        heard.append(f"script: {error}")

    page.on("console", listen)
    page.on("pageerror", fail)
    yield heard
    page.remove_listener("console", listen)
    page.remove_listener("pageerror", fail)


def take_picture(page: Page, name: str) -> None:
    """The whole page as one tall window shows it, so that bars stuck to its edges stay at the edges."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    assert size
    height = page.evaluate(SETTLED_HEIGHT)
    page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
    page.screenshot(path=DIRECTORY / f"{name}.png", animations="disabled")
    page.set_viewport_size(size)
