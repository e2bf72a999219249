"""Everything that may be said by SMS, as the chat API's messages: used by the tests and by the benchmark.

Answers and lists go through `bot.assistant` and the embedded directory, as in a real turn; only what Rasa decides is
given.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot import urgent
from bot.answers import LiveBook
from bot.answers.aspects import _ASPECTS, extract
from bot.answers.book import SMS_ONLY
from bot.assistant import Assistant, Message
from bot.directory import communes, database, hours, kinds, records, wording
from bot.directory import search as search_module
from bot.directory.search import Directory, Found
from bot.paths import DATA
from bot.store import State
from tests.clock import NOW

#: As actions/lookup.py shows them.
PAGE = 3
#: One commune in so many.
EVERY = 12
#: A day on which every figure has expired: the general texts are said.
LATER = datetime(2031, 1, 6, 10, 0, tzinfo=hours.PARIS)
BY_NAME = ("ccas de beziers", "mission locale", "caf montpellier", "mda", "restos")


@dataclass(frozen=True)
class Turn:
    """One reply: what it is, its shape ("answer", "general", "bubbles", "aspect", "list", "place", "commune", "doubt", "system")."""

    name: str
    shape: str
    messages: list[dict[str, Any]]


class _Decided:
    def __init__(self, turn: dict[str, Any]) -> None:
        self._turn = {"slots": {}, "entities": [], **turn}

    async def turn(self, sender: str, text: str, intent: str | None) -> dict[str, Any]:
        return self._turn


class Corpus:
    """Says everything, on the day `now`."""

    def __init__(self, folder: Path, now: datetime = NOW, data: Path = DATA) -> None:
        self.book = LiveBook(data)
        self.now = now
        path = folder / "directory.sqlite"
        if not path.exists():
            database.build(path, records.read()[0], "test")
        self.directory: Directory = search_module.load(path)
        self.communes = list(communes.load().by_insee.values())
        self.dangers = frozenset(urgent.load().kinds.values())

    def said(self, *messages: dict[str, Any], intent: str = "corriger", **turn: Any) -> list[dict[str, Any]]:
        """Return the messages of the reply to a turn that the brain decided."""
        decided = {"intent": intent, "messages": list(messages), **turn}
        assistant = Assistant(_Decided(decided), self.book, lambda: self.now)  # type: ignore[arg-type]
        reply = asyncio.run(assistant.turn("a", "une question", State(), "sms"))
        return list(reply.public()["messages"])

    def every(self) -> Iterator[Turn]:
        """Yield every turn."""
        yield from self.answers("answer")
        yield from self.bubbles()
        yield from self.aspects()
        yield from self.lists()
        yield from self.places()
        yield from self.asked_communes()
        yield from self.doubts()
        yield from self.system()

    def answers(self, shape: str) -> Iterator[Turn]:
        """Yield each answer with its choices, urgent when it answers a danger."""
        for id_, answer in self.book.book.answers.items():
            if answer.theme != SMS_ONLY and "{" not in answer.sms.replace("{" + answer.theme, ""):
                yield Turn(id_, shape, self.said({"answer": id_}, intent=id_, urgent=id_ in self.dangers))

    def bubbles(self) -> Iterator[Turn]:
        """Yield each answer that is no danger with a second question, and with a commune elsewhere."""
        away = {"entity": "ailleurs", "value": {"name": "Nîmes", "departement": "Gard"}}
        for id_, answer in self.book.book.answers.items():
            if answer.theme not in {SMS_ONLY, "dialogue"} and id_ not in self.dangers:
                told = self.said({"answer": id_}, intent=id_, second="rsa_demande", entities=[away])
                yield Turn(f"{id_}, de Nîmes", "bubbles", told)

    def aspects(self) -> Iterator[Turn]:
        """Yield the parts of answers that a follow-up gets."""
        for id_, answer in self.book.book.answers.items():
            for about in _ASPECTS if answer.theme not in {SMS_ONLY, "dialogue"} else ():
                if extract(answer.sms, about):
                    told = self.said({"answer": id_, "about": about, "lead": "precision"})
                    yield Turn(f"{id_}, {about}", "aspect", told)

    def _listed(self, answer: str, found: list[Found], more: bool, **values: str) -> list[dict[str, Any]]:
        said = {
            "answer": answer,
            "places": [one.public() for one in found],
            "choices": ["suite"] if more else [],
            "values": values,
        }
        return self.said(said, intent="chercher_structure")

    def lists(self) -> Iterator[Turn]:
        """Yield the list of each kind around communes of the whole Hérault, its second page, and the other ways to word it."""
        for kind in kinds.load():
            for commune in self.communes[::EVERY]:
                here = (commune.latitude, commune.longitude)
                near = self.directory.nearest([kind], here, 2 * PAGE + 1)
                afar = self.directory.from_afar([kind], commune)
                values = {"lieu": kinds.label(kind), "commune": commune.name, "pres_de": wording.near(commune.name)}
                name = f"{kind}, {commune.name}"
                if near:
                    more = len(near) > PAGE
                    yield Turn(name, "list", self._listed("lieux_proches", near[:PAGE] + afar, more, **values))
                    if more:
                        page = self._listed("lieux_proches", near[PAGE : 2 * PAGE], len(near) > 2 * PAGE, **values)
                        yield Turn(f"{name}, suite", "list", page)
                    for answer in ("lieux_ouverts", "lieux_fermes"):
                        told = self._listed(answer, near[:PAGE] + afar, more, quand="aujourd'hui", **values)
                        yield Turn(f"{name}, {answer}", "list", told)
                else:
                    others = self.directory.nearest(["france_services"], here, PAGE)
                    yield Turn(name, "list", self._listed("lieux_inconnus", others + afar, False, **values))

    def places(self) -> Iterator[Turn]:
        """Yield each place of the directory alone, with all that is known, then as if it closed for works; and some by name."""
        for structure in records.read()[0]:
            for service in structure.services:
                found = self.directory.structure(structure.id, service.kind, (43.61, 3.87))
                if not found:
                    continue
                place = found.public(details=True)
                closed = {"from": "2026-11-20", "until": "2026-12-04", "reason": "travaux dans les locaux"}
                for name, one in (("", place), (", fermé", {**place, "closures": [closed]})):
                    told = self.said({"answer": "lieu_detail", "places": [one]}, intent="choisir")
                    yield Turn(f"{structure.id} {service.kind}{name}", "place", told)
        for text in BY_NAME:
            found_by_name = self.directory.named(text, self.communes[0])
            if found_by_name:
                yield Turn(text, "list", self._listed("lieux_trouves", found_by_name, False))

    def asked_communes(self) -> Iterator[Turn]:
        """Yield the questions about a commune: is it this one, which of these three."""
        names = sorted(commune.name for commune in self.communes)
        for name in names:
            told = self.said({"answer": "est_ce_commune", "choices": [{"text": name}], "values": {"commune": name}})
            yield Turn(name, "commune", told)
        for start in range(0, len(names) - PAGE, PAGE):
            three = [{"text": name} for name in names[start : start + PAGE]]
            yield Turn(names[start], "commune", self.said({"answer": "quelle_commune_parmi", "choices": three}))
        for id_ in ("quelle_commune", "commune_inconnue"):
            yield Turn(id_, "commune", self.said({"answer": id_}))
        for away in (("Nîmes", "Gard"), ("Saint-Maximin-la-Sainte-Baume", "Alpes-de-Haute-Provence")):
            values = wording.of_elsewhere({"name": away[0], "departement": away[1]})
            yield Turn(away[0], "commune", self.said({"answer": "ailleurs", "values": values}))

    def doubts(self) -> Iterator[Turn]:
        """Yield "vouliez-vous dire": each subject with the one that has the longest name, and help."""
        subjects = [one for one in self.book.book.answers.values() if one.theme not in {SMS_ONLY, "dialogue"}]
        longest = max(subjects, key=lambda one: len(one.label)).id
        for one in subjects:
            for id_ in ("doute", "insatisfaction"):
                said = {"answer": id_, "choices": [one.id, longest, "demander_aide", "contacter_departement"]}
                yield Turn(f"{id_} {one.id}", "doubt", self.said(said))

    def system(self) -> Iterator[Turn]:
        """Yield what the service of SMS says of itself, and what is said when the brain is down."""
        assistant = Assistant(_Decided({}), self.book, lambda: self.now)  # type: ignore[arg-type]
        for id_, answer in self.book.book.answers.items():
            if answer.theme == SMS_ONLY:
                yield Turn(
                    id_,
                    "system",
                    [_public(assistant._message({"answer": id_, "values": {"quand": "demain à 10h30"}}, "sms")[0])],
                )
        for text in ("bonjour", "mon mari me frappe", "je veux mourir"):
            reply = assistant.degraded(text, "sms", State())
            yield Turn(f"panne, {text}", "system", list(reply.public()["messages"]))


def _public(message: Message) -> dict[str, Any]:
    return asdict(message)


def today() -> date:
    """Return the day of the tests."""
    return NOW.date()
