"""`make evaluate`: everything measured in one run, printed, kept in `benchmarks/results.json`, drawn in `results/evaluation.html`.

    python -m benchmarks.evaluate [--only PART]... [--urgent FILE]... [--questions FILE]... [--faults]

Parts: see PARTS. `--only` measures these alone; a part that is not measured, or whose set is not here, stays as it was kept, with its date
and machine under `measured`. The files of `--urgent` (lists `urgent` and
`calm`) and `--questions` (one JSON a line, as the sample) are measured and printed, not kept. `--faults` lists what went wrong in
`results/faults.txt`.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
import yaml

from benchmarks.evaluate import alone, machine, metrics, peers, report, sets, table, whole
from bot.paths import ROOT
from bot.training import trained

PARTS = ("cross_validation", "questions", "out_of_domain", "noise", "danger", "mtop", "clinc", "cost")


class Run:
    """One run: the loaded model, what the plots need, and what went wrong."""

    def __init__(self, questions: list[Path], urgent: list[Path]) -> None:
        self.drawn = report.Drawn()
        self.faults: dict[str, list[str]] = {}
        self.extra_questions = questions
        self.extra_urgent = urgent
        self._brain: whole.Brain | None = None

    @property
    def brain(self) -> whole.Brain:
        """Return the trained model, loaded the first time."""
        if self._brain is None:
            model = trained()
            if model is None:
                sys.exit("make train first")
            self._brain = whole.load(model)
        return self._brain

    def skip(self, what: str) -> dict[str, Any]:
        """Note that a set is not here."""
        self.drawn.skipped.append(f"{what}: not in {sets.SHARED.name}")
        print(f"  skipped: {what} is not here", flush=True)
        return {}

    def of_questions(self, name: str, asked: list[sets.Question]) -> dict[str, Any]:
        """Measure one set of questions, and keep what the plots and the faults need."""
        parse = self.brain.parse
        said = [parse(one.text) for one in asked]
        right = [a.intent in b.accepted for a, b in zip(said, asked, strict=True)]
        self.drawn.curves[name] = ([one.confidence for one in said], right)
        self.faults[name] = whole.faults(parse, asked)
        return whole.of_questions(parse, asked)

    def questions(self) -> dict[str, Any]:
        """Measure the held-out questions and the real ones."""
        found = {}
        for name, path in sets.QUESTIONS.items():
            asked = sets.questions(path)
            if asked is None:
                self.skip(path.name)
            else:
                found[name] = self.of_questions(name, asked)
        return found

    def danger(self) -> dict[str, Any]:
        """Measure the sets of danger."""
        found = {}
        for path in sets.URGENT:
            both = sets.danger(path)
            if both is not None:
                found[path.stem] = whole.of_danger(self.brain.parse, both)
                self.faults[path.stem] = whole.danger_faults(self.brain.parse, both)
        return found

    def noise(self) -> dict[str, Any]:
        """Measure the same questions spoilt."""
        found = {}
        for name, path in (("held_out", sets.HELD_OUT), ("real_questions", sets.SAMPLE)):
            asked = sets.questions(path)
            if asked is not None:
                found[name] = whole.of_noise(self.brain.parse, asked)
        return found

    def out_of_domain(self) -> dict[str, Any]:
        """Measure sentences that are not ours, and small talk."""
        texts = sets.out_of_domain()
        if texts is None:
            return self.skip(sets.OUT_OF_DOMAIN.name)
        parse = self.brain.parse
        self.faults["out_of_domain"] = [
            f"{parse(text).intent} | {text}" for text in texts if whole.judged(text, parse(text)) in whole.FAULTS
        ]
        return whole.of_out_of_domain(parse, texts)

    def cross_validation(self) -> dict[str, Any]:
        """Measure on our own data, by folds."""
        found = alone.cross_validate(sets.ours(), alone.penalty_in_use())
        self.drawn.truth, self.drawn.given = found["truth"], found["given"]
        right = [a == b for a, b in zip(found["truth"], found["given"], strict=True)]
        self.drawn.curves["cross_validation"] = (found["confidence"], right)
        figures: dict[str, Any] = found["figures"]
        return figures

    def mtop(self) -> dict[str, Any]:
        """Measure our classifier on MTOP French."""
        return alone.on_mtop() or self.skip(sets.MTOP.name)

    def clinc(self) -> dict[str, Any]:
        """Measure our rejection rule on CLINC150."""
        return alone.on_clinc() or self.skip(sets.CLINC.name)

    def cost(self) -> dict[str, Any]:
        """Train and ask the whole pipeline in processes of its own."""
        config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
        texts = [one.text for one in sets.questions(sets.HELD_OUT) or []]
        done = peers.run(config["pipeline"], sets.ours(), {"held_out": texts})
        return {"messages": len(texts), "sentences": len(sets.ours()), **peers.cost(done, "held_out")}

    def extras(self) -> dict[str, Any]:
        """Measure the files of the command line."""
        found: dict[str, Any] = {}
        for path in self.extra_questions:
            asked = sets.questions(path)
            found[str(path)] = self.of_questions(path.stem, asked) if asked else "absent or empty"
        for path in self.extra_urgent:
            both = sets.danger(path)
            found[str(path)] = whole.of_danger(self.brain.parse, both) if both else "absent"
            self.faults[path.stem] = whole.danger_faults(self.brain.parse, both) if both else []
        return found


def keep(results: dict[str, Any]) -> None:
    """Write the results."""
    table.RESULTS.write_text(
        json.dumps(metrics.plain(results), ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8"
    )


def arguments() -> argparse.Namespace:
    """Return what the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluate")
    parser.add_argument("--only", action="append", choices=PARTS, default=[])
    parser.add_argument("--urgent", action="append", type=Path, default=[])
    parser.add_argument("--questions", action="append", type=Path, default=[])
    parser.add_argument("--faults", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure, print, keep, draw."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    asked = arguments()
    run = Run(asked.questions, asked.urgent)
    if asked.urgent or asked.questions:
        print(json.dumps(metrics.plain(run.extras()), ensure_ascii=False, indent=2))
    else:
        kept = table.load(table.RESULTS) if table.RESULTS.exists() else {}
        stamp = {**machine.stamp(), "threads": os.environ.get("OMP_NUM_THREADS", "all")}
        results: dict[str, Any] = {**kept, **stamp}
        for name in PARTS:
            if not asked.only or name in asked.only:
                print(f"{name}…", flush=True)
                measure: Callable[[], dict[str, Any]] = getattr(run, name)
                if figures := measure():
                    results[name] = figures
                    results.setdefault("measured", {})[name] = {
                        key: stamp[key] for key in ("date", "cores", "processor")
                    }
                    keep(results)
        print(json.dumps(metrics.plain(results), ensure_ascii=False, indent=2))
        if {"questions", "noise", "danger"} <= results.keys() and run.drawn.curves:
            print(report.write(results, peers.kept(), run.drawn).relative_to(ROOT))
    if asked.faults:
        listed = ROOT / "results" / "faults.txt"
        listed.parent.mkdir(exist_ok=True)
        lines = [line for name, held in run.faults.items() for line in (f"\n{name} ({len(held)}):", *held)]
        listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(listed.relative_to(ROOT))


if __name__ == "__main__":
    main()
