"""Two gateways, two Rasas, real PostgreSQL, Redis and nginx: one assistant, whoever answers."""

import asyncio
import json
import uuid
from collections import Counter

import aiohttp
import pytest

from bot.web.server import PER_ADDRESS
from tests.scale.conftest import Operator
from tests.scale.people import COMMUNES, Person, converse, places
from tests.scale.stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.long]


def asked_of(stack: Stack) -> Counter[str]:
    """Return how many requests each gateway has answered, by nginx's own log."""
    found: Counter[str] = Counter()
    for line in stack.nginx.log.read_text(encoding="utf-8").splitlines():
        for number in (1, 2):
            found[f"gateway-{number}"] += f'"upstream":"{stack.address[f"gateway-{number}"]}:8080"' in line
    return found


def senders(stack: Stack) -> int:
    """Return how many conversations PostgreSQL holds of Rasa's."""
    assert stack.postgres is not None
    return int(stack.postgres.ask("tracker", "SELECT count(DISTINCT sender_id) FROM events"))


async def test_memory_across_gateways(stack: Stack) -> None:
    """A conversation whose turns go to one gateway then the other remembers the commune, the list under way, the last answer."""
    async with Person(stack.url, "127.0.1.1") as person:
        first = await person.say("je cherche une france services à Lunel", stack.gateway(1))
        second = await person.say("suite", stack.gateway(2))
        third = await person.say("répète", stack.gateway(1))
        fourth = await person.say("je voudrais faire peser mon petit", stack.gateway(2))
        assert places(first)
        assert places(second)
        assert not set(places(first)) & set(places(second))
        assert places(third) == places(second)
        assert fourth["commune"]["name"] == "Lunel"
        assert not person.seen.failures
        status, turns = await person.read(stack.gateway(1))
        assert status == 200
        assert [turn["text"] for turn in turns][1:3] == ["suite", "répète"]


async def test_both_of_each_work(stack: Stack) -> None:
    """Twelve conversations through nginx: all remember, both gateways and both Rasas took part."""
    before = asked_of(stack)
    rasas = {name: stack.seconds_of_processor(name) for name in ("rasa-1", "rasa-2")}
    gate = asyncio.Semaphore(4)

    async def one(number: int) -> list[str]:
        async with Person(stack.url, f"127.0.2.{number + 1}") as person:
            forgotten = await converse(person, COMMUNES[number % len(COMMUNES)], gate)
            return [*forgotten, *person.seen.failures]

    assert await asyncio.gather(*map(one, range(12))) == [[]] * 12
    took = asked_of(stack) - before
    assert min(took["gateway-1"], took["gateway-2"]) >= 10
    for name, seconds in rasas.items():
        assert stack.seconds_of_processor(name) > seconds + 0.1, f"{name} did nothing"


async def test_same_message_to_both_at_once(stack: Stack) -> None:
    """A message sent to both gateways at once, with its id, is answered once: one reply, one turn, in Rasa too."""
    async with Person(stack.url, "127.0.1.2") as person:
        await person.say("bonjour")
        for _ in range(5):
            message_id = str(uuid.uuid4())
            replies = await asyncio.gather(
                *(person.ask("le rsa c'est combien ?", stack.gateway(1 + n % 2), message_id) for n in range(4))
            )
            assert [status for status, _ in replies] == [200] * 4
            assert all(reply == replies[0][1] for _, reply in replies)
        _, turns = await person.read()
        assert len(turns) == 6


async def test_same_first_message_to_both_at_once(stack: Stack) -> None:
    """A first message sent to both gateways at once, as nginx may do, opens one conversation."""
    before = senders(stack)
    async with Person(stack.url, "127.0.1.3") as person:
        # The same person for both: nginx writes the address that tells people apart.
        asked = [person.ask("le rsa c'est combien ?", "", f"premier-message-{before:020}") for _ in range(4)]
        replies = await asyncio.gather(*asked)
        assert [status for status, _ in replies] == [200] * 4
        assert len({reply["conversation"] for _, reply in replies}) == 1
    assert senders(stack) == before + 1


async def test_two_messages_at_once(stack: Stack) -> None:
    """Two different messages of one person, sent to both gateways at once, are both answered and kept, one after the other."""
    async with Person(stack.url, "127.0.1.4") as person:
        await person.say("bonjour")
        said = [(f"le rsa c'est combien ? {n}", stack.gateway(1 + n % 2)) for n in range(4)]
        replies = await asyncio.gather(*(person.ask(text, url) for text, url in said))
        assert [status for status, _ in replies] == [200] * 4
        assert not any(one["id"] == "panne" for _, reply in replies for one in reply["messages"])
        _, turns = await person.read()
        assert sorted(turn["text"] for turn in turns[1:]) == [text for text, _ in said]


async def test_erased_for_both(stack: Stack) -> None:
    """What one gateway erased, the other does not have either, nor Rasa."""
    before = senders(stack)
    async with Person(stack.url, "127.0.1.5") as person:
        await person.say("je cherche une france services à Lunel", stack.gateway(1))
        assert senders(stack) == before + 1
        assert await person.erase(stack.gateway(2)) == 204
        assert (await person.read(stack.gateway(1)))[0] == 401
        assert (await person.ask("suite", stack.gateway(1)))[0] == 401
    assert senders(stack) == before


