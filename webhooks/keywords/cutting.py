"""What the person wrote, without what was quoted below it and without the signature of the phone."""

from __future__ import annotations

import re

LONGEST_TEXT = 1_600  # characters; more is no SMS, and hostile marks would make folding slow
_LONGEST_LINE = 200  # of the lines that announce a quotation

# A mail program announces what it quotes: "On Monday … wrote:", "-----Original Message-----", "From: …".
_ANNOUNCED = re.compile(
    r"""^\s*(?:
        (?:on|le|el|em|il|am|op|w\ dniu|dnia)\b .*
            (?:wrote|[ée]crit|escribi[óo]|escreveu|scritto|schrieb\b.*|schreef\b.*|napisa[łl]\(?a?\)?)\s*:
        | .* (?:пишет|написал\(?а?\)?|yazd[ıi]|كتب|लिखा)\s*:
        | [-_]{2,}\s*
            (?:original|forwarded|urspr|message|mensaje|mensagem|messaggio|oorspronkelijk|wiadomo|исходн|orijinal).*
        | (?:from|von|de|da|van|od|от)\s*:\s*\S.*
        | _{5,}\s*
        | --\s*
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
# What phones put below a text; the device says that it is one, whatever the language.
_SIGNED = re.compile(
    r"""(?:^|(?<=[\s.!?,]))(?:
        (?:sent|get|gesendet|von\ meinem|envoy[ée]e?|enviad[oa]|inviato|verzonden|verstuurd|wys[łl]an[eoy]|отправлено)
        \b [^\n]{0,40} \b
        (?:iphone|ipad|android|galaxy|samsung|huawei|xiaomi|blackberry|outlook|smartphone|yahoo|handy|handset|mobile)
        | iphone['’]?\s?(?:umdan|dan)\s+g[öo]nderildi
        | تم\ الإرسال\ من
        | मेरे\ iphone\ से
    )\b[^\n]*\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_SIGNS = re.compile(
    "phone|ipad|android|galaxy|samsung|huawei|xiaomi|blackberry|outlook|yahoo|handy|handset|mobile|الإرسال",
    re.IGNORECASE,
)
# A reaction to a message of ours comes as a text that quotes it, footer and all.
_REACTED = re.compile(
    r"""^\s*(?:
        (?:liked|loved|disliked|emphasi[sz]ed|questioned|laughed\ at|removed\ an?\ \w+\ from|reacted\ \S+\ to)
        | (?:le\ gust[óo]|le\ encant[óo]|no\ le\ gust[óo]|te\ gust[óo])
        | (?:a\ aim[ée]|a\ ador[ée]|n[’']a\ pas\ aim[ée]|a\ r[ée]agi\b.{0,20})
        | (?:gef[äa]llt|liebt|hat\b.{0,30})
        | (?:gostou\ de|amou|curtiu|adorou|reagiu\b.{0,20})
        | (?:ha\ messo\ .{0,20}|piace|adora|ha\ reagito\b.{0,20})
        | (?:vindt\b.{0,20}|heeft\b.{0,30})
        | (?:понравилось|нравится)
        | [^\w\s]{1,8}\s*(?:to|a|à|zu|auf|op|на)?
    )\s*:?\s*[“"„«].{5,}[”"“»]\s*$""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_MISSED_SHIFT = re.compile("!+1[!1]*")  # STOP!!1!
_QUOTES = frozenset('“"„«')


def cut(text: str) -> str:
    """The person's own words, at most 1,600 characters of them."""
    own = text[:LONGEST_TEXT].strip()
    if "\n" in own or "\r" in own:
        own = _own_lines(own)
    if not _QUOTES.isdisjoint(own) and _REACTED.match(own):
        return ""
    if _SIGNS.search(own):
        own = _SIGNED.sub("", own)
    return _MISSED_SHIFT.sub("!", own).strip() if "!1" in own else own.strip()


def _own_lines(text: str) -> str:
    lines: list[str] = []
    for line in text.splitlines():
        if len(line) <= _LONGEST_LINE and _ANNOUNCED.match(line):
            if any(map(str.strip, lines)):
                break
            continue  # nothing was written above, so it may stand below
        if not line.lstrip().startswith((">", "&gt;", "|")):
            lines.append(line)
    return "\n".join(lines)
