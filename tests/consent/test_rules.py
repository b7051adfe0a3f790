from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.rules import (
    ALL,
    IN,
    LIFTS,
    OUT,
    SUPPRESSED,
    Change,
    Decision,
    State,
    decide,
    fold,
    fold_all,
    lifts_anything,
)
from consent.wording import summary_of
from core.vocabulary import Purpose

START = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
MARKETING, TRANSACTIONAL = Purpose.MARKETING, Purpose.TRANSACTIONAL
CODE, REPLY = Purpose.ONE_TIME_CODE, Purpose.CONSENT_REPLY
SENDER, BRAND = "+14155550100", "Acme"
YES, NO, NEVER_ASKED = Decision(True), Decision(False, "opted_out"), Decision(False, "no_opt_in")


def cells(*described):
    return [State(*cell.split("/"), source="keyword") for cell in described]


@pytest.mark.parametrize(
    ("states", "purpose", "expected"),
    [
        ([], MARKETING, NEVER_ASKED),
        ([], TRANSACTIONAL, YES),
        ([], CODE, YES),
        ([], REPLY, YES),
        (["all/all/in"], MARKETING, YES),
        (["all/marketing/in"], MARKETING, YES),
        (["all/transactional/in"], MARKETING, NEVER_ASKED),
        ([f"sender:{SENDER}/marketing/in"], MARKETING, YES),
        (["sender:+14155550999/marketing/in"], MARKETING, NEVER_ASKED),
        ([f"brand:{BRAND}/all/in"], MARKETING, YES),
        (["brand:Other/all/in"], MARKETING, NEVER_ASKED),
        (["all/all/out"], MARKETING, NO),
        (["all/all/out"], TRANSACTIONAL, NO),
        (["all/all/out"], CODE, YES),
        (["all/all/out"], REPLY, YES),
        (["all/marketing/out"], MARKETING, NO),
        (["all/marketing/out"], TRANSACTIONAL, YES),
        (["all/transactional/out"], TRANSACTIONAL, NO),
        (["all/transactional/out"], CODE, NO),
        (["all/transactional/out"], REPLY, YES),
        (["all/transactional/out", "all/marketing/in"], MARKETING, YES),
        ([f"sender:{SENDER}/all/out", "all/marketing/in"], MARKETING, NO),
        (["sender:+14155550999/all/out", "all/marketing/in"], MARKETING, YES),
        (["all/all/out", f"sender:{SENDER}/all/in"], MARKETING, NO),
        ([f"brand:{BRAND}/marketing/out", "all/all/in"], MARKETING, NO),
        ([f"brand:{BRAND}/marketing/out", "all/all/in"], TRANSACTIONAL, YES),
    ],
)
def test_the_most_restrictive_cell_decides(states, purpose, expected):
    assert (
        decide(cells(*states), sender=SENDER, brand=BRAND, purpose=purpose, require_opt_in=True) == expected
    )


@pytest.mark.parametrize("purpose", Purpose)
def test_without_the_switch_silence_allows(purpose):
    assert decide([], sender=SENDER, purpose=purpose, require_opt_in=False) == YES


def test_a_blank_brand_meets_no_brand():
    states = [State("brand:", "all", OUT, "keyword")]
    assert decide(states, sender=SENDER, purpose=TRANSACTIONAL, require_opt_in=True) == YES


