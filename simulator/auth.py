"""Checks each way of signing in for real. A refusal says what was wrong, as a friendly provider would."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import unquote_plus

import jwt

from simulator.accounts import Accounts, Settings
from simulator.wire import Refusal, Request, Response, json_response

MAC_WINDOW = 300  # seconds a MAC timestamp may be off, either way
MAX_REMEMBERED = 200_000
_MAC_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')

# Length of the mac attribute -> the ways it may have been made (digest, encoding).
MAC_FORMS: dict[int, tuple[tuple[str, str], ...]] = {
    28: (("sha1", "base64"),),
    40: (("sha1", "hex"),),
    44: (("sha256", "base64"),),
    64: (("sha256", "hex"), ("sha384", "base64")),
    88: (("sha512", "base64"),),
    96: (("sha384", "hex"),),
    128: (("sha512", "hex"),),
}


def same(left: str, right: str) -> bool:
    """Whether two secrets are equal, in constant time, whatever characters they hold."""
    return hmac.compare_digest(left.encode(), right.encode())


def unauthorized(text: str, *, challenge: str = "Bearer") -> Refusal:
    """The 401 every failed check ends in."""
    return Refusal(401, "UNAUTHORIZED", text, headers={"WWW-Authenticate": challenge})


class Remembered:
    """Keys that are known until a time, at most `MAX_REMEMBERED` of them; the oldest go first."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, key: str, *, seconds: float) -> bool:
        """Remembers the key; False when it was known already."""
        now = time.monotonic()
        with self._lock:
            while self._until and (
                len(self._until) >= MAX_REMEMBERED or next(iter(self._until.values())) < now
            ):
                self._until.popitem(last=False)
            known = self._until.get(key, 0.0) > now
            if not known:
                self._until[key] = now + seconds
            return not known

    def has(self, key: str) -> bool:
        """Whether the key is still known."""
        return self._until.get(key, 0.0) > time.monotonic()

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._until.clear()


class Gatekeeper:
    """Authenticates requests against the accounts; remembers used nonces and issued tokens."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.nonces = Remembered()
        self.tokens = Remembered()
        self._checks: dict[str, Callable[[Settings, Request], None]] = {
            "apikey": self._api_key,
            "mac": self._mac,
            "oauth": self._oauth,
            "jwt": self._jwt,
            "basic": self._basic,
            "bearer": self._bearer,
            "open": self._open,
        }

    def check(self, kind: str, request: Request) -> None:
        """Passes, or raises the Refusal (401) of the account's check."""
        self._checks[kind](self.accounts.settings, request)

    def _api_key(self, settings: Settings, request: Request) -> None:
        if settings.api_key_in == "query":
            given, wanted = request.args.get(settings.api_key_name, ""), settings.api_token
        elif settings.api_key_in == "body":
            given, wanted = str(request.fields().get(settings.api_key_name, "")), settings.api_token
        else:
            given = request.headers.get(settings.api_key_name.lower(), "")
            wanted = settings.api_key_prefix + settings.api_token
        if not given:
            raise unauthorized(f"No API key in the {settings.api_key_in} {settings.api_key_name!r}.")
        if not same(given, wanted):
            raise unauthorized("The API key is wrong.")

    def _basic(self, settings: Settings, request: Request) -> None:
        wanted = f"{settings.basic_user}:{settings.basic_password}"
        if not any(same(f"{name}:{secret}", wanted) for name, secret in basic_clients(request)):
            raise unauthorized("User name or password is wrong.", challenge="Basic")

    def _bearer(self, settings: Settings, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "app"} or not same(token.strip(), settings.bearer_token):
            raise unauthorized("The bearer token is wrong.")

    def _open(self, settings: Settings, request: Request) -> None:
        """Anybody may send."""

    def _mac(self, settings: Settings, request: Request) -> None:
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        given = dict(_MAC_ATTRIBUTE.findall(rest))
        if scheme.lower() != "mac" or not {"id", "ts", "nonce", "mac"} <= given.keys():
            raise unauthorized("Authorization must be: MAC id, ts, nonce, mac.", challenge="MAC")
        if not same(given["id"], settings.mac_id):
            raise unauthorized("The MAC id is not known.", challenge="MAC")
        ts = given["ts"]
        if not (ts.isascii() and ts.isdigit() and len(ts) < 16) or abs(time.time() - int(ts)) > MAC_WINDOW:
            raise unauthorized(f"ts must be within {MAC_WINDOW} seconds of now.", challenge="MAC")
        if not mac_matches(settings.mac_key, mac_text(request, given), given["mac"]):
            raise unauthorized("The mac does not match.", challenge="MAC")
        if not self.nonces.add(f"{ts}:{given['nonce']}", seconds=2 * MAC_WINDOW):
            raise unauthorized("The nonce was used before.", challenge="MAC")

    def _oauth(self, settings: Settings, request: Request) -> None:
        if not self.tokens.has(bearer(request)):
            raise unauthorized(
                "The access token is unknown or has expired.",
                challenge='Bearer error="invalid_token"',
            )

    def _jwt(self, settings: Settings, request: Request) -> None:
        try:
            jwt.decode(
                bearer(request),
                settings.jwt_key,
                algorithms=settings.jwt_algorithms.split(","),
                options={"require": ["exp", "iat"], "verify_aud": False},
            )
        except jwt.PyJWTError as error:
            raise unauthorized(f"The JWT is not valid: {error}.") from error

    def issue_token(self, request: Request) -> Response:
        """The token endpoint (RFC 6749 section 4.4): form or JSON body, client in the body or as Basic."""
        settings = self.accounts.settings
        fields = token_fields(request)
        basic = basic_clients(request)
        if fields.get("grant_type") != "client_credentials":
            code = "unsupported_grant_type" if fields.get("grant_type") else "invalid_request"
            return oauth_error(400, code, "grant_type must be client_credentials.")
        clients = basic or [(fields.get("client_id", ""), fields.get("client_secret", ""))]
        wanted = (settings.oauth_client_id, settings.oauth_client_secret)
        if not any(same(name, wanted[0]) and same(secret, wanted[1]) for name, secret in clients):
            return oauth_error(401, "invalid_client", "client_id or client_secret is wrong.")
        token = secrets.token_urlsafe(24)
        self.tokens.add(token, seconds=settings.oauth_lifetime)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": settings.oauth_lifetime}
        return json_response(answer, headers={"Cache-Control": "no-store"})


