"""Archives of rows that are going to be deleted: compressed JSON lines, complete or not there.

`<name>.jsonl.gz` counts only with its manifest `<name>.json` beside it, which is written last and names the number of
rows and the SHA-256 of the file. A file is written under another name, flushed to the disk, and renamed; so a process
that ends anywhere leaves either a complete file or nothing that counts.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

_PRIVATE = 0o600
_CHUNK = 1 << 20


class ArchiveDamaged(Exception):
    """A file is not what its manifest says: nothing is deleted by it."""


@dataclass(frozen=True)
class Manifest:
    """What is in a file; `deleted` once the rows are gone from the database."""

    name: str
    rows: int
    sha256: str
    made_at: str
    deleted: bool = False


@dataclass(frozen=True)
class Archive:
    """A directory of archive files, for the eyes of its owner only."""

    directory: Path

    @classmethod
    def at(cls, place: str) -> Archive:
        """The archive in a directory, which is made if need be."""
        directory = Path(place).expanduser()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(directory)

    def known_as(self, file: str) -> str:
        """A name of its own that lies in the directory: another directory has another."""
        path = self.directory / file
        if not path.exists():
            self._put(path, secrets.token_hex(8).encode())
        return path.read_text(encoding="ascii").strip()

    def manifests(self) -> list[Manifest]:
        """All complete files, in order of their names."""
        found = sorted(self.directory.glob("*.json"))
        return [Manifest(**json.loads(path.read_text(encoding="utf-8"))) for path in found]

    def free_name(self, wanted: str) -> str:
        """The name wanted, with a number where there is such a file already."""
        taken = {manifest.name for manifest in self.manifests()}
        names = (f"{wanted}.{number}" if number > 1 else wanted for number in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)

    def write(self, name: str, rows: Iterable[Mapping[str, Any]], *, made_at: str) -> Manifest:
        """Keep the rows; the manifest that is given stands on the disk when this returns."""
        partial = self.directory / f"{name}.partial"
        count = 0
        with _private(partial) as raw:
            # Neither name nor time in the header: the same rows make the same file.
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0, compresslevel=6) as packed:
                for row in rows:
                    packed.write(json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False).encode() + b"\n")
                    count += 1
            _to_disk(raw)
        digest = _sha256(partial)
        os.replace(partial, self._file(name))
        self._flush()
        manifest = Manifest(name, count, digest, made_at)
        self._keep(manifest)
        return manifest

    def ids(self, manifest: Manifest) -> Iterator[str]:
        """The ids in a file, in order; ArchiveDamaged unless the whole file is what it was when it was written."""
        if _sha256(self._file(manifest.name)) != manifest.sha256:
            raise ArchiveDamaged(f"{self._file(manifest.name)} does not fit its manifest.")
        with gzip.open(self._file(manifest.name), "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["id"]

    def mark_deleted(self, manifest: Manifest) -> None:
        """Note that the rows are gone."""
        self._keep(Manifest(**{**asdict(manifest), "deleted": True}))

    def _keep(self, manifest: Manifest) -> None:
        self._put(
            self.directory / f"{manifest.name}.json", json.dumps(asdict(manifest), indent=1).encode() + b"\n"
        )

    def _put(self, path: Path, content: bytes) -> None:
        partial = path.with_name(f"{path.name}.partial")
        with _private(partial) as raw:
            raw.write(content)
            _to_disk(raw)
        os.replace(partial, path)
        self._flush()

    def _file(self, name: str) -> Path:
        return self.directory / f"{name}.jsonl.gz"

    def _flush(self) -> None:
        descriptor = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _private(path: Path) -> Any:
    with suppress(FileNotFoundError):
        path.unlink()
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb")


def _to_disk(raw: Any) -> None:
    raw.flush()
    os.fsync(raw.fileno())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
