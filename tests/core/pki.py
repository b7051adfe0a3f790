"""Certificates for tests, self-signed, made on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Pair:
    """Certificate and key, both PEM; `locked` is the key behind a passphrase."""

    certificate: str
    key: str
    locked: str

    @property
    def both(self) -> str:
        return self.key + self.certificate

    @classmethod
    def made(cls, name: str, *, days: float = 365) -> Pair:
        """Valid since a while ago until `days` from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=100))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )

        def written(protection: BestAvailableEncryption | NoEncryption) -> str:
            return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection).decode()

        return cls(
            certificate=certificate.public_bytes(Encoding.PEM).decode(),
            key=written(NoEncryption()),
            locked=written(BestAvailableEncryption(b"passphrase")),
        )
