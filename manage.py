#!/usr/bin/env python
"""Django's command line for smsgateway."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run a management command; `up` settles its ports and directories before the settings are read."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsgateway.settings")
    if sys.argv[1:2] == ["up"] and not {"-h", "--help"} & set(sys.argv):
        from operations.launch import prepare_or_exit

        prepare_or_exit(sys.argv[2:])
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
