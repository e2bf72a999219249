"""Tests for bot.brain, inside Rasa's environment: each component alone, on small data, and the parts put together."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from rasa.shared.core.events import UserUttered
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.brain import decision
from bot.brain.channel import TurnOutput, as_plain_text
from bot.brain.classifier import FrenchClassifier, IntentModel
from bot.brain.importer import AnswersImporter, responses, ruled_intents
from bot.brain.reader import NORMAL, FrenchReader, read
from bot.brain.tracker_store import ForgetfulTrackerStore
from bot.paths import ROOT
from bot.text import rank

TOY = {
    "rsa_montant": ["combien de rsa", "montant du rsa", "rsa c combien", "le rsa pour un couple"],
    "pmi_consultation": ["peser mon bebe", "rdv pmi pour bebe", "consultation bebe pmi", "faire peser bebe"],
    "hors_sujet": ["carte grise", "refaire mon passeport", "la meteo demain", "calcul de ma retraite"],
}


def toy_model() -> IntentModel:
    """Return a classifier trained on twelve sentences."""
    texts = [text for texts in TOY.values() for text in texts]
    return IntentModel.fit(texts, [intent for intent, texts in TOY.items() for _ in texts], penalty=1.0, folds=2)


class TestReader:
    """Tests for bot.brain.reader."""

    def test_commune_is_masked_and_found(self) -> None:
        """A commune becomes one token, and an entity with its INSEE code."""
        (message,) = FrenchReader().process([Message({TEXT: "g besoin d'une assistante sociale à Béziers"})])
        assert message.get(NORMAL) == "j ai besoin d une assistante sociale a zcommune"
        assert [(entity["entity"], entity["value"]) for entity in message.get(ENTITIES)] == [("commune", "34032")]

    def test_ambiguous_commune(self) -> None:
        """A name of several communes is not sure: all their codes are given."""
        (message,) = FrenchReader().process([Message({TEXT: "Villeneuve"})])
        assert message.get(ENTITIES)[0]["entity"] == "commune_possible"
        assert len(message.get(ENTITIES)[0]["value"]) == 2

    @pytest.mark.parametrize("text", ["", " ", "🙂", "\u200b", "?" * 2000, "a" * 2000])
    def test_odd_text(self, text: str) -> None:
        """Odd texts are read without fault."""
        read(text)


class TestClassifier:
    """Tests for bot.brain.classifier."""

    def test_learns_and_hears(self) -> None:
        """It learns from a few sentences, and hears a phonetic spelling."""
        model = toy_model()
        assert model.intents[int(np.argmax(model.margins(read("kombien le rsa")[0])))] == "rsa_montant"
        assert model.intents[int(np.argmax(model.margins(read("fer pezé mon bb")[0])))] == "pmi_consultation"

    def test_unknown_words(self) -> None:
        """A text without a known word is told apart from one of another subject."""
        model = toy_model()
        assert not model.knows_a_word("xkcdq zzzzt")
        assert model.knows_a_word("meteo")

    def test_stored_and_loaded(self, tmp_path: Path) -> None:
        """What is loaded decides as what was trained."""
        import joblib

        model = toy_model()
        joblib.dump(model, tmp_path / "m")
        loaded = joblib.load(tmp_path / "m")
        for text in ("combien de rsa", "passeport", "bebe"):
            assert loaded.decide(text)[0] == model.decide(text)[0]

    def test_fingerprint_follows_the_modules(self) -> None:
        """Rasa's cache is told of the modules that the component leans on."""
        assert FrenchClassifier.fingerprint_addon({}) == FrenchClassifier.fingerprint_addon({})
        assert FrenchClassifier.fingerprint_addon({}) != FrenchReader.fingerprint_addon({})


INTENTS = ["a", "b", "hors_sujet"]


class TestDecision:
    """Tests for bot.brain.decision."""

    def decide(self, margins: list[float], **thresholds: float) -> decision.Decision:
        limits = {"temperature": 3.0, "reject_below": -5.0, "doubt_below": 0.5, **thresholds}
        return decision.decide(np.array(margins), INTENTS, decision.Thresholds(**limits))[0]

    def test_answer(self) -> None:
        """A clear winner is answered."""
        assert self.decide([1.0, -1.0, -1.0]).kind == "answer"

    def test_doubt(self) -> None:
        """Two close subjects are asked about, best first."""
        found = self.decide([0.1, 0.09, -1.0], doubt_below=0.7)
        assert (found.kind, found.candidates) == ("doubt", ("a", "b"))

    def test_out_of_scope_wins(self) -> None:
        """`hors_sujet` on top is out of scope, whatever comes second."""
        assert self.decide([0.2, 0.1, 0.5]).intent == "hors_sujet"

    def test_out_of_scope_by_score(self) -> None:
        """A weak subject with a strong `hors_sujet` behind it is refused too."""
        assert self.decide([0.2, -1.0, 0.15], reject_below=0.3).kind == "out_of_scope"

    def test_probabilities(self) -> None:
        """Probabilities add up to one, in the order of the margins."""
        chances = decision.probabilities(np.array([[3.0, 1.0, 2.0]]), 2.0)[0]
        assert chances.sum() == pytest.approx(1)
        assert list(np.argsort(chances)) == [1, 2, 0]

    def test_thresholds_keep_what_is_in_scope(self) -> None:
        """The rejection lets go no more of the in-scope examples than asked."""
        rng = np.random.default_rng(0)
        truth = ["a", "b"] * 200 + ["hors_sujet"] * 100
        margins = rng.normal(-1, 0.3, (500, 3))
        margins[np.arange(500), [INTENTS.index(one) for one in truth]] += 1.5
        limits = decision.fit_thresholds(margins, truth, INTENTS, rejected_in_scope=0.05)
        kept = [decision.decide(row, INTENTS, limits)[0].kind != "out_of_scope" for row in margins[:400]]
        assert np.mean(kept) >= 0.94