def bearer(request: Request) -> str:
    """The token of `Authorization: Bearer`; 401 without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthorized("Authorization must be: Bearer and a token.")
    return token.strip()


def mac_text(request: Request, given: dict[str, str]) -> str:
    """The string both sides sign (HTTP MAC, ts-nonce layout): each line ends with a newline."""
    host, colon, port = request.headers.get("host", "").rpartition(":")
    if not colon or not port.isdigit():
        host, port = request.headers.get("host", ""), "80"
    lines = (given["ts"], given["nonce"], request.method, request.target, host.lower(), port)
    return "\n".join((*lines, given.get("ext", ""))) + "\n"


def mac_matches(key: str, text: str, mac: str) -> bool:
    """Whether `mac` is the HMAC of the text in any digest and encoding of its length."""
    for digest, encoding in MAC_FORMS.get(len(mac), ()):
        raw = hmac.digest(key.encode(), text.encode("latin-1"), digest)
        expected = raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()
        if same(expected, mac.lower() if encoding == "hex" else mac):
            return True
    return False


def token_fields(request: Request) -> dict[str, str]:
    """The token request's fields from a form or a JSON body."""
    if request.media_type == "application/json":
        return {name: str(value) for name, value in request.json().items()}
    if request.media_type == "application/x-www-form-urlencoded":
        return request.form()
    raise Refusal(
        415, "UNSUPPORTED_MEDIA_TYPE", "Send application/x-www-form-urlencoded or application/json."
    )


def basic_clients(request: Request) -> list[tuple[str, str]]:
    """The Basic client as sent and as RFC 6749 section 2.3.1 has it (form-decoded); empty without Basic."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return []
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return [("", "")]
    return [(name, secret), (unquote_plus(name), unquote_plus(secret))]


def oauth_error(status: int, code: str, text: str) -> Response:
    """An error of the token endpoint (RFC 6749 section 5.2)."""
    headers = {"WWW-Authenticate": 'Basic realm="simulator"'} if status == 401 else {}
    return json_response({"error": code, "error_description": text}, status=status, headers=headers)
