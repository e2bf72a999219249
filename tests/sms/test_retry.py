"""Tests for when to try again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sms import retry
from bot.sms.providers.base import Failure

RETRIED = (Failure.TEMPORARY, Failure.THROTTLED, Failure.CONFIGURATION)


@pytest.mark.parametrize("attempts", [1, 5, 1000])
def test_permanent_is_never_tried_again(attempts: int) -> None:
    """A number that does not exist is not tried again, even when the provider says when."""
    assert retry.wait(Failure.PERMANENT, attempts, retry_after=10) is None


def test_each_wait_is_twice_the_last_up_to_a_limit() -> None:
    """Without jitter the waits double, then stay."""
    waits = [retry.wait(Failure.TEMPORARY, n, draw=1) for n in range(1, 9)]
    assert waits == [3, 6, 12, 24, 48, 96, 120, 120]


@given(
    st.sampled_from(RETRIED),
    st.integers(0, 10_000),
    st.none() | st.floats(0, 1e9),
    st.floats(0, 1),
)
def test_a_wait_is_sane(kind: Failure, attempts: int, retry_after: float | None, draw: float) -> None:
    """Whatever the tries and whatever the provider asks, a wait is longer than a second and within the hour."""
    seconds = retry.wait(kind, attempts, retry_after, draw)
    assert seconds is not None
    assert 1 <= seconds <= retry.LONGEST
    assert seconds >= min(retry_after or 0, retry.LONGEST)


def test_messages_refused_together_do_not_come_back_together() -> None:
    """Drawn waits differ."""
    assert len({retry.wait(Failure.TEMPORARY, 3) for _ in range(50)}) > 40


@pytest.mark.parametrize(
    ("attempts", "waited", "seconds"), [(1, 0, 1.0), (2, 1, 2.0), (6, 60, 30.0), (40, 179, 30.0), (3, 180, None)]
)
def test_the_brain_is_asked_again_for_three_minutes(attempts: int, waited: float, seconds: float | None) -> None:
    """The waits lengthen, and end when the person has waited three minutes."""
    assert retry.brain_wait(attempts, waited) == seconds


def test_a_brain_that_is_down_is_never_taken_for_a_poisoned_message() -> None:
    """The tries of three minutes without a brain are fewer than those that point at the message itself."""
    waited, tries = 0.0, 0
    while (seconds := retry.brain_wait(tries + 1, waited)) is not None:
        tries, waited = tries + 1, waited + seconds
    assert tries < retry.POISON
