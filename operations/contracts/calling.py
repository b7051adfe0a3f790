"""Recorded requests of providers as the calls they are, signed where the file says so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from requests.structures import CaseInsensitiveDict

from core.clock import now
from core.errors import ConfigurationInvalid
from webhooks.callback import Callback

_BOUNDARY: Final = "recorded-call"
# What the file calls an address -> what our URL ends with; messages and reports share one URL.
_ROLES: Final[Mapping[str, str]] = {
    "inbound": "",
    "status": "",
    "shared": "",
    "status_sent": "sent",
    "status_delivered": "delivered",
    "status_failed": "failed",
    "stopped": "stopped",
}


def callback_of(request: Mapping[str, Any], *, token: str, public_url: str) -> Callback:
    """The call; ConfigurationInvalid when the file asks for something unknown."""
    if request["endpoint"] not in _ROLES:
        raise ConfigurationInvalid(f"endpoint: {request['endpoint']} is not known.")
    role = _ROLES[request["endpoint"]]
    path = f"/hooks/{token}/" + (f"{role}/" if role else "")
    query = request.get("query_raw") or urlencode(request.get("query", {}))
    headers = CaseInsensitiveDict(request.get("headers", {}))
    body = _body(request, headers)
    sign = request.get("sign")
    if sign:
        url = f"{public_url}{path}" + (f"?{query}" if query else "")
        headers[sign["header"]] = _SIGNERS[sign["$sign"]](sign["secret"], url, request, body)
    return Callback(
        method=request["method"],
        path=path,
        query=query,
        headers=headers,
        body=body,
        role=role,
        received_at=now(),
    )


def _body(request: Mapping[str, Any], headers: CaseInsensitiveDict[str]) -> bytes:
    if "json" in request:
        return json.dumps(request["json"]).encode()
    if "form" in request:
        return urlencode(request["form"]).encode()
    if "multipart" in request:
        headers["Content-Type"] = f"multipart/form-data; boundary={_BOUNDARY}"
        fields = (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in request["multipart"].items()
        )
        return f"{''.join(fields)}--{_BOUNDARY}--\r\n".encode()
    return str(request.get("raw", "")).encode()


def _twilio(secret: str, url: str, request: Mapping[str, Any], body: bytes) -> str:
    fields = "".join(f"{name}{value}" for name, value in sorted(request.get("form", {}).items()))
    digest = hmac.digest(secret.encode(), f"{url}{fields}".encode(), "sha1")
    return base64.b64encode(digest).decode()


def _messagebird(secret: str, url: str, request: Mapping[str, Any], body: bytes) -> str:
    claims = {
        "iss": "MessageBird",
        "nbf": int(now().timestamp()),
        "jti": hashlib.sha256(body).hexdigest(),
        "url_hash": hashlib.sha256(url.partition("?")[0].encode()).hexdigest(),
        "payload_hash": hashlib.sha256(body).hexdigest(),
    }
    # Made by hand: recorded keys are shorter than a JWT library lets one use.
    token = ".".join(
        _base64url(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    )
    return f"{token}.{_base64url(hmac.digest(secret.encode(), token.encode(), 'sha256'))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


_SIGNERS: Final = {"twilio_sha1": _twilio, "messagebird_jwt": _messagebird}
