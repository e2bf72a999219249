"""Tests for bot.brain.decision: thresholds found on held-out margins, and what they make of a message."""

from typing import Any

import numpy as np
import pytest

from bot.brain import decision
from bot.brain.decision import Decision, Thresholds

INTENTS = ["a", "b", "c", "hors_sujet"]
LIMITS = Thresholds(temperature=3.0, reject_below=-5.0, doubt_below=0.7, pair_from=0.85, lost_below=0.3)


def decide(margins: list[float], limits: Thresholds = LIMITS) -> Decision:
    """Return the decision for margins in the order of INTENTS."""
    return decision.decide(np.array(margins), INTENTS, limits)[0]


class TestDecide:
    """Tests for bot.brain.decision.decide()."""

    def test_sure(self) -> None:
        """A clear winner is answered, and surely."""
        found = decide([1.0, -1.0, -1.0, -1.0])
        assert (found.kind, found.intent, found.unsure) == ("answer", "a", False)

    def test_asks_which_of_two(self) -> None:
        """Two subjects that leave nothing to a third are asked about, best first."""
        found = decide([0.3, 0.35, -1.0, -1.0])
        assert (found.kind, found.candidates) == ("doubt", ("b", "a"))

    def test_does_not_ask_when_a_third_may_be_meant(self) -> None:
        """Three subjects alike: asking which of two would not help, so the best is answered, unsurely."""
        found = decide([0.3, 0.2, 0.1, -1.0])
        assert (found.kind, found.unsure) == ("answer", True)

    def test_lost(self) -> None:
        """When even the best subject is a guess, nothing is guessed."""
        assert decide([0.0, 0.0, 0.0, -0.01], Thresholds(1.0, -5.0, 0.7, 0.85, 0.3)).kind == "lost"

    def test_out_of_scope_is_never_a_candidate(self) -> None:
        """Refused or not, what is offered is two subjects."""
        for margins in ([0.2, 0.1, -1.0, 0.5], [0.2, 0.1, -1.0, 0.15]):
            assert decide(margins).candidates == ("a", "b")

    def test_without_out_of_scope(self) -> None:
        """Intents of another set, without `hors_sujet`, are decided too."""
        rng = np.random.default_rng(0)
        truth = ["a", "b"] * 100
        margins = rng.normal(0, 0.2, (200, 2))
        margins[np.arange(200), [0, 1] * 100] += 1
        limits = decision.fit_thresholds(margins, truth, ["a", "b"])
        kinds = {decision.decide(row, ["a", "b"], limits)[0].kind for row in margins}
        assert "out_of_scope" not in kinds


class TestFitThresholds:
    """Tests for bot.brain.decision.fit_thresholds()."""

    def margins(self, seed: int = 0) -> tuple[Any, list[str]]:
        """Return margins of 8,000 messages: some sure, some between two subjects, some between all."""
        rng = np.random.default_rng(seed)
        truth, rows = [], []
        for position in range(8_000):
            meant = position % 4
            row = rng.normal(-1.0, 0.15, 4)
            kind = rng.random()
            if meant == 3 or kind < 0.5:
                row[meant] = 1.0
            elif kind < 0.8:
                other = (meant + 1) % 3
                row[[meant, other]] = rng.normal(0.5, 0.15, 2)
            else:
                row[:3] = rng.normal(0.0, 0.15, 3)
            truth.append(INTENTS[meant])
            rows.append(row)
        return np.array(rows), truth

    def test_doubt_holds_what_was_meant(self) -> None:
        """On messages that chose no threshold, the two asked about hold the right one nine times in ten, or nearly."""
        limits = decision.fit_thresholds(*self.margins(), INTENTS)
        margins, truth = self.margins(seed=1)
        found = [decision.decide(row, INTENTS, limits)[0] for row in margins]
        held = [meant in one.candidates for one, meant in zip(found, truth, strict=True) if one.kind == "doubt"]
        assert len(held) > 500
        assert np.mean(held) > 0.88

    def test_probabilities_are_honest(self) -> None:
        """Of the messages answered with about this confidence, about this share is right."""
        limits = decision.fit_thresholds(*self.margins(), INTENTS)
        margins, truth = self.margins(seed=1)
        chances = decision.probabilities(margins, limits.temperature)
        right = np.array([INTENTS[best] for best in chances.argmax(axis=1)]) == np.array(truth)
        assert abs(chances.max(axis=1).mean() - right.mean()) < 0.05

    def test_doubt_is_never_asked_when_it_would_not_help(self) -> None:
        """When two subjects never hold the right one often enough, nobody is asked which of them."""
        rng = np.random.default_rng(0)
        intents = [*"abcdefgh", "hors_sujet"]
        truth = [intents[position % 8] for position in range(4_000)]
        margins = rng.normal(0, 0.1, (4_000, 9))
        margins[:, 8] = -1
        limits = decision.fit_thresholds(margins, truth, intents)
        assert "doubt" not in {decision.decide(row, intents, limits)[0].kind for row in margins}


class TestInScopeScores:
    """Tests for bot.brain.decision.in_scope_scores()."""

    def test_out_of_scope_counts_against(self) -> None:
        """The same best subject scores less when `hors_sujet` is closer behind it."""
        near, far = decision.in_scope_scores(np.array([[0.5, 0, 0, 0.3], [0.5, 0, 0, -0.9]]), INTENTS)
        assert near < far
        assert near == pytest.approx(0.5 - decision.OUT_WEIGHT * 0.3)
