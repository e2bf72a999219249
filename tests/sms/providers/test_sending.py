"""Sending by every provider, through the same tables: what leaves, what is accepted, what is not and why."""

import asyncio
import contextlib
import time

import aiohttp
import pytest

from bot.sms.providers import ovh as ours_of_ovh
from bot.sms.providers import wire
from bot.sms.providers.base import NotSent, Outgoing, Provider
from tests.live import free_port
from tests.sms.providers.conftest import Played
from tests.sms.providers.samples import DIALECTS, OURS, PERSON, Dialect, every

EVERY = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
MESSAGE = Outgoing("r1", PERSON, "La Caf verse le RSA : 651,69 EUR & c'est à é è ù, #1 + 2 %")


@EVERY
async def test_what_leaves_is_the_message(dialect: Dialect, server: Played, session: aiohttp.ClientSession) -> None:
    """The person's number, ours, the text whole, and an address for receipts; the provider's id is returned."""
    server.status, server.body, provider_id = dialect.accepted
    assert await dialect.make(server.url).send(session, MESSAGE) == provider_id
    sent = dialect.sent(server.seen[0])
    assert {name: sent[name] for name in ("from", "to", "text", "dlr-url")} == {
        "from": OURS,
        "to": PERSON,
        "text": MESSAGE.text,
        "dlr-url": "r1",
    }


@pytest.mark.parametrize(("dialect", "case"), every("refusals"))
async def test_what_is_not_accepted_says_why(
    dialect: Dialect, case: tuple[int, str, str, bool], server: Played, session: aiohttp.ClientSession
) -> None:
    """Each answer has its kind, 200 with an error in it too; what is said of it quotes nobody."""
    server.status, server.body, kind, maybe = case
    with pytest.raises(NotSent) as error:
        await dialect.make(server.url).send(session, MESSAGE)
    assert (error.value.kind.value, error.value.maybe) == (kind, maybe)
    assert "600000001" not in str(error.value)
    assert "Caf" not in str(error.value)


async def _failure(provider: Provider, session: aiohttp.ClientSession) -> tuple[str, bool]:
    with pytest.raises(NotSent) as error:
        await provider.send(session, MESSAGE)
    return error.value.kind.value, error.value.maybe


@EVERY
async def test_a_provider_that_is_down_took_nothing(
    dialect: Dialect, server: Played, session: aiohttp.ClientSession
) -> None:
    """A connection that is refused is tried again later, with no doubt about a double."""
    assert await _failure(dialect.make(f"http://127.0.0.1:{free_port()}"), session) == ("temporary", False)


@EVERY
@pytest.mark.parametrize("silence", ["close", "hang"])
async def test_an_answer_lost_leaves_a_doubt(
    dialect: Dialect, silence: str, server: Played, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the message has left, no answer is no proof; and nothing is sent again behind our back."""
    monkeypatch.setattr(wire, "TIMEOUT", aiohttp.ClientTimeout(total=0.3))
    monkeypatch.setattr(ours_of_ovh, "TIMEOUT", (0.3, 0.3))
    server.silent = silence
    assert await _failure(dialect.make(server.url), session) == ("temporary", True)
    assert len(server.seen) == 1


@EVERY
async def test_a_connection_kept_open_does_not_send_twice(
    dialect: Dialect, server: Played, session: aiohttp.ClientSession
) -> None:
    """After a first message that went well, a second whose answer is lost is sent once: the client repeats nothing itself."""
    server.status, server.body, _ = dialect.accepted
    provider = dialect.make(server.url)
    await provider.send(session, MESSAGE)
    server.silent = "close"
    assert await _failure(provider, session) == ("temporary", True)
    assert len(server.seen) == 2


@EVERY
async def test_too_fast_says_when_to_come_back(
    dialect: Dialect, server: Played, session: aiohttp.ClientSession
) -> None:
    """Retry-After is kept, where the provider's library leaves it to us."""
    server.status, server.body, server.headers = 429, '{"code": 20429}', {"Retry-After": "7"}
    with pytest.raises(NotSent) as error:
        await dialect.make(server.url).send(session, MESSAGE)
    assert error.value.kind.value == "throttled"
    assert error.value.retry_after == (None if dialect is DIALECTS["ovh"] else 7)


@EVERY
async def test_sending_never_holds_the_loop(
    dialect: Dialect, server: Played, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a provider hangs, the gateway goes on answering."""
    monkeypatch.setattr(ours_of_ovh, "TIMEOUT", (1, 1))
    server.silent = "hang"
    sending = asyncio.create_task(dialect.make(server.url).send(session, MESSAGE))
    ticks, until = 0, time.monotonic() + 0.3
    while time.monotonic() < until:
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 5
    assert not sending.done()
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError, NotSent):
        await sending


async def test_ovh_is_asked_to_add_nothing_and_to_wait_for_nothing(
    server: Played, session: aiohttp.ClientSession
) -> None:
    """No "STOP 36111" at the end of our words, no night's rest, GSM's alphabet; signed with the time of OVH's clock."""
    dialect = DIALECTS["ovh"]
    server.status, server.body, _ = dialect.accepted
    await dialect.make(server.url).send(session, MESSAGE)
    job = server.seen[0].json
    assert (job["noStopClause"], job["coding"], job["priority"], job["senderForResponse"]) == (
        True,
        "7bit",
        "high",
        True,
    )
    assert server.seen[0].path == "/sms/sms-xx00000-1/jobs"
    assert abs(int(server.seen[0].headers["X-Ovh-Timestamp"]) - 1_800_000_000) < 5
    assert server.seen[0].headers["X-Ovh-Signature"].startswith("$1$")


async def test_kannel_queues_are_acceptances(server: Played, session: aiohttp.ClientSession) -> None:
    """ "3: Queued…" is Kannel's word too: it keeps the message until an operator is there."""
    for body in ("0: Accepted for delivery", "3: Queued for later delivery", "Sent."):
        server.status, server.body = 202, body
        assert await DIALECTS["kannel"].make(server.url).send(session, MESSAGE) == ""
    assert server.seen[0].query["dlr-mask"] == "31"
    assert (server.seen[0].query["charset"], server.seen[0].query["coding"]) == ("UTF-8", "0")
