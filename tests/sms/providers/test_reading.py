"""Webhooks of every provider, through the same tables: read, refused, unreadable."""

import contextlib
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from bot.sms.providers.base import Incoming, Receipt, Refused, Request, Unreadable
from bot.sms.providers.wire import masked
from tests.sms.providers.samples import (
    DIALECTS,
    KANNEL,
    OURS,
    OVH,
    PERSON,
    PUBLIC,
    SECRET,
    TOKEN,
    TWILIO,
    Dialect,
    every,
    request,
    signed,
)
from tests.sms.providers.samples import _jasmin as jasmin

EVERY = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
NOWHERE = "http://127.0.0.1:9"


@EVERY
@pytest.mark.parametrize(
    "text", ["bonjour", "g pas reçu mon rsa, c'est normal à 100 % ?", "€ & = + # %41 é\nligne", "👶", ""]
)
def test_a_message_is_read_as_it_was_written(dialect: Dialect, text: str) -> None:
    """Accents, signs that addresses use, line breaks and emoji arrive whole; a message without text is a message."""
    read = dialect.make(NOWHERE).read(dialect.message("id-1", PERSON, OURS, text))
    assert isinstance(read, Incoming)
    assert (read.sender, read.recipient, read.text) == (PERSON, OURS, text)
    assert read.id.startswith("id-1")


@EVERY
def test_the_same_webhook_twice_has_the_same_id(dialect: Dialect) -> None:
    """What the provider repeats is told from its id."""
    provider = dialect.make(NOWHERE)
    first, again = (provider.read(dialect.message("id-1", PERSON, OURS, "bonjour")) for _ in range(2))
    assert first == again
    other = provider.read(dialect.message("id-2", PERSON, OURS, "bonjour"))
    assert isinstance(first, Incoming)
    assert isinstance(other, Incoming)
    assert first.id != other.id


@pytest.mark.parametrize(("dialect", "forged"), every("forged"))
def test_a_forged_webhook_is_refused(dialect: Dialect, forged: Request) -> None:
    """Nothing is read of a webhook without its secret or its signature."""
    with pytest.raises(Refused):
        dialect.make(NOWHERE).read(forged)


@pytest.mark.parametrize(("dialect", "case"), every("receipts"))
def test_a_receipt_says_what_became_of_a_message(dialect: Dialect, case: tuple[Request, str | None]) -> None:
    """Each status that is documented is known; what says nothing is left alone."""
    webhook, expected = case
    read = dialect.make(NOWHERE).read(webhook)
    if expected is None:
        assert read is None
        return
    assert isinstance(read, Receipt)
    assert read.status.value == expected
    assert read.reference == "r1" or (dialect is OVH and read.provider_id == "26929925")


@pytest.mark.parametrize(("dialect", "webhook"), every("unreadable"))
def test_a_webhook_without_what_we_need_is_unreadable(dialect: Dialect, webhook: Request) -> None:
    """No sender, no text, no status: said so, without a word of what was sent."""
    with pytest.raises(Unreadable) as error:
        dialect.make(NOWHERE).read(webhook)
    assert "600000001" not in str(error.value)


@EVERY
def test_the_acknowledgement_is_the_provider_s(dialect: Dialect) -> None:
    """Each is told in its own words that its message is kept."""
    assert dialect.make(NOWHERE).acknowledgement() == dialect.acknowledgement


@pytest.mark.parametrize(
    ("raw", "coding", "charset", "text"),
    [
        ("caf%C3%A9", "0", "UTF-8", "café"),
        ("caf%E9", "0", "ISO-8859-1", "café"),
        ("10+%80", "0", "windows-1252", "10 €"),
        ("%00c%00a%00f%00%E9", "2", "UTF-16BE", "café"),
        ("%D8%3D%DC%76", "2", "UTF-16BE", "👶"),
        ("%00c%00a%00f%00%E9%00", "2", "UTF-16BE", "caf\u00e9\ufffd"),  # cut in the middle of a character
        ("%00c%00a%00f%00%E9", "0", "UTF16-BE", "café"),
        ("caf%E9", "0", "UTF-8", "café"),  # a charset that lies
        ("caf%C3%A9", "0", "KLINGON-8", "café"),
        ("caf%C3%A9", "", "", "café"),
        ("a%00b", "0", "UTF-8", "ab"),
        ("%01%02%FF", "1", "8-BIT", ""),  # binary
        ("%06%05%04%0B%84%23%F0", "1", "8-BIT", ""),
        ("deux+parties", "1", "8-BIT", "deux parties"),  # eight bits that are words
    ],
)
def test_kannel_s_charsets(raw: str, coding: str, charset: str, text: str) -> None:
    """%b is bytes: text in any charset, UTF-16 for coding 2; binary data is a message without text."""
    url = f"/sms/kannel?secret={SECRET}&from=33600000001&to={OURS}&text={raw}&id=1&coding={coding}&charset={charset}"
    read = KANNEL.make(NOWHERE).read(request(url))
    assert isinstance(read, Incoming)
    assert read.text == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"content": "caf\u00e9".encode(), "coding": "0"}, "café"),
        ({"content": b"caf\x05", "coding": "0"}, "café"),  # GSM's own alphabet
        ({"content": b"", "binary": "636166e9", "coding": "3"}, "café"),
        ({"content": b"x", "binary": "0063006100660000e9".replace("0000e9", "00e9"), "coding": "8"}, "café"),
        ({"content": b"\x01\xff", "binary": "01ff", "coding": "4"}, ""),
    ],
)
def test_jasmin_s_codings(fields: dict[str, str | bytes], text: str) -> None:
    """SMPP's codings: the operator's alphabet, Latin 1, UTF-16, binary; the hexadecimal copy wins."""
    read = DIALECTS["jasmin"].make(NOWHERE).read(jasmin({"id": "1", "from": PERSON, "to": OURS, **fields}))
    assert isinstance(read, Incoming)
    assert read.text == text


