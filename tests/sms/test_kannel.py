"""Text messages through a real Kannel, on the configuration that we ship: from a phone to Rasa and back."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from bot.answers import LiveBook, render
from bot.sms.providers import PLACEHOLDER
from bot.sms.text import septets
from tests.clock import NOW
from tests.live import LiveBrain, free_port
from tests.sms.gateway_process import GatewayProcess
from tests.sms.phone_network import CONFIGURATION, HERE, OURS, Kannel, PhoneNetwork, parse

pytestmark = [pytest.mark.live, pytest.mark.skipif(not HERE, reason="Kannel is not here (make system-deps)")]


@dataclass
class Line:
    """A telephone line to the assistant: Kannel and the gateway, each of which may be stopped."""

    kannel: Kannel
    gateway: GatewayProcess

    def post(self, **fields: str) -> int:
        """Call the webhook as anybody on the network could; return the status."""
        try:
            return int(urllib.request.urlopen(f"{self.gateway.url}/sms/kannel?{urlencode(fields)}", timeout=10).status)
        except urllib.error.HTTPError as error:
            return int(error.code)


@pytest.fixture(scope="module")
def line(brain: LiveBrain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """One line for all."""
    port = free_port()
    kannel = Kannel(tmp_path_factory.mktemp("kannel"), f"http://127.0.0.1:{port}")
    gateway = GatewayProcess(tmp_path_factory.mktemp("gateway"), brain, kannel.settings, port)
    try:
        kannel.start()
        gateway.start()
        yield Line(kannel, gateway)
    finally:
        gateway.kill()
        kannel.stop()


@pytest.fixture
async def phones(line: Line) -> AsyncIterator[PhoneNetwork]:
    """The network, joined."""
    network = PhoneNetwork(line.kannel.network_port)
    await network.connect()
    yield network
    await network.close()


def _system(id_: str) -> str:
    return render(LiveBook().book, id_, "sms", NOW.date(), {}).text.strip()


async def test_an_answer_comes_back_with_its_accents(line: Line, phones: PhoneNetwork) -> None:
    """A question with accents finds its town; each part comes whole, from our number, in GSM's alphabet, accents kept."""
    await phones.send("33600000101", "où faire peser mon bébé à Béziers ? ça m'inquiète")
    received = await phones.wait("33600000101", 2)
    texts = [message.text for message in received]
    assert "é" in " ".join(texts)
    await phones.send("33600000101", "SUITE")
    received = await phones.wait("33600000101", len(received) + 2)
    await phones.send("33600000101", "SUITE")
    received = await phones.wait("33600000101", len(received) + 1)
    texts = [message.text for message in received]
    assert "Béziers" in " ".join(texts)
    assert {message.sender for message in received} == {OURS}
    assert {message.pieces for message in received} == {1}
    assert all(septets(text) <= 160 for text in texts)


async def test_two_parts_come_in_order(phones: PhoneNetwork) -> None:
    """An answer in two parts reaches the phone first part first."""
    await phones.send("33600000102", "combien de rsa pour un couple")
    texts = [message.text for message in await phones.wait("33600000102", 3)]
    assert texts[0].startswith("(1/2)")
    assert texts[1].startswith("(2/2)")


async def test_receipts_reach_us(line: Line, phones: PhoneNetwork) -> None:
    """Kannel tells what became of each part, by our reference."""
    delivered = 'assistant_sms_receipts_total{status="delivered"}'
    before = line.gateway.measure(delivered)
    await phones.send("33600000103", "bonjour")
    await phones.wait("33600000103", 1)
    for _ in range(100):
        if line.gateway.measure(delivered) > before:
            break
        await asyncio.sleep(0.1)
    assert line.gateway.measure(delivered) > before
    assert line.gateway.measure('assistant_sms_receipts_total{status="unknown"}') == 0


@pytest.mark.parametrize("secret", ["un-autre-secret", "", None])
async def test_a_forged_message_is_refused(line: Line, phones: PhoneNetwork, secret: str | None) -> None:
    """Whoever reaches our address without the secret is refused, and no phone hears of it."""
    fields = {"from": "33600000104", "to": OURS, "text": "bonjour", "id": "forge", "coding": "0", "charset": "UTF-8"}
    assert line.post(**fields, **({} if secret is None else {"secret": secret})) == 403
    await phones.send("33600000105", "bonjour")
    await phones.wait("33600000105", 1)
    assert phones.to("33600000104") == []


async def test_the_same_message_twice_is_answered_once(line: Line, phones: PhoneNetwork) -> None:
    """A webhook that Kannel repeats is acknowledged again, and answered no more."""
    fields = {"from": "33600000106", "to": OURS, "text": "combien de rsa pour un couple", "id": "deux-fois"}
    fields |= {"coding": "0", "charset": "UTF-8", "secret": line.kannel.secret}
    assert [line.post(**fields) for _ in range(3)] == [200, 200, 200]
    await phones.wait("33600000106", 3)
    await asyncio.sleep(2)
    assert line.post(**fields) == 200
    await asyncio.sleep(2)
    assert len({message.text for message in phones.to("33600000106")}) == len(phones.to("33600000106")) == 3