def run(*changes, states=()):
    """Fold changes "kind source scope purpose minutes" in this order; gives the cells as text."""
    held = {(state.scope, state.purpose): state for state in states}
    for change in changes:
        kind, source, scope, purpose, minutes = change.split()
        moment = START + timedelta(minutes=int(minutes))
        for state in fold(held.values(), Change(kind, scope, purpose, source, moment)):
            held[state.scope, state.purpose] = state
    return {f"{state.scope}/{state.purpose}": f"{state.state} {state.source}" for state in held.values()}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # One after the other
        (["opt_out keyword all all 0"], {"all/all": "out keyword"}),
        (["opt_out keyword all all 0", "opt_in keyword all all 1"], {"all/all": "in keyword"}),
        (["opt_in keyword all all 0", "opt_out keyword all all 1"], {"all/all": "out keyword"}),
        (["opt_out keyword all all 0", "opt_out keyword all all 1"], {"all/all": "out keyword"}),
        (["help keyword all all 0"], {}),
        # Out of order and at once: in doubt, out
        (["opt_out keyword all all 5", "opt_in keyword all all 1"], {"all/all": "out keyword"}),
        (["opt_out keyword all all 5", "opt_in keyword all all 5"], {"all/all": "out keyword"}),
        (["opt_in keyword all all 5", "opt_out keyword all all 1"], {"all/all": "out keyword"}),
        (
            ["opt_out keyword all all 5", "opt_out keyword all all 1", "opt_in keyword all all 3"],
            {"all/all": "out keyword"},
        ),
        (
            ["opt_out keyword all all 5", "opt_in api all marketing 1"],
            {"all/all": "out keyword"},
        ),
        # A keyword lifts keyword opt-outs only
        (["opt_out staff all all 0", "opt_in keyword all all 1"], {"all/all": "out staff"}),
        (["opt_out provider all all 0", "opt_in keyword all all 1"], {"all/all": "out provider"}),
        (["opt_out import all all 0", "opt_in keyword all all 1"], {"all/all": "out import"}),
        (
            ["opt_out staff all all 0", "opt_out keyword all all 1", "opt_in keyword all all 2"],
            {"all/all": "out staff"},
        ),
        (
            ["opt_out keyword all all 0", "opt_out provider all all 1", "opt_in keyword all all 2"],
            {"all/all": "out provider"},
        ),
        (["opt_out provider all all 0", "opt_in provider all all 1"], {"all/all": "in provider"}),
        (["opt_out staff all all 0", "opt_in provider all all 1"], {"all/all": "out staff"}),
        (["opt_out staff all all 0", "opt_in api all all 1"], {"all/all": "out staff"}),
        (["opt_out staff all all 0", "opt_in staff all all 1"], {"all/all": "in staff"}),
        (["opt_out keyword all all 0", "opt_in import all all 1"], {"all/all": "out keyword"}),
        (["opt_in import all marketing 0"], {"all/marketing": "in import"}),
        # Scope: START works where it was said
        (
            ["opt_out keyword all all 0", "opt_in keyword sender:+1 all 1"],
            {"all/all": "out keyword", "sender:+1/all": "in keyword"},
        ),
        (
            ["opt_out keyword sender:+1 all 0", "opt_in keyword all all 1"],
            {"sender:+1/all": "in keyword", "all/all": "in keyword"},
        ),
        (
            ["opt_out keyword sender:+1 all 0", "opt_in keyword sender:+2 all 1"],
            {"sender:+1/all": "out keyword", "sender:+2/all": "in keyword"},
        ),
        (
            ["opt_out keyword all marketing 0", "opt_in keyword all transactional 1"],
            {"all/marketing": "out keyword", "all/transactional": "in keyword"},
        ),
        # A wide STOP withdraws narrower opt-ins, and they do not spring back by a narrower START
        (
            ["opt_in api all marketing 0", "opt_out keyword all all 1"],
            {"all/marketing": "out keyword", "all/all": "out keyword"},
        ),
        (
            ["opt_in api all marketing 0", "opt_out keyword sender:+1 all 1"],
            {"all/marketing": "in api", "sender:+1/all": "out keyword"},
        ),
        (
            ["opt_in api all marketing 0", "opt_out keyword all all 1", "opt_in keyword all all 2"],
            {"all/marketing": "in keyword", "all/all": "in keyword"},
        ),
    ],
)
def test_order_source_and_scope_of_stop_and_start(changes, expected):
    assert run(*changes) == expected


def test_only_what_changed_is_given_back():
    states = cells("all/all/in", "sender:+1/all/in")
    assert fold(states, Change("opt_in", "all", "all", "keyword", START)) == []


