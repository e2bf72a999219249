"""Spoils French sentences as people do: without accents, with typos, by SMS, as it sounds. Seeded: same seed, same faults.

Pure, standard library only. Its tables are its own: what the brain can spell out is not what spoils the sentences,
or a measure of robustness would only measure a table against itself.
"""

import random
import re
import unicodedata
from collections.abc import Callable, Sequence

Noise = Callable[[str, random.Random], str]

_WORD = re.compile(r"[^\W\d_]+")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’](?=[^\W\d_])")
#: The keys beside each letter of a French (AZERTY) keyboard.
_BESIDE = {
    "a": "zq", "z": "aes", "e": "zrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl", "p": "om",
    "q": "asw", "s": "qdz", "d": "sfe", "f": "dgr", "g": "fht", "h": "gjy", "j": "hku", "k": "jli", "l": "kmo", "m": "lp",
    "w": "xq", "x": "wcs", "c": "xvd", "v": "cbf", "b": "vng", "n": "bh",
}  # fmt: skip
#: Words shorter than this are not mistyped: one fault there makes another word.
_MISTYPED_FROM = 4

#: What people shorten, longest first so that "est-ce que" is met before "que". Several ways: one is drawn.
_SHORT: dict[str, tuple[str, ...]] = {
    "qu'est-ce que": ("keske", "kesk"), "est-ce que": ("esk", "eske", "es que"), "s'il vous plaît": ("svp", "siouplé"),
    "s'il te plaît": ("stp",), "il y a": ("ya", "y a"), "il n'y a": ("ya",), "je ne suis": ("jsui", "chui"), "je suis": ("jsui", "chui", "jss"),
    "je n'ai": ("g", "jé"), "j'ai": ("g", "jé", "jai"), "c'est": ("c", "cé"), "je ne peux": ("jpeu",), "je peux": ("jpeu", "jpe"),
    "je veux": ("jveu", "jve"), "je voudrais": ("jvoudré", "jvoudrai"), "je vais": ("jvé", "jvai"), "je sais": ("jsé", "jsais"), "je ne sais": ("jsé",),
    "parce que": ("pcq", "psk"), "quelque chose": ("qqch", "kelke choz"), "quelqu'un": ("qqn", "kelkun"), "rendez-vous": ("rdv", "rendé vous"),
    "tout le monde": ("tt le monde",), "aujourd'hui": ("ajd", "auj"), "peut-être": ("ptet", "peutetre"), "en ce moment": ("en se moment", "en cmoment"),
    "bonjour": ("bjr", "bonjr"), "bonsoir": ("bsr",), "salut": ("slt",), "merci": ("mci", "mrc"), "d'accord": ("dac", "dacc"),
    "pour": ("pr", "pour"), "vous": ("vs", "vou"), "nous": ("ns", "nou"), "tous": ("ts",), "tout": ("tt", "tou"), "toujours": ("tjs", "tjrs"),
    "beaucoup": ("bcp", "bocou"), "combien": ("cb", "cmb", "combi1"), "quand": ("qd", "kan"), "comment": ("cmt", "comen"), "pourquoi": ("pk", "pkoi"),
    "maintenant": ("mtn", "mnt"), "avec": ("ac", "avc"), "dans": ("ds", "dan"), "mais": ("mé",), "que": ("ke", "q"), "qui": ("ki",), "quoi": ("koi",),
    "quel": ("kel",), "quelle": ("kel", "kelle"), "quels": ("kel",), "quelles": ("kel",), "temps": ("tps", "tan"), "longtemps": ("lgtps",),
    "travail": ("taf", "travay"), "problème": ("pb", "problem"), "problèmes": ("pb",), "même": ("mm", "meme"), "jamais": ("jms", "jamé"), "vraiment": ("vrmt",),
    "plus": ("plu", "+"), "ça": ("sa",), "était": ("été", "étai"), "fait": ("fé", "fai"), "faire": ("fer", "fair"), "téléphone": ("tel", "tél"),
    "numéro": ("num", "numero"), "appartement": ("appart",), "ordinateur": ("ordi",), "adresse": ("adr", "adres"), "semaine": ("sem",), "demain": ("2m1", "demin"),
    "toute": ("tte",), "toutes": ("ttes",), "elle": ("el",), "moi": ("mwa", "moi"), "dois": ("doi",), "peut": ("peu",), "après": ("apré", "apres"), "pas": ("pa",),
    "suis": ("sui",), "les": ("lé",), "des": ("dé",), "mes": ("mé",), "ses": ("c",), "ces": ("c",), "est": ("é", "est"), "avoir": ("avoir", "avwar"), "rien": ("ri1",),
    "bien": ("bi1", "bien"), "deux": ("2",), "un": ("1",), "une": ("1",), "cette": ("cet",), "acheter": ("acheté",), "argent": ("arjen", "thune"), "enfant": ("gosse", "enfan"),
    "enfants": ("gosses", "enfan"), "mari": ("mari",), "monsieur": ("mr",), "madame": ("mme",), "s'inscrire": ("sinscrire",), "beau": ("bo",),
}  # fmt: skip
_SHORT_PATTERN = re.compile(
    r"(?<![^\W\d_])(?:" + "|".join(re.escape(one) for one in sorted(_SHORT, key=len, reverse=True)) + r")(?![^\W\d_])",
    re.IGNORECASE,
)

