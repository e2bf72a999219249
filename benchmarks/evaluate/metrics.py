"""What is counted, on plain lists: shares, F1, calibration, ranking, noise. Percentages run from 0 to 100."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

NOTHING = float("nan")


def share(values: Sequence[bool]) -> float:
    """Return the share of True, in percent; not a number without values."""
    return round(100 * sum(values) / len(values), 2) if values else NOTHING


def standard_error(percent: float, count: int) -> float:
    """Return the binomial standard error, in points, of a share of `percent` % seen on `count` cases.

    Laplace's estimate of the share (one success and one failure added), so that 100 % of few cases is not taken as
    certain.
    """
    if count <= 0:
        return NOTHING
    chance = (percent / 100 * count + 1) / (count + 2)
    return 100 * math.sqrt(chance * (1 - chance) / count)


def macro_f1(truth: Sequence[str], given: Sequence[str]) -> float:
    """Return the mean F1 of the labels of `truth` and `given`, in percent: each label counts the same."""
    labels = set(truth) | set(given)
    wanted, said = Counter(truth), Counter(given)
    both = Counter(right for right, found in zip(truth, given, strict=True) if right == found)
    scores = [2 * both[label] / (wanted[label] + said[label]) for label in labels]
    return round(100 * sum(scores) / len(scores), 2) if scores else NOTHING


def quantile(values: Sequence[float], part: float) -> float:
    """Return the value below which lies `part` (0 to 1) of `values`, interpolated; not a number without values."""
    if not values:
        return NOTHING
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> list[tuple[float, float, int]]:
    """Return, for each filled tenth of confidence, its mean confidence, its share of right (0 to 1), its count."""
    filled: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, one in zip(confidences, right, strict=True):
        filled[min(bins - 1, int(confidence * bins))].append((confidence, one))
    return [
        (sum(c for c, _ in held) / len(held), sum(r for _, r in held) / len(held), len(held))
        for _, held in sorted(filled.items())
    ]


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Return the expected calibration error, in points: how far confidence is from being right, on average."""
    found = reliability(confidences, right, bins)
    total = sum(count for _, _, count in found)
    if not total:
        return NOTHING
    return round(100 * sum(abs(mean - part) * count for mean, part, count in found) / total, 2)


def risk_coverage(scores: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """Return, from the surest message to the least sure, the share accepted and the share right of those (0 to 1)."""
    order = sorted(range(len(scores)), key=lambda position: -scores[position])
    points, good = [], 0
    for accepted, position in enumerate(order, 1):
        good += right[position]
        points.append((accepted / len(order), good / accepted))
    return points


def area_under_roc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """Return the chance, in percent, that a score of `inside` is above one of `outside` (ties count half)."""
    if not inside or not outside:
        return NOTHING
    ordered = sorted([(score, 1) for score in inside] + [(score, 0) for score in outside])
    ranks, start = 0.0, 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        ranks += (start + end + 1) / 2 * sum(is_inside for _, is_inside in ordered[start:end])
        start = end
    pairs = len(inside) * len(outside)
    return round(100 * (ranks - len(inside) * (len(inside) + 1) / 2) / pairs, 2)


def confusions(truth: Sequence[str], given: Sequence[str], most: int = 30) -> list[tuple[str, str, int]]:
    """Return the commonest mistakes: wanted, given, how often."""
    counts = Counter((right, found) for right, found in zip(truth, given, strict=True) if right != found)
    return [
        (right, found, count) for (right, found), count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ][:most]


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Return the median and the 95th percentile of durations given in seconds, in milliseconds."""
    return {"p50": round(1000 * quantile(seconds, 0.5), 2), "p95": round(1000 * quantile(seconds, 0.95), 2)}


def plain(figures: Any) -> Any:
    """Return nested figures with None for what is not a number, so that they can be kept as JSON."""
    if isinstance(figures, dict):
        return {key: plain(value) for key, value in figures.items()}
    if isinstance(figures, (list, tuple)):
        return [plain(value) for value in figures]
    return None if isinstance(figures, float) and math.isnan(figures) else figures
