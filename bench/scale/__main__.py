"""Fill (unless the directory is filled already) and measure; BENCH_SCALE_DIR keeps the database between runs."""

from __future__ import annotations

import os
import sys


def main() -> int:
    from bench.scale.server import server

    with server() as (url, directory):
        os.environ |= {
            "DATABASE_URL": url,
            "SMSGATEWAY_DATA_DIR": str(directory / "gateway"),
            "DJANGO_SETTINGS_MODULE": "smsgateway.settings",
            "SMSGATEWAY_QUEUE_LIMIT": "1000000",
        }
        os.environ.pop("REDIS_URL", None)
        import django

        django.setup()
        from bench.scale import fill, measure

        filled = directory / "filled"
        if not filled.exists():
            fill.fill()
            filled.write_text(f"{fill.MESSAGES}\n")
        else:
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
        return measure.measure()


if __name__ == "__main__":
    sys.exit(main())