@pytest.mark.parametrize(
    ("states", "lifts"),
    [
        ([], False),
        (cells("all/all/in"), False),
        (cells("all/all/out"), True),
        (cells("all/marketing/out"), True),
    ],
)
def test_it_is_known_beforehand_whether_an_opt_in_lifts_something(states, lifts):
    assert lifts_anything(states, Change("opt_in", "all", "all", "staff", START)) is lifts


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([], ""),
        (["all/all/in"], "Opted in to everything"),
        (["all/marketing/in"], "Opted in to marketing"),
        (["all/all/out", "all/marketing/out", "sender:+1/all/in"], "Opted out of everything"),
        (["all/marketing/out", "sender:+1/all/out"], "Opted out of marketing, sender +1"),
        (["brand:Acme/transactional/out", "all/all/in"], "Opted out of transactional (brand Acme)"),
    ],
)
def test_states_are_put_in_a_few_words(states, words):
    assert summary_of(cells(*states)) == words


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # What carriers and providers say acts like an opt-out of the sender, and START does not lift it
        (["carrier_block provider sender:+1 all 0"], {"sender:+1/all": "out provider"}),
        (
            ["carrier_block provider sender:+1 all 0", "opt_in keyword sender:+1 all 1"],
            {"sender:+1/all": "out provider"},
        ),
        # Double opt-in: only the answer counts
        (["opt_in_pending keyword all marketing 0"], {}),
        (["opt_in_declined keyword all marketing 0"], {}),
        (
            ["opt_in_pending keyword all marketing 0", "opt_in_confirmed keyword all marketing 1"],
            {"all/marketing": "in keyword"},
        ),
        # A web form lifts what the person said by keyword or web form, no more
        (["opt_out web all all 0", "opt_in keyword all all 1"], {"all/all": "in keyword"}),
        (["opt_out keyword all all 0", "opt_in web all all 1"], {"all/all": "in web"}),
        (["opt_out staff all all 0", "opt_in web all all 1"], {"all/all": "out staff"}),
        # A number that goes to somebody else loses what its owner agreed to, and keeps what was refused
        (
            [
                "opt_in api all marketing 0",
                "opt_out staff sender:+1 all 0",
                "number_deactivated provider all all 1",
            ],
            {"all/marketing": " api", "sender:+1/all": "out staff"},
        ),
        (
            [
                "opt_in api all marketing 0",
                "number_deactivated provider all all 1",
                "opt_in keyword all marketing 2",
            ],
            {"all/marketing": "in keyword"},
        ),
        # Erasing refuses everything; START may lift it, an import never
        (
            ["opt_in api all marketing 0", "erase staff all all 1"],
            {"all/marketing": "out keyword", "all/all": "out keyword"},
        ),
        (["erase staff all all 0", "opt_in import all all 1"], {"all/all": "out keyword"}),
        (["erase staff all all 0", "opt_in keyword all all 1"], {"all/all": "in keyword"}),
        (
            ["opt_out staff all all 0", "erase staff all all 1", "opt_in keyword all all 2"],
            {"all/all": "out staff"},
        ),
    ],
)
def test_what_other_events_do_to_the_cells(changes, expected):
    assert run(*changes) == expected


def at(minutes):
    return START + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("in_proven", "out_proven", "out_minutes", "expected"),
    [
        (True, True, 1, IN),
        (True, True, 5, OUT),
        (True, True, 6, OUT),
        (True, False, 1, OUT),
        (False, True, 1, OUT),
        (False, False, 1, OUT),
    ],
)
def test_only_signed_times_prove_an_opt_out_to_be_older_than_the_opt_in(
    in_proven, out_proven, out_minutes, expected
):
    cells_now = fold_all(
        [
            Change("opt_in", ALL, ALL, "keyword", at(5), time_proven=in_proven),
            Change("opt_out", ALL, ALL, "keyword", at(out_minutes), time_proven=out_proven),
        ]
    )
    assert cells_now[ALL, ALL].state == expected


def paused(*changes):
    cells_now = fold_all(
        Change(kind, ALL, purpose, source, at(minutes)) for kind, source, purpose, minutes in changes
    )
    return {f"{state.purpose}": (state.state, state.paused_at is not None) for state in cells_now.values()}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("possible_opt_out", "keyword", "marketing", 0)], {"marketing": ("", True)}),
        (
            [("opt_in", "api", "marketing", 0), ("possible_opt_out", "keyword", "marketing", 1)],
            {"marketing": ("in", True)},
        ),
        (
            [("possible_opt_out", "keyword", "marketing", 0), ("review_decision", "staff", "marketing", 1)],
            {"marketing": ("", False)},
        ),
        (
            [("possible_opt_out", "keyword", "marketing", 0), ("review_decision", "staff", "all", 1)],
            {"marketing": ("", True)},
        ),
        (
            [("possible_opt_out", "keyword", "marketing", 0), ("opt_in", "keyword", "marketing", 1)],
            {"marketing": ("in", False)},
        ),
        (
            [("possible_opt_out", "keyword", "marketing", 1), ("opt_in", "keyword", "marketing", 1)],
            {"marketing": ("in", True)},
        ),
        (
            [("possible_opt_out", "keyword", "marketing", 0), ("opt_in", "keyword", "all", 1)],
            {"marketing": ("", False), "all": ("in", False)},
        ),
        (
            [("possible_opt_out", "keyword", "all", 0), ("opt_in", "keyword", "marketing", 1)],
            {"marketing": ("in", False), "all": ("", True)},
        ),
        (
            [("possible_opt_out", "keyword", "marketing", 0), ("opt_in", "api", "marketing", 1)],
            {"marketing": ("in", True)},
        ),
        (
            [("possible_opt_out", "keyword", "marketing", 0), ("opt_out", "keyword", "marketing", 1)],
            {"marketing": ("out", True)},
        ),
    ],
)
def test_a_pause_stands_beside_the_choice_until_a_decision_or_the_persons_own_later_words(changes, expected):
    assert paused(*changes) == expected


