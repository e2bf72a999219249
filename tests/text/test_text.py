"""Tests for bot.text: what arrives from a keyboard becomes one readable form."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import clean, fold, is_readable, looks_foreign, loose_key, normalise, sound_key, words


class TestClean:
    """Tests for bot.text.clean()."""

    @pytest.mark.parametrize(
        ("raw", "expected"),
        [
            ("  bonjour\n\tà   vous ", "bonjour à vous"),
            ("bon\u200bjour\ufeff", "bonjour"),
            ("a\x00b\x07c", "abc"),
            ("\u202eabc", "abc"),
            ("ｂｏｎｊｏｕｒ １２", "bonjour 12"),
            ("e\u0301te\u0301", "été"),
            ("", ""),
        ],
    )
    def test_known(self, raw: str, expected: str) -> None:
        """Spaces, control, invisible and look-alike characters are gone."""
        assert clean(raw) == expected

    def test_zalgo(self) -> None:
        """Piled-up accents do not make a message thousands of characters high."""
        assert len(clean("a" + "\u0301" * 500)) < 5

    @given(st.text())
    def test_any_text(self, raw: str) -> None:
        """Whatever is typed, the result is clean already: cleaning again changes nothing, and no control character is left."""
        once = clean(raw)
        assert clean(once) == once
        assert not any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn"} for c in once)


class TestIsReadable:
    """Tests for bot.text.is_readable()."""

    @pytest.mark.parametrize("text", ["a", "12", "été ?", "нет"])
    def test_readable(self, text: str) -> None:
        """A letter or a digit is something to understand."""
        assert is_readable(text)

    @pytest.mark.parametrize("text", ["", "?!…", "🙂🙂", "...", "—"])
    def test_not_readable(self, text: str) -> None:
        """Emoji and punctuation alone are not."""
        assert not is_readable(text)


class TestNormalise:
    """Tests for bot.text.normalise()."""

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("jpe pa payé mn loyer", "je peux pa paye mon loyer"),
            ("g pa reçu mon RSA !!!", "j ai pa recu mon rsa"),
            ("c koi la PMI ?", "c est quoi la pmi"),
            ("C'est quoi l’œuf", "c est quoi l oeuf"),
            ("j ai besoin d aide", "j ai besoin d aide"),
            ("aiiiiide moi", "aide moi"),
            ("rdv dem svp", "rendez vous demain s il vous plait"),
            ("651,69 € ou 34 500", "651,69 ou 34 500"),
            ("kesk jdoi faire 2m1", "qu est ce que je dois faire demain"),
            ("combi1 de rsa", "combien de rsa"),
            ("esk jai droit", "est ce que j ai droit"),
            ("quesqu'il faut", "qu est ce qu il faut"),
            ("dans 2 min, le 2mai", "dans 2 min le 2 mai"),
            ("ri1 de 1", "rien de 1"),
            ("", ""),
        ],
    )
    def test_known(self, typed: str, expected: str) -> None:
        """Shorthand, accents, stretched letters and lost apostrophes come to one form."""
        assert normalise(typed) == expected

    @given(st.text(max_size=200))
    def test_any_text(self, typed: str) -> None:
        """Whatever is typed, the result is words apart by one space."""
        result = normalise(typed)
        assert result == " ".join(result.split())


class TestFoldAndWords:
    """Tests for bot.text.fold() and bot.text.words()."""

    def test_fold(self) -> None:
        """Accents, case, ligatures and typographic signs go."""
        assert fold("L’Été à SÈTE — œuvre") == "l'ete a sete - oeuvre"

    def test_words(self) -> None:
        """Words and numbers are found in order."""
        assert words("À Sète, 34200 !") == ["a", "sete", "34200"]


class TestSoundKey:
    """Tests for bot.text.sound_key()."""

    @pytest.mark.parametrize(
        ("right", "heard"),
        [
            ("allocation", "alokassion"),
            ("rendez", "randé"),
            ("déclaration", "declarassion"),
            ("quand", "kan"),
            ("payer", "payé"),
            ("logement", "lojeman"),
            ("enfant", "anfan"),
            ("téléphone", "telefone"),
            ("argent", "arjen"),
            ("manger", "mangé"),
            ("caf", "kaf"),
        ],
    )
    def test_heard_alike(self, right: str, heard: str) -> None:
        """A word and its phonetic spelling get one key."""
        assert sound_key(right) == sound_key(heard)

    @pytest.mark.parametrize(("one", "other"), [("pain", "pont"), ("bain", "banc"), ("rue", "roue"), ("caf", "cpam")])
    def test_heard_apart(self, one: str, other: str) -> None:
        """Words that sound different keep different keys."""
        assert sound_key(one) != sound_key(other)

    @given(st.text(alphabet=st.characters(categories=["Ll"]), min_size=1, max_size=30))
    def test_never_empty(self, word: str) -> None:
        """No word loses its key."""
        assert sound_key(word) or not fold(word)


class TestLooseKey:
    """Tests for bot.text.loose_key()."""

    @pytest.mark.parametrize(
        ("right", "heard"),
        [("semaine", "semène"), ("maison", "mézon"), ("aide", "ède"), ("faire", "fère"), ("logement", "lojeman")],
    )
    def test_heard_alike(self, right: str, heard: str) -> None:
        """Spelt with another grapheme of "é", a word keeps its key, with its accents or without."""
        assert loose_key(right) == loose_key(heard) == loose_key(fold(heard))

    @pytest.mark.parametrize(("one", "other"), [("peur", "père"), ("seul", "sel"), ("deux", "des"), ("caf", "cpam")])
    def test_heard_apart(self, one: str, other: str) -> None:
        """ "Eu" is not "é"."""
        assert loose_key(one) != loose_key(other)


class TestLooksForeign:
    """Tests for bot.text.looks_foreign()."""

    @pytest.mark.parametrize(
        "text",
        [
            "I need help with my child please",
            "hola necesito ayuda con mi hijo",
            "أحتاج مساعدة",
            "мне нужна помощь",
            "unde este primaria, vreau ajutor",
        ],
    )
    def test_foreign(self, text: str) -> None:
        """Messages in other languages are told apart."""
        assert looks_foreign(text)

    @pytest.mark.parametrize(
        "text",
        [
            "bonjour",
            "RSA",
            "moi pas comprendre papier caf",
            "je suis Ali",
            "pass navigo",
            "mon mari il est parti",
            "help rsa",
        ],
    )
    def test_french(self, text: str) -> None:
        """French, however broken, is not taken for another language."""
        assert not looks_foreign(text)
