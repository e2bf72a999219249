"""How many SMS does a reply take? Ours, beside Rasa's own Twilio channel and courier's rules, over all that may be said.

`python -m benchmarks.sms_parts [--price 0.05]`: every answer, part of an answer, list, place and question of
`tests/sms/every.py` is written four ways, and counted with smsutil as a phone network counts. Writes
benchmarks/sms_parts.json and docs/sms-parts.md.
"""

import argparse
import json
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import smsutil

from bot.answers import render
from bot.paths import ROOT
from bot.sms.places import _WRITERS, _list
from bot.sms.reply import compose, continued
from tests.sms.every import LATER, Corpus, Turn

RESULTS = ROOT / "benchmarks" / "sms_parts.json"
DOCUMENT = ROOT / "docs" / "sms-parts.md"
#: What is told apart in the tables, by shapes of tests/sms/every.py.
GROUPS = {
    "answers": ("answer", "general"),
    "parts of answers, two bubbles, doubts": ("aspect", "bubbles", "doubt"),
    "lists and places": ("list", "place"),
    "communes, service messages": ("commune", "system"),
}
#: gocommon's gsm7.ReplaceSubstitutions, as of its commit 3b23d11 (read for this; letters only, not its code).
_COURIER = str.maketrans(
    "áêãâçíîúûõôóÁÂÃÀÇÈÊÍÎÌÓÔÒÕÚÙÛ’‘“”–\u00a0\t",
    "aeaaciiuuoooAAAACEEIIIOOOOUUU''\"\"-  ",
)


def network(text: str) -> tuple[int, bool]:
    """Return how many SMS a network makes of `text`, and whether it has to be in UCS-2."""
    split = smsutil.split(text)
    return len(split.parts), split.encoding != "gsm0338"


def unfolded(message: dict[str, Any]) -> str:
    """Return the words and places of a message as they are written, in the shortest form that we use."""
    places = message["places"]
    return f"{message['text']} {_list(places, _WRITERS[-1])}" if places else str(message["text"])


def by_ours(messages: list[dict[str, Any]]) -> list[str]:
    """Return what we send at once."""
    return list(compose(messages).now)


def by_ours_to_the_end(messages: list[dict[str, Any]]) -> list[str]:
    """Return what we send to somebody who asks SUITE until nothing is left."""
    sent: list[str] = []
    told = compose(messages)
    while True:
        sent += told.now
        if not told.later:
            return sent
        told = continued(told.later)


def by_rasa(messages: list[dict[str, Any]]) -> list[str]:
    """Return what Rasa 3.6.21's channels/twilio.py sends: one SMS a paragraph, then one for each button.

    The payload that it writes after the title of a button ("1: Demander le RSA (/rsa_demande)") is left out.
    """
    sent = []
    for message in messages:
        sent += unfolded(message).strip().split("\n\n")
        sent += [f"{number}: {choice['label']}" for number, choice in enumerate(message["choices"], start=1)]
    return sent


def _with_choices(messages: list[dict[str, Any]]) -> str:
    """Return all bubbles in one text, choices numbered one a line."""
    lines = []
    for message in messages:
        lines += [
            unfolded(message),
            *(f"{n} {choice['label']}" for n, choice in enumerate(message["choices"], start=1)),
        ]
    return "\n".join(lines)


def by_courier_whole(messages: list[dict[str, Any]]) -> list[str]:
    """Return what courier hands to a gateway that takes long messages (Kannel): its substitutions, one text."""
    return [_with_choices(messages).translate(_COURIER)]


def by_courier_cut(messages: list[dict[str, Any]]) -> list[str]:
    """Return courier's own cut at 160: UTF-8 bytes counted, at a space only when one falls in the last six."""
    parts: list[str] = []
    part = ""
    text = _with_choices(messages).translate(_COURIER)
    if len(text.encode()) <= 160:
        return [text]
    for letter in text:
        part += letter
        used = len(part.encode())
        if used >= 160 or (used > 154 and letter == " "):
            parts.append(part.strip())
            part = ""
    return [one for one in (*parts, part.strip()) if one]


WAYS: dict[str, tuple[str, Callable[[list[dict[str, Any]]], list[str]]]] = {
    "ours": ("Ours, sent at once", by_ours),
    "ours_all": ("Ours, every SUITE asked for", by_ours_to_the_end),
    "courier_long": ("courier, long messages (Kannel)", by_courier_whole),
    "courier_cut": ("courier, cut at 160", by_courier_cut),
    "rasa": ("Rasa's Twilio channel", by_rasa),
}


def cut_words(sent: list[str]) -> int:
    """Return how many words are cut between two of the SMS that a network makes of what is `sent`, each sent alone."""
    cut = 0
    for text in sent:
        pieces = [part.content for part in smsutil.split(text).parts]
        cut += sum(one[-1].isalnum() and other[0].isalnum() for one, other in pairwise(pieces))
    return cut