async def test_a_very_long_message_comes_whole(phones: PhoneNetwork) -> None:
    """Ten concatenated parts are one message, answered once; what it says is read to its end."""
    filler = "je vous écris parce que je ne sais plus vers qui me tourner pour ma question et ma situation. "
    text = (filler * 10)[:900] + " où faire peser mon bébé à Béziers"
    await phones.send_long("33600000107", text, 10)
    texts = [message.text for message in await phones.wait("33600000107", 2)]
    await asyncio.sleep(1)
    assert len(phones.to("33600000107")) <= 3
    assert all(texts)


@pytest.mark.parametrize(
    ("phone", "raw"),
    [
        ("33600000108", b"udh %06%05%04%0B%84%23%F0 %01%02%FF%00"),  # binary, for a port
        ("33600000109", "text 👶😭".encode()),
        ("33600000110", b"data %01%02%03"),
    ],
)
async def test_what_is_not_words_is_said_not_to_be_read(phones: PhoneNetwork, phone: str, raw: bytes) -> None:
    """Binary messages and emoji alone: the person is told, rather than left without an answer."""
    await phones.send_raw(f"{phone} {OURS} ".encode() + raw)
    texts = [message.text for message in await phones.wait(phone, 1)]
    assert texts[0] == _system("sms_illisible")


async def test_broken_accents_lose_no_message(phones: PhoneNetwork) -> None:
    """Latin 1 where UTF-8 is announced: read all the same."""
    await phones.send_raw(f"33600000111 {OURS} text ".encode() + "où faire peser mon bébé à Béziers".encode("latin-1"))
    texts = [message.text for message in await phones.wait("33600000111", 2)]
    assert "Pesée" in " ".join(texts)


async def test_no_answer_to_what_is_not_a_phone(phones: PhoneNetwork) -> None:
    """Short numbers and names of senders are not answered: no loop with a machine."""
    for sender in ("36111", "Ameli", OURS):
        await phones.send(sender, "Votre code est 1234, ne le communiquez à personne")
    await phones.send("33600000112", "bonjour")
    await phones.wait("33600000112", 1)
    await asyncio.sleep(1)
    assert all(phones.to(sender) == [] for sender in ("36111", "Ameli", OURS))


async def test_kannel_down_then_up(line: Line, phones: PhoneNetwork) -> None:
    """An answer that Kannel cannot take waits, and leaves when Kannel is back."""
    await phones.close()
    line.kannel.stop()
    fields = {"from": "33600000113", "to": OURS, "text": "combien de rsa pour un couple", "id": "kannel-absent"}
    assert line.post(**fields, coding="0", charset="UTF-8", secret=line.kannel.secret) == 200
    await asyncio.sleep(3)
    await asyncio.to_thread(line.kannel.start)
    await phones.connect()
    received = await phones.wait("33600000113", 3)
    assert [message.text[:5] for message in received[:2]] == ["(1/2)", "(2/2)"]


async def test_the_gateway_down_then_up(line: Line, phones: PhoneNetwork) -> None:
    """A message that comes while the gateway is down is kept by Kannel, and answered once."""
    line.gateway.kill()
    await phones.send("33600000114", "combien de rsa pour un couple")
    await asyncio.sleep(2)
    await asyncio.to_thread(line.gateway.start)
    await phones.wait("33600000114", 3)
    await asyncio.sleep(2)
    assert len(phones.to("33600000114")) == 3


async def test_no_number_and_no_text_in_the_gateway_s_log(line: Line, phones: PhoneNetwork) -> None:
    """What people write, and from where, is nowhere in what we log."""
    await phones.send("33600000115", "mon voisin Anatole m'a parlé de vous")
    await phones.wait("33600000115", 1)
    log = line.gateway.log()
    assert "3360000" not in log
    assert "Anatole" not in log


def test_every_secret_of_the_configuration_is_one_that_we_refuse() -> None:
    """Each password of kannel.conf is a placeholder that providers.create() knows."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    values = [row.partition("=")[2].strip() for row in text.splitlines() if "password" in row.split("=")[0]]
    assert values
    assert all(value.startswith(PLACEHOLDER) for value in values)
    assert f"secret={PLACEHOLDER}-SECRET&from=%p&to=%P&text=%b&id=%I&coding=%c&charset=%C" in text


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("34034 +336 text Réponse à été", "Réponse à été"),
        ("34034 +336 data a%0Ab", "a\nb"),
        ("34034 +336 udh %05%00%03%02%02%01 data xx", "xx"),
    ],
)
def test_the_network_reads_what_it_delivers(row: str, text: str) -> None:
    """The three shapes of a line of the fake operator."""
    delivered = parse(row, 0)
    assert delivered is not None
    assert (delivered.phone, delivered.text) == ("+336", text)
