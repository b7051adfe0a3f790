"""The accounts, one for each way of signing in: secrets, endpoints and where their reports go."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from simulator.wire import Refusal

ACCOUNTS = {
    "apikey": "API key", "mac": "MAC", "oauth": "OAuth", "jwt": "JWT", "basic": "Basic", "bearer": "Bearer",
    "open": "No Authentication",
}  # fmt: skip
PATHS = {f"/{kind}/messages": kind for kind in ACCOUNTS}
TOKEN_PATH = "/oauth/token"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be chosen at start; each field is a command line option and a SIMULATOR_ variable."""

    api_token: str = "demo-api-token"
    api_key_in: str = "header"
    api_key_name: str = "Authorization"
    api_key_prefix: str = "Bearer "
    mac_id: str = "demo-mac-id"
    mac_key: str = "demo-mac-secret-key"
    oauth_client_id: str = "demo-client"
    oauth_client_secret: str = "demo-client-secret"
    oauth_lifetime: int = 300
    jwt_key: str = "demo-jwt-secret-0123456789abcdef0123456789"
    jwt_algorithms: str = "HS256"
    basic_user: str = "demo-user"
    basic_password: str = "demo-password"
    bearer_token: str = "demo-bearer-token"
    callback_url: str = ""
    report_delay: float = 0.3
    keep: int = 100_000
    workers: int = 4


# What may change while running: JSON name -> (settings field, type). The rest is fixed at start.
CHANGEABLE: dict[str, dict[str, tuple[str, type]]] = {
    "apikey": {"in": ("api_key_in", str), "name": ("api_key_name", str), "prefix": ("api_key_prefix", str)},
    "oauth": {"lifetime": ("oauth_lifetime", int)},
}


def check_callback_url(url: str) -> str:
    """The URL itself, or a Refusal when nothing could be posted there. Blank means none."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if url and (not usable or any(ord(character) <= 32 for character in url)):
        raise Refusal(422, "INVALID_URL", f"{url!r} is not an http or https URL.", param="callbackUrl")
    return url


class Accounts:
    """The settings in force and the callback URL of each account."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.callback_urls = dict.fromkeys(ACCOUNTS, check_callback_url(settings.callback_url))
        self._lock = threading.Lock()

    def update(self, changes: Mapping[str, object]) -> None:
        """Applies `{"apikey": {"callbackUrl": ..., "in": "query", "name": "key"}}`; all of it or nothing."""
        urls: dict[str, str] = {}
        fields: dict[str, object] = {}
        for kind, values in changes.items():
            if kind not in ACCOUNTS or not isinstance(values, dict):
                raise Refusal(422, "UNKNOWN_ACCOUNT", f"There is no account {kind!r}.", param=str(kind))
            for name, value in values.items():
                self._read(kind, name, value, urls, fields)
        with self._lock:
            self.callback_urls.update(urls)
            self.settings = replace(self.settings, **fields)  # type: ignore[arg-type]

    def _read(
        self, kind: str, name: str, value: object, urls: dict[str, str], fields: dict[str, object]
    ) -> None:
        if name == "callbackUrl":
            urls[kind] = check_callback_url(str(value).strip())
            return
        field, wanted = CHANGEABLE.get(kind, {}).get(name, ("", str))
        if not field or not isinstance(value, wanted):
            raise Refusal(
                422, "UNKNOWN_SETTING", f"{name!r} cannot be set to {value!r}.", param=f"{kind}.{name}"
            )
        if field == "api_key_in" and value not in ("header", "query", "body"):
            raise Refusal(
                422, "UNKNOWN_SETTING", "The key is sent in header, query or body.", param="apikey.in"
            )
        fields[field] = value

    def describe(self) -> list[dict[str, object]]:
        """The accounts as the Accounts page shows them, demo secrets included."""
        chosen = self.settings
        secrets: dict[str, list[tuple[str, str]]] = {
            "apikey": [("API Token", chosen.api_token)],
            "mac": [("API Token (id)", chosen.mac_id), ("API Secret Key", chosen.mac_key)],
            "oauth": [("client_id", chosen.oauth_client_id), ("client_secret", chosen.oauth_client_secret)],
            "jwt": [("API Token (key)", chosen.jwt_key), ("Algorithm", chosen.jwt_algorithms)],
            "basic": [("User name", chosen.basic_user), ("Password", chosen.basic_password)],
            "bearer": [("API Token", chosen.bearer_token)],
            "open": [],
        }
        extra: dict[str, dict[str, object]] = {
            "apikey": {
                "in": chosen.api_key_in,
                "name": chosen.api_key_name,
                "prefix": chosen.api_key_prefix,
            },
            "oauth": {"lifetime": chosen.oauth_lifetime, "tokenPath": TOKEN_PATH},
        }
        return [
            {
                "kind": kind,
                "label": label,
                "path": f"/{kind}/messages",
                "callbackUrl": self.callback_urls[kind],
                "secrets": [{"label": name, "value": value} for name, value in secrets[kind]],
                **extra.get(kind, {}),
            }
            for kind, label in ACCOUNTS.items()
        ]
