"""A sample cURL command, as providers print them, read into the draft of a credential. Pure: nothing is executed."""

from __future__ import annotations

from credentials.curl.command import Command, read_command
from credentials.curl.draft import Draft, draft_of, parse_curl

__all__ = ["Command", "Draft", "draft_of", "parse_curl", "read_command"]
