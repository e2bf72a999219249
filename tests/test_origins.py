"""Tests for bot.origins: what may stand in ALLOWED_ORIGINS, and how it is written."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import origins
from bot.settings import SettingsError, load

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True).filter(
    lambda one: not one.startswith("xn--")
)
HOST = st.lists(LABEL, min_size=1, max_size=4).map(".".join).filter(lambda host: not host.rsplit(".", 1)[-1].isdigit())


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://www.exemple.fr", "https://www.exemple.fr"),
        ("  https://www.exemple.fr ", "https://www.exemple.fr"),
        ("HTTPS://WWW.Exemple.FR", "https://www.exemple.fr"),
        ("https://www.exemple.fr/", "https://www.exemple.fr"),
        ("https://www.exemple.fr:443", "https://www.exemple.fr"),
        ("http://www.exemple.fr:80", "http://www.exemple.fr"),
        ("https://www.exemple.fr:80", "https://www.exemple.fr:80"),
        ("https://www.exemple.fr:8443", "https://www.exemple.fr:8443"),
        ("https://hérault.fr", "https://xn--hrault-bva.fr"),
        ("https://xn--hrault-bva.fr", "https://xn--hrault-bva.fr"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_as_browsers_write_it(written: str, origin: str) -> None:
    """Case, default port, final slash and accents are brought to what a browser sends."""
    assert origins.parse(written) == origin


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("*", "joker"), ("https://*.exemple.fr", "joker"), ("https://*", "joker"), ("null", "null"), ("NULL", "null"),
        ("www.exemple.fr", "https://"), ("//www.exemple.fr", "https://"), ("ftp://www.exemple.fr", "https://"), ("file:///", "https://"),
        ("https://", "https://"), ("https:///chemin", "https://"), ("javascript:alert(1)", "https://"), ("https://a.fr:99999", "adresse"), ("https://a.fr:0", "port"),
        ("https://moi:secret@a.fr", "identifiant"), ("https://a.fr@b.fr", "identifiant"), ("https://@a.fr", "identifiant"),
        ("https://www.exemple.fr.", "point"), ("https://a..fr", "nom"), ("https://-a.fr", "nom"), ("https://a b.fr", "nom"),
        ("https://a.fr/page", "s'arrête"), ("https://a.fr?x", "s'arrête"), ("https://a.fr#x", "s'arrête"), ("https://a.fr\\.b.fr", "adresse"),
        ("https://a.fr;https://b.fr", "nom"), ("https://a.fr https://b.fr", "nom"),
    ],
)  # fmt: skip
def test_refused(written: str, words: str) -> None:
    """What is no origin, or more than one site, is refused with a sentence that says what to write; no password is repeated."""
    with pytest.raises(ValueError, match=words) as refusal:
        origins.parse(written)
    assert "secret" not in str(refusal.value)


@given(st.sampled_from(["http", "https"]), HOST, st.integers(1, 65535) | st.none())
def test_written_once(scheme: str, host: str, port: int | None) -> None:
    """An origin read again is the same, and another port, scheme, a dot or a longer name is another origin."""
    origin = origins.parse(f"{scheme}://{host.upper()}{f':{port}' if port else ''}")
    assert origins.parse(origin) == origin
    others = {f"{scheme}://x{host}", f"{scheme}://{host}.x", f"{'http' if scheme == 'https' else 'https'}://{host}:{port or 1}", f"{scheme}://{host}:{(port or 1000) % 65535 + 1}"}  # fmt: skip
    assert origin not in {origins.parse(other) for other in others}


@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    """Whatever is written is read as one whole origin or refused as a faulty value: never a crash, never a wildcard."""
    with contextlib.suppress(ValueError):
        origin = origins.parse(text)
        assert origin.startswith(("http://", "https://"))
        assert not set("*@?#,; ") & set(origin)
        assert origin.isascii()
        assert origin == origin.lower()


def test_list() -> None:
    """A list is separated by commas; empty, it allows nobody; one faulty origin refuses the whole."""
    assert origins.parse_list("https://a.fr, https://B.fr/,") == {"https://a.fr", "https://b.fr"}
    assert origins.parse_list(" , ") == frozenset()
    with pytest.raises(ValueError, match="joker"):
        origins.parse_list("https://a.fr,*")


def test_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A faulty ALLOWED_ORIGINS stops the start with its name and the reason; none is set by default."""
    assert load().origins == frozenset()
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://www.exemple.fr,https://mairie.example")
    assert load().origins == {"https://www.exemple.fr", "https://mairie.example"}
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://*.exemple.fr")
    with pytest.raises(SettingsError, match=r"(?s)ALLOWED_ORIGINS.*joker"):
        load()
