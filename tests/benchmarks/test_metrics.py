"""Tests for benchmarks.evaluate.metrics: each figure on cases small enough to count by hand."""

import json
import math

import pytest

from benchmarks.evaluate import metrics


def test_share() -> None:
    """A share is a percentage, and nothing has no share."""
    assert metrics.share([True, True, False, False]) == 50
    assert math.isnan(metrics.share([]))


def test_standard_error() -> None:
    """The noise of a share shrinks with the cases, and is never zero."""
    assert metrics.standard_error(50, 100) == pytest.approx(5, abs=0.01)
    assert metrics.standard_error(90, 400) < metrics.standard_error(90, 100)
    assert metrics.standard_error(100, 50) > 1


def test_macro_f1() -> None:
    """A rare label that is always missed costs as much as a common one."""
    truth = ["a"] * 9 + ["b"]
    assert metrics.macro_f1(truth, truth) == 100
    assert metrics.macro_f1(truth, ["a"] * 10) == pytest.approx(50 * 18 / 19, abs=0.01)
    assert metrics.macro_f1(["a"], ["never wanted"]) == 0


def test_quantile() -> None:
    """Quantiles are interpolated, and hold at both ends."""
    assert metrics.quantile([3, 1, 2], 0.5) == 2
    assert metrics.quantile([0, 10], 0.25) == 2.5
    assert (metrics.quantile([5, 1], 0), metrics.quantile([5, 1], 1)) == (1, 5)


def test_calibration() -> None:
    """Confidence that says what happens costs nothing; sure and wrong costs it all."""
    assert metrics.calibration_error([0.5, 0.5], [True, False]) == 0
    assert metrics.calibration_error([1.0, 1.0], [False, False]) == 100
    assert metrics.reliability([0.95, 0.15, 1.0], [True, False, True]) == [(0.15, 0.0, 1), (0.975, 1.0, 2)]


def test_risk_coverage() -> None:
    """The surest messages come first."""
    assert metrics.risk_coverage([0.1, 0.9], [False, True]) == [(0.5, 1.0), (1.0, 0.5)]


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [([2, 3], [0, 1], 100), ([0, 1], [2, 3], 0), ([1, 1], [1, 1], 50), ([1, 3], [2, 0], 75)],
)
def test_area_under_roc(inside: list[float], outside: list[float], expected: float) -> None:
    """The area is the share of pairs in the right order, ties for half."""
    assert metrics.area_under_roc(inside, outside) == expected


def test_confusions() -> None:
    """The commonest mistakes come first; what is right is none."""
    found = metrics.confusions(["a", "a", "b", "c"], ["b", "b", "b", "a"])
    assert found == [("a", "b", 2), ("c", "a", 1)]


def test_plain() -> None:
    """What is not a number is kept as null, so that any reader of JSON can read it."""
    assert json.dumps(metrics.plain({"a": [float("nan"), 1.5], "b": ("x", None)}), allow_nan=False)
    assert metrics.plain({"a": [float("nan"), 1]}) == {"a": [None, 1]}
