"""The gate: the trained model measured again, without `../shared`; and the measures that need Rasa's environment."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from benchmarks import learning_curve
from benchmarks.evaluate import alone, gate, peers, plots, report, sets, table, whole
from benchmarks.noise import noisy
from bot.brain.decision import Thresholds, decide
from bot.training import trained


@pytest.fixture(scope="module")
def brain() -> Iterator[whole.Brain]:
    """The model that matches the data as they are."""
    model = trained()
    if model is None:
        pytest.skip("no model matches the data: make train")
    loaded = whole.load(model)
    yield loaded
    loaded.close()


def test_nothing_has_dropped(brain: whole.Brain) -> None:
    """No watched figure of benchmarks/results.json is worse today by more than its noise (benchmarks/evaluate/gate.py)."""
    asked = sets.questions(sets.HELD_OUT)
    assert asked is not None
    dangers = {path.stem: sets.danger(path) for path in sets.URGENT}
    now: dict[str, Any] = {
        "questions": {"held_out": whole.of_questions(brain.parse, asked)},
        "danger": {name: whole.of_danger(brain.parse, both) for name, both in dangers.items() if both is not None},
        "noise": {"held_out": whole.of_noise(brain.parse, asked, gate.NOISES)},
    }
    assert gate.dropped(table.load(table.RESULTS), now) == []


QUESTION = sets.Question("combien de rsa", "rsa_montant", ("rsa_estimation",), "standard")


def answer(intent: str, kind: str = "answer", *candidates: str, urgent: bool = False) -> whole.Said:
    """Return what a model could say."""
    return whole.Said(intent, kind, 0.8, candidates, urgent)


def test_said() -> None:
    """A doubt names its first subject; what is not understood is not ours; an id of our own is named as the catalogue's."""

    def said(name: str, **more: Any) -> whole.Said:
        return whole.said({"intent": {"name": name, "confidence": 0.9}, **more})

    doubt = said("doute", candidates=["rsa_montant", "enfant_victime"])
    assert (doubt.intent, doubt.kind, doubt.candidates) == ("rsa_montant", "doubt", ("rsa_montant", "enfance_danger"))
    assert (said("incompris").intent, said("incompris").kind) == ("hors_sujet", "refused")
    assert said("urgence_suicide", urgent=True) == whole.Said("urgence_vitale", "answer", 0.9, (), True)


def test_questions_are_counted() -> None:
    """Right, refused, doubted and held are counted as a person would."""
    said = {
        "a": answer("rsa_estimation"),
        "b": answer("hors_sujet", "refused"),
        "c": answer("hors_sujet", "refused"),
        "d": answer("rsa_recours", "doubt", "rsa_recours", "rsa_montant"),
    }
    asked = [replace(QUESTION, text=text) for text in "abd"] + [sets.Question("c", "hors_sujet")]
    found = whole.of_questions(said.__getitem__, asked)
    assert found["accuracy"] == 50
    assert found["in_scope_accuracy"] == pytest.approx(33.33)
    assert found["in_scope_refused"] == pytest.approx(33.33)
    assert found["out_of_scope_recall"] == 100
    assert (found["doubts"], found["doubts_hold"]) == (1, 100)
    assert found["worst_confusions"] == [["rsa_montant", "hors_sujet", 1], ["rsa_montant", "rsa_recours", 1]]


def test_danger_is_counted() -> None:
    """A danger told is recalled when it is urgent, whatever its kind; a calm message that is urgent is a false alarm."""
    both = sets.DangerSet(
        (sets.Question("a", "urgence_vitale"), sets.Question("b", "urgence_vitale")), (sets.Question("c", ""),)
    )
    said = {
        "a": answer("violences_conjugales", urgent=True),
        "b": answer("rsa_montant"),
        "c": answer("saluer", urgent=True),
    }
    found = whole.of_danger(said.__getitem__, both)
    assert (found["recall"], found["false_alarms"], found["right_kind"]) == (50, 100, 0)
    assert whole.danger_faults(said.__getitem__, both) == ["missed (urgence_vitale) | b", "false alarm | c"]


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        ("il fait beau", answer("hors_sujet", "refused"), "fine"),
        ("tu es bête", answer("insatisfaction"), "talk"),
        ("quel âge as-tu", answer("identite_assistant"), "talk"),
        ("j'aime le sport", answer("emploi_ateliers"), "content"),
        ("je reviens", answer("urgence_vitale", urgent=True), "emergency"),
        ("je vais me jeter sous un bus", answer("urgence_vitale", urgent=True), "comfort"),
    ],
)
def test_small_talk_is_judged(text: str, said: whole.Said, expected: str) -> None:
    """Small talk may be refused or talked with; content and emergencies are faults, but for someone in distress."""
    assert whole.judged(text, said) == expected


def test_noise_is_measured_on_spoilt_sentences() -> None:
    """A model that knows only the sentence as written loses it all to noise."""
    found = whole.of_noise(
        lambda text: answer("rsa_montant" if text == QUESTION.text else "saluer"), [QUESTION], ("upper", "accents")
    )
    assert found["kinds"]["upper"] == {"accuracy": 0, "drop": 100}
    assert found["kinds"]["accents"] == {"accuracy": 100, "drop": 0}
    assert noisy(QUESTION.text, "accents") == QUESTION.text


