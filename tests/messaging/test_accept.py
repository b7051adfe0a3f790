from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors import GatewayError, NumberInvalid, TemplateInvalid, TextEmpty, TextTooLong
from messaging.models import Message
from messaging.states import State
from profiles.models import Profile

pytestmark = pytest.mark.django_db


def test_accepted_message_is_queued_with_part_and_history(queue: Callable[..., Message]) -> None:
    message = queue(to="415 555 0101", text="Hi")
    assert (message.msisdn, message.state) == ("+14155550101", State.QUEUED)
    assert message.parts.count() == 1
    assert [event.after for event in message.events.all()] == [State.QUEUED]


def test_text_is_personalised_with_stored_attributes_and_given_ones_win(
    queue: Callable[..., Message],
) -> None:
    Profile.objects.create(msisdn="+14155550101", attributes={"firstName": "Ada", "city": "Paris"})
    text = queue(text="{{profile.firstName}} in {{profile.city}}", profile={"city": "Rome"}).text
    assert text == "Ada in Rome"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"to": "12"}, NumberInvalid),
        ({"to": "call me"}, NumberInvalid),
        ({"text": "  \n"}, TextEmpty),
        ({"text": "x" * 1501}, TextTooLong),
        ({"text": "{{profile.nobody}}"}, TemplateInvalid),
        ({"text": "{% if %}"}, TemplateInvalid),
    ],
)
def test_bad_submission_is_refused_and_leaves_nothing(
    queue: Callable[..., Message], values: dict[str, str], error: type[GatewayError]
) -> None:
    with pytest.raises(error):
        queue(**values)
    assert Message.objects.count() == 0


def test_text_of_exactly_the_limit_is_accepted(queue: Callable[..., Message]) -> None:
    assert len(queue(text="x" * 1500).text) == 1500


def test_same_unique_key_gives_the_first_message(queue: Callable[..., Message]) -> None:
    first, second = queue(unique_key="inbound:1"), queue(unique_key="inbound:1", text="other")
    assert first.id == second.id
    assert Message.objects.count() == 1