class TestRank:
    """Tests for bot.text.rank()."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1", 1),
            ("le 2", 2),
            ("la deuxième", 2),
            ("Le premier svp", 1),
            ("n°3", 3),
            ("la dernière", -1),
            ("choix 2.", 2),
            ("oui le premier", 1),
            ("8", 8),
            ("(1)", 1),
        ],
    )
    def test_ranks(self, text: str, expected: int) -> None:
        """A message that is only a rank is read."""
        assert rank(text) == expected

    @pytest.mark.parametrize(
        "text",
        ["un couple", "2 enfants", "j'ai un enfant", "le 119", "34200", "deux mois de retard", "premier enfant", ""],
    )
    def test_not_ranks(self, text: str) -> None:
        """Numbers inside a sentence are not choices."""
        assert rank(text) is None


class TestImporter:
    """Tests for bot.brain.importer."""

    def test_every_intent_leads_somewhere(self) -> None:
        """Each intent of the domain has one rule, of its own or made from its answer."""
        domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
        made = {step.block_name for step in AnswersImporter().get_stories().story_steps}
        own = ruled_intents(ROOT / "data" / "rules")
        for intent in domain["intents"]:
            assert (intent in own) != (f"{intent}: its answer" in made), intent

    def test_responses_carry_the_id(self) -> None:
        """Each response carries the id that the gateway words, and the standard text for Rasa's own tools."""
        importer = AnswersImporter()
        found = responses(importer._book)["utter_rsa_montant"][0]
        assert found["metadata"] == {"answer": "rsa_montant"}
        assert "RSA" in found["text"]

    def test_responses_hold_no_placeholder(self) -> None:
        """Rasa fills `{…}` from its slots, and logs each that it lacks: none is left to it."""
        found = responses(AnswersImporter()._book)
        assert not [id_ for id_, texts in found.items() if "{" in texts[0]["text"]]

    def test_answers_that_lead_to_a_place_look_for_it(self) -> None:
        """After such an answer comes the action that says the nearest; never after a danger."""
        steps: dict[str, list[str]] = {}
        for step in AnswersImporter().get_stories().story_steps:
            intents = [event.intent_name for event in step.events if isinstance(event, UserUttered)]
            steps[intents[0]] = [
                event.action_name for event in step.events if getattr(event, "action_name", "...") != "..."
            ]
        assert steps["rsa_demande"] == ["utter_rsa_demande", "action_autour"]
        assert steps["rsa_montant"] == ["utter_rsa_montant"]
        assert steps["violences_conjugales"] == ["utter_violences_conjugales"]


class TestChannel:
    """Tests for bot.brain.channel."""

    @pytest.mark.parametrize("text", ["/restart", "//x", " /restart", "\\/restart", "/"])
    def test_no_command(self, text: str) -> None:
        """What a person types never starts with Rasa's command mark."""
        assert as_plain_text(text)
        assert not as_plain_text(text).startswith("/")

    async def test_output_is_whole(self) -> None:
        """The output keeps the id and the choices, and splits nothing."""
        output = TurnOutput()
        await output.send_response(
            "x", {"text": "Un\n\nDeux", "metadata": {"answer": "doute"}, "custom": {"choices": ["a", "b"]}}
        )
        assert output.messages == [{"answer": "doute", "text": "Un\n\nDeux", "choices": ["a", "b"]}]


class TestTrackerStore:
    """Tests for bot.brain.tracker_store: it forgets one conversation, or the old ones, and nothing else."""

    @pytest.fixture
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ForgetfulTrackerStore:
        monkeypatch.setenv("TRACKER_URL", f"sqlite:///{tmp_path / 'tracker.sqlite'}")
        store = ForgetfulTrackerStore()
        with store.session_scope() as session:
            for sender, at in (("ancien", 1000.0), ("ancien", 1001.0), ("vivant", 1000.0), ("vivant", 5000.0)):
                session.add(store.SQLEvent(sender_id=sender, type_name="user", timestamp=at, data="{}"))
            session.commit()
        return store

    async def test_delete(self, store: ForgetfulTrackerStore) -> None:
        """One conversation goes, the other stays."""
        assert await store.delete("ancien") == 2
        assert await store.keys() == ["vivant"]
        assert await store.delete("ancien") == 0

    async def test_purge(self, store: ForgetfulTrackerStore) -> None:
        """Old conversations go, and what is old of one that goes on."""
        assert await store.purge(4000.0) == 3
        assert await store.keys() == ["vivant"]
        assert await store.delete("vivant") == 1
        await store.ping()
