"""The machine: directory, disk, address."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from operations import launch
from operations.doctor.finding import Finding, bad, good, look
from webhooks.services import is_local

_LEAST_FREE: Final = 1 << 30  # bytes; callbacks of an outage are kept on this disk


def data_directory() -> Finding:
    """The data directory can be written, and nobody else can read the keys in it."""
    subject, directory = "data directory", Path(settings.DATA_DIR)
    try:
        launch.require_writable(directory)
    except launch.LaunchRefused as refusal:
        return bad(subject, str(refusal))
    keys = directory / "keys.json"
    if keys.exists() and stat.S_IMODE(os.stat(keys).st_mode) & 0o077:
        return bad(subject, f"others can read {keys}. Run: chmod 600 {keys}")
    return good(subject, str(directory))


def disk_space() -> Finding:
    """There is room for the spool and, with SQLite, for the database."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    text = f"{free / (1 << 30):.1f} GiB free in {settings.DATA_DIR}"
    if free < _LEAST_FREE:
        return look("disk", f"{text}. Make room: at least 1 GiB should be free.")
    return good("disk", text)


def spool() -> Finding:
    """Callbacks that come while the database is down have room, and none are left over."""
    directory, most = Path(settings.SMSGATEWAY_SPOOL_DIR), settings.SMSGATEWAY_SPOOL_MAX_BYTES
    try:
        launch.require_writable(directory)
    except launch.LaunchRefused as refusal:
        return bad("spool", f"callbacks would be lost in an outage of the database. {refusal}")
    free = shutil.disk_usage(directory).free
    if free < most:
        return look(
            "spool",
            f"{free / (1 << 20):,.0f} MiB free in {directory}, and it may grow to {most / (1 << 20):,.0f} MiB. "
            "Make room, or lower SMSGATEWAY_SPOOL_MAX_BYTES.",
        )
    return good("spool", str(directory))


def public_address() -> Finding:
    """Providers can reach the address, and over https."""
    url = settings.SMSGATEWAY_PUBLIC_URL
    if is_local(url):
        return look("public address", f"{url} leads nowhere from outside. Set SMSGATEWAY_PUBLIC_URL.")
    if urlsplit(url).scheme != "https":
        return look("public address", f"{url} is not encrypted. Put https in front and change the setting.")
    return good("public address", url)
