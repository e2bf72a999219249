"""Tests for bot.assistant without Rasa: what the brain decides is worded as it asked."""

from typing import Any

import pytest

from bot.answers import LiveBook
from bot.assistant import Assistant, _typed_back
from bot.paths import DATA
from bot.store import State
from tests.clock import Clock


class Decided:
    """A brain that has decided already; `chosen` is the last choice that it was told of."""

    def __init__(self, **turn: Any) -> None:
        self._turn = {"intent": "preciser", "slots": {}, "entities": [], **turn}
        self.chosen: str | None = None

    async def turn(self, sender: str, text: str, intent: str | None) -> dict[str, Any]:
        """Return the decision."""
        self.chosen = intent
        return self._turn


def assistant(**turn: Any) -> Assistant:
    """Return an assistant whose brain decides `turn`."""
    return Assistant(Decided(**turn), LiveBook(DATA), Clock())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("channel", "variant", "before", "lacks"),
    [
        ("web", None, "Sur ce point, voici ce que je sais :\n", "651,69"),
        ("sms", None, "Sur ce point : ", "3230"),
        ("web", "simple", "Sur ce point", "3230"),
    ],
)
async def test_a_part_of_an_answer(channel: str, variant: str | None, before: str, lacks: str) -> None:
    """Only what the answer says of the aspect is said, after a few words, whatever the channel; the intent is the subject's."""
    said = {"answer": "rsa_montant", "about": "couple", "lead": "precision"}
    reply = await assistant(messages=[said]).turn("a", "et pour un couple ?", State(variant), channel)
    (message,) = reply.messages
    assert message.text.startswith(before)
    assert "977,54" in message.text
    assert lacks not in message.text
    assert reply.intent == "rsa_montant"
    assert message.sources


async def test_an_aspect_that_a_variant_is_silent_on() -> None:
    """When the variant does not speak of it, the whole of it is said, and nothing is put before it by SMS."""
    said = {"answer": "pmi_vaccination", "about": "couple", "lead": "precision"}
    reply = await assistant(messages=[said]).turn("a", "et en couple ?", State(), "sms")
    assert not reply.messages[0].text.startswith("Sur ce point")


async def test_what_an_answer_does_not_say_is_still_about_its_subject() -> None:
    """The chat API names the subject under way, not the sentence that sends to its service."""
    said = {"answer": "precision_caf", "of": "rsa_montant", "choices": ["rsa_montant", "contacter_caf"]}
    reply = await assistant(messages=[said]).turn("a", "et à la Réunion ?", State())
    assert reply.intent == "rsa_montant"
    assert "3230" in reply.messages[0].text
    assert [choice.label for choice in reply.messages[0].choices] == ["Le montant du RSA", "Joindre la Caf"]


@pytest.mark.parametrize("understood", ["incompris", "hors_sujet", "doute"])
async def test_an_unknown_commune_is_a_search_for_a_place(understood: str) -> None:
    """However the message was understood, the chat API says that a place is being looked for."""
    turn = {"intent": understood, "messages": [{"answer": "commune_inconnue"}], "candidates": ["rsa_montant", "nier"]}
    reply = await assistant(**turn).turn("a", "Trifouillis", State())
    assert reply.intent == "chercher_structure"
    assert reply.state.missed == 1


async def test_a_doubt_that_is_a_follow_up_is_about_the_subject() -> None:
    """No intent of ours about the conversation reaches the chat API."""
    said = {"answer": "rsa_demande", "about": "prix", "lead": "precision"}
    turn = {"intent": "doute", "candidates": ["preciser", "rsa_montant"], "messages": [said]}
    reply = await assistant(**turn).turn("a", "c gratui", State())
    assert reply.intent == "rsa_demande"


async def test_a_place_elsewhere_is_said_after_the_answer() -> None:
    """A question asked from Nîmes is answered, then told that we cover the Hérault; no commune is held."""
    away = {"entity": "ailleurs", "value": {"name": "Nîmes", "departement": "Gard"}}
    turn = assistant(
        messages=[{"answer": "rsa_montant"}], intent="rsa_montant", entities=[away], slots={"commune": "34301"}
    )
    reply = await turn.turn("a", "combien de rsa, je suis à Nîmes", State())
    assert len(reply.messages) == 2
    assert reply.messages[1].text.startswith("Nîmes (Gard) n'est pas dans l'Hérault")
    assert reply.commune is None


async def test_nothing_is_added_to_a_danger() -> None:
    """Somebody in danger in Nîmes gets the number, and not a word on what we cover."""
    away = {"entity": "ailleurs", "value": {"name": "Nîmes", "departement": "Gard"}}
    turn = assistant(
        messages=[{"answer": "violences_conjugales"}], intent="violences_conjugales", urgent=True, entities=[away]
    )
    (message,) = (await turn.turn("a", "mon mari me frappe je suis à Nîmes", State())).messages
    assert message.urgent


async def test_the_nearest_place_is_offered() -> None:
    """An answer that leads to a place offers to find it; one that does not, does not; after places, no more."""
    label = "Trouver un lieu près de chez moi"
    for id_, offered in (("rsa_demande", True), ("rsa_recours", False)):
        (message,) = (
            await assistant(messages=[{"answer": id_}], intent=id_).turn("a", "une question", State())
        ).messages
        assert (label in [choice.label for choice in message.choices]) is offered


