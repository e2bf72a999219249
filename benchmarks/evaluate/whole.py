"""The whole model, as Rasa loads it: questions, danger, what is not ours, spoilt writing, time and memory."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rasa.core.agent import load_agent

from benchmarks.evaluate import metrics, sets
from benchmarks.evaluate.alone import public, theme
from benchmarks.noise import KINDS, noisy
from bot import urgent
from bot.brain.classifier import DOUBT, UNREADABLE


@dataclass(frozen=True)
class Said:
    """What the model made of one message. `intent` is what the chat API would name; a doubt names its first subject."""

    intent: str
    kind: str
    confidence: float
    candidates: tuple[str, ...]
    urgent: bool


Parse = Callable[[str], Said]


@dataclass
class Brain:
    """A loaded model that can be asked."""

    agent: Any
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    memory: dict[str, Said] = field(default_factory=dict)

    def parse(self, text: str) -> Said:
        """Return what the model makes of `text`; the same text is asked once."""
        if text not in self.memory:
            self.memory[text] = said(self.loop.run_until_complete(self.agent.parse_message(text)))
        return self.memory[text]

    def close(self) -> None:
        """Close the loop that the model was asked in."""
        self.loop.close()


def said(parsed: dict[str, Any]) -> Said:
    """Return what a parse result of Rasa amounts to."""
    intent = str(parsed["intent"]["name"])
    candidates = tuple(public(str(one)) for one in parsed.get("candidates") or ())
    kind = "doubt" if intent == DOUBT else "refused" if public(intent) == sets.OUT or intent == UNREADABLE else "answer"
    named = candidates[0] if intent == DOUBT and candidates else public(intent)
    return Said(named, kind, float(parsed["intent"]["confidence"]), candidates, bool(parsed.get("urgent")))


def load(model: Path) -> Brain:
    """Load a model."""
    return Brain(asyncio.run(load_agent(str(model))))


def dangers() -> frozenset[str]:
    """Return the ids that answer danger, as the chat API names them."""
    return frozenset(public(intent) for intent in urgent.load().kinds.values())


def of_questions(parse: Parse, asked: Sequence[sets.Question]) -> dict[str, Any]:
    """Return the figures of a set of questions, by register too.

    Right: the first answer is one that is accepted (a doubt counts as its first subject). `doubts_hold`: of the in-scope
    messages that get "vouliez-vous dire", those whose two choices hold an accepted one.
    """
    pairs = [(parse(one.text), one) for one in asked]
    right = [found.intent in one.accepted for found, one in pairs]
    inside = [(found, one) for found, one in pairs if one.intent != sets.OUT]
    outside = [(found, one) for found, one in pairs if one.intent == sets.OUT]
    doubted = [(found, one) for found, one in inside if found.kind == "doubt"]
    held = [bool(one.accepted & set(found.candidates)) for found, one in doubted]
    confidence = [found.confidence for found, _ in pairs]
    wanted = [found.intent if good else one.intent for (found, one), good in zip(pairs, right, strict=True)]
    by_register = {
        name: {
            "questions": len(of_one),
            "in_scope_accuracy": metrics.share(
                [parse(one.text).intent in one.accepted for one in of_one if one.intent != sets.OUT]
            ),
            "in_scope": sum(one.intent != sets.OUT for one in of_one),
        }
        for name, of_one in sets.registers(asked).items()
    }
    return {
        "questions": len(asked),
        "in_scope": len(inside),
        "out_of_scope": len(outside),
        "accuracy": metrics.share(right),
        "macro_f1": metrics.macro_f1(wanted, [found.intent for found, _ in pairs]),
        "in_scope_accuracy": metrics.share([found.intent in one.accepted for found, one in inside]),
        "in_scope_refused": metrics.share([found.intent == sets.OUT for found, _ in inside]),
        "out_of_scope_recall": metrics.share([found.intent in one.accepted for found, one in outside]),
        "false_emergencies": sum(found.urgent for found, one in pairs if not one.accepted & dangers()),
        "doubts": len(doubted),
        "doubts_shown": metrics.share([found.kind == "doubt" for found, _ in pairs]),
        "doubts_hold": metrics.share(held),
        "calibration_error": metrics.calibration_error(confidence, right),
        "registers": by_register,
        "worst_confusions": [list(one) for one in metrics.confusions(wanted, [found.intent for found, _ in pairs])],
    }


def faults(parse: Parse, asked: Sequence[sets.Question]) -> list[str]:
    """Return the questions that the model got wrong, one a line."""
    return [
        f"{one.intent} → {parse(one.text).intent} ({parse(one.text).kind}) | {one.text}"
        for one in asked
        if parse(one.text).intent not in one.accepted
    ]


def of_danger(parse: Parse, both: sets.DangerSet) -> dict[str, Any]:
    """Return recall, false alarms, and how often the kind of danger is the right one."""
    found = [parse(one.text) for one in both.urgent]
    return {
        "urgent": len(both.urgent),
        "calm": len(both.calm),
        "recall": metrics.share([one.urgent for one in found]),
        "false_alarms": metrics.share([parse(one.text).urgent for one in both.calm]),
        "right_kind": metrics.share([a.intent in b.accepted for a, b in zip(found, both.urgent, strict=True)]),
    }


def danger_faults(parse: Parse, both: sets.DangerSet) -> list[str]:
    """Return what was missed and what was a false alarm, one a line."""
    missed = [f"missed ({one.intent}) | {one.text}" for one in both.urgent if not parse(one.text).urgent]
    return missed + [f"false alarm | {one.text}" for one in both.calm if parse(one.text).urgent]


def judged(text: str, found: Said) -> str:
    """Return what the answer to a sentence outside our subjects is: `fine`, `talk`, `comfort`, `content` or `emergency`.

    Fine: refused, not understood, or asked about. Talk: an answer of the dialogue (greeting, thanks, who the assistant
    is, complaint), which small talk may rightly get. Comfort: an emergency answer to someone who is suicidal or low.
    Content and emergency are faults.
    """
    if found.urgent:
        return "comfort" if sets.SUICIDAL.search(text.lower()) or sets.LOW.search(text) else "emergency"
    if found.kind in {"refused", "doubt"}:
        return "fine"
    return "talk" if theme(found.intent) == "dialogue" else "content"


FAULTS = frozenset({"content", "emergency"})


def of_out_of_domain(parse: Parse, texts: Sequence[str]) -> dict[str, Any]:
    """Return how sentences outside our subjects are answered, in percent, and how many.

    `suicidal_heard`: of the lines that tell of suicide, those that get an emergency answer.
    """
    found = [judged(text, parse(text)) for text in texts]
    suicidal = [text for text in texts if sets.SUICIDAL.search(text.lower())]
    return {
        "sentences": len(texts),
        "handled": metrics.share([one not in FAULTS for one in found]),
        "refused_or_asked": metrics.share([one == "fine" for one in found]),
        "answered_as_talk": metrics.share([one == "talk" for one in found]),
        "comforted": metrics.share([one == "comfort" for one in found]),
        "answered_as_content": metrics.share([one == "content" for one in found]),
        "answered_as_emergency": metrics.share([one == "emergency" for one in found]),
        "suicidal": len(suicidal),
        "suicidal_heard": metrics.share([parse(text).urgent for text in suicidal]),
    }


def of_noise(parse: Parse, asked: Sequence[sets.Question], names: Sequence[str] = tuple(KINDS)) -> dict[str, Any]:
    """Return accuracy on the in-scope questions, clean and under the kinds of noise `names`, and the drop in points."""
    inside = [one for one in asked if one.intent != sets.OUT]
    clean = metrics.share([parse(one.text).intent in one.accepted for one in inside])
    kinds = {}
    for kind in names:
        accuracy = metrics.share([parse(noisy(one.text, kind)).intent in one.accepted for one in inside])
        kinds[kind] = {"accuracy": accuracy, "drop": round(clean - accuracy, 2)}
    drops = [one["drop"] for one in kinds.values()]
    return {
        "questions": len(inside),
        "clean": clean,
        "kinds": kinds,
        "mean_drop": round(sum(drops) / len(drops), 2),
    }
