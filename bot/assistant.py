"""One turn in, the reply out: what Rasa decides, worded.

Rasa decides which answer; the words are put here, for the channel and the person, with today's figures. When Rasa or
the actions fail, the person still gets an honest sentence, and the right number when the message tells of danger.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from bot import urgent
from bot.answers import Answer, LiveBook, Variant, render
from bot.answers.aspects import extract
from bot.directory import communes, hours, wording
from bot.rasa import Brain, BrainError
from bot.store import State
from bot.text import clean, fold, is_readable, looks_foreign, rank
from bot.text.loss import tells_of_loss
from bot.watching import timing

log = logging.getLogger(__name__)

#: Rasa's intents about the conversation: what the person meant is the answer that they led to.
_LEADS_TO_ANOTHER = frozenset({"preciser", "corriger", "choisir", "doute", "incompris"})
#: Answers that tell better than the intent what was understood.
_TELLS_BETTER = frozenset({"commune_inconnue"})
#: What was not understood.
_MISSED = frozenset({"incompris", "hors_sujet", "doute"})
OUT_OF_SCOPE = "hors_sujet"
#: Yes, and nothing more.
_YES = re.compile(
    r"^(?:oui|ouais?|wi|ui|yes|ok|exact(?:ement)?|tout a fait|c'?est (?:ca|bien ca|la)|voila)(?:[ ,.!]+(?:oui|c'?est (?:ca|bien ca)|merci|voila))*[ .!]*$"
)
#: The answers to someone in danger: chosen by their picture, they are as urgent as when told.
_DANGERS = frozenset(urgent.load().kinds.values())
#: The choice that looks for the place nearest to the person.
LOOKUP = "chercher_structure"
#: What is said of a lost pregnancy, and the answers that would hurt then: neither said, unless asked for, nor offered.
LOSS = "perte_grossesse"
_OF_BIRTH = frozenset(
    {"pmi_grossesse", "pmi_consultation", "pmi_visite_domicile", "pmi_bilan_maternelle", "pmi_vaccination"}
    | {"pmi_parentalite", "pmi_mode_garde", "pmi_agrement_assmat"}
)
#: What is said of a commune outside the Hérault.
ELSEWHERE = "ailleurs"


@dataclass(frozen=True)
class Choice:
    """Something to press or to answer by its number. `value` is what the client sends back as its next text."""

    label: str
    value: str


@dataclass(frozen=True)
class Message:
    """One bubble of the reply, as the chat API gives it; `id` is that of the answer."""

    text: str
    id: str = ""
    choices: tuple[Choice, ...] = ()
    places: tuple[dict[str, Any], ...] = ()
    links: tuple[dict[str, str], ...] = ()
    sources: tuple[dict[str, str], ...] = ()
    verified_on: str | None = None
    urgent: bool = False


@dataclass(frozen=True)
class Reply:
    """The reply to one turn; `ok` is False when the brain failed, `erase` True when the person asked to be forgotten."""

    intent: str
    messages: tuple[Message, ...]
    commune: dict[str, str] | None = None
    state: State = field(default_factory=State)
    ok: bool = True
    erase: bool = False

    def public(self) -> dict[str, Any]:
        """Return what the chat API shows of it."""
        return {
            "intent": self.intent,
            "commune": self.commune,
            "messages": [asdict(message) for message in self.messages],
        }


class Assistant:
    """Turns messages into replies."""

    def __init__(self, brain: Brain, book: LiveBook, now: Callable[[], datetime]) -> None:
        self.brain = brain
        self.book = book
        self._now = now

    def _message(
        self, said: dict[str, Any], variant: Variant, is_urgent: bool = False
    ) -> tuple[Message, dict[str, str]]:
        """Word one message of the brain (`answer`, and perhaps `choices`, `places`, `values`, `lead` and `about`).

        `about` keeps only what the answer says of that aspect, `lead` is an answer said before it in the same bubble.
        Return it with the intent behind the label of each choice; no choice is offered after a danger.
        """
        answers = self.book.book.answers
        now = self._now()
        rendered = render(self.book.book, said["answer"], variant, now.date(), said.get("values"))
        answer = rendered.answer
        text = rendered.text
        about, lead = said.get("about"), str(said.get("lead") or "")
        short = extract(text, about) if about else None
        # A text message has room for two parts: nothing is put before a whole answer there.
        if lead in answers and (short or variant != "sms"):
            before = render(self.book.book, lead, variant, now.date()).text
            text = f"{before}{' ' if variant == 'sms' else chr(10)}{short or text}"
        offered = said.get("choices")
        if offered is None:
            offered = _with_lookup(answer)
        behind: dict[str, str] = {}
        for one in () if is_urgent else offered:
            if isinstance(one, dict):
                behind[str(one["text"])] = ""
            elif one in answers:
                behind[answers[one].label] = one
        message = Message(
            text=text,
            id=answer.id,
            choices=tuple(Choice(label, label) for label in behind),
            places=tuple(_dated(place, now) for place in said.get("places") or ()),
            links=tuple(asdict(link) for link in answer.links),
            sources=tuple(asdict(source) for source in answer.sources),
            verified_on=answer.verified_on.isoformat() if answer.sources else None,
            urgent=is_urgent,
        )
        return message, behind

    def simple_reply(self, id_: str, variant: Variant, state: State) -> Reply:
        """Return the reply made of one answer of ours, without asking Rasa."""
        message, behind = self._message({"answer": id_}, variant)
        return Reply(self.book.book.answers[id_].reports_as, (message,), state=replace(state, choices=behind))

    def degraded(self, text: str, variant: Variant, state: State) -> Reply:
        """Return what can honestly be said without Rasa: the right number in danger, whom to call otherwise."""
        danger = urgent.assess(text)
        if danger is None:
            message, _ = self._message({"answer": "panne"}, variant)
            return Reply(OUT_OF_SCOPE, (message,), state=state, ok=False)
        message, _ = self._message({"answer": danger}, variant, is_urgent=True)
        return Reply(
            self.book.book.answers[danger].reports_as, (message,), state=replace(state, choices={}, missed=0), ok=False
        )

    async def turn(
        self, sender: str, text: str, state: State, channel: str = "web", subject: str | None = None
    ) -> Reply:
        """Answer `text`, said in the conversation `sender` whose state is `state`.

        `text` is raw: whatever a person or an attacker sends, within the length that the channel allows. `subject` is the
        id of the answer that `text` chooses, when it was chosen by its picture: an answer of ours, or it is not heeded.
        """
        self.book.refresh()
        variant = _variant(channel, state)
        said = clean(text)
        if not is_readable(said):
            return self.simple_reply("vide", variant, state)
        by_picture = subject if subject and self._answers_people(subject) else None
        said = said if by_picture else _typed_back(said, state)
        chosen = by_picture or _chosen(said, state)
        try:
            with timing.stage("brain"):
                turn = await self.brain.turn(sender, said, chosen)
        except BrainError as error:
            log.warning("turn without the brain: %s", error)
            timing.without_brain(str(error))
            return self._by_picture(by_picture, variant, state) if by_picture else self.degraded(said, variant, state)
        try:
            with timing.stage("words"):
                return self._reply(turn, said, state, variant, by_picture in _DANGERS)
        except Exception as error:  # of another version, or of nobody: the person still gets a sentence, and her number
            log.error("turn not worded: %s", type(error).__name__)
            timing.without_brain("malformed reply")
            return self.degraded(said, variant, state)

    def telling_removed(self, reply: Reply, names: tuple[str, ...], channel: str) -> Reply:
        """Return `reply` with a word on what was taken out of the message (`names`), where there is room for it.

        Nothing is added to a danger; a text message has room for it only in the place of "I cannot read that".
        """
        if not names or any(message.urgent for message in reply.messages):
            return reply
        unread = [message.id for message in reply.messages] == ["vide"]
        if channel == "sms" and not unread:
            return reply
        said = {"answer": "donnee_retiree", "values": {"retire": ", ".join(names)}}
        note, _ = self._message(said, _variant(channel, reply.state))
        return replace(reply, messages=(note,) if unread else (*reply.messages, note))

    def public_numbers(self) -> frozenset[str]:
        """Return the telephone numbers of services that answers may give, digits only: nobody's own."""
        return frozenset(re.sub(r"\D", "", number) for number in self.book.book.numbers)

    def _answers_people(self, id_: str) -> bool:
        answer = self.book.book.answers.get(id_)
        return answer is not None and answer.theme != "dialogue"

    def _by_picture(self, id_: str, variant: Variant, state: State) -> Reply:
        """Return an answer chosen by its picture when Rasa is away: nothing had to be understood."""
        danger = id_ in _DANGERS
        message, behind = self._message({"answer": id_}, variant, danger)
        state = State(state.variant, behind, 0)
        return Reply(self.book.book.answers[id_].reports_as, (message,), state=state, ok=False)

    def _reply(
        self, turn: dict[str, Any], said: str, state: State, variant: Variant, danger_chosen: bool = False
    ) -> Reply:
        slots: dict[str, Any] = turn.get("slots") or {}
        is_urgent = bool(turn.get("urgent")) or danger_chosen
        understood = str(turn.get("intent") or OUT_OF_SCOPE)
        kept = "simple" if understood == "reformuler" else None if understood == "recommencer" else state.variant
        if variant != "sms":
            variant = "simple" if kept == "simple" else "standard"
        answered = [one for one in turn["messages"] if one.get("answer") in self.book.book.answers]
        if not answered:
            return self.degraded(said, variant, state)
        if variant == "sms" and not state.listed and [one["answer"] for one in answered] == ["suite"]:
            answered = [{"answer": "sms_rien_de_plus"}]  # SUITE, when no list of places was shown
        first = str(answered[0].get("of") or answered[0]["answer"])
        missed = 0
        loss = not is_urgent and tells_of_loss(said)
        if understood in _MISSED and not is_urgent and self._about_the_conversation(first):
            missed = state.missed + 1
            if understood in {"hors_sujet", "incompris"} and looks_foreign(said):
                answered = [{"answer": "autre_langue"}]
            elif missed >= 2 and first != "incompris_encore":
                # Two misunderstandings in a row: an honest answer when there is one, and a person in any case.
                answered = [one for one in answered if one["answer"] != "incompris"] + [{"answer": "incompris_encore"}]
        second = self.book.book.answers.get(str(turn.get("second")))
        if (
            second is not None
            and first != LOOKUP
            and second.theme != "dialogue"
            and second.id != first
            and not is_urgent
            and understood == first
        ):
            # Two questions in one message: the first is answered, the second comes first among the choices.
            own = answered[0].get("choices")
            rest = _with_lookup(self.book.book.answers[first]) if own is None else own
            answered[0] = {**answered[0], "choices": [second.id, *(choice for choice in rest if choice != second.id)]}
        named = _named(turn)
        if ELSEWHERE in named and not is_urgent and all(one["answer"] != ELSEWHERE for one in answered):
            answered.append({"answer": ELSEWHERE, "values": wording.of_elsewhere(named[ELSEWHERE]), "choices": []})
        if loss:
            answered = [
                {"answer": LOSS},
                *(
                    one
                    for one in answered
                    if one["answer"] not in _OF_BIRTH and not self._about_the_conversation(first)
                ),
            ]
        hushed = (loss or state.loss) and understood != "recommencer"
        if hushed:
            answered = [self._without_births(one) for one in answered]
        messages: list[Message] = []
        behind: dict[str, str] = {}
        for one in answered:
            message, offered = self._message(one, variant, is_urgent)
            messages.append(message)
            behind |= offered
        return Reply(
            intent=self._public_intent(understood, first, turn),
            messages=tuple(messages),
            commune=None if named.keys() & {"commune_possible", ELSEWHERE} else _commune(slots),
            state=State(kept, behind, missed, any(message.places for message in messages), hushed),
            erase=understood == "effacer_donnees",
        )

    def _without_births(self, said: dict[str, Any]) -> dict[str, Any]:
        own = said.get("choices")
        offered = _with_lookup(self.book.book.answers[said["answer"]]) if own is None else own
        return {**said, "choices": [one for one in offered if isinstance(one, dict) or one not in _OF_BIRTH]}

    def _about_the_conversation(self, id_: str) -> bool:
        return self.book.book.answers[id_].theme == "dialogue"

    def _public_intent(self, understood: str, answered: str, turn: dict[str, Any]) -> str:
        """Return the catalogue id of what was understood."""
        answers = self.book.book.answers
        if answered in _TELLS_BETTER or (understood == OUT_OF_SCOPE and not self._about_the_conversation(answered)):
            return answers[answered].reports_as
        if understood == "doute":
            candidates = turn.get("candidates") or [OUT_OF_SCOPE]
            if candidates[0] not in _LEADS_TO_ANOTHER:
                return str(candidates[0])
        if understood in _LEADS_TO_ANOTHER:
            return answers[answered].reports_as if answered != "preciser" else OUT_OF_SCOPE
        return answers[understood].reports_as if understood in answers else understood