FORM = {"MessageSid": "SM1", "From": PERSON, "To": OURS, "Body": "a"}


@pytest.mark.parametrize(
    ("signed_url", "base"),
    [
        (f"{PUBLIC}/sms/twilio", PUBLIC),
        (f"{PUBLIC}:443/sms/twilio", PUBLIC),
        # Behind a proxy that ends TLS, ours is an address of the loopback.
        (f"{PUBLIC}/sms/twilio", "http://127.0.0.1:8080"),
        (f"{PUBLIC}:443/sms/twilio", "http://assistant.example"),
    ],
)
def test_twilio_signs_the_public_address(signed_url: str, base: str) -> None:
    """The signature is that of the address which Twilio called, with its port or without, proxy or none."""
    read = TWILIO.make(NOWHERE).read(signed("/sms/twilio", FORM, signed_url=signed_url, base=base))
    assert isinstance(read, Incoming)


def test_twilio_s_address_as_the_proxy_passes_it_on() -> None:
    """PUBLIC_URL forgotten: the address in Host is tried too, and a signature for another one is no better than before."""
    form = request("/sms/twilio", FORM, {"Host": "autre.example"}, "http://127.0.0.1:8080")
    for signed_url, read in (
        ("https://autre.example/sms/twilio", True),
        ("https://ailleurs.example/sms/twilio", False),
    ):
        signature = signed("/sms/twilio", FORM, signed_url=signed_url).headers["X-Twilio-Signature"]
        webhook = replace(
            form, headers=CIMultiDictProxy(CIMultiDict({**form.headers, "X-Twilio-Signature": signature}))
        )
        with contextlib.nullcontext() if read else pytest.raises(Refused):
            assert isinstance(TWILIO.make(NOWHERE).read(webhook), Incoming)


def test_a_picture_by_twilio_is_a_message_without_text() -> None:
    """The person who sends a picture is answered too."""
    read = TWILIO.make(NOWHERE).read(
        signed("/sms/twilio", {**FORM, "Body": "", "NumMedia": "1", "MediaUrl0": "https://x"})
    )
    assert isinstance(read, Incoming)
    assert read.text == ""


def test_two_replies_to_one_message_by_ovh_are_two() -> None:
    """Whatever the id that OVH gives is of, another text is another message."""
    provider = OVH.make(NOWHERE)
    read = [provider.read(OVH.message("7", PERSON, OURS, text)) for text in ("oui", "non", "oui")]
    assert [message.id for message in read if isinstance(message, Incoming)][0::2] == [read[0].id, read[0].id]  # type: ignore[union-attr]
    assert read[0] != read[1]


@EVERY
def test_no_secret_and_no_text_shows_in_a_provider_s_repr(dialect: Dialect) -> None:
    """A provider that ends in a log line gives nothing away."""
    shown = repr(dialect.make(NOWHERE))
    for secret in (SECRET, TOKEN, "passe", "consommateur"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Argument to has an invalid value: +33600000001.", "Argument to has an invalid value"),
        ("Unknown subscriber 33600000001", "Unknown subscriber …"),
        ("Number(s) has/have been denied", "Number(s) has/have been denied"),
    ],
)
def test_what_a_provider_says_is_kept_without_numbers(said: str, kept: str) -> None:
    """Errors are logged and shown: they carry no number of a person."""
    assert masked(said) == kept


def test_the_address_of_deploy_is_the_one_that_is_read() -> None:
    """The fields of kannel.conf's get-url are the ones that the code knows."""
    query = urlencode({"secret": SECRET, "from": "33600000001", "to": OURS, "text": "a", "id": "1", "coding": "0"})
    assert isinstance(KANNEL.make(NOWHERE).read(request(f"/sms/kannel?{query}&charset=UTF-8")), Incoming)
