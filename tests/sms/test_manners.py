"""Tests for bot.sms.manners: commands only when alone, answers only to people, machines known as such."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import examples
from bot.directory import communes
from bot.paths import DATA
from bot.sms.manners import Keyword, answerable, keyword, looks_automatic

COMMANDS = {
    Keyword.STOP: """
        STOP|stop|Stop.|stop!!!|"STOP"|« Stop »|(stop)|  stop  |STOOOP|sttop|STOPP|stope|stoppe|stopper|stpo|sotp|S.T.O.P|s t o p|STOP STOP|stop stop stop|ＳＴＯＰ
        stop svp|STOP SVP|stop merci|stop, merci.|merci stop|stop s'il vous plaît|stop s’il te plait|stop stp|bonjour stop|Bonsoir, STOP merci|stop sms|stop les sms|stop messages
        STOP au 34034|stop 34034|ok stop|stop maintenant|stop tout de suite|🛑 STOP 🛑
        ARRÊT|ARRET|arrêt|arret|Arrêt.|arêt|aret|arrett|arrrêt|arrt|arrêtt|arreet|ârrêt|arrête|arrêter|arrêtez|ARRETEZ !|arretez svp|arréter|arrêtez les messages|arrêtez les sms svp
        désabonner|desabonnement|unsubscribe
    """,
    Keyword.RESUME: "REPRENDRE|reprendre|Reprendre.|repprendre|reprandre|reprendr|reprendre svp|reprenez|reprends|START|start|Start !|starrt|strat|unstop|bonjour reprendre",
    Keyword.HELP: "AIDE|aide|Aide ?|AIDE!|aiide|adie|aide svp|aide s'il vous plait|bonjour aide|HELP|help|hlep|INFO|info|infos|Infos ?|ifno|aide aide|help please",
    Keyword.FORGET: """
        OUBLI|oubli|Oubli.|oublli|oublie|oubliez|OUBLIEZ-MOI|oubliez moi|Oubliez moi svp|oublie-moi|oublie moi|oubliez moi s'il vous plaît|oublis|oubly|oubliez-moi !!
    """,
    Keyword.MORE: """
        SUITE|suite|Suite.|suitte|suuite|siute|sutie|suitr|suit|la suite|La suite svp|et la suite|suite svp|SUITE merci|ok suite|oui suite|lire la suite|suivant|suite suite|"SUITE"
    """,
}
ORDINARY = """
    arrêtez de me harceler|arrête de m'envoyer des sms|mon mari veut pas que j'arrête|il arrête pas|il n'arrête pas de me frapper|dites lui d'arrêter|stop violences|STOP VIOLENCES CONJUGALES
    stop il me tape|stop ça|j'en peux plus stop|stop au harcèlement|non stop|top|step|stock|shop|stoppé|arrêté|arrêtée|arrêt maladie|arrêt de travail|je suis en arrêt|arrêt de bus|arrêts
    aide alimentaire|aide sociale|aide moi|aidez moi|aidez-moi svp|à l'aide|a l aide|au secours|j'ai besoin d'aide|aide au logement|aides|aidant|aide à domicile|aide ménagère|vide|AGDE|Agde svp
    aime|aire|ARE|Aires|help me|help me please|infos rsa|info caf|information|informations|renseignement|informatique|aide stop mon mari
    j'ai oublié mon mot de passe|oublié|oubliée|mot de passe oublié|oubli de déclaration|oubli de rdv|j'oublie tout|oubliez mon mari|n'oubliez pas|oublier
    reprendre le travail|je veux reprendre mes études|reprise d'emploi|reprise|reprendra|start up|j'ai repris
    suite à un accident|suite à ma demande|par la suite|de suite|suis enceinte|suisse|site|sites|fuite|fuite de gaz|cuite|suivi|suivre|suie|tout de suite|et ensuite|la suite du dossier
    1|2|le premier|oui|non|ok|merci|svp|bonjour|bonjour merci|Sète|Sete|Béziers|34500|34034|stop 12|?|!!!|🙂|RSA|caf|ok merci|au revoir|0612345678|d'autres lieux|encore
