"""Manners of SMS: the words that command when they are alone, whom we may answer, what a machine wrote. Pure."""

import re
from enum import Enum

import phonenumbers
from phonenumbers import PhoneNumberType
from rapidfuzz.distance import OSA

from bot.text import clean, fold


class Keyword(Enum):
    """What a word alone asks for."""

    STOP = "stop"  # no more messages
    RESUME = "resume"  # messages again
    HELP = "help"  # what this is, and how it goes
    FORGET = "forget"  # erase all that is known of the person
    MORE = "more"  # what did not fit


#: The ways to say each, folded, doubled letters written once ("arret" is "aret").
_WORDS: dict[Keyword, frozenset[str]] = {
    keyword: frozenset(words.split("|"))
    for keyword, words in {
        Keyword.STOP: "stop|stope|stoper|stopez|arret|arrete|arretes|arreter|arretez|arretons|stop sms|stop les sms|stop message|stop messages|"
        "stop les messages|stop texto|stop textos|arret sms|arret des sms|arret messages|arret des messages|arretez les sms|arretez les messages|"
        "arreter les sms|arreter les messages|arretez sms|desabonner|desabonnement|desinscription|desinscrire|unsubscribe",
        Keyword.RESUME: "reprendre|reprends|reprenez|start|unstop|reprendre sms|reprendre les sms|reprendre les messages",
        Keyword.HELP: "aide|help|info|infos|sms aide",
        Keyword.FORGET: "oubli|oublie|oubliez|oublis|oubli moi|oublie moi|oublies moi|oubliez moi|oublier moi|oubliemoi|oubliezmoi",
        Keyword.MORE: "suite|la suite|et la suite|lire la suite|voir la suite|lire suite|voir suite|suivant|suivante|suit|suites",
    }.items()
}
#: What may go with a keyword without changing it.
_POLITE = re.compile(
    r"\b(?:s il (?:vous|te|v|t) plai(?:t|s)|tout de suite|maintenant|svp|stp|silvouplai(?:t)?|silvousplait|merci (?:beaucoup|bien|d avance)|merci|"
    r"(?<=stop )(?:au )?\d{5}|bonjour|bonsoir|bjr|bsr|salut|slt|please|pls|ok|oui|au revoir|bye|madame|monsieur|mme|le mot)\b"
)
#: The words long enough to forgive a slip in (a letter more, less or other, two swapped): AIDE is too near AGDE, where
#: people live.
_FORGIVING = {
    Keyword.STOP: ("arret", "arrete", "arretez"),
    Keyword.RESUME: ("start", "reprendre"),
    Keyword.FORGET: ("oubli", "oubliez"),
    Keyword.MORE: ("suite",),
}
#: In the shorter ones, two letters swapped are.
_SWAPPED = {Keyword.STOP: ("stop",), Keyword.HELP: ("aide", "help", "info")}
#: Words that are one slip away, and words of their own.
_OTHERS = frozenset(
    "arre arrets arrest arreta arretai arreter arretes garret site sites subite suie suive suivi suinte saute smart stars "
    "star stat starter reprendra reprendrai rependre oublier oublia".split()
)
#: Done, not asked for: "oublié", "arrêtée".
_PAST = re.compile(r"ée?s?$")


def _single(text: str) -> str:
    """Return `text` with doubled letters written once."""
    return re.sub(r"([a-z])\1+", r"\1", text)


_KNOWN: dict[str, Keyword] = {_single(words): keyword for keyword, all_ in _WORDS.items() for words in all_}


def keyword(text: str) -> Keyword | None:
    """Return what `text` commands, when it is nothing but a keyword: in any case, with or without accents or signs.

    Doubled letters, swapped ones and small slips are forgiven; a polite word may go along. In a sentence, it is not a
    keyword: "arrêtez de me harceler", "aide alimentaire".
    """
    words = _bare(text)
    known = _KNOWN.get(_single(words))
    if (
        known in {Keyword.STOP, Keyword.FORGET}
        and " " not in words
        and _PAST.search(re.sub(r"\W", "", clean(text).lower()))
    ):
        return None
    if known or not words.isalpha() or words in _OTHERS:
        return known
    slipped = next((meant for meant, all_ in _FORGIVING.items() if any(_near(words, right) for right in all_)), None)
    swapped = (meant for meant, all_ in _SWAPPED.items() if any(_swapped(words, right) for right in all_))
    return slipped or next(swapped, None)


