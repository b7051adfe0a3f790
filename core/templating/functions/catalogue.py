"""The helper functions offered to people who write messages: an example each, what it writes, one line of help.

The picker, docs/helpers.md and a test that runs every example are all made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Helper:
    """A function, an example as it stands between the braces, what that writes ("" = it varies), what it is for."""

    name: str
    example: str
    shows: str
    help: str

    @property
    def insert(self) -> str:
        """The example as a placeholder."""
        return "{{ " + self.example + " }}"


@dataclass(frozen=True)
class HelperGroup:
    """Functions of one kind."""

    label: str
    helpers: tuple[Helper, ...]


HELPERS: Final[tuple[HelperGroup, ...]] = (
    HelperGroup(
        "Fallback",
        (
            Helper("default", "profile.nickname | default: 'friend'", "friend", "Used when there is no value"),
            Helper("isNull", "profile.nickname | isNull", "true", "Whether there is no value"),
            Helper("isNotNull", "profile.firstName | isNotNull", "true", "Whether there is a value"),
            Helper("isEmpty", "profile.nickname | isEmpty", "true", "Whether it is missing, blank or has no items"),
            Helper("isNotEmpty", "profile.tags | isNotEmpty", "true", "Whether there is something in it"),
        ),
    ),
    HelperGroup(
        "Text",
        (
            Helper("upper", "profile.firstName | upper", "ADA", "ALL CAPITALS; also upcase"),
            Helper("lower", "profile.firstName | lower", "ada", "All small letters; also downcase"),
            Helper("capitalize", "profile.city | capitalize", "New york", "First letter large, the rest small"),
            Helper("titleCase", "'ada lovelace' | titleCase", "Ada Lovelace", "Every word with a capital"),
            Helper("camelCase", "'order number' | camelCase", "orderNumber", "Words joined by capitals"),
            Helper("trim", "'  Ada ' | trim", "Ada", "Blanks removed from both ends; also strip"),
            Helper("leftTrim", "'  Ada' | leftTrim", "Ada", "Blanks removed from the beginning; also lstrip"),
            Helper("rightTrim", "'Ada  ' | rightTrim", "Ada", "Blanks removed from the end; also rstrip"),
            Helper("squish", "'Ada   L.' | squish", "Ada L.", "Several blanks become one"),
            Helper("concat", "profile.firstName | concat: ' ', profile.lastName", "Ada Lovelace", "Texts joined"),
            Helper("append", "profile.firstName | append: '!'", "Ada!", "Text added at the end"),
            Helper("prepend", "profile.firstName | prepend: 'Dear '", "Dear Ada", "Text added in front"),
            Helper("length", "profile.firstName | length", "3", "How many characters or items; also size"),
            Helper("substr", "profile.orderId | substr: 0, 2", "A1", "From a position up to another, from 0"),
            Helper(
                "slice", "profile.orderId | slice: -2, 2",
                "42", "So many characters from a position; - from the end",
            ),
            Helper("truncate", "profile.city | truncate: 6", "New...", "At most so many characters, with ..."),
            Helper("truncatewords", "'one two three' | truncatewords: 2", "one two...", "At most so many words"),
            Helper("replace", "profile.city | replace: 'New', 'Old'", "Old York", "Every such text becomes another"),
            Helper(
                "replaceAll", "profile.orderId | replaceAll: '[0-9]', '*'",
                "A***", "The same by a regular expression",
            ),
            Helper("remove", "profile.orderId | remove: 'A'", "142", "Every such text is left out"),
            Helper("indexOf", "profile.email | indexOf: '@'", "3", "Where a text stands first, from 0; -1: nowhere"),
            Helper("lastIndexOf", "profile.email | lastIndexOf: '.'", "11", "Where a text stands last"),
            Helper("charCodeAt", "profile.firstName | charCodeAt: 0", "65", "The Unicode number of a character"),
            Helper("mask", "profile.card | mask: 0, 12", "XXXXXXXXXXXX1111", "So many characters become X"),
            Helper(
                "regexGroup", "profile.orderId | regexGroup: '([A-Z])([0-9]+)', 2",
                "142", "A part found by a regular expression",
            ),
            Helper(
                "extractEmailDomain", "profile.email | extractEmailDomain",
                "example.com", "What stands after the @",
            ),
            Helper("toString", "profile.points | toString", "1250", "A value as text"),
        ),
    ),
    HelperGroup(
        "Comparing",
        (
            Helper(
                "includes", "profile.city | includes: 'York'",
                "true", "Whether a text holds another, or a list an item",
            ),
            Helper("doesNotContain", "profile.city | doesNotContain: 'York'", "false", "The opposite"),
            Helper("startsWith", "profile.orderId | startsWith: 'A'", "true", "Whether it begins so"),
            Helper("doesNotStartWith", "profile.orderId | doesNotStartWith: 'A'", "false", "The opposite"),
            Helper("endsWith", "profile.email | endsWith: '.com'", "true", "Whether it ends so"),
            Helper("doesNotEndWith", "profile.email | doesNotEndWith: '.com'", "false", "The opposite"),
            Helper("equals", "profile.tier | equals: 'gold'", "true", "Whether two values are the same"),
            Helper("notEqualTo", "profile.tier | notEqualTo: 'gold'", "false", "The opposite"),
            Helper("equalsIgnoreCase", "profile.tier | equalsIgnoreCase: 'GOLD'", "true", "The same but for capitals"),
            Helper("notEqualWithIgnoreCase", "profile.tier | notEqualWithIgnoreCase: 'GOLD'", "false", "The opposite"),
            Helper("like", "profile.email | like: '%@example.%'", "true", "% any characters, _ one"),
            Helper(
                "matches", "profile.orderId | matches: '[A-Z][0-9]{3}'",
                "true", "Whether a regular expression fits",
            ),
            Helper("toBool", "'yes' | toBool", "true", "True for true, yes, y, on and 1"),
        ),
    ),
    HelperGroup(
        "Date and time",
        (
            Helper(
                "formatDate", "profile.appointment | formatDate: 'EEE d MMM, HH:mm'",
                "Wed 23 Dec, 14:30", "In the form you write",
            ),
            Helper(
                "formatDate in a language", "profile.appointment | formatDate: 'EEEE, d. MMMM', 'de'",
                "Mittwoch, 23. Dezember", "en, de, fr, es, it, nl or pt",
            ),
            Helper(
                "formatDate in a time zone", "profile.appointment | formatDate: 'HH:mm', 'en', 'America/New_York'",
                "09:30", "By the clock there",
            ),
            Helper("date", "profile.appointment | date: '%d/%m/%Y'", "23/12/2026", "The same with % signs"),
            Helper("age", "profile.born | age", "", "Full years since a date"),
            Helper(
                "dateDiff", "profile.appointment | dateDiff: '2026-12-31'",
                "8", "Days from one date to another; without one, to today",
            ),
            Helper(
                "addDays", "profile.appointment | addDays: 7",
                "2026-12-30T14:30:00Z", "So many days later; - earlier",
            ),
            Helper(
                "addHours", "profile.appointment | addHours: -2",
                "2026-12-23T12:30:00Z", "So many hours later; - earlier",
            ),
            Helper(
                "setDays", "profile.appointment | setDays: 1",
                "2026-12-01T14:30:00Z", "The same month on another day",
            ),
            Helper(
                "setHours", "profile.appointment | setHours: 9",
                "2026-12-23T09:30:00Z", "The same day at another hour",
            ),
            Helper("toUTC", "'2026-12-23T15:30:00+01:00' | toUTC", "2026-12-23T14:30:00Z", "The same moment in UTC"),
            Helper("toDateTime", "'2026-12-23' | toDateTime", "2026-12-23T00:00:00Z", "A date with its time"),
            Helper("toDateTimeOnly", "profile.appointment | toDateTimeOnly", "2026-12-23", "The day alone"),
            Helper("dayOfWeek", "profile.appointment | dayOfWeek", "3", "1 Monday … 7 Sunday"),
            Helper("dayOfYear", "profile.appointment | dayOfYear", "357", "1 to 366"),
            Helper("weekOfYear", "profile.appointment | weekOfYear", "52", "The week's number (ISO 8601)"),
            Helper("currentTimeInMillis", "now | currentTimeInMillis", "", "Milliseconds since 1970, now"),
            Helper("toMillis", "profile.appointment | toMillis", "1798036200000", "Milliseconds since 1970"),
        ),
    ),
    HelperGroup(
        "Number and money",
        (
            Helper(
                "formatCurrency", "profile.balance | formatCurrency: 'USD'",
                "$1,234.50", "Money; with 'de': 1.234,50 $",
            ),
            Helper(
                "formatNumber", "profile.points | formatNumber",
                "1,250", "With separators; 2: two decimals; 2, 'de': as there",
            ),
            Helper("round", "profile.balance | round: 1", "1234.5", "Rounded to so many decimals"),
            Helper("roundUp", "profile.balance | roundUp", "1235", "To the next whole number; also ceil"),
            Helper("roundDown", "profile.balance | roundDown", "1234", "To the whole number below; also floor"),
            Helper("toPrecision", "profile.balance | toPrecision: 2", "1234.50", "Exactly so many decimals"),
            Helper("toPercentage", "0.25 | toPercentage", "25%", "A share of 1 in per cent"),
            Helper("toInt", "profile.balance | toInt", "1234", "Decimals cut off; also toInteger"),
            Helper("toNumber", "'12.5' | toNumber", "12.5", "A text as a number"),
            Helper("toHexString", "profile.points | toHexString", "4e2", "In hexadecimal"),
            Helper("absolute", "-5 | absolute", "5", "Without its sign; also abs"),
            Helper("plus", "profile.points | plus: 10", "1260", "Adds"),
            Helper("minus", "profile.points | minus: 10", "1240", "Subtracts"),
            Helper("times", "profile.points | times: 2", "2500", "Multiplies"),
            Helper("divided_by", "profile.points | divided_by: 2", "625", "Divides; by 2.0 with decimals"),
            Helper("modulo", "profile.points | modulo: 100", "50", "The rest of a division"),
            Helper("at_least", "profile.points | at_least: 2000", "2000", "The larger of two numbers"),
            Helper("at_most", "profile.points | at_most: 1000", "1000", "The smaller of two numbers"),
            Helper("random", "100 | random", "", "A number from 1 to this one; every rendering another"),
        ),
    ),
    HelperGroup(
        "List",
        (
            Helper("join", "profile.tags | join: ', '", "news, sale, news", "A list as one text"),
            Helper("split", "'a,b' | split: ',' | last", "b", "A text as a list"),
            Helper("first", "profile.tags | first", "news", "The first item; also head"),
            Helper("last", "profile.tags | last", "news", "The last item"),
            Helper("firstN", "profile.tags | firstN: 2 | join: ' '", "news sale", "The first so many items"),
            Helper("lastN", "profile.tags | lastN: 2 | join: ' '", "sale news", "The last so many items"),
            Helper("count", "profile.tags | count", "3", "How many items have a value"),
            Helper("countWithNull", "profile.tags | countWithNull", "3", "How many items there are"),
            Helper("countOnlyNull", "profile.tags | countOnlyNull", "0", "How many items have no value"),
            Helper("distinct", "profile.tags | distinct | join: ' '", "news sale", "Each item once; also uniq"),
            Helper("distinctCount", "profile.tags | distinctCount", "2", "How many different items"),
            Helper(
                "distinctCountWithNull", "profile.tags | distinctCountWithNull",
                "2", "The same, no value counted as one",
            ),
            Helper("includes in a list", "profile.tags | includes: 'sale'", "true", "Whether a list holds a value"),
            Helper("isIn", "profile.tier | isIn: 'gold', 'silver'", "true", "Whether a value is one of several"),
            Helper("notIn", "profile.tier | notIn: 'gold', 'silver'", "false", "The opposite"),
            Helper(
                "intersects", "profile.tags | intersects: profile.interests",
                "true", "Whether two lists share an item",
            ),
            Helper(
                "subsetOf", "profile.interests | subsetOf: profile.tags",
                "true", "Whether all items are in another list",
            ),
            Helper(
                "supersetOf", "profile.tags | supersetOf: profile.interests",
                "true", "Whether it holds all items of another",
            ),
            Helper("sum", "profile.amounts | sum", "60", "The numbers of a list added up"),
            Helper("average", "profile.amounts | average", "20", "Their mean"),
            Helper("min", "profile.amounts | min", "10", "The smallest"),
            Helper("max", "profile.amounts | max", "30", "The largest"),
            Helper("sort", "profile.tags | sort | first", "news", "In order"),
            Helper("reverse", "profile.amounts | reverse | first", "30", "From the end"),
            Helper("map", "profile.orders | map: 'id' | join: ' '", "A1 B2", "One value of each item"),
            Helper(
                "where", "profile.orders | where: 'open', true | map: 'id' | first",
                "B2", "The items with such a value",
            ),
        ),
    ),
    HelperGroup(
        "Map and object",
        (
            Helper("get", "profile.address | get: 'city'", "Paris", "The value under a key"),
            Helper("keys", "profile.address | keys | join: ' '", "city zip", "The keys of a map"),
            Helper("values", "profile.address | values | join: ' '", "Paris 75001", "The values of a map"),
        ),
    ),
    HelperGroup(
        "Address (URL)",
        (
            Helper("urlEncode", "profile.city | urlEncode", "New%20York", "Fit for any place in an address"),
            Helper("urlDecode", "'New%20York' | urlDecode", "New York", "Back again"),
            Helper("getUrlHost", "profile.site | getUrlHost", "www.example.com", "The host of an address"),
            Helper("getUrlPath", "profile.site | getUrlPath", "/shop", "Its path"),
            Helper("getUrlProtocol", "profile.site | getUrlProtocol", "https", "http or https"),
        ),
    ),
    HelperGroup(
        "Encoding",
        (
            Helper("encode64", "profile.firstName | encode64", "QWRh", "Base64; also base64, base64_decode back"),
            Helper(
                "md5", "profile.firstName | md5",
                "1a382809b7c03f686e12dd15677c5497", "MD5 digest; also sha1, sha256, sha512",
            ),
            Helper("json", "profile.address | json", '{"city": "Paris", "zip": "75001"}', "As JSON"),
            Helper("digits", "toNumber | digits", "14155550123", "Only the digits: a number without +"),
            Helper("national", "toNumber | national", "4155550123", "A number without + and country code"),
        ),
    ),
)  # fmt: skip

# The recipient of the examples.
EXAMPLE: Final[dict[str, object]] = {
    "toNumber": "+14155550123",
    "fromNumber": "12345",
    "profile": {
        "firstName": "Ada",
        "lastName": "Lovelace",
        "email": "ada@example.com",
        "city": "New York",
        "tier": "gold",
        "orderId": "A142",
        "card": "4111111111111111",
        "points": 1250,
        "balance": 1234.5,
        "born": "1990-05-17",
        "appointment": "2026-12-23T14:30:00Z",
        "tags": ["news", "sale", "news"],
        "interests": ["sale"],
        "amounts": [10, 20, 30],
        "orders": [{"id": "A1", "open": False}, {"id": "B2", "open": True}],
        "address": {"city": "Paris", "zip": "75001"},
        "site": "https://www.example.com/shop",
    },
}
