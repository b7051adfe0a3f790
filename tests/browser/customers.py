"""The people of the first campaign: a thousand customers, who of them agreed, and what goes wrong for whom."""

from __future__ import annotations

PEOPLE = range(1000)
BERLIN = [n for n in PEOPLE if n % 4 == 0]
NO_OPT_IN = {n for n in PEOPLE if n % 100 == 8}
OPTED_OUT = {12, 112, 212}
NO_VOUCHER = {n for n in PEOPLE if n % 100 == 16}
NO_NAME = {n for n in PEOPLE if n % 100 == 20}
# Numbers on which the simulator plays a fault: reported as failed, as undeliverable; refused; unclear; refused once.
ODD = {40: 990101, 44: 990102, 48: 990400, 52: 990500, 56: 990429}
FAILED, UNKNOWN = 3, 1
# Who answers STOP: one who has the message, and one whose turn has not come.
EARLY, LATE = BERLIN[0], BERLIN[-1]
IN_AUDIENCE = len(BERLIN)
REACHED = IN_AUDIENCE - len(NO_OPT_IN) - len(OPTED_OUT) - len(NO_VOUCHER)


def number(n: int) -> str:
    return f"+14155{ODD[n]}" if n in ODD else f"+1415{5_550_000 + n}"


def customers() -> str:
    rows = [
        f"c-{n},{number(n)},{'' if n in NO_NAME else 'ada'},{'' if n in NO_VOUCHER else f'SPRING{n}'},"
        f"{'Berlin' if n % 4 == 0 else 'Hamburg'}"
        for n in PEOPLE
    ]
    bad = [
        "c-x,12,Eve,SPRINGX,Berlin",
        "c-y,not a number,Eve,SPRINGY,Berlin",
        "c-z,+1415555,Eve,SPRINGZ,Berlin",
    ]
    return "\n".join(["Customer ID,Phone,First Name,Voucher,City", *rows[:500], *bad, *rows[500:]])


def opt_ins() -> str:
    stated = [
        f"{number(n)},{'opt-out' if n in OPTED_OUT else 'opt-in'}" for n in PEOPLE if n not in NO_OPT_IN
    ]
    return "\n".join(["number,state", *stated])
