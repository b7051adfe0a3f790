"""Templates for messages, payloads and replies: a sandboxed Liquid with hard limits; plain text out.

Context shape: {"toNumber", "fromNumber", "message", "messageId", "part", "parts", "encoding",
"statusCallbackUrl", "inboundCallbackUrl", "providerAppId", "apiToken", "profile": {...}} and every variable
an operator named. Values are plain data only: str, int, float, bool, None, dict, list.
"""

from __future__ import annotations

from core.templating.checks import check_text, variables_in
from core.templating.engine import render_filled, render_text
from core.templating.helpers import RawBytes
from core.templating.json_template import JsonTemplate, render_value
from core.templating.picker import (
    CONDITIONS,
    OPT_OUT_PAGE,
    PICKER,
    TEXT_VARIABLES,
    PickerGroup,
    PickerItem,
    helper_groups,
)
from core.templating.problems import Missing, Problem, suggestion
from core.templating.xml_source import XmlNode
from core.templating.xml_template import XmlTemplate, write_xml

__all__ = [
    "CONDITIONS",
    "OPT_OUT_PAGE",
    "PICKER",
    "TEXT_VARIABLES",
    "JsonTemplate",
    "Missing",
    "PickerGroup",
    "PickerItem",
    "Problem",
    "RawBytes",
    "XmlNode",
    "XmlTemplate",
    "check_text",
    "helper_groups",
    "render_filled",
    "render_text",
    "render_value",
    "suggestion",
    "variables_in",
    "write_xml",
]