def measured(turns: list[Turn], way: Callable[[list[dict[str, Any]]], list[str]]) -> dict[str, Any]:
    """Return the distribution of SMS per reply, their mean, and the share of replies with one in UCS-2 or a word cut."""
    counts, ucs2, cut = [], 0, 0
    for turn in turns:
        sent = way(turn.messages)
        networks = [network(text) for text in sent]
        counts.append(sum(count for count, _ in networks))
        ucs2 += any(wide for _, wide in networks)
        if way is by_courier_cut:
            whole = " ".join(_with_choices(turn.messages).translate(_COURIER).split())
            cut += bool(cut_words(sent)) or " ".join(" ".join(sent).split()) != whole
        else:
            cut += bool(cut_words(sent))
    return {
        "replies": len(turns),
        "sms": sum(counts),
        "mean": round(statistics.fmean(counts), 2),
        "most": max(counts),
        "distribution": {str(count): number for count, number in sorted(Counter(counts).items())},
        "one": round(counts.count(1) / len(counts), 4),
        "two": round(counts.count(2) / len(counts), 4),
        "over_two": round(sum(count > 2 for count in counts) / len(counts), 4),
        "ucs2": round(ucs2 / len(counts), 4),
        "cut": round(cut / len(counts), 4),
    }


def waiting(turns: list[Turn]) -> dict[str, float]:
    """Return the shares of replies that leave words, or only choices, for SUITE."""
    later = [compose(turn.messages).later for turn in turns]
    choices = sum(text.startswith("Répondez") for text in later)
    return {
        "words": round((sum(map(bool, later)) - choices) / len(later), 4),
        "choices_only": round(choices / len(later), 4),
    }


def standard(corpus: Corpus) -> dict[str, Any]:
    """Return Rasa's Twilio channel on the standard texts: what a Rasa bot with one text for all channels sends."""
    book = corpus.book.book
    turns = []
    for turn in corpus.answers("answer"):
        text = render(book, turn.name, "standard", corpus.now.date()).text
        turns.append(Turn(turn.name, "answer", [{**turn.messages[0], "text": text}, *turn.messages[1:]]))
    return measured(turns, by_rasa)


def table(results: dict[str, Any], price: float | None) -> str:
    """Return the Markdown page."""
    lines = [
        "# SMS: parts per reply",
        "",
        f"Written by `python -m benchmarks.sms_parts`: {results['replies']} replies (every answer, today's and the general texts; parts of answers; each kind of place",
        "around one commune in twelve, further pages, places alone, closed or not; questions about a commune; the service's own messages), each written as each way would",
        "send it and counted with smsutil as a network counts: 160 septets, 153 when concatenated; 70 and 67 in UCS-2. Rasa's channel sends each paragraph and each button",
        "as an SMS of its own (the payloads that it adds to buttons are left out, in its favour); courier puts all in one text after its substitutions. Both get our short",
        "texts, and places in our shortest form (ours fills its two SMS with addresses and distances); one line gives Rasa's channel the site's texts, as a bot with one",
        "text for all channels would. « A word cut »: between two SMS; a phone hides it when the operator carries the headers that tie them, not in courier's own cut.",
        "",
    ]
    cost = "" if price is None else f" Cost of 1,000 replies at {price:g} EUR an SMS |"
    head = f"| | SMS a reply | in one | in two | more | most | a UCS-2 one | a word cut |{cost}"
    rule = "|---" * (8 + (price is not None)) + "|"

    def row(name: str, one: dict[str, Any]) -> str:
        shares = " | ".join(f"{one[key]:.1%}" for key in ("one", "two", "over_two"))
        money = "" if price is None else f" {one['mean'] * price * 1000:,.0f} EUR |"
        return (
            f"| {name} | {one['mean']:.2f} | {shares} | {one['most']} | {one['ucs2']:.1%} | {one['cut']:.1%} |{money}"
        )

    for group, measures in results["groups"].items():
        lines += [f"**{group[0].upper()}{group[1:]}** ({measures['ours']['replies']} replies)", "", head, rule]
        lines += [row(name, measures[key]) for key, (name, _) in WAYS.items()]
        if group == "answers":
            lines.append(row("Rasa's Twilio channel, the site's texts", results["rasa_standard"]))
        wait = measures["waiting"]
        lines += [
            "",
            f"Waiting for SUITE: words in {wait['words']:.1%} of these, only further choices in {wait['choices_only']:.1%}.",
            "",
        ]
    lines += ["**All**", "", head, rule, *(row(name, results["all"][key]) for key, (name, _) in WAYS.items())]
    return "\n".join(lines) + "\n"


def _grouped(turns: Iterable[Turn]) -> dict[str, list[Turn]]:
    named = {shape: group for group, shapes in GROUPS.items() for shape in shapes}
    grouped: dict[str, list[Turn]] = {group: [] for group in GROUPS}
    for turn in turns:
        grouped[named[turn.shape]].append(turn)
    return grouped


def main() -> None:
    """Write everything each way, count, keep and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--price", type=float, help="what one SMS costs, in euros: adds a column")
    price = parser.parse_args().price
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus(Path(folder))
        turns = [*corpus.every(), *Corpus(Path(folder), LATER).answers("general")]
        results: dict[str, Any] = {"replies": len(turns), "day": corpus.now.date().isoformat(), "groups": {}}
        for group, those in _grouped(turns).items():
            results["groups"][group] = {key: measured(those, way) for key, (_, way) in WAYS.items()}
            results["groups"][group]["waiting"] = waiting(those)
        results["all"] = {key: measured(turns, way) for key, (_, way) in WAYS.items()}
        results["all"]["waiting"] = waiting(turns)
        results["rasa_standard"] = standard(corpus)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    DOCUMENT.write_text(table(results, price), encoding="utf-8")
    print(table(results, price))


if __name__ == "__main__":
    main()
