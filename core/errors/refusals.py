"""Why a message is not accepted although nothing is wrong with it: no way there, or a limit reached."""

from __future__ import annotations

from uuid import UUID

from core.errors.base import GatewayError


class NoRoute(GatewayError):
    """None of the channel's routes carries such a message."""

    code = "no_route"
    http_status = 409


class CountryNotAllowed(GatewayError):
    """The channel does not send to that country; `channel_id` names the one whose setting would have to change."""

    code = "country_not_allowed"
    http_status = 403

    def __init__(self, text: str, *, param: str = "", channel_id: UUID | None = None) -> None:
        super().__init__(text, param=param)
        self.channel_id = channel_id


class CapReached(GatewayError):
    """A limit on messages in a period is reached."""

    code = "cap_reached"
    http_status = 429


class SpendStop(GatewayError):
    """A limit on money in a period is reached."""

    code = "spend_stop"
    http_status = 429


class CampaignUnknown(GatewayError):
    """No campaign has that id."""

    code = "campaign_unknown"
    http_status = 404


class CampaignNotReady(GatewayError):
    """Something has to be mended before the campaign can start."""

    code = "campaign_not_ready"
    http_status = 409


class CampaignStateWrong(GatewayError):
    """The campaign is in a state in which that cannot be done."""

    code = "campaign_state_wrong"
    http_status = 409


class ApprovalRefused(GatewayError):
    """This person may not approve the campaign."""

    code = "approval_refused"
    http_status = 403


class ReplyRefused(GatewayError):
    """An answer by hand may not go back to the person, or there is no way back."""

    code = "reply_refused"
    http_status = 409


class KeywordTargetUnknown(GatewayError):
    """A keyword names an audience or a campaign that there is not."""

    code = "keyword_target_unknown"
    http_status = 404