"""


def listed(table: str) -> list[str]:
    return [one for line in table.splitlines() for one in line.strip().split("|") if one]


@pytest.mark.parametrize(
    ("text", "meant"), [(text, meant) for meant, table in COMMANDS.items() for text in listed(table)]
)
def test_a_command_alone(text: str, meant: Keyword) -> None:
    """In any spelling, case, accent, sign, polite word or small slip, a keyword alone commands."""
    assert keyword(text) is meant


@pytest.mark.parametrize("text", ["", "   ", *listed(ORDINARY)])
def test_what_is_no_command(text: str) -> None:
    """In a sentence, or as another word, it is what the person has to say."""
    assert keyword(text) is None


def test_no_commune_is_a_command() -> None:
    """Who is asked where she lives, and answers, is heard: AGDE is not AIDE."""
    assert [one.name for one in communes.load().by_insee.values() if keyword(one.name)] == []


def test_no_question_is_a_command_nor_a_machine() -> None:
    """Of thirty thousand ways to ask, only those that ask for help, to be forgotten or for more are read as commands."""
    sentences, _ = examples.read(DATA / "nlu")
    commands = [one for one in sentences if keyword(one.text)]
    assert len(sentences) > 20_000
    assert {one.intent for one in commands} <= {"demander_aide", "effacer_donnees", "preciser", "suite"}
    assert len(commands) < 40
    assert [one.text for one in sentences if looks_automatic(one.text)] == []


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    """Nothing that a phone sends breaks the reading."""
    keyword(text)
    looks_automatic(text)
    answerable(text)


@pytest.mark.parametrize(
    ("sender", "number"),
    [
        ("0612345678", "+33612345678"),
        ("06 12 34 56 78", "+33612345678"),
        ("+33612345678", "+33612345678"),
        ("33612345678", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("33600000001", "+33600000001"),
        ("+33 7 56 78 90 12", "+33756789012"),
        ("0467123456", "+33467123456"),
        ("+32470123456", "+32470123456"),
        ("32470123456", "+32470123456"),
        ("+212612345678", "+212612345678"),
        ("+262692123456", "+262692123456"),
        ("34034", None),
        ("36111", None),
        ("3646", None),
        ("114", None),
        ("CAF", None),
        ("Info-Orange", None),
        ("33CAF", None),
        ("0899123456", None),
        ("0800235236", None),
        ("+33899123456", None),
        ("06123", None),
        ("061234567890123", None),
        ("+999123456789", None),
        ("", None),
        ("+", None),
        ("0000000000", None),
        ("+33612345678;DROP", None),
        ("tel:+33612345678", None),
        ("06\n12345678", None),
        ("٠٦١٢٣٤٥٦٧٨", None),
    ],
)
def test_whom_we_answer(sender: str, number: str | None) -> None:
    """A person's number is read however the provider writes it; a short code, a name or a paying number gets nothing."""
    assert answerable(sender) == number


def test_not_ourselves() -> None:
    """Our own number, however written, gets no answer; another one does."""
    assert answerable("33612345678", ours="0612345678") is None
    assert answerable("33612345678", ours="34034") == "+33612345678"
    assert answerable("33612345679", ours="+33612345678") == "+33612345679"


MACHINES = """
    Ceci est un message automatique, merci de ne pas répondre|Réponse automatique : je suis en congés|Message automatique. Je reviens lundi.|[Réponse auto] absent
    Merci de ne pas répondre à ce message|SMS automatique : ne pas répondre à ce SMS|Auto-reply: I am away|Automatic reply: out of office|Out of office until Monday|Please do not reply to this message
    This is an automated message|Je suis absent du bureau jusqu'au 12|Bonjour, je suis actuellement absente jusqu'à lundi|Je suis absent pour le moment
    Je conduis avec la fonction Ne pas déranger lorsque je suis au volant activée|Je ne peux pas répondre pour le moment, je vous rappelle.|Désolé, je ne peux pas parler maintenant. Puis-je vous rappeler plus tard ?
    Votre correspondant a essayé de vous joindre|Votre messagerie vocale contient 2 messages|Vous avez 1 nouveau message vocal|Promo -50% ! STOP SMS au 36180|Pour ne plus recevoir de SMS, répondez STOP
    Orange info : votre facture est disponible|Free Mobile : votre forfait est consommé|SFR : vous avez atteint 80% de votre forfait|Message non délivré
"""
PEOPLE = """
    Je ne peux pas parler pour le moment.|désolée je ne peux pas parler maintenant|comment ne plus recevoir vos sms|
    j'ai reçu un message automatique de la caf|la caf m'a envoyé un sms automatique c quoi|j'ai eu une réponse automatique de france travail|je suis absent de france travail demain
    je suis absente à mon rdv rsa je risque quoi|je ne peux pas répondre au téléphone, il est à côté|je ne peux pas parler|je peux pas parler il est là|mon mari m'empêche de répondre|je conduis pas
    mon code de vérification marche pas|la messagerie de la caf est pleine|ma messagerie caf|orange m'a coupé la ligne|free me réclame de l'argent|mon correspondant caf répond pas|stop|ne pas répondre à la caf c grave ?
    je reçois des sms qui disent stop au 36180 c une arnaque ?|mon numéro n'est plus attribué|je ne peux pas parler maintenant il est là aidez moi
"""


@pytest.mark.parametrize("text", listed(MACHINES))
def test_a_machine(text: str) -> None:
    """Answering machines, out-of-office messages, notices and advertisements are known: no loop between robots."""
    assert looks_automatic(text)


@pytest.mark.parametrize("text", listed(PEOPLE))
def test_a_person_who_tells_of_a_machine(text: str) -> None:
    """A person who speaks of a machine, or cannot speak, is answered."""
    assert not looks_automatic(text)