async def test_places_are_dated() -> None:
    """A place leaves with its hours in French and whether it is open now: Monday at ten in the tests."""
    place = {"name": "A", "opening_hours": "Mo-Fr 09:00-12:00", "source_date": "2026-10-01", "closures": []}
    said = {"answer": "lieux_proches", "places": [place], "values": {"lieu": "PMI", "pres_de": "d'Olargues"}}
    (message,) = (
        await assistant(messages=[said], intent="chercher_structure").turn("a", "la pmi à Olargues", State())
    ).messages
    assert message.text.startswith("PMI : voici")
    assert "d'Olargues" in message.text
    assert message.places[0]["hours"] == "lundi à vendredi 9 h à 12 h"
    assert (message.places[0]["open"], message.places[0]["opening"]) == (True, "ouvert maintenant, jusqu'à 12 h")


@pytest.mark.parametrize(("typed", "heard"), [("oui", "Poussan"), ("Oui, c'est ça !", "Poussan"), ("oui mais non", "oui mais non"), ("1", "Poussan")])  # fmt: skip
def test_yes_to_the_only_commune(typed: str, heard: str) -> None:
    """« Est-ce bien Poussan ? » is answered by yes, or by its number; by nothing else that begins so."""
    assert _typed_back(typed, State(None, {"Poussan": ""})) == heard


def test_yes_to_several_communes_is_no_answer() -> None:
    """Between two communes, yes says nothing."""
    assert _typed_back("oui", State(None, {"Poussan": "", "Puissalicon": ""})) == "oui"


async def test_a_loss_is_answered_by_a_person_to_call_and_hushes_births() -> None:
    """A lost pregnancy gets its own words in the place of the steps of one, then births are no longer offered."""
    turn = assistant(messages=[{"answer": "pmi_grossesse"}], intent="pmi_grossesse")
    reply = await turn.turn("a", "g fé une fausse couche hier jdois faire koi", State())
    (message,) = reply.messages
    assert message.text.startswith("Je suis désolé")
    assert "04 67 67 67 67" in message.text
    assert reply.intent == "pmi_grossesse"
    assert reply.state.loss
    after = assistant(messages=[{"answer": "pmi_presentation"}], intent="pmi_presentation")
    offered = (await after.turn("a", "la pmi c quoi", State())).messages[0].choices
    hushed = (await after.turn("a", "la pmi c quoi", reply.state)).messages[0].choices
    assert len(hushed) < len(offered)


async def test_a_loss_does_not_hide_another_question() -> None:
    """What was asked beside the loss is still answered, after it."""
    turn = assistant(messages=[{"answer": "rsa_changement"}], intent="rsa_changement")
    reply = await turn.turn("a", "j'ai perdu mon bébé, je dois le dire pour mon rsa ?", State())
    assert [message.text.startswith("Je suis désolé") for message in reply.messages] == [True, False]


async def test_danger_comes_before_a_loss() -> None:
    """A loss told with violence is answered as danger."""
    turn = assistant(messages=[{"answer": "violences_conjugales"}], intent="violences_conjugales", urgent=True)
    reply = await turn.turn("a", "il m'a poussée, j'ai perdu le bébé", State())
    assert [message.urgent for message in reply.messages] == [True]


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ("1", "rsa_montant"),
        ("le 2", "chercher_structure"),
        ("2)", "chercher_structure"),
        ("la dernière", "chercher_structure"),
        ("3", None),
        ("bonjour", None),
    ],
)
async def test_a_number_is_that_of_the_choices_as_shown(typed: str, chosen: str | None) -> None:
    """A second question put first, the lookup put last: the number answers the list that the person read."""
    turn = assistant(messages=[{"answer": "rsa_demande"}])
    state = State(None, {"Le montant du RSA": "rsa_montant", "Trouver un lieu près de chez moi": "chercher_structure"})
    await turn.turn("a", typed, state)
    assert turn.brain.chosen == chosen  # type: ignore[attr-defined]


async def test_beside_places_a_number_is_that_of_a_place() -> None:
    """Where places are listed, the rank goes to Rasa, which knows them."""
    place: dict[str, Any] = {"name": "A", "opening_hours": None, "source_date": "2026-10-01", "closures": []}
    said = {"answer": "lieux_proches", "places": [place], "choices": ["suite"]}
    turn = assistant(messages=[{"answer": "rsa_demande"}, said])
    state = (await turn.turn("a", "la pmi à Olargues", State())).state
    await turn.turn("a", "1", state)
    assert turn.brain.chosen is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("channel", "listed", "said"),
    [("sms", True, "d'autre lieu"), ("sms", False, "tout dit"), ("web", False, "d'autre lieu")],
)
async def test_suite_without_a_list(channel: str, listed: bool, said: str) -> None:
    """By SMS, SUITE also asks for the rest of a text: when there is none, nobody is told of places."""
    turn = assistant(messages=[{"answer": "suite"}], intent="suite")
    reply = await turn.turn("a", "SUITE", State(listed=listed), channel)
    assert said in reply.messages[0].text
    assert reply.intent == "chercher_structure"