def test_operating_points() -> None:
    """Weight and threshold are chosen on validation: the rule parts two classes that it can part."""
    rng = random.Random(0)
    intents = ["a", "b", sets.OUT]

    def rows(count: int) -> list[tuple[list[float], str]]:
        found = []
        for number in range(count):
            truth = number % 3
            margins = [rng.gauss(-1, 0.2) for _ in intents]
            margins[truth] += 2
            found.append((margins, intents[truth]))
        return found

    found = alone.operating_points(rows(300), rows(300), intents)
    assert found["paper"]["in_scope_accuracy"] > 97
    assert found["paper"]["out_of_scope_recall"] > 97
    assert found["refuses_5_percent"]["in_scope_refused"] < 10
    assert found["refuses_5_percent"]["out_of_scope_recall"] > 97


def test_refused_in_scope_counts_as_wrong() -> None:
    """An in-scope message refused is not right, even when its subject was found."""
    found = peers.refusal([1.0, 2.0], [0.0, 3.0], [True, True], [0.5], refused=0.5)
    assert (found["in_scope_accuracy"], found["in_scope_refused"], found["out_of_scope_recall"]) == (50, 50, 100)


def test_rankings_are_read() -> None:
    """The best of a ranking, and how sure it is of the best subject against `hors_sujet`."""
    ranking = [(sets.OUT, 0.6), ("a", 0.3)]
    assert peers.best([ranking, []]) == [sets.OUT, ""]
    assert peers.in_scope_score([*ranking]) == pytest.approx(-0.3)


def test_rivals_are_what_they_say() -> None:
    """Bürokratt's settings are its own; DIET runs the epochs that each rival gives it; ours is the project's pipeline."""
    found = peers.pipelines(0.3)
    assert list(found) == ["rasa_diet", "buerokratt", "logistic", peers.OURS]
    epochs = {name: one["epochs"] for name, held in found.items() for one in held if one["name"] == "DIETClassifier"}
    assert epochs == {"rasa_diet": 100, "buerokratt": 40}
    assert found["buerokratt"][-1] == {"name": "FallbackClassifier", "threshold": 0.8}


def test_penalty_is_chosen_from_the_training_half() -> None:
    """The penalty is one of those offered, and the same each time."""
    pairs = [(f"rsa montant {word}", "a") for word in "un deux trois quatre cinq six".split()]
    pairs += [(f"bebe pesee {word}", "b") for word in "un deux trois quatre cinq six".split()]
    pairs += [(f"loyer dette {word}", "c") for word in "un deux trois quatre cinq six".split()]
    assert alone.choose_penalty(pairs, splits=1) == alone.choose_penalty(pairs, splits=1) in alone.PENALTIES


def toy() -> sets.Pairs:
    """Return a few sentences of three ids, far enough apart to be learnt."""
    endings = "demain vite enfin encore ici seul".split()
    starts = {"rsa_montant": "combien de rsa", "pmi_consultation": "peser mon bebe", sets.OUT: "ma carte grise"}
    return [(f"{start} {ending}", intent) for intent, start in starts.items() for ending in endings]


def test_cross_validation_judges_what_was_not_learnt() -> None:
    """Every sentence is judged once, and easy ones are right."""
    found = alone.cross_validate(toy(), 1.0, count=2)
    assert found["figures"]["sentences"] == len(found["given"]) == len(toy())
    assert found["figures"]["accuracy"] > 80
    assert found["truth"] == [intent for _, intent in toy()]


def test_subjects_only_refuse_nothing() -> None:
    """A set without `hors_sujet`, as MTOP is, has no message to refuse: the least sure one still gets a subject."""
    found, _ = decide([-2.0, -1.9], ["a", "b"], Thresholds(3.0, reject_below=0.0, doubt_below=0.0))
    assert (found.kind, found.intent) == ("answer", "b")


def test_learning_curve_has_a_point() -> None:
    """A point is measured on questions that are not in the sample, as written and spoilt."""
    questions = [sets.Question("c combien de rsa", "rsa_montant"), sets.Question("la carte grise", sets.OUT)]
    found = learning_curve.point(toy(), 4, 0, questions, 1.0)
    assert (found["sentences"], found["each"]) == (12, 4)
    assert found["clean"] == {"in_scope_accuracy": 100, "out_of_scope_recall": 100}


def test_report_is_one_page() -> None:
    """The report holds its plots, its tables and what was skipped, and calls for nothing from elsewhere."""
    results, kept = table.load(table.RESULTS), table.load(table.PEERS)
    half = {"in_scope_accuracy": 50.0}
    curve = {"points": [{"each": 10, "sentences": 9, "clean": half, "mild": half}]}
    drawn = report.Drawn({"set": ([0.2, 0.9], [False, True])}, ["rsa_montant"], ["hors_sujet"], ["a set: not here"])
    results["cross_validation"] = {**results["questions"]["held_out"], "sentences": 1}
    page = report.page(results, kept, curve, drawn)
    assert page.count("<img") >= 8
    assert "a set: not here" in page
    assert 'src="http' not in page


def test_confidences_of_one_kind_are_drawn() -> None:
    """A set without a mistake can be drawn too."""
    assert plots.confidences([0.9], [True]).startswith("<img")
