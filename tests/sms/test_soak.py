"""A thousand text messages in five minutes through a real Kannel, a real Rasa, and kills (`make proof`)."""

import json
from pathlib import Path

import pytest

from benchmarks.sms import FIGURES, Account, Plan, faults, main, questions
from tests.sms.phone_network import HERE


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not HERE, reason="Kannel is not here (make system-deps)")
async def test_every_message_is_answered_in_order_whatever_dies(tmp_path: Path) -> None:
    """A tenth delivered twice, the gateway killed ten times, Rasa twice: no message without its answer, none out of order."""
    figures = await main(Plan(), tmp_path / "soak")
    print(json.dumps(figures, indent=2, ensure_ascii=False))  # noqa: T201 - the figures are what `make proof` shows
    assert faults(figures) == []
    assert figures["delivered_twice"] >= 50
    FIGURES.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def test_the_plan_is_the_one_announced() -> None:
    """A thousand messages, two hundred phones, five minutes, each phone's questions all different."""
    asked = questions(Plan())
    assert len(asked) == 1000
    assert len({question.phone for question in asked}) == 200
    assert max(question.at for question in asked) <= 300
    assert len({(question.phone, question.text) for question in asked}) == 1000


@pytest.mark.parametrize(
    ("received", "doubles", "missing", "in_order"),
    [
        (["a1", "a2", "w", "b"], 0, 0, True),
        (["a1", "a1", "a2", "w", "b"], 1, 0, True),
        (["a1", "a2", "w", "b", "a1"], 1, 0, True),
        (["a1", "a2", "b"], 0, 1, True),
        (["b", "a1", "a2", "w"], 0, 0, False),
        (["a2", "a1", "w", "b"], 0, 0, False),
    ],
)
def test_the_account_sees_what_is_wrong(received: list[str], doubles: int, missing: int, in_order: bool) -> None:
    """A double, a part that never came, an order that is not the one of the messages: each shows."""
    account = Account(["a1", "a2", "w", "b"], received)
    assert (account.doubles(), len(account.missing()), account.in_order()) == (doubles, missing, in_order)


def test_a_run_with_a_fault_is_one() -> None:
    """The soak can fail."""
    right = {
        "sent": 2,
        "answered": 2,
        "told_that_it_is_down": 0,
        "unanswered": [],
        "out_of_order": [],
        "strange": {},
        "dead_letters": 0,
    }
    right |= {"double_sms": 1, "possible_doubles_counted": 1}
    assert faults(right) == []
    for change in (
        {"answered": 1},
        {"answered": 1, "told_that_it_is_down": 1},
        {"out_of_order": ["336"]},
        {"strange": {"?": 1}},
        {"dead_letters": 1},
    ):
        assert faults({**right, **change})
    assert faults({**right, "double_sms": 2})
