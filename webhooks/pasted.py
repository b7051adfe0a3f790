"""A request that somebody pastes: raw HTTP, or a bare body or query. Pure: no Django, no models."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

from core.errors import RequestInvalid
from webhooks.callback import LARGEST_BODY, Callback

METHODS = ("POST", "GET", "PUT")
_REQUEST_LINE = re.compile(rf"({'|'.join(METHODS)})\s+(\S+)(?:\s+HTTP/[\d.]+)?", re.IGNORECASE)
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)")
_PAIR = re.compile(r"[^\s=&]+=[^\s]*")
_FORM = "application/x-www-form-urlencoded"


def read_pasted(text: str) -> Callback:
    """The call that the text shows; RequestInvalid says what is missing.

    Understood: a request line with headers and body, headers with a body, a bare JSON, XML or form body, a URL with
    a query. Browsers send line ends as CRLF; they are read as the LF that providers write, unless Content-Length
    says otherwise.
    """
    if not text.strip():
        raise RequestInvalid("Paste a request first.", param="request")
    if len(text) > LARGEST_BODY + 64 * 1024:
        raise RequestInvalid(f"The body is larger than {LARGEST_BODY // 1024} KiB.", param="request")
    lines = text.replace("\r\n", "\n").lstrip("\n")
    first, _, rest = lines.partition("\n")
    if found := _REQUEST_LINE.fullmatch(first.strip()):
        headers, body = _split(rest)
        return _callback(found[1].upper(), found[2], headers, body)
    if first.startswith(("http://", "https://", "?")) and not rest.strip():
        return _callback("GET", first.strip(), {}, "")
    if _HEADER.fullmatch(first) and not first.startswith(("http:", "https:")):
        headers, body = _split(lines)
        return _callback("POST", "/", headers, body)
    return _callback("POST", "/", {}, lines)


def assembled(*, method: str, url: str, headers: str, body: str) -> Callback:
    """The call of separate fields; RequestInvalid for a line that is no header."""
    listed, _ = _split(headers.replace("\r\n", "\n").strip("\n") + "\n\n")
    return _callback(
        method.upper() if method.upper() in METHODS else "POST",
        url.strip(),
        listed,
        body.replace("\r\n", "\n"),
    )


def as_text(callback: Callback) -> str:
    """The call as raw HTTP, which `read_pasted` reads again; bytes that are no UTF-8 are shown as U+FFFD."""
    query = f"?{callback.query}" if callback.query else ""
    lines = [f"{callback.method} {callback.path or '/'}{query} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in callback.headers.items()]
    return "\n".join([*lines, "", callback.body.decode("utf-8", "replace")])


def _split(text: str) -> tuple[dict[str, str], str]:
    head, _, body = text.partition("\n\n")
    if text.startswith("\n"):
        head, body = "", text[1:]
    headers: dict[str, str] = {}
    for line in head.split("\n"):
        if not line.strip():
            continue
        found = _HEADER.fullmatch(line.strip())
        if found is None:
            raise RequestInvalid(
                f'"{line.strip()[:60]}" is no header. Write one "Name: value" in each line, then a blank line, then '
                "the body.",
                param="request",
            )
        headers[found[1]] = found[2].strip()
    return headers, body


def _callback(method: str, url: str, headers: dict[str, str], body: str) -> Callback:
    parts = urlsplit(url)
    known = CaseInsensitiveDict(headers)
    data = _bytes(body, known.get("Content-Length", ""))
    if data.strip() and "Content-Type" not in known:
        known["Content-Type"] = _guess(data.decode("utf-8", "replace"))
    return Callback(
        method=method,
        path=parts.path or "/",
        query=parts.query,
        headers=known,
        body=data,
        role=role_of(parts.path),
    )


def role_of(path: str) -> str:
    """What a webhook's URL ends with after its token, "" for the plain one."""
    pieces = [piece for piece in path.split("/") if piece]
    return pieces[2] if len(pieces) > 2 and pieces[0] == "hooks" else ""


def _bytes(body: str, length: str) -> bytes:
    """The body as it was on the wire: the variant that has the length the headers name, else without last blanks."""
    plain = body.encode()
    variants = (plain, plain.rstrip(b"\n"), plain.replace(b"\n", b"\r\n"), plain.rstrip(b"\n") + b"\n")
    if length.isdigit():
        return next((found for found in variants if len(found) == int(length)), plain.rstrip(b"\n"))
    return plain.rstrip(b"\n")


def _guess(body: str) -> str:
    start = body.lstrip()[:1]
    if start in ("{", "["):
        return "application/json"
    if start == "<":
        return "application/xml"
    return _FORM if _PAIR.fullmatch(body.strip()) else "text/plain"