@pytest.mark.parametrize(
    ("state", "purpose", "reason"),
    [
        (State(ALL, ALL, SUPPRESSED, "invalid_number"), MARKETING, "suppressed"),
        (State(ALL, ALL, SUPPRESSED, "invalid_number"), TRANSACTIONAL, "suppressed"),
        (State(ALL, ALL, SUPPRESSED, "invalid_number"), CODE, "suppressed"),
        (State(ALL, ALL, SUPPRESSED, "invalid_number"), REPLY, ""),
        (State(f"sender:{SENDER}", ALL, SUPPRESSED, "other"), CODE, "suppressed"),
        (State("sender:+1", ALL, SUPPRESSED, "other"), TRANSACTIONAL, ""),
        (State(ALL, "marketing", "", "keyword", paused_at=START), MARKETING, "consent_paused"),
        (State(ALL, "marketing", "in", "keyword", paused_at=START), MARKETING, "consent_paused"),
        (State(ALL, "marketing", "out", "keyword", paused_at=START), MARKETING, "opted_out"),
        (State(ALL, ALL, "", "keyword", paused_at=START), CODE, ""),
        (State(ALL, ALL, "", "keyword"), MARKETING, "no_opt_in"),
    ],
)
def test_suppression_and_pauses_refuse_with_reasons_of_their_own(state, purpose, reason):
    assert decide([state], sender=SENDER, purpose=purpose, require_opt_in=True).reason == reason


scopes = st.sampled_from([ALL, f"sender:{SENDER}", "sender:+2", f"brand:{BRAND}"])
purposes = st.sampled_from([ALL, "marketing", "transactional"])
changes_ = st.builds(
    Change,
    kind=st.sampled_from(
        [
            "opt_in",
            "opt_out",
            "opt_in_confirmed",
            "carrier_block",
            "possible_opt_out",
            "review_decision",
            "help",
        ]
    ),
    scope=scopes,
    purpose=purposes,
    source=st.sampled_from(sorted(LIFTS)),
    occurred_at=st.integers(0, 5).map(lambda minutes: START + timedelta(minutes=minutes)),
)


@given(st.lists(changes_, max_size=12), scopes, purposes, st.sampled_from(sorted(LIFTS)))
def test_an_opt_out_always_takes_effect_whatever_came_before(history, scope, purpose, source):
    held = {}
    for change in [*history, Change("opt_out", scope, purpose, source, START)]:
        held |= {(state.scope, state.purpose): state for state in fold(held.values(), change)}
    assert held[scope, purpose].state == OUT
    assert held[scope, purpose].out_at >= START


@given(st.lists(changes_, max_size=12))
def test_no_import_ever_turns_an_out_into_an_in(history):
    held = {}
    for change in history:
        for state in fold(held.values(), change):
            before = held.get((state.scope, state.purpose))
            if before and before.state == OUT and state.state == IN:
                assert change.source != "import"
                assert change.occurred_at > before.out_at
            held[state.scope, state.purpose] = state


own_words = st.builds(
    Change,
    kind=st.sampled_from(["opt_in", "opt_out", "possible_opt_out"]),
    scope=scopes,
    purpose=purposes,
    source=st.just("keyword"),
    occurred_at=st.integers(0, 50).map(at),
    time_proven=st.booleans(),
)
PROBES = [
    (sender, purpose) for sender in (SENDER, "+2", "+3") for purpose in (MARKETING, TRANSACTIONAL, CODE)
]


def refused(cells_now):
    """What may not be sent, of every sender and purpose, when silence allows."""
    return {
        (sender, purpose)
        for sender, purpose in PROBES
        if not decide(
            cells_now.values(), sender=sender, brand=BRAND, purpose=purpose, require_opt_in=False
        ).allowed
    }


@given(
    st.lists(own_words, max_size=7, unique_by=lambda change: change.occurred_at).flatmap(
        lambda history: st.tuples(st.just(history), st.permutations(history))
    )
)
def test_no_order_of_arrival_allows_what_the_true_order_refuses(histories):
    history, arrived = histories
    in_order = fold_all(sorted(history, key=lambda change: change.occurred_at))
    assert refused(in_order) <= refused(fold_all(arrived))


@given(st.lists(changes_, max_size=10), st.integers(0, 9))
def test_the_same_event_again_changes_nothing(history, which):
    for position in [which % len(history)] if history else []:
        once = fold_all(history[: position + 1])
        assert fold(once.values(), history[position]) == []


@given(st.lists(changes_, max_size=10))
def test_what_is_decided_one_by_one_is_what_the_whole_history_gives(history):
    held = {}
    for change in history:
        held |= {(state.scope, state.purpose): state for state in fold(held.values(), change)}
    assert held == fold_all(history)
