"""What can be wrong with an audience."""

from __future__ import annotations

from core.errors.base import GatewayError


class AudienceUnknown(GatewayError):
    """No audience has that id."""

    code = "audience_unknown"
    http_status = 404


class AudienceFilterInvalid(GatewayError):
    """The filter of an audience cannot be read; `param` is the path to the part at fault."""

    code = "audience_filter_invalid"


class AudienceNotAList(GatewayError):
    """Members were to be added to or taken from an audience that finds its own by a filter."""

    code = "audience_not_a_list"
    http_status = 409


class AudienceNameTaken(GatewayError):
    """Another audience has that name."""

    code = "audience_name_taken"
    http_status = 409


class AudienceInUse(GatewayError):
    """A campaign goes to the audience: it cannot be deleted."""

    code = "audience_in_use"
    http_status = 409


class MemberUnknown(GatewayError):
    """No profile has the number or external id that was to be added to or taken from an audience."""

    code = "member_unknown"
    http_status = 404
