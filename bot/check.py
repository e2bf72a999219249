"""`make check`: the answers, the figures, the numbers, the training sentences and the danger patterns, all at once."""

from datetime import date
from pathlib import Path

import yaml

from bot import checklists, commune_names, identity, subjects, urgent
from bot import examples as examples_module
from bot.answers import AnswersError, Book, load
from bot.answers.check import check as check_answers
from bot.answers.model import Where
from bot.directory import corrections, kinds, records
from bot.paths import DATA, ROOT
from bot.sms import text as sms
from bot.text import normalise

#: Answers that the code says by itself: system messages, no intent of that name.
SYSTEM = frozenset(
    {
        "incompris_encore",
        "choix_inconnu",
        "commune_inconnue",
        "correction",
        "est_ce_commune",
        "lequel",
        "ailleurs",
        "lieu_detail",
        "lieux_fermes",
        "lieux_inconnus",
        "lieux_ouverts",
        "lieux_proches",
        "lieux_trouves",
        "precision",
        "precision_caf",
        "precision_departement",
        "precision_france_travail",
        "precision_mda",
        "precision_sante",
        "quelle_commune",
        "quelle_commune_parmi",
        "rien_a_choisir",
        "panne",
        "perte_grossesse",
        "donnee_retiree",
        "vide",
        "autre_langue",
        "sms_aide",
        "sms_bienvenue",
        "sms_illisible",
        "sms_oubli",
        "sms_reprendre",
        "sms_rien_de_plus",
        "sms_stop",
        "sms_trop",
    }
)
#: Themes that answer no question about rights or places: nobody chooses them by their picture.
NOT_SUBJECTS = frozenset({"dialogue", "sms"})
#: Intents read by a rule: no training sentence.
READ_BY_RULE = frozenset({"choisir", "suite", "doute", "incompris"})
#: Intents that an action answers: no answer of that id.
ANSWERED_BY_ACTION = frozenset({"choisir", "corriger"})


def domain_intents(root: Path = ROOT) -> list[str]:
    """Return the intents of `domain.yml`."""
    domain = yaml.safe_load((root / "domain.yml").read_text(encoding="utf-8"))
    return [str(intent) for intent in domain["intents"]]


def _ids(book: Book, intents: list[str]) -> list[str]:
    problems = [
        f"domain.yml:1: {intent} n'a pas de réponse dans data/answers"
        for intent in intents
        if intent not in book.answers and intent not in ANSWERED_BY_ACTION
    ]
    for answer in book.answers.values():
        if answer.id not in intents and answer.id not in SYSTEM:
            problems.append(f"{answer.where}: id inconnu « {answer.id} » (ni dans domain.yml, ni message du système)")
    problems += [f"data/answers: il manque le message « {id_} »" for id_ in sorted(SYSTEM - set(book.answers))]
    return problems


def _danger_patterns() -> list[str]:
    try:
        guard = urgent.load()
    except (ValueError, OSError, yaml.YAMLError) as error:
        return [f"data/urgent.yml:1: {error}"]
    problems = []
    for pattern in guard.patterns:
        for text in pattern.examples:
            if not pattern.catches(normalise(text)):
                problems.append(f"data/urgent.yml:1: {pattern.kind} ne reconnaît pas son exemple « {text} »")
        problems += [
            f"data/urgent.yml:1: {pattern.kind} : « {text} » est pris pour un danger"
            for text in pattern.calm
            if guard.assess(text)
        ]
    return problems


def _places() -> list[str]:
    try:
        kinds.load()
        known, faults = records.read()
    except (OSError, ValueError, yaml.YAMLError) as error:
        return [f"data/places:1: {error}"]
    wrong = [*map(str, faults), *corrections.problems({one.id for one in known})]
    return [f"data/places/{fault}" for fault in wrong]


def _identity() -> list[str]:
    try:
        identity.read(DATA / "identity.yml")
    except identity.IdentityError as error:
        return [f"data/{error}"]
    return []


def _workshop(book: Book, today: date) -> tuple[list[str], list[str]]:
    """Return what is wrong in the subjects and the lists of papers, and which lists are to be read again."""
    content = {answer.id: answer.label for answer in book.answers.values() if answer.theme not in NOT_SUBJECTS}
    pictures = subjects.drawn(ROOT / "bot" / "web" / "static" / "pictures.svg")
    try:
        wrong = subjects.check(subjects.read(), content, pictures)
        found = checklists.check(checklists.read(), content, pictures, today)
    except (subjects.SubjectsError, checklists.ChecklistsError) as error:
        return [f"data/{line}" for line in str(error).splitlines()], []
    wrong += [line for level, line in found if level == "error"]
    return wrong, [line for level, line in found if level == "expired"]


def problems(today: date, root: Path = ROOT) -> tuple[list[str], list[str], list[str]]:
    """Return what is wrong, what has expired, and what expires within 60 days: sentences with file and line."""
    try:
        book = load(root / "data")
    except AnswersError as error:
        return error.problems, [], []
    intents = domain_intents(root)
    dangers = frozenset(urgent.load().kinds.values())
    found = check_answers(book, dangers, today, sms.parts)
    wrong = [str(one) for one in found if one.level == "error"]
    for answer in book.answers.values():
        for variant in ("standard", "simple", "sms"):
            if "�" in answer.text(variant):
                wrong.append(
                    str(Where(answer.where.file, answer.where.line)) + f": {answer.id}.{variant} : caractère abîmé"
                )
    wrong += _ids(book, intents)
    sentences, faults = examples_module.read(root / "data" / "nlu")
    themes = {
        intent: book.answers[intent].theme if intent in book.answers else "dialogue"
        for intent in intents
        if intent not in READ_BY_RULE
    }
    wrong += faults + examples_module.check(sentences, themes)
    names, doubled = commune_names.names(root / "data" / "places" / "communes.csv")
    wrong += doubled + commune_names.misspelt(sentences, names)
    wrong += _danger_patterns()
    wrong += _places() + _identity()
    unlisted, to_read_again = _workshop(book, today)
    wrong += unlisted
    return (
        wrong,
        [str(one) for one in found if one.level == "expired"] + to_read_again,
        [str(one) for one in found if one.level == "soon"],
    )


def main(strict: bool) -> int:
    """Print what is wrong; return the exit code: 1 when something is, or has expired and `strict`."""
    wrong, expired, soon = problems(date.today())
    for title, lines in (("À corriger", wrong), ("Périmé", expired), ("Périme dans les 60 jours", soon)):
        if lines:
            print(f"{title} ({len(lines)}) :")  # noqa: T201 - this is the command's output
            print("\n".join(f"  {line}" for line in lines))  # noqa: T201
    if wrong or (strict and expired):
        return 1
    print("Réponses, chiffres, numéros, phrases et alertes : tout est en règle.")  # noqa: T201
    return 0
