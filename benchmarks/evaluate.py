"""How well does it understand? Parses held-out sentences with the trained model, in one run; prints and keeps the figures.

Runs inside Rasa's environment: `make evaluate`. The sets are never trained on: `tests/data/held_out.yml` and
`tests/data/urgent.yml` are ours (the second helped to choose the guard's thresholds, `urgent_blind.yml` did not); real questions come from `../shared/facts/questions_sample.jsonl` when it is there.
"""

import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from datetime import date
from typing import Any

import structlog
import yaml
from rasa.core.agent import load_agent

from bot.answers import load as load_book
from bot.paths import ROOT
from bot.training import trained

SAMPLE = ROOT.parent / "shared" / "facts" / "questions_sample.jsonl"
RESULTS = ROOT / "benchmarks" / "results.json"
BOOK = load_book()


def public(parsed: dict[str, Any]) -> str:
    """Return the catalogue id that the chat API would name."""
    intent = str(parsed["intent"]["name"])
    if intent == "doute":
        return str(parsed["candidates"][0])
    return BOOK.answers[intent].reports_as if intent in BOOK.answers else intent


def right(parsed: dict[str, Any], question: dict[str, Any]) -> bool:
    """Tell whether the first answer is one that the person would accept."""
    return public(parsed) in [question["intent"], *question.get("also", [])]


def share(values: list[bool]) -> float:
    """Return the share of True, in percent."""
    return round(100 * sum(values) / len(values), 1) if values else float("nan")


def of_questions(parse: Any, questions: list[dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """Return the figures of a set of questions, and its faults."""
    parsed = [parse(question["text"]) for question in questions]
    pairs = list(zip(parsed, questions, strict=True))
    inside = [(one, question) for one, question in pairs if question["intent"] != "hors_sujet"]
    outside = [(one, question) for one, question in pairs if question["intent"] == "hors_sujet"]
    doubted = [(one, question) for one, question in inside if one["intent"]["name"] == "doute"]
    held = [bool({question["intent"], *question.get("also", [])} & set(one["candidates"])) for one, question in doubted]
    confusions = Counter((question["intent"], public(one)) for one, question in pairs if not right(one, question))
    figures = {
        "questions": len(questions),
        "in_scope_accuracy": share([right(one, question) for one, question in inside]),
        "in_scope_refused": share([public(one) == "hors_sujet" for one, _ in inside]),
        "out_of_scope_recall": share([right(one, question) for one, question in outside]),
        "doubts": len(doubted),
        "doubts_that_hold_the_right_one": share(held),
        "worst_confusions": [f"{wanted} → {given} ({count})" for (wanted, given), count in confusions.most_common(10)],
    }
    faults = [
        f"{question['intent']} → {public(one)} | {question['text']}"
        for one, question in pairs
        if not right(one, question)
    ]
    return figures, faults


def of_danger(parse: Any, sets: dict[str, list[dict[str, Any]]]) -> tuple[dict[str, Any], list[str]]:
    """Return recall and false alarms of the danger guard, and its faults."""
    missed = [one for one in sets["urgent"] if not parse(one["text"]).get("urgent")]
    alarmed = [one for one in sets["calm"] if parse(one["text"]).get("urgent")]
    kinds = [right(parse(one["text"]), one) for one in sets["urgent"]]
    figures = {
        "urgent": len(sets["urgent"]),
        "calm": len(sets["calm"]),
        "recall": round(100 - 100 * len(missed) / len(sets["urgent"]), 1),
        "false_alarms": round(100 * len(alarmed) / len(sets["calm"]), 1),
        "right_kind": share(kinds),
    }
    return figures, [f"missed | {one['text']}" for one in missed] + [f"false alarm | {one['text']}" for one in alarmed]


def main() -> None:
    """Measure, print, keep."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    model = trained()
    if model is None:
        sys.exit("make train first")
    agent = asyncio.run(load_agent(str(model)))
    times: list[float] = []

    def parse(text: str) -> dict[str, Any]:
        started = time.perf_counter()
        parsed: dict[str, Any] = asyncio.run(agent.parse_message(text))
        times.append(time.perf_counter() - started)
        return parsed

    parse("bonjour")
    times.clear()
    held_out = yaml.safe_load((ROOT / "tests/data/held_out.yml").read_text(encoding="utf-8"))["questions"]
    danger = yaml.safe_load((ROOT / "tests/data/urgent.yml").read_text(encoding="utf-8"))
    results: dict[str, Any] = {"date": date.today().isoformat(), "model_mb": round(model.stat().st_size / 1e6, 1)}
    faults: dict[str, list[str]] = {}
    results["held_out"], faults["held_out"] = of_questions(parse, held_out)
    results["danger"], faults["danger"] = of_danger(parse, danger)
    blind = yaml.safe_load((ROOT / "tests/data/urgent_blind.yml").read_text(encoding="utf-8"))
    results["danger_blind"], faults["danger_blind"] = of_danger(parse, blind)
    if SAMPLE.exists():
        sample = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
        results["real_questions"], faults["real_questions"] = of_questions(parse, sample)
    results["parse_ms"] = {
        "median": round(1000 * statistics.median(times), 2),
        "p95": round(1000 * statistics.quantiles(times, n=20)[-1], 2),
    }
    RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, ensure_ascii=False, indent=2))
    if "--faults" in sys.argv:
        for name, lines in faults.items():
            print(f"\n{name} ({len(lines)}):")
            print("\n".join(lines))


if __name__ == "__main__":
    main()
