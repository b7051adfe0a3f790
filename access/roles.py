"""The five roles and what each may do; kept as groups of the same names."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission

ALL = ("add", "change", "delete", "view")
EDIT = ("add", "change", "view")
VIEW = ("view",)

# role -> "app.model" -> verbs. The groups follow this table at every migrate; for other
# mixes make other groups.
_EVERYDAY: dict[str, tuple[str, ...]] = {
    "credentials.apicredential": VIEW,
    "credentials.requestheader": VIEW,
    "credentials.providercode": VIEW,
    "webhooks.providerstatus": VIEW,
    "webhooks.webhook": VIEW,
    "messaging.channelconfiguration": VIEW,
    "messaging.route": VIEW,
    "messaging.segmentprice": VIEW,
    "messaging.spendlimit": VIEW,
    "messaging.message": VIEW,
    "messaging.unclearmessage": VIEW,
    "messaging.messagepart": VIEW,
    "messaging.attempt": VIEW,
    "messaging.messageevent": VIEW,
    "messaging.sendhold": VIEW,
    "messaging.senderlimit": VIEW,
    "webhooks.inboundmessage": VIEW,
    "webhooks.forward": VIEW,
    "webhooks.keywordoutbox": VIEW,
    "conversations.conversation": VIEW,
    "profiles.profile": VIEW,
    "profiles.profileimport": VIEW,
    "campaigns.campaign": VIEW,
    "campaigns.campaignvariant": VIEW,
    "campaigns.campaignrun": VIEW,
    "campaigns.recipient": VIEW,
    "campaigns.audience": VIEW,
    "campaigns.messagetemplate": VIEW,
}
_SETTINGS: dict[str, tuple[str, ...]] = {
    "credentials.apicredential": ALL,
    "credentials.requestheader": ALL,
    "credentials.callbackendpoint": EDIT,
    "credentials.providercode": ("change", "view"),
    "webhooks.providerstatus": ("change", "view"),
    "webhooks.webhook": ALL,
    "webhooks.inboundrequest": VIEW,
    "messaging.channelconfiguration": ALL,
    "messaging.route": ALL,
    "messaging.segmentprice": ALL,
    "messaging.spendlimit": ALL,
    "messaging.message": EDIT,
    "messaging.sendhold": EDIT,
    "operations.alerttarget": ALL,
    "operations.openalert": VIEW,
    "operations.alertnotice": VIEW,
    "messaging.senderlimit": ALL,
}
_LEDGER: dict[str, tuple[str, ...]] = {
    "consent.consentevent": VIEW,
    "consent.consentsubject": VIEW,
    "consent.consentreview": VIEW,
    "consent.suppression": VIEW,
    "consent.disclosuretext": VIEW,
    "consent.consentimport": VIEW,
}
# Changing consent by hand needs "add" of an event: every change is one.
_CONSENT: dict[str, tuple[str, ...]] = {
    "consent.consentevent": ("add", "view"),
    "consent.consentsubject": ("export", "view"),
    "consent.consentreview": ("change", "view"),
    "consent.suppression": EDIT,
    "consent.disclosuretext": ("add", "view"),
    "consent.consentimport": EDIT,
}
_ADMINISTRATION: dict[str, tuple[str, ...]] = {
    "access.apikey": EDIT,
    "access.auditentry": VIEW,
    "auth.user": ALL,
    "auth.group": ALL,
}
# Authors write campaigns; starting them, and approving those of others, is for operators.
_DRAFTING: dict[str, tuple[str, ...]] = {"campaigns.campaign": ALL, "campaigns.campaignvariant": ALL}
_STARTING: dict[str, tuple[str, ...]] = {"campaigns.campaign": (*ALL, "start", "approve")}
_PEOPLE: dict[str, tuple[str, ...]] = {
    "profiles.profile": (*ALL, "export"),
    "profiles.profileimport": EDIT,
    "campaigns.audience": ALL,
    "messaging.message": EDIT,
    "campaigns.messagetemplate": ALL,
    "campaigns.staffnumber": ALL,
}
ROLES: dict[str, dict[str, tuple[str, ...]]] = {
    "viewer": _EVERYDAY,
    "author": _EVERYDAY | _PEOPLE | _DRAFTING,
    "operator": _EVERYDAY | _PEOPLE | _DRAFTING | _STARTING | _SETTINGS | _LEDGER,
    "consent officer": _EVERYDAY | _CONSENT,
    "admin": _EVERYDAY | _PEOPLE | _DRAFTING | _STARTING | _SETTINGS | _ADMINISTRATION | _CONSENT,
}


def codenames(role: str, app_label: str) -> frozenset[str]:
    """Django's permission codenames of a role within one app."""
    prefix = f"{app_label}."
    return frozenset(
        f"{verb}_{model.removeprefix(prefix)}"
        for model, verbs in ROLES[role].items()
        if model.startswith(prefix)
        for verb in verbs
    )


def sync(app_label: str) -> None:
    """Make the role groups hold exactly the table's permissions for one app."""
    wanted_by_role = {role: codenames(role, app_label) for role in ROLES}
    if not any(wanted_by_role.values()):
        return
    ids = dict(Permission.objects.filter(content_type__app_label=app_label).values_list("codename", "pk"))
    groups = _groups()
    through = Group.permissions.through
    held = set(
        through.objects.filter(
            group__in=groups.values(), permission__content_type__app_label=app_label
        ).values_list("group_id", "permission_id")
    )
    wanted = {
        (groups[role], ids[codename])
        for role, names in wanted_by_role.items()
        for codename in names
        if codename in ids
    }
    _apply(through, add=wanted - held, drop=held - wanted)


def _groups() -> dict[str, int]:
    Group.objects.bulk_create([Group(name=role) for role in ROLES], ignore_conflicts=True)
    return dict(Group.objects.filter(name__in=ROLES).values_list("name", "pk"))


def _apply(through: Any, *, add: set[tuple[int, int]], drop: set[tuple[int, int]]) -> None:
    through.objects.bulk_create(
        [through(group_id=group, permission_id=permission) for group, permission in sorted(add)],
        ignore_conflicts=True,
    )
    for group, permission in sorted(drop):
        through.objects.filter(group_id=group, permission_id=permission).delete()
