"""The installation's keys on disk: made once, readable by the owner only."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import InstallationInvalid

FILE_NAME = "keys.json"


@dataclass(frozen=True)
class Keys:
    """An installation's secrets; `master_keys` maps key id to 32 bytes in base64, the last one seals."""

    secret_key: str
    master_keys: dict[str, str]
    pepper: str


def load_or_create(data_dir: Path) -> Keys:
    """Read `keys.json` in the data directory, making it (0600) on the very first start."""
    path = data_dir / FILE_NAME
    if not path.exists():
        _create(path)
    try:
        return Keys(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise InstallationInvalid(
            f"{path} cannot be read as keys. Restore it from a backup: without it stored secrets stay closed."
        ) from error


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = Keys(
        secret_key=secrets.token_urlsafe(50),
        master_keys={"k1": _random_base64()},
        pepper=_random_base64(),
    )
    # Written aside and linked into place: two processes starting at once agree on one file.
    draft = path.with_name(f".{FILE_NAME}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(keys), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _random_base64() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode("ascii")