#: How French is spelt by ear: each rule changes letters, not (or hardly) the sound.
_BY_EAR: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?<=[aeiou])s(?=[aeéiou])", "z"),
        (r"qu(?=[aeéèêio])", "k"),
        (r"(?<=[a-zé])tion", "sion"),
        (r"eau|au", "o"),
        (r"ph", "f"),
        (r"ç|c(?=[eéèêiy])", "s"),
        (r"g(?=[eéèêi])", "j"),
        (r"(?<=.)(?:er|ez|é)$", lambda found: "er" if found.group() == "é" else "é"),
        (r"ai(?!n|m|l)", "é"),
        (r"(?<=[^\W])en(?=[tdsc])", "an"),
        (r"an(?=[tdsc])", "en"),
        (r"ain|ein", "in"),
        (r"([bcdflmnprt])\1", r"\1"),
        (r"ss(?=[aeiouyé])", "s"),
        (r"^h", ""),
        (r"y(?=[^aeiouy])", "i"),
        (r"(?<=[a-zéè]{2})[stxdp]$", ""),
        (r"(?<=[a-zéè]{2})es?$", ""),
        (r"(?<=[a-z]{3})ent$", "e"),
    )
)


def without_accents(text: str) -> str:
    """Return `text` without its accents and cedillas."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _accents(text: str, _: random.Random) -> str:
    return without_accents(text)


def _mistype(word: str, rng: random.Random) -> str:
    """Return `word` with one fault of the fingers, never on its first letter."""
    place = rng.randrange(1, len(word))
    kind = rng.choice(("beside", "swap", "drop", "double"))
    if kind == "swap":
        place = rng.randrange(1, len(word) - 1)
        if word[place] != word[place + 1]:
            return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        kind = "drop"
    if kind == "drop":
        return word[:place] + word[place + 1 :]
    near = _BESIDE.get(without_accents(word[place].lower())) if kind == "beside" else None
    if near:
        return word[:place] + rng.choice(near) + word[place + 1 :]
    return word[:place] + word[place] + word[place:]


def typos(count: int) -> Noise:
    """Return the noise of `count` faults of the fingers, in words of four letters or more, different ones if it can."""

    def spoil(text: str, rng: random.Random) -> str:
        places = [found.span() for found in _WORD.finditer(text) if len(found.group()) >= _MISTYPED_FROM]
        if not places:
            return text
        chosen = rng.sample(places, min(count, len(places)))
        hits = chosen + [rng.choice(chosen) for _ in range(count - len(chosen))]
        for start, end in sorted(set(hits), reverse=True):
            word = text[start:end]
            for _ in range(hits.count((start, end))):
                word = _mistype(word, rng) if len(word) > 2 else word
            text = text[:start] + word + text[end:]
        return text

    return spoil


def by_ear(rate: float) -> Noise:
    """Return the noise of spelling as it sounds: each rule that applies to a word does so at `rate`."""

    def spoil(text: str, rng: random.Random) -> str:
        def respell(found: re.Match[str]) -> str:
            word = found.group()
            if len(word) < 3 or word.isupper():
                return word
            spelt = word.lower()
            for pattern, replacement in _BY_EAR:
                if pattern.search(spelt) and rng.random() < rate:
                    spelt = pattern.sub(replacement, spelt) or spelt
            return spelt.capitalize() if word[0].isupper() else spelt

        return _WORD.sub(respell, text)

    return spoil


def shorthand(rate: float) -> Noise:
    """Return the noise of abbreviations: each word or turn that has one is shortened at `rate`."""

    def spoil(text: str, rng: random.Random) -> str:
        def shorten(found: re.Match[str]) -> str:
            if rng.random() >= rate:
                return found.group()
            return rng.choice(_SHORT[found.group().lower()])

        return _SHORT_PATTERN.sub(shorten, text.replace("’", "'"))

    return spoil


def apostrophes(rate: float) -> Noise:
    """Return the noise of lost apostrophes: nothing instead ("jai"), or a space ("l assistante")."""

    def spoil(text: str, rng: random.Random) -> str:
        return _APOSTROPHE.sub(
            lambda found: rng.choice(("", " ")) if rng.random() < rate else found.group(),
            text,
        )

    return spoil


def _stretched(text: str, rng: random.Random) -> str:
    """Stretch one letter of one word in four: a vowel, or the last letter."""
    places = [found.span() for found in _WORD.finditer(text) if len(found.group()) >= 2]
    for start, end in sorted(rng.sample(places, min(len(places), 1 + len(places) // 4)), reverse=True):
        vowels = [place for place in range(start, end) if without_accents(text[place].lower()) in "aeiouy"]
        place = rng.choice([*vowels, end - 1])
        text = text[:place] + text[place] * rng.randint(3, 6) + text[place + 1 :]
    return text


def _upper(text: str, _: random.Random) -> str:
    return text.upper()


def _sms(text: str, rng: random.Random) -> str:
    """Spoil as on a phone in a hurry: abbreviations, sounds, hardly a sign."""
    text = apostrophes(1.0)(by_ear(0.35)(shorthand(0.7)(text, rng), rng), rng)
    return re.sub(r"\s*[.,;:!?…]+", "", text).lower()


def _mild(text: str, rng: random.Random) -> str:
    """Spoil a little: what most people do when they type on a phone."""
    if rng.random() < 0.6:
        text = without_accents(text)
    text = by_ear(0.08)(shorthand(0.15)(apostrophes(0.5)(text, rng), rng), rng)
    return typos(1)(text, rng) if rng.random() < 0.4 else text


def _heavy(text: str, rng: random.Random) -> str:
    """Spoil a lot: by ear, by SMS, with typos and no accents, now and then stretched."""
    text = without_accents(by_ear(0.5)(shorthand(0.5)(apostrophes(0.9)(text, rng), rng), rng))
    text = typos(1 + len(text.split()) // 10)(text, rng)
    return _stretched(text, rng) if rng.random() < 0.2 else text


#: Every kind of noise, by name.
KINDS: dict[str, Noise] = {
    "accents": _accents,
    "one_typo": typos(1),
    "two_typos": typos(2),
    "apostrophes": apostrophes(1.0),
    "stretched": _stretched,
    "upper": _upper,
    "by_ear": by_ear(0.4),
    "sms": _sms,
    "mild": _mild,
    "heavy": _heavy,
}


def noisy(text: str, kind: str, seed: int = 0) -> str:
    """Return `text` spoilt by the noise `kind` (a key of KINDS); depends on its arguments only.

    A text that the noise cannot touch (no accent to drop, no word long enough) comes back as it is.
    """
    rng = random.Random(f"{seed}|{kind}|{text}")
    return KINDS[kind](text, rng)


def spoil(texts: Sequence[str], kind: str, seed: int = 0) -> list[str]:
    """Return each of `texts` spoilt by the noise `kind`."""
    return [noisy(text, kind, seed) for text in texts]
