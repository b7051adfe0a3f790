"""The setup checklist: six steps from nothing to a number that has opted out."""

from __future__ import annotations

from dataclasses import dataclass

from reports.dashboard import Setup


@dataclass(frozen=True)
class Target:
    """Where a step leads: URL name, object id if any, permission needed to go there."""

    url_name: str
    permission: str
    object_id: str = ""


@dataclass(frozen=True)
class Step:
    """One line of the checklist."""

    title: str
    help: str
    done: bool
    target: Target | None
    on_handset: bool = False  # to do on a phone; in a demo that is the simulated handset


def steps(setup: Setup) -> tuple[Step, ...]:
    """The six steps with what is done and where to go on."""
    return (
        Step(
            "Create an API credential",
            "Provider URL, Auth Type, headers and payload.",
            bool(setup.credentials),
            Target("admin:credentials_apicredential_add", "credentials.add_apicredential"),
        ),
        Step(
            "Create a webhook",
            "Replies and delivery reports arrive there.",
            setup.has_webhook,
            Target("admin:webhooks_webhook_add", "webhooks.add_webhook"),
        ),
        Step(
            "Create a channel configuration",
            "Sender number, purpose and consent rule.",
            bool(setup.channels),
            Target("admin:messaging_channelconfiguration_add", "messaging.add_channelconfiguration"),
        ),
        Step(
            "Activate the channel configuration",
            "A draft sends tests only.",
            bool(setup.active_channels),
            _channel_target(setup),
        ),
        Step(
            "Send a test message", "Until the provider accepts it.", setup.has_accepted, _test_target(setup)
        ),
        Step(
            "Reply STOP",
            "From the phone that got the test; the consent history then shows it.",
            setup.has_stop,
            Target("admin:consent_consentevent_changelist", "consent.view_consentevent"),
            on_handset=True,
        ),
    )


def _channel_target(setup: Setup) -> Target | None:
    if not setup.channels:
        return None
    first = (setup.active_channels or setup.channels)[0]
    return Target(
        "admin:messaging_channelconfiguration_change",
        "messaging.view_channelconfiguration",
        str(first.pk),
    )


def _test_target(setup: Setup) -> Target | None:
    if setup.channels:
        return _channel_target(setup)
    if not setup.credentials:
        return None
    return Target(
        "admin:credentials_apicredential_change",
        "credentials.view_apicredential",
        str(setup.credentials[0].pk),
    )
