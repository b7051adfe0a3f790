"""How the admin looks: title, colours, menu. Read by django-unfold from the UNFOLD setting."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from django.utils.safestring import mark_safe

SETTINGS_SECTION = mark_safe('<span class="menu-path">Administration &gt; Channels &gt;</span> SMS settings')


class Item(NamedTuple):
    """One menu line: words, icon (Material Symbols), URL name, permission to see it ("" = all staff).

    `waiting` names a function of the request that counts what waits there for somebody.
    """

    title: str
    icon: str
    url_name: str
    permission: str = ""
    waiting: str = ""


def _list(title: str, icon: str, app: str, model: str, *, waiting: str = "") -> Item:
    return Item(title, icon, f"admin:{app}_{model}_changelist", f"{app}.view_{model}", waiting)


MENU: tuple[tuple[str, tuple[Item, ...]], ...] = (
    ("", (Item("Start page", "home", "admin:index"),)),
    (
        SETTINGS_SECTION,
        (
            _list("API Credentials", "key", "credentials", "apicredential"),
            _list("SMS Webhooks", "webhook", "webhooks", "webhook"),
            _list("Channel configurations", "cell_tower", "messaging", "channelconfiguration"),
            _list("Routes", "alt_route", "messaging", "route"),
            _list("Spend limits", "savings", "messaging", "spendlimit"),
            _list("Segment prices", "sell", "messaging", "segmentprice"),
            _list("Sender limits", "speed", "messaging", "senderlimit"),
            _list(
                "Provider codes",
                "rule",
                "credentials",
                "providercode",
                waiting="credentials.code_admin.unmapped_count",
            ),
            _list(
                "Provider statuses",
                "flag",
                "webhooks",
                "providerstatus",
                waiting="webhooks.admin.statuses.unmapped_count",
            ),
        ),
    ),
    (
        "Messages",
        (
            _list("Messages", "sms", "messaging", "message"),
            _list(
                "Unclear messages",
                "help",
                "messaging",
                "unclearmessage",
                waiting="messaging.admin.unclear.unclear_count",
            ),
            _list(
                "Conversations",
                "forum",
                "conversations",
                "conversation",
                waiting="conversations.admin.unread_count",
            ),
            _list("Inbound messages", "move_to_inbox", "webhooks", "inboundmessage"),
            _list("Raw callbacks", "data_object", "webhooks", "inboundrequest"),
            _list("Forwarded messages", "forward", "webhooks", "forward"),
            _list(
                "Keyword actions",
                "bolt",
                "webhooks",
                "keywordoutbox",
                waiting="webhooks.admin.outbox.failed_count",
            ),
            _list("Tracked links", "link", "links", "linktarget"),
            _list("Send holds", "front_hand", "messaging", "sendhold"),
        ),
    ),
    (
        "Campaigns",
        (
            _list(
                "Campaigns",
                "send",
                "campaigns",
                "campaign",
                waiting="campaigns.admin.campaigns.awaiting_count",
            ),
            _list("Message templates", "edit_note", "campaigns", "messagetemplate"),
            _list("Audiences", "groups", "campaigns", "audience"),
            _list("Staff numbers", "contact_phone", "campaigns", "staffnumber"),
        ),
    ),
    (
        "People",
        (
            _list("Numbers", "person_search", "consent", "consentsubject"),
            _list("Consent history", "fact_check", "consent", "consentevent"),
            _list(
                "Review queue",
                "rule_folder",
                "consent",
                "consentreview",
                waiting="consent.admin.reviews.waiting_count",
            ),
            _list("Suppression list", "block", "consent", "suppression"),
            _list("Consent imports", "upload_file", "consent", "consentimport"),
            _list("Disclosure texts", "article", "consent", "disclosuretext"),
            _list("Profiles", "contacts", "profiles", "profile"),
            _list("Profile imports", "group_add", "profiles", "profileimport"),
        ),
    ),
    (
        "Watching",
        (
            _list("Alerts", "notifications_active", "operations", "openalert"),
            _list("Alert targets", "campaign", "operations", "alerttarget"),
            _list("Alert notices", "outgoing_mail", "operations", "alertnotice"),
        ),
    ),
    (
        "Access",
        (
            _list("API keys", "vpn_key", "access", "apikey"),
            _list("Users", "person", "auth", "user"),
            _list("Groups", "group", "auth", "group"),
            _list("Audit trail", "history", "access", "auditentry"),
        ),
    ),
)
TOOLS = (Item("API documentation", "menu_book", "api-docs"),)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: what this user may see, in the order of MENU, then tools."""
    groups = [
        (title, [_entry(item, request) for item in items if _may_see(request, item)]) for title, items in MENU
    ]
    tools = [_entry(item, request) for item in TOOLS]
    if settings.SMSGATEWAY_SIMULATOR_URL:
        handset = {"title": "Simulated handset", "icon": "smartphone", "new_tab": True}
        tools.insert(0, {**handset, "link": settings.SMSGATEWAY_SIMULATOR_URL})
    groups.append(("Tools", tools))
    filled = ((title, [entry for entry in entries if entry["link"]]) for title, entries in groups)
    return [{"title": title, "items": entries} for title, entries in filled if entries]


def environment(request: HttpRequest) -> list[str] | None:
    """The badge beside the title: "Demo" while a simulator stands in for the provider."""
    return ["Demo", "info"] if settings.SMSGATEWAY_SIMULATOR_URL else None


def _may_see(request: HttpRequest, item: Item) -> bool:
    return not item.permission or request.user.has_perm(item.permission)


def _entry(item: Item, request: HttpRequest) -> dict[str, Any]:
    try:
        link = reverse(item.url_name)
    except NoReverseMatch:  # a screen that is not installed is left out
        link = ""
    waiting = import_string(item.waiting)(request) if item.waiting else 0
    return {"title": item.title, "icon": item.icon, "link": link, "waiting": waiting}


# Every pair used for text keeps a contrast of at least 4.5 in both themes.
_PRIMARY = {
    "50": "#f0fdfa",
    "100": "#d3f5ee",
    "200": "#a6e9dd",
    "300": "#6fd6c6",
    "400": "#3fbfae",
    "500": "#2fb3a3",
    "600": "#0f766e",
    "700": "#115e59",
    "800": "#134e4a",
    "900": "#123f3c",
    "950": "#062b2a",
}
_BASE = {
    "50": "#f7f9fa",
    "100": "#eef2f4",
    "200": "#dfe5e9",
    "300": "#c6d0d7",
    "400": "#94a3ae",
    "500": "#5c6c78",
    "600": "#465460",
    "700": "#37434d",
    "800": "#25303a",
    "900": "#161e26",
    "950": "#0e141a",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "smsgateway",
    "SITE_HEADER": "smsgateway",
    "SITE_URL": None,
    "SITE_ICON": lambda request: static("smsgateway/icon.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("smsgateway/icon.svg"),
        }
    ],
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {"base": _BASE, "primary": _PRIMARY},
    "STYLES": [
        lambda request: static("smsgateway/admin.css"),
        lambda request: static("smsgateway/panels.css"),
        lambda request: static("smsgateway/start-page.css"),
    ],
    "SCRIPTS": [lambda request: static("smsgateway/theme.js")],
    "ENVIRONMENT": "smsgateway.admin_theme.environment",
    "DASHBOARD_CALLBACK": "operations.start_page.fill",
    "COMMAND": {"search_models": False, "show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "smsgateway.admin_theme.navigation",
    },
}
