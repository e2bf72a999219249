"""Is everything that we may say complete, sourced, short enough and true today? Pure: a book in, problems out."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.answers.book import SMS_ONLY, Book
from bot.answers.expiry import of_answer, of_figure
from bot.answers.model import UNITS, VARIANTS, Answer, Where
from bot.answers.render import CONTEXT, CONTEXT_PLACEHOLDER, PLACEHOLDER, render

MAX_WORDS = 100
MAX_SENTENCE = 15
MAX_LABEL = 40
MAX_SMS_PARTS = 2
KINDS = frozenset(
    """
    sds pmi france_services caf cpam msa mda france_travail cap_emploi mission_locale ccas ebe financement
    insertion numerique aide_alimentaire violences enfance jeunes budget any
    """.split()
)
#: Themes whose answers are about the conversation: no source needed.
NO_SOURCE = frozenset({"dialogue", SMS_ONLY})

#: Values as long as they come: what is measured with them fits in every turn.
_LONGEST = {
    "commune": "Saint-Vincent-de-Barbeyrargues",
    "pres_de": "de Saint-Vincent-de-Barbeyrargues",
    "ailleurs": "Saint-Maximin-la-Sainte-Baume (Alpes-de-Haute-Provence)",
    "lieu": "PMI (protection maternelle et infantile)",
    "quand": "aujourd'hui",
    "conservation": "365 jours",
}
_EUROS = re.compile(r"\d[\d  .,]*\s?(?:€|EUR\b|euros?\b)")
_NUMBER = re.compile(
    r"(?<![\d.,])(?<!cerfa )(?<!cerfa n° )(?<!S )(?<!S)(?:0\d(?:[  .]?\d\d){4}|0 ?8\d\d(?:[  ]?\d{2,3}){2,3}|116 ?\d{3}|3\d{3}|3\d \d\d)(?![\d]|[  ](?:heures|€|euros))"
)
_EMERGENCY = re.compile(r"\b(?:le|au|SMS au|appelez le) (1[1-9]\d?)\b(?![  ]?\d)")


@dataclass(frozen=True)
class Problem:
    """One thing to mend; `level` "soon" only warns."""

    where: Where
    what: str
    level: Literal["error", "expired", "soon"] = "error"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def sentences(text: str) -> list[str]:
    """Cut a text into sentences: at the end of a line, and after a full stop, a question or exclamation mark."""
    pieces = []
    for raw in text.splitlines():
        line = re.sub(r"^(?:- |\d{1,2}\. )", "", raw.strip())
        pieces += [piece for piece in re.split(r"(?<=[.!?])\s+|(?<=:)\s*$", line) if piece.strip()]
    return pieces


def count_words(sentence: str) -> int:
    """Count the words of a sentence; a telephone number, an amount or a date is one."""
    sentence = re.sub(r"(?<=\d)[  .](?=\d)", "", sentence)
    return len(re.findall(r"[^\W_](?:[\w'’.-]*\w)?", sentence))


def _texts(answer: Answer) -> Iterable[tuple[str, str]]:
    for variant in VARIANTS:
        yield variant, answer.text(variant)
    if answer.general:
        yield "general", answer.general


def _check_placeholders(book: Book, answer: Answer) -> Iterable[Problem]:
    for name, text in _texts(answer):
        for figure in PLACEHOLDER.findall(text):
            if figure not in book.figures:
                yield Problem(answer.where, f"{answer.id}.{name} : chiffre inconnu {{{figure}}}")
            elif name == "general":
                yield Problem(
                    answer.where,
                    f"{answer.id}.general : le texte de secours ne doit nommer aucun chiffre ({{{figure}}})",
                )
        for named_value in CONTEXT_PLACEHOLDER.findall(text):
            if named_value not in CONTEXT:
                yield Problem(answer.where, f"{answer.id}.{name} : mot inconnu {{{named_value}}}")
    named = any(PLACEHOLDER.search(answer.text(variant)) for variant in VARIANTS)
    if named and not answer.general:
        yield Problem(
            answer.where, f"{answer.id} : un texte nomme un chiffre, il faut un texte « general » sans chiffre"
        )


def _check_text(book: Book, answer: Answer, today: date, parts: Callable[[str], int], most: int) -> Iterable[Problem]:
    yield from _check_placeholders(book, answer)
    known = {re.sub(r"\D", "", number) for number in book.numbers}
    for name, text in _texts(answer):
        if amount := _EUROS.search(PLACEHOLDER.sub("", text)):
            yield Problem(
                answer.where,
                f"{answer.id}.{name} : montant écrit à la main « {amount[0].strip()} », à mettre dans data/figures",
            )
        for match in [*_NUMBER.finditer(PLACEHOLDER.sub("", text)), *_EMERGENCY.finditer(text)]:
            number = match[match.lastindex or 0]
            if re.sub(r"\D", "", number) not in known:
                yield Problem(answer.where, f"{answer.id}.{name} : numéro « {number} » absent de data/numbers.yml")
    if any(figure not in book.figures for variant in VARIANTS for figure in PLACEHOLDER.findall(answer.text(variant))):
        return
    standard = render(book, answer.id, "standard", answer.verified_on, _LONGEST).text
    simple = render(book, answer.id, "simple", answer.verified_on, _LONGEST).text
    for name, text in (("standard", standard), ("simple", simple)):
        if (length := count_words(text)) > MAX_WORDS:
            yield Problem(answer.where, f"{answer.id}.{name} : {length} mots, {MAX_WORDS} au plus")
    for sentence in sentences(simple):
        if (length := count_words(sentence)) > MAX_SENTENCE:
            yield Problem(
                answer.where,
                f"{answer.id}.simple : phrase de {length} mots, {MAX_SENTENCE} au plus : « {sentence[:60]} »",
            )
    short = {"sms": render(book, answer.id, "sms", today, _LONGEST).text, "general": answer.general or ""}
    for name, text in short.items():
        if (count := parts(text)) > most:
            yield Problem(answer.where, f"{answer.id}.{name} : {count} SMS, {most} au plus")


def _check_links(book: Book, answer: Answer, dangers: frozenset[str]) -> Iterable[Problem]:
    if answer.theme not in NO_SOURCE and not answer.sources:
        yield Problem(answer.where, f"{answer.id} : aucune source")
    for address in [*(source.url for source in answer.sources), *(link.url for link in answer.links)]:
        if not re.match(r"https?://[\w.-]+\.\w{2,}|/[\w-]+$", address):
            yield Problem(answer.where, f"{answer.id} : adresse incorrecte « {address} »")
    for choice in answer.choices:
        if choice not in book.answers:
            yield Problem(answer.where, f"{answer.id} : choix inconnu « {choice} »")
        elif choice == answer.id:
            yield Problem(answer.where, f"{answer.id} : se propose elle-même en choix")
    if answer.id in dangers and answer.choices:
        yield Problem(answer.where, f"{answer.id} : pas de menu après un danger (choices: [])")
    for kind in answer.lookup:
        if kind not in KINDS:
            yield Problem(answer.where, f"{answer.id} : genre de lieu inconnu « {kind} »")
    if len(answer.label) > MAX_LABEL:
        yield Problem(answer.where, f"{answer.id} : intitulé de {len(answer.label)} caractères, {MAX_LABEL} au plus")
    if answer.reports_as != answer.id and answer.reports_as not in book.answers:
        yield Problem(answer.where, f"{answer.id} : reports_as inconnu « {answer.reports_as} »")


def _check_dates(book: Book, answer: Answer, today: date) -> Iterable[Problem]:
    if answer.expires_on <= answer.verified_on:
        yield Problem(answer.where, f"{answer.id} : périme le jour de sa vérification ou avant")
    elif not (due := of_answer(answer, today)).valid:
        yield Problem(answer.where, f"{answer.id} : périmée depuis le {answer.expires_on:%d/%m/%Y}", "expired")
    elif due.nearness(today):
        yield Problem(answer.where, f"{answer.id} : périme le {answer.expires_on:%d/%m/%Y}", "soon")


def check(book: Book, dangers: frozenset[str], today: date, parts: Callable[[str], int]) -> list[Problem]:
    """Return all that is wrong in `book`, or will be within 60 days of `today`.

    `dangers` are the ids that answer a danger; `parts` counts the SMS that a text takes.
    """
    problems: list[Problem] = []
    labels: dict[str, str] = {}
    used: set[str] = set()
    for answer in book.answers.values():
        # Danger is read at a glance; what the service of SMS says of itself comes with an answer.
        most = 1 if answer.id in dangers or answer.theme == SMS_ONLY else MAX_SMS_PARTS
        problems += _check_text(book, answer, today, parts, most)
        problems += _check_links(book, answer, dangers)
        problems += _check_dates(book, answer, today)
        if (other := labels.setdefault(answer.label.lower(), answer.id)) != answer.id:
            problems.append(Problem(answer.where, f"{answer.id} : même intitulé que {other} « {answer.label} »"))
        for _, text in _texts(answer):
            used |= set(PLACEHOLDER.findall(text))
    for figure in book.figures.values():
        if figure.unit not in UNITS:
            problems.append(Problem(figure.where, f"{figure.id} : unité inconnue « {figure.unit} »"))
        if figure.id not in used:
            problems.append(Problem(figure.where, f"{figure.id} : ce chiffre ne sert à aucune réponse"))
        due = of_figure(figure, today)
        if not due.valid:
            problems.append(Problem(figure.where, f"{figure.id} : aucune valeur aujourd'hui", "expired"))
        elif due.nearness(today):
            said = f"{figure.id} : dernière valeur jusqu'au {due.last:%d/%m/%Y}"
            problems.append(Problem(figure.where, said, "soon"))
    return problems
