"""The closed list of errors. Each has a stable code, a text saying what to do, and `retryable`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors.audiences import AudienceFilterInvalid as AudienceFilterInvalid
from core.errors.audiences import AudienceInUse as AudienceInUse
from core.errors.audiences import AudienceNameTaken as AudienceNameTaken
from core.errors.audiences import AudienceNotAList as AudienceNotAList
from core.errors.audiences import AudienceUnknown as AudienceUnknown
from core.errors.audiences import MemberUnknown as MemberUnknown
from core.errors.base import GatewayError as GatewayError
from core.errors.people import ExternalIdTaken as ExternalIdTaken
from core.errors.people import NumberTaken as NumberTaken
from core.errors.people import ProfileUnknown as ProfileUnknown
from core.errors.refusals import ApprovalRefused as ApprovalRefused
from core.errors.refusals import CampaignNotReady as CampaignNotReady
from core.errors.refusals import CampaignStateWrong as CampaignStateWrong
from core.errors.refusals import CampaignUnknown as CampaignUnknown
from core.errors.refusals import CapReached as CapReached
from core.errors.refusals import CountryNotAllowed as CountryNotAllowed
from core.errors.refusals import KeywordTargetUnknown as KeywordTargetUnknown
from core.errors.refusals import NoRoute as NoRoute
from core.errors.refusals import ReplyRefused as ReplyRefused
from core.errors.refusals import SpendStop as SpendStop


class ConfigurationInvalid(GatewayError):
    """A credential, webhook or channel is not filled in so that it can work."""

    code = "configuration_invalid"


class PathInvalid(ConfigurationInvalid):
    """A value path or expression that cannot be followed."""

    code = "path_invalid"


class TemplateInvalid(GatewayError):
    """A template does not parse, or asks for something that is not there."""

    code = "template_invalid"


class VariableMissing(TemplateInvalid):
    """A template asks for a variable that has no value; `param` is its dotted name."""

    code = "variable_missing"


class CurlInvalid(GatewayError):
    """A pasted cURL command cannot be read; `line` and `column` count from 1."""

    code = "curl_invalid"

    def __init__(self, text: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(f"Line {line}, column {column}: {text}", param="curl")
        self.line = line
        self.column = column


class NumberInvalid(GatewayError):
    """A phone number or sender cannot be read."""

    code = "number_invalid"


class TextEmpty(GatewayError):
    """There is nothing to send."""

    code = "text_empty"


class TextTooLong(GatewayError):
    """A message text is over the limit."""

    code = "text_too_long"


class AddressRefused(GatewayError):
    """A URL leads to a place the gateway does not talk to."""

    code = "address_refused"


class ConnectionFailed(GatewayError):
    """The provider was not reached; no byte of the request left, so a retry cannot double a message."""

    code = "connection_failed"
    retryable = True


class AnswerLost(GatewayError):
    """The request left, the answer did not arrive: the outcome is unknown."""

    code = "answer_lost"


class AnswerTooLarge(GatewayError):
    """The provider's answer is over the size limit."""

    code = "answer_too_large"


class SecretUnreadable(GatewayError):
    """A stored secret does not open with the keys this process has."""

    code = "secret_unreadable"
    http_status = 500


class PayloadUnreadable(GatewayError):
    """A callback's body cannot be read as the webhook expects."""

    code = "payload_unreadable"


class BodyTooLarge(GatewayError):
    """A request body is over the size limit."""

    code = "body_too_large"
    http_status = 413


class BodyTooDeep(GatewayError):
    """A request body is nested deeper than allowed."""

    code = "body_too_deep"


class RequestInvalid(GatewayError):
    """An API request lacks a field or has one of the wrong kind."""

    code = "request_invalid"


class ChannelUnknown(GatewayError):
    """No channel configuration has that name or id."""

    code = "channel_unknown"
    http_status = 404


class ChannelInactive(GatewayError):
    """The channel configuration is still a draft."""

    code = "channel_inactive"
    http_status = 409


class CredentialPaused(GatewayError):
    """The credential is paused; its messages wait."""

    code = "credential_paused"
    retryable = True
    http_status = 409


class AuthenticationFailed(GatewayError):
    """The provider refused the credential."""

    code = "authentication_failed"


class TokenEncodingRefused(AuthenticationFailed):
    """A token endpoint may not read the way its request was written; `other` is the encoding to try."""

    code = "token_encoding_refused"

    def __init__(self, text: str, *, param: str = "", other: str = "") -> None:
        super().__init__(text, param=param)
        self.other = other


class TokenUnavailable(GatewayError):
    """The OAuth token could not be fetched; nothing was sent."""

    code = "token_unavailable"
    retryable = True


class DatabaseUnavailable(GatewayError):
    """The database does not answer; whether the last change was kept is not known."""

    code = "database_unavailable"
    retryable = True
    http_status = 503


class IdempotencyConflict(GatewayError):
    """The idempotency key was used before with another request."""

    code = "idempotency_conflict"
    http_status = 422


class IdempotencyInProgress(GatewayError):
    """The first request with this idempotency key is still running."""

    code = "idempotency_in_progress"
    retryable = True
    http_status = 409


class ApiKeyInvalid(GatewayError):
    """The API key is missing, unknown, expired or revoked."""

    code = "api_key_invalid"
    http_status = 401


class ScopeMissing(GatewayError):
    """The API key may not do this."""

    code = "scope_missing"
    http_status = 403


class MessageUnknown(GatewayError):
    """No message has that id."""

    code = "message_unknown"
    http_status = 404


class MessageGone(GatewayError):
    """The message has left the queue and cannot be cancelled."""

    code = "message_gone"
    http_status = 409


class QueueFull(GatewayError):
    """More messages wait than the gateway should hold."""

    code = "queue_full"
    retryable = True
    http_status = 429


class ConsentUnknown(GatewayError):
    """Nothing is on record for that number."""

    code = "consent_unknown"
    http_status = 404


class OptOutStands(GatewayError):
    """An opt-out holds that this change may not lift."""

    code = "opt_out_stands"
    http_status = 409


class ImportUnreadable(GatewayError):
    """The file of an import cannot be read."""

    code = "import_unreadable"


class MappingInvalid(GatewayError):
    """A webhook's payload mapping cannot be used."""

    code = "mapping_invalid"


class KeywordsOverlap(GatewayError):
    """One keyword stands in two lists."""

    code = "keywords_overlap"


class InstallationInvalid(GatewayError):
    """The gateway cannot start as it is set up."""

    code = "installation_invalid"
    http_status = 500


@contextmanager
def about(param: str) -> Iterator[None]:
    """Errors raised inside that name no field are about this one."""
    try:
        yield
    except GatewayError as error:
        error.param = error.param or param
        raise