async def test_limits_are_shared(stack: Stack) -> None:
    """Thirty messages a minute in a conversation (its first, which opens it, apart), whichever gateway takes them: then both refuse."""
    async with Person(stack.url, "127.0.1.6") as person:
        await person.say("bonjour", stack.gateway(1))
        answered = 1
        while answered < 60:
            status, _ = await person.ask("merci", stack.gateway(1 + answered % 2))
            if status == 429:
                break
            answered += 1
        assert answered == 31
        assert [(await person.ask("merci", stack.gateway(n)))[0] for n in (1, 2)] == [429, 429]


async def test_text_message_twice(stack: Stack, operator: Operator) -> None:
    """A webhook given to both gateways at once, as a provider that saw no answer does, is answered by one text message."""
    number = "+33612345601"
    webhook = {
        "secret": stack.secrets["SMS_WEBHOOK_SECRET"], "from": number, "to": "34034", "text": "le rsa c'est combien ?",
        "id": str(uuid.uuid4()), "coding": "0", "charset": "UTF-8",
    }  # fmt: skip
    async with aiohttp.ClientSession() as session:

        async def give(url: str) -> int:
            async with session.get(f"{url}/sms/kannel", params=webhook) as response:
                return response.status

        urls = [stack.gateway(1), stack.gateway(2), stack.url] * 2
        assert await asyncio.gather(*map(give, urls)) == [200] * 6
        sent = await operator.to(number, 3)  # the welcome, and the two parts of an answer
        assert len(sent) == len(set(sent))
        assert sum("RSA" in text for text in sent) >= 1
        assert await asyncio.gather(*map(give, urls)) == [200] * 6
        assert await operator.to(number, len(sent) + 1, 5) == sent


async def test_text_messages_in_order(stack: Stack, operator: Operator) -> None:
    """One person's text messages, taken in turn by both gateways, are answered in order, in one conversation."""
    number = "+33612345602"
    async with aiohttp.ClientSession() as session:
        for n, text in enumerate(("une france services à Lunel", "suite")):
            webhook = {
                "secret": stack.secrets["SMS_WEBHOOK_SECRET"], "from": number, "to": "34034", "text": text,
                "id": str(uuid.uuid4()), "coding": "0", "charset": "UTF-8",
            }  # fmt: skip
            async with session.get(f"{stack.gateway(1 + n)}/sms/kannel", params=webhook) as response:
                assert response.status == 200
    sent = await operator.to(number, 3, 30)
    assert "Lunel" in sent[0]
    assert len(sent) == len(set(sent)) >= 2


async def test_each_gateway_is_measured_from_inside(stack: Stack) -> None:
    """Prometheus reads each gateway at its own private address; nobody does through nginx."""
    async with aiohttp.ClientSession() as session:
        for number in (1, 2):
            async with session.get(f"http://{stack.address[f'gateway-{number}']}:9464/metrics") as response:
                assert response.status == 200
                assert "assistant_turns_total" in await response.text()
        async with session.get(f"{stack.url}/metrics") as response:
            assert response.status == 404


async def test_one_id_from_nginx_to_rasa(stack: Stack) -> None:
    """The id that nginx gives a request is in its log, the gateway's and Rasa's: a turn is followed through all three."""
    async with Person(stack.url, "127.0.1.8") as person:
        await person.say("je cherche une france services à Lunel")
    written = stack.nginx.log.read_text(encoding="utf-8").splitlines()
    given = [one["request_id"] for one in map(json.loads, written) if one["path"] == "/api/messages"][-1]
    for names in (("gateway-1", "gateway-2"), ("rasa-1", "rasa-2")):
        assert any(given in stack.log(name).read_text(encoding="utf-8", errors="replace") for name in names), names


async def test_nothing_said_is_logged(stack: Stack) -> None:
    """Neither a word said, nor a number, nor a secret is in what any part writes."""
    async with Person(stack.url, "127.0.1.7") as person:
        await person.say("mon voisin Gontran Marsupial élève des ornithorynques")
    for path in stack.folder.rglob("*.log"):
        written = path.read_text(encoding="utf-8", errors="replace")
        for word in ("ornithorynque", "Marsupial", "336123456", *stack.secrets.values()):
            assert word not in written, path.name


async def test_nginx_is_not_a_greedy_client(stack: Stack) -> None:
    """A gateway takes more connections from nginx than from one person: everybody comes through it (nginx counts people itself)."""
    host = stack.address["gateway-1"]
    held = []
    try:
        for _ in range(PER_ADDRESS + 5):
            reader, writer = await asyncio.open_connection(host, 8080)
            writer.write(b"GET /accessibilite HTTP/1.1\r\nHost: a\r\n\r\n")
            held.append((reader, writer))
        lines = await asyncio.wait_for(asyncio.gather(*(reader.readline() for reader, _ in held)), 60)
        assert set(lines) == {b"HTTP/1.1 200 OK\r\n"}
    finally:
        for _, writer in held:
            writer.transport.abort()