def _variant(channel: str, state: State) -> Variant:
    """Return how a person is answered on `channel`, as she chose to read."""
    return "sms" if channel == "sms" else "simple" if state.variant == "simple" else "standard"


def _with_lookup(answer: Answer) -> tuple[str, ...]:
    """Return the choices of an answer, the nearest place among them when the answer leads to one."""
    if answer.lookup and LOOKUP not in (answer.id, *answer.choices):
        return (*answer.choices, LOOKUP)
    return answer.choices


def _dated(place: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return a place with its hours in French, and whether it is open at `now`."""
    status = hours.of_place(place, now)
    written = place.get("opening_hours")
    return {
        **place,
        "hours": hours.in_french(written) if written else None,
        "open": status.open,
        "opening": status.text or None,
    }


def _chosen(said: str, state: State) -> str | None:
    """Return the intent behind the choice that `said` picks, by its label or by its number as it was shown; or None.

    Numbers are those of the places where there are any: Rasa knows them.
    """
    for label, intent in state.choices.items():
        if fold(label) == fold(said):
            return intent or None
    intents = list(state.choices.values())
    wanted = rank(said)
    position = len(intents) - 1 if wanted == -1 else (wanted or 0) - 1
    return None if state.listed or not 0 <= position < len(intents) else intents[position] or None


def _typed_back(said: str, state: State) -> str:
    """Return the words of the choice that `said` picks, by its rank or by yes, when choosing it is typing it; or `said`."""
    labels = list(state.choices)
    if len(labels) == 1 and not state.choices[labels[0]] and _YES.match(fold(said)):
        return labels[0]
    wanted = rank(said)
    position = len(labels) - 1 if wanted == -1 else (wanted or 0) - 1
    if 0 <= position < len(labels) and not state.choices[labels[position]]:
        return labels[position]
    return said


def _named(turn: dict[str, Any]) -> dict[str, Any]:
    """Return what the message names, by kind of entity."""
    return {str(one.get("entity")): one.get("value") for one in turn.get("entities") or []}


def _commune(slots: dict[str, Any]) -> dict[str, str] | None:
    commune = communes.load().by_insee.get(str(slots.get("commune")))
    return {"insee": commune.insee, "name": commune.name} if commune else None
