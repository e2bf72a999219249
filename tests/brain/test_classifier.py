"""Tests for bot.brain.classifier and what it reads with: n-grams, lexicon, spelling."""

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.brain import classifier
from bot.brain.classifier import FrenchClassifier, IntentModel
from bot.brain.decision import Decision, Thresholds
from bot.brain.lexicon import lexicon
from bot.brain.ngrams import LONGEST_WORD, Ngrams
from bot.brain.reader import NORMAL, read
from bot.brain.spelling import MOST, Spelling

TOY = {
    "rsa_montant": ["combien de rsa", "montant du rsa", "quel montant pour le rsa", "le montant du rsa pour un couple"],
    "pmi_consultation": [
        "peser mon bebe",
        "consultation pour mon bebe",
        "peser bebe a la pmi",
        "consultation bebe pmi",
    ],
    "hors_sujet": ["carte grise", "refaire mon passeport", "la meteo demain", "calcul de ma retraite"],
}
TEXTS = [text for texts in TOY.values() for text in texts]
TRUTH = [intent for intent, texts in TOY.items() for _ in texts]


@pytest.fixture(scope="module")
def model() -> IntentModel:
    """Return a classifier trained on twelve sentences, sure of what it knows."""
    fitted = IntentModel.fit(TEXTS, TRUTH, penalty=1.0, folds=2, jobs=1)
    fitted.thresholds = Thresholds(temperature=8.0, reject_below=-1.0, doubt_below=0.6, pair_from=0.9, lost_below=0.1)
    return fitted


class TestLexicon:
    """Tests for bot.brain.lexicon.lexicon()."""

    def test_holds_lemmas_and_forms(self) -> None:
        """Verbs conjugated, plurals, feminines, all folded, are French; misspellings are not."""
        for word in ("allocation", "concernent", "exercer", "billets", "bijoux", "assistantes", "expliquez", "ecole"):
            assert word in lexicon()
        for word in ("alocassion", "dossié", "inscritpion", "rendévou"):
            assert word not in lexicon()


WORDS = (
    ["demande de logement"] * 9
    + ["une inscription a l ecole", "l adresse du logement", "la maison", "mon assistante sociale", "les aides"] * 3
    + ["le samu", "le balcon"] * 9
)


class TestSpelling:
    """Tests for bot.brain.spelling.Spelling."""

    @pytest.fixture(scope="class")
    def known(self) -> Spelling:
        return Spelling(WORDS, lexicon())

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("inscritpion", "inscription"),
            ("inscripsion", "inscription"),
            ("asistante", "assistante"),
            ("asisstente", "assistante"),
            ("lojeman", "logement"),
            ("maiosn", "maison"),
            ("ladresse", "l adresse"),
            ("dmande de logemnt", "demande de logement"),
        ],
    )
    def test_brought_back(self, known: Spelling, typed: str, meant: str) -> None:
        """Slips of the fingers, words spelt by ear and lost apostrophes come back to a word that is known."""
        assert known.correct(typed) == meant

    @pytest.mark.parametrize("word", ["ballon", "balcons", "demandez", "logements", "maisons", "adresser", "aidez"])
    def test_right_words_stay(self, known: Spelling, word: str) -> None:
        """A right word is not touched, however near a known one is."""
        assert known.correct(word) == word

    def test_no_word_of_the_lexicon_is_ever_changed(self, known: Spelling) -> None:
        """Whatever the word, if it is French it stays (one in fifty of the lexicon)."""
        for word in sorted(lexicon())[::50]:
            assert known.correct(word) == word

    @pytest.mark.parametrize("word", ["simu", "rsa", "xyz", "zzzzzzzz", "34200", "pmi"])
    def test_short_and_strange_words_stay(self, known: Spelling, word: str) -> None:
        """A short word is not taken for another that differs by a letter, nor a strange one for anything."""
        assert known.correct(word) == word

    def test_two_meanings_are_left_alone(self) -> None:
        """When two known words are as near, none is chosen."""
        known = Spelling(["la poste", "la porte"] * 5, lexicon())
        assert known.nearest("pogte") == "pogte"

    def test_common_misspelling_is_not_learnt_as_right(self) -> None:
        """A misspelling common in the training sentences still comes back to the far commoner right word."""
        known = Spelling(["ladresse"] * 9 + ["l adresse"] * 60, lexicon())
        assert known.correct("ladresse") == "l adresse"

    def test_bounded_work(self, known: Spelling, monkeypatch: pytest.MonkeyPatch) -> None:
        """A message of unknown words looks up MOST of them, whatever its length; read again, none."""
        looked_up: list[str] = []

        def nearest(self: Spelling, word: str) -> str:
            looked_up.append(word)
            return word

        monkeypatch.setattr(Spelling, "nearest", nearest)
        text = " ".join(f"zqx{chr(97 + place % 26)}{chr(97 + place // 26)}k" for place in range(300))
        known.correct(text)
        assert len(looked_up) == MOST
        known.correct(text)
        assert len(looked_up) == MOST

    def test_endless_word(self, known: Spelling, monkeypatch: pytest.MonkeyPatch) -> None:
        """A word of 2,000 letters is no word, and is not looked up."""
        monkeypatch.setattr("bot.brain.spelling.process.extract", lambda *args, **kwargs: pytest.fail("looked up"))
        assert known.correct("ab" * 1000) == "ab" * 1000

    def test_language(self) -> None:
        """French sentences are told from English ones."""
        english = ["please transfer hundred dollars between savings", "where should someone check their balance"]
        assert not Spelling(english, lexicon()).is_language_of(english)
        assert Spelling(TEXTS, lexicon()).is_language_of(TEXTS)


