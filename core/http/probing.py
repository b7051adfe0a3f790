"""Trying a connection without sending a request, for "Test connection"."""

from __future__ import annotations

import time

from django.conf import settings

from core.addresses import target_of
from core.http.certificates import ClientCertificate
from core.http.connection import dial, hear_verdict


def probe(
    url: str, *, certificate: ClientCertificate | None = None, connect: float = 3.0, ca_file: str = ""
) -> int:
    """Look up, check, connect and encrypt; no byte of a request leaves. Gives the milliseconds it took.

    AddressRefused: never called. ConnectionFailed: not reached. AuthenticationFailed: client certificate refused.
    """
    target = target_of(url)
    started = time.monotonic()
    connection = dial(
        target,
        connect=connect,
        deadline=started + connect,
        private_hosts=settings.SMSGATEWAY_PRIVATE_HOSTS,
        ca_file=ca_file,
        certificate=certificate,
    )
    elapsed_ms = round((time.monotonic() - started) * 1000)
    try:
        if certificate is None:  # else `dial` has done it
            hear_verdict(connection.socket, target)
    finally:
        connection.close()
    return elapsed_ms
