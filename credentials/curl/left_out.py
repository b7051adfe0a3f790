"""Options of cURL that are not taken over: refused with a reason, or passed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FILES: Final = "This sends a file upload (multipart), which the gateway does not. Look for a sample with -d."
_SIGNED: Final = "This way of signing in is not known here. Choose another one at the provider."
REFUSED: Final[Mapping[str, str]] = {
    "--form": _FILES,
    "--form-string": _FILES,
    "--upload-file": "This uploads a file. Look for the sample that sends a message.",
    "--head": "This asks for headers only. Look for the sample that sends a message.",
    "--config": "The options are read from a file. Write them here instead.",
    "--digest": _SIGNED,
    "--ntlm": _SIGNED,
    "--negotiate": _SIGNED,
    "--aws-sigv4": _SIGNED,
    "--anyauth": _SIGNED,
    "--next": "These are several requests. Paste the one that sends a message.",
}
_CERTIFICATE: Final = "paste the certificate and its key under Client certificate."
SKIPPED_WITH_VALUE: Final[Mapping[str, str]] = {
    "--cert": _CERTIFICATE,
    "--key": _CERTIFICATE,
    "--cacert": "the public certificate authorities are used.",
    "--cookie": "cookies are not sent.",
    "--proxy": "the gateway connects directly.",
    **dict.fromkeys(
        (
            "--output", "--write-out", "--max-time", "--connect-timeout", "--retry", "--retry-delay",
            "--retry-max-time", "--cookie-jar", "--dump-header", "--cert-type", "--key-type", "--max-redirs",
            "--resolve", "--interface", "--limit-rate", "--trace", "--trace-ascii", "--stderr", "--ciphers",
        ),
        "",
    ),
}  # fmt: skip
SKIPPED: Final = frozenset(
    {
        "compressed", "silent", "show-error", "include", "verbose", "fail", "fail-with-body", "globoff", "http1.0",
        "http1.1", "http2", "http2-prior-knowledge", "http3", "ipv4", "ipv6", "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2",
        "tlsv1.3", "basic", "progress-bar", "progress-meter", "buffer", "no-buffer", "keepalive", "remote-name",
        "remote-header-name", "path-as-is", "tcp-nodelay", "sslv2", "sslv3", "junk-session-cookies",
    }
)  # fmt: skip
