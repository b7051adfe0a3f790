from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TemplateInvalid, VariableMissing
from core.templating import Missing, XmlTemplate

SOAP = """<?xml version="1.0" encoding="ISO-8859-1"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
  <soap:Body><m:send xmlns:m="urn:x" to="{{toNumber}}"><m:text>{{message}}</m:text><m:empty/></m:send></soap:Body>
</soap:Envelope>"""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(source: str, **context: Any) -> ElementTree.Element:
    return ElementTree.fromstring(XmlTemplate(source).to_bytes(context, missing=Missing.BLANK))


def test_prefixes_and_the_declaration_stay_as_written() -> None:
    text = XmlTemplate(SOAP).to_bytes({"toNumber": "+1", "message": "é€"}, charset="iso-8859-1")
    assert text.startswith(b'<?xml version="1.0" encoding="iso-8859-1"?><soap:Envelope xmlns:soap=')
    assert b'<m:send xmlns:m="urn:x" to="+1"><m:text>\xe9&#8364;</m:text><m:empty/></m:send>' in text
    assert not XmlTemplate("<a>x</a>").to_bytes({}).startswith(b"<?xml")


@given(text=st.text(max_size=60))
def test_a_reader_finds_exactly_what_was_put_in(text: str) -> None:
    carried = _NOT_XML.sub("", text)
    element = render('<m><t k="{{v}}">{{v}}</t><u>-{{v}}-</u></m>', v=text)
    assert (element[0].text or "", element[0].get("k")) == (carried, carried)
    assert element[1].text == f"-{carried}-"
    assert len(element) == 2


@pytest.mark.parametrize(
    ("source", "line", "column", "word"),
    [
        ("", 1, 1, "not XML"),
        ("<a>\n<b></a>", 2, 6, "mismatched"),
        ("<a>{{message</a>", 1, 4, "not closed"),
        ("<a>\n  <b>{{ message | nope }}</b></a>", 2, 17, "no helper function"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 1, 13, "DOCTYPE"),
        ("<a" + "><a" * 70 + ">", 1, 194, "nested deeper"),
        ("<a>&nbsp;</a>", 1, 4, "undefined entity"),
    ],
)
def test_problems_say_what_and_where(source: str, line: int, column: int, word: str) -> None:
    problem = XmlTemplate(source).problems[0]
    assert word in problem.message
    assert problem.line == line
    assert abs(problem.column - column) <= 3
    with pytest.raises(TemplateInvalid):
        XmlTemplate(source).to_bytes({"message": "x"})


def test_unknown_variables_are_named() -> None:
    template = XmlTemplate('<a k="{{toNumber}}">{{messsage}}</a>')
    assert template.variables == {"toNumber", "messsage"}
    (problem,) = template.check(known={"toNumber", "message"})
    assert "messsage" in problem.message
    assert (problem.line, problem.column) == (1, 23)
    with pytest.raises(VariableMissing):
        template.to_bytes({"toNumber": "1"})
