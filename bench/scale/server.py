"""A private PostgreSQL for the benchmark; its directory may be kept, so that measuring again needs no filling."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import CalledProcessError

from tests.services import Cluster

OPTIONS = (
    "-c fsync=off", "-c wal_level=minimal", "-c max_wal_senders=0", "-c max_wal_size=8GB",
    "-c shared_buffers=2GB", "-c effective_cache_size=8GB", "-c maintenance_work_mem=512MB", "-c work_mem=16MB",
    "-c random_page_cost=1.1", "-c jit=off", "-c checkpoint_timeout=30min",
)  # fmt: skip


@contextmanager
def server() -> Iterator[tuple[str, Path]]:
    """Gives DATABASE_URL and directory: BENCH_SCALE_DIR, which stays, or one that is removed afterwards."""
    kept = os.environ.get("BENCH_SCALE_DIR", "")
    directory = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="smsgateway-scale-"))
    (directory / "postgres").mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
    made = Cluster(directory / "postgres", *OPTIONS)
    try:
        made.start()
        yield made.url, directory
    finally:
        with suppress(CalledProcessError):
            made.stop(mode="fast")
        if not kept:
            shutil.rmtree(directory, ignore_errors=True)