class TestNgrams:
    """Tests for bot.brain.ngrams.Ngrams."""

    def test_one_text_as_many(self) -> None:
        """One message alone is counted as in a matrix of many, those of training too."""
        ngrams = Ngrams()
        learnt = ngrams.fit_transform(TEXTS)
        for position, text in enumerate(TEXTS):
            columns, values = ngrams.row(text)
            assert np.allclose(learnt[position].toarray()[0][columns], values)
            assert np.count_nonzero(learnt[position].toarray()) == len(columns)
        assert abs(ngrams.transform(TEXTS) - learnt).max() == 0

    def test_heard_alike(self) -> None:
        """A word spelt as it sounds shares n-grams with the right one, though hardly a letter does."""
        ngrams = Ngrams()
        ngrams.fit_transform(["la caf", "le quai", "un fax"])
        right, heard = (set(ngrams.row(word)[0]) for word in ("caf", "kaf"))
        assert right & heard

    @pytest.mark.parametrize("text", ["", "x", "zzqqxxw"])
    def test_nothing_known(self, text: str) -> None:
        """A text without a known word has few counts or none, and no fault."""
        ngrams = Ngrams()
        ngrams.fit_transform(TEXTS)
        columns, values = ngrams.row(text)
        assert len(columns) == len(values)
        assert np.isfinite(values).all()

    def test_endless_word(self) -> None:
        """Of a word of 2,000 letters, the first LONGEST_WORD are read, and remembered once."""
        ngrams = Ngrams()
        ngrams.fit_transform(TEXTS)
        assert set(ngrams.row("be" * 1000)[0]) == set(ngrams.row(("be" * 1000)[:LONGEST_WORD])[0])
        assert max(map(len, ngrams._memory)) <= LONGEST_WORD

    def test_memory_is_bounded_and_not_stored(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """However many words are read, few are remembered, and none is written with the model."""
        monkeypatch.setattr("bot.brain.ngrams._REMEMBERED", 10)
        ngrams = Ngrams()
        ngrams.fit_transform(TEXTS)
        for number in range(100):
            ngrams.row(f"mot{number}")
        assert len(ngrams._memory) <= 10
        joblib.dump(ngrams, tmp_path / "n")
        assert joblib.load(tmp_path / "n")._memory == {}


class TestIntentModel:
    """Tests for bot.brain.classifier.IntentModel."""

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("kombien le rsa", "rsa_montant"),
            ("le montan du rsa", "rsa_montant"),
            ("fer pezé mon bb", "pmi_consultation"),
            ("consultatoin pour bébé", "pmi_consultation"),
            ("MÉTÉOOOO demain", "hors_sujet"),
        ],
    )
    def test_misspelt(self, model: IntentModel, typed: str, meant: str) -> None:
        """What is misspelt is understood as what was meant."""
        assert model.intents[int(np.argmax(model.margins(read(typed)[0])))] == meant

    def test_stored_and_loaded(self, model: IntentModel, tmp_path: Path) -> None:
        """What is loaded gives the margins of what was trained, to the last bit."""
        joblib.dump(model, tmp_path / "m")
        loaded = joblib.load(tmp_path / "m")
        for text in ("combien de rsa", "consultatoin", "passeport", ""):
            assert (loaded.margins(text) == model.margins(text)).all()

    def test_other_language_is_learnt_as_it_is(self) -> None:
        """Sentences that are not French get no French spelling."""
        texts = ["transfer hundred dollars", "between savings please", "weather tomorrow", "thunder outside tonight"]
        assert IntentModel.fit(texts, ["a", "a", "b", "b"], penalty=1.0, jobs=1).spelling is None

    def test_unknown_words(self, model: IntentModel) -> None:
        """A text without a known word is told apart; a known word misspelt is known."""
        assert not model.knows_a_word("xkcdq zzzzt")
        assert model.knows_a_word("consultatoin")

    def test_two_questions(self, model: IntentModel) -> None:
        """The first question of two is decided, the other is the second."""
        text = "Combien de RSA ? Consultation bébé PMI ?"
        first = model.decide_message(text, read(text)[0])[0].intent
        assert {first, model.second_question(text, first)} == {"rsa_montant", "pmi_consultation"}

    @pytest.mark.parametrize("text", ["Combien de RSA pour un couple ?", "montant. du. rsa.", "Le RSA"])
    def test_no_second_question(self, model: IntentModel, text: str) -> None:
        """One question has no second, however it is cut."""
        assert model.second_question(text, "rsa_montant") is None

    def test_story(self, model: IntentModel, monkeypatch: pytest.MonkeyPatch) -> None:
        """In a long story that is of no subject as a whole, the sentence that asks decides."""
        story = "Il fait froid ici. Le chat dort sur la table. On a mangé des pommes hier. Le train avait du retard. "
        text = story + "Je suis fatigué. Quel montant pour le RSA ?"
        nothing = Decision("out_of_scope", "hors_sujet", 0.9, ("rsa_montant", "pmi_consultation"))
        real = IntentModel.decide
        monkeypatch.setattr(
            IntentModel,
            "decide",
            lambda self, part: (nothing, None) if len(part.split()) > 10 else real(self, part),
        )
        assert model.decide_message(text, read(text)[0])[0].intent == "rsa_montant"

    @pytest.mark.parametrize("text", ["a. " * 666, "x" * 2000, "où ? " * 400, "le rsa ! " * 222, "\u200b" * 2000, "a"])
    def test_bounded_work(self, model: IntentModel, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """However it is written, a message of 2,000 characters is read a bounded number of times."""
        decided: list[str] = []
        real = IntentModel.decide

        def decide(self: IntentModel, part: str) -> Any:
            decided.append(part)
            return real(self, part)

        monkeypatch.setattr(IntentModel, "decide", decide)
        model.decide_message(text, read(text)[0])
        model.second_question(text, "rsa_montant")
        assert len(decided) <= 1 + 2 * classifier._SENTENCES

    def test_bounded_look_ups(self, model: IntentModel, monkeypatch: pytest.MonkeyPatch) -> None:
        """Twenty sentences of unknown words make no more look-ups than the sentences that are read alone allow."""
        looked_up: list[str] = []

        def nearest(self: Spelling, word: str) -> str:
            looked_up.append(word)
            return word

        monkeypatch.setattr(Spelling, "nearest", nearest)
        unknown = [f"zqx{chr(97 + place % 26)}{chr(97 + place // 26)}k" for place in range(280)]
        text = ". ".join(" ".join(unknown[start : start + 14]) for start in range(0, 280, 14))
        model.decide_message(text, read(text)[0])
        model.second_question(text, "rsa_montant")
        assert MOST < len(looked_up) <= MOST * (1 + classifier._SENTENCES)


class TestFrenchClassifier:
    """Tests for bot.brain.classifier.FrenchClassifier."""

    def process(self, decision: Decision, monkeypatch: pytest.MonkeyPatch, model: IntentModel) -> Message:
        """Return a message for which `decision` was made."""
        chances = np.full(len(model.intents), 0.1)
        monkeypatch.setattr(IntentModel, "decide_message", lambda *args: (decision, chances))
        config = FrenchClassifier.get_default_config()
        message = Message({TEXT: "le rsa", NORMAL: "le rsa"})
        (message,) = FrenchClassifier(config, None, None, model).process([message])
        return message

    def test_answer(self, monkeypatch: pytest.MonkeyPatch, model: IntentModel) -> None:
        """A sure answer is the intent, and nothing is offered beside it."""
        message = self.process(Decision("answer", "rsa_montant", 0.9, ("rsa_montant", "b")), monkeypatch, model)
        assert message.get(INTENT) == {"name": "rsa_montant", "confidence": 0.9}
        assert message.get("second") is None

    def test_unsure_answer_offers_the_other(self, monkeypatch: pytest.MonkeyPatch, model: IntentModel) -> None:
        """An answer that may be wrong comes with the next likeliest subject."""
        decision = Decision("answer", "rsa_montant", 0.5, ("rsa_montant", "b"), unsure=True)
        assert self.process(decision, monkeypatch, model).get("second") == "b"

    @pytest.mark.parametrize(("kind", "intent"), [("doubt", "doute"), ("lost", "incompris")])
    def test_low_confidence(self, kind: str, intent: str, monkeypatch: pytest.MonkeyPatch, model: IntentModel) -> None:
        """Two subjects are asked about; when nothing helps, it says that it did not understand."""
        decision = Decision(kind, "rsa_montant", 0.4, ("rsa_montant", "b"))  # type: ignore[arg-type]
        message = self.process(decision, monkeypatch, model)
        assert message.get(INTENT)["name"] == intent
        assert message.get("candidates") == ["rsa_montant", "b"]

    def test_fingerprint_follows_the_modules(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every module that decides the result is named to Rasa's cache."""
        named: list[str] = []

        def fingerprint(*paths: str) -> str:
            named.extend(paths)
            return ""

        monkeypatch.setattr(classifier, "fingerprint", fingerprint)
        FrenchClassifier.fingerprint_addon({})
        for module in ("classifier", "decision", "lexicon", "linear", "ngrams", "spelling"):
            assert f"bot/brain/{module}.py" in named