def _near(word: str, right: str) -> bool:
    return word[0] == right[0] and OSA.distance(word, right) == 1


def _swapped(word: str, right: str) -> bool:
    return _near(word, right) and sorted(word) == sorted(right)


def _bare(text: str) -> str:
    """Return the words of `text`, folded, without politeness, said once."""
    said = re.sub(r"[\W_]+", " ", fold(clean(text))).strip()
    words = _POLITE.sub(" ", said).split()
    if len(words) > 1 and all(len(word) == 1 for word in words):
        words = ["".join(words)]  # "s.t.o.p"
    bare = " ".join(words)
    return words[0] if words and len(set(words)) == 1 else bare


#: Numbers that cost those who write to them, or belong to nobody.
_NOBODY = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
        PhoneNumberType.PAGER,
    }
)
_SENDER = re.compile(r"\+?[0-9 ().-]{6,24}")


def answerable(sender: str, region: str = "FR", ours: str = "") -> str | None:
    """Return the number of `sender` as E.164 ("+33612345678") when a person may be behind it, or None.

    `sender` is as the provider writes it, national (of `region`) or international, with or without "+". None for short
    codes, names, toll-free and premium numbers, what is malformed, and `ours`: no answer to a machine, nor to ourselves.
    """
    written = sender.strip()
    if not _SENDER.fullmatch(written):
        return None
    found = _valid(written, region) or (None if written[0] in "+0" else _valid("+" + written, region))
    if found is None or (ours and found == answerable(ours, region)):
        return None
    return found


def _valid(written: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) in _NOBODY:
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


#: How answering machines, replies sent on their own and error notices begin, folded, words apart by one space.
_MACHINE = re.compile(
    r"^(?:(?:ceci est un |ce )?(?:message|reponse|sms) (?:automatique|auto)\b"
    r"|(?:auto ?reply|automatic reply|out of office)\b|this is an automat(?:ed|ic)\b"
    r"|(?:bonjour )?je suis (?:actuellement )?absente? (?:du bureau )?(?:jusqu|du \d|pour le moment)"
    r"|je conduis\b.{0,40}\b(?:ne pas deranger|notifications?)"
    r"|(?:desolee? )?je ne peux pas (?:repondre|parler)\b.{0,30} (?:je (?:vous|te) rappelle|puis je (?:vous|te) rappeler)"
    r"|(?:votre|ce) correspondant\b|(?:message|sms) non (?:delivre|distribue|remis)\b"
    r"|(?:free|orange|sfr|bouygues|sosh|red|nrj|lebara|lyca\w*)(?: mobile| info| telecom)* (?:votre|vous|bienvenue)\b)"
)
#: What notices and advertisements say somewhere, and a person only of herself.
_NOTICE = re.compile(
    r"\bne pas repondre a ce (?:message|sms|numero)\b|\bmerci de ne pas repondre\b|\bdo not reply\b"
    r"|\bvotre messagerie (?:vocale )?(?:contient|est pleine)\b|\bvous avez \d+ nouveaux? messages? voca"
    r"|\bstop (?:sms )?(?:au|to) \d{5}\b|\bpour ne plus recevoir\b.{0,40}\b(?:repondez|envoyez|tapez) stop\b"
)
_PERSON = re.compile(r"\b(?:j|je|jai|jsuis|moi|m|mon|ma|mes)\b")


def looks_automatic(text: str) -> bool:
    """Tell whether a machine wrote `text`: an answering machine, an out-of-office, a notice of an operator.

    A person who tells of one is answered, and so is one who writes that she cannot speak: in doubt, it is a person.
    """
    said = re.sub(r"[\W_]+", " ", fold(clean(text))).strip()
    return bool(_MACHINE.search(said) or (_NOTICE.search(said) and not _PERSON.search(said)))
