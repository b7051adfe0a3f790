"""Client certificates for mutual TLS: kept as PEM texts, handed to the TLS library through a file nobody can open."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from core.errors import ConfigurationInvalid

_EXPIRES_SOON = timedelta(days=30)
_CERTIFICATE_ALERTS = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED")
REFUSED = (
    "The provider refused the client certificate, or asks for one that the credential does not have. "
    "Check the client certificate and its key."
)


@dataclass(frozen=True)
class ClientCertificate:
    """Certificate (chain) and private key, both PEM."""

    certificate: str
    key: str = field(repr=False)

    def load_into(self, context: ssl.SSLContext) -> None:
        """Have `context` show this certificate; ConfigurationInvalid when it cannot be used."""
        try:
            with _private_file(f"{self.certificate.strip()}\n{self.key.strip()}\n") as path:
                # A passphrase is never asked for on the terminal: an empty one is refused by the library.
                context.load_cert_chain(path, password="")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise ConfigurationInvalid(
                "The client certificate or its key cannot be used. Paste both again, in PEM form.",
                param="client_certificate",
            ) from error


@contextlib.contextmanager
def _private_file(text: str) -> Iterator[str]:
    """A path to `text` that goes with the block; the file is readable by this user only."""
    descriptor, path = tempfile.mkstemp(prefix="smsgateway-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii", errors="strict") as file:
            file.write(text)
        yield path
    finally:
        os.unlink(path)


def certificate_problems(certificate: str, key: str) -> list[tuple[str, str]]:
    """(field, what is wrong) of a pair an operator pasted; empty when it can be used, or when both are blank."""
    if not certificate and not key:
        return []
    if not certificate or not key:
        missing = "client_key" if certificate else "client_certificate"
        return [(missing, "Certificate and key belong together; add this one.")]
    try:
        shown = x509.load_pem_x509_certificate(certificate.encode())
        public = _public(shown.public_key())
    except (ValueError, UnsupportedAlgorithm):
        return [("client_certificate", "This is no certificate in PEM form (-----BEGIN CERTIFICATE-----).")]
    try:
        private = load_pem_private_key(key.encode(), password=None)
    except TypeError:
        return [("client_key", "This key is protected by a passphrase; paste it without one.")]
    except (ValueError, UnsupportedAlgorithm):
        return [("client_key", "This is no private key in PEM form (-----BEGIN PRIVATE KEY-----).")]
    if public != _public(private.public_key()):
        return [("client_key", "This key does not belong to the certificate.")]
    if shown.not_valid_after_utc <= datetime.now(UTC):
        return [("client_certificate", f"The certificate expired on {shown.not_valid_after_utc:%d %B %Y}.")]
    try:
        ClientCertificate(certificate, key).load_into(ssl.create_default_context())
    except ConfigurationInvalid as error:
        return [(error.param, error.text)]
    return []


def certificate_warning(certificate: str) -> str:
    """What should be looked at soon, "" when nothing, or when it is no certificate at all."""
    try:
        shown = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError:
        return ""
    if shown.not_valid_after_utc > datetime.now(UTC) + _EXPIRES_SOON:
        return ""
    return f"The client certificate expires on {shown.not_valid_after_utc:%d %B %Y}."


def refused_by_peer(error: BaseException) -> bool:
    """Whether the other side ended the handshake over our certificate, or over having shown none."""
    reason = str(getattr(error, "reason", "") or "") if isinstance(error, ssl.SSLError) else ""
    return "ALERT" in reason and any(word in reason for word in _CERTIFICATE_ALERTS)


def hint(error: BaseException) -> str:
    """What a failed handshake may be about; TLS 1.2 has no word of its own for a missing certificate."""
    failed = "HANDSHAKE_FAILURE" in str(getattr(error, "reason", ""))
    return " It may ask for a client certificate." if failed else ""


def _public(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded
