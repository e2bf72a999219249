"""Tests for bot.web.access and bot.watching.request_id: each request has an id, found again in its answer and in every line that it causes."""

import asyncio
import logging
import re
from typing import Any

import pytest

from bot.watching import request_id
from bot.web.keys import CONVERSATIONS
from tests.conftest import Client, MakeClient
from tests.live import free_port
from tests.web.test_metrics import Said, decided

NGINX = "0123456789abcdef0123456789abcdef"
UUID = "01234567-89ab-cdef-0123-456789abcdef"


async def started(make_client: MakeClient, **changes: Any) -> Client:
    client = await make_client(rasa_port=free_port(), actions_port=free_port(), **changes)
    assert client.app is not None
    client.app[CONVERSATIONS].assistant.brain = Said(lambda: decided("rsa_montant"))  # type: ignore[assignment]
    return client


async def test_every_answer_has_an_id_of_its_own(make_client: MakeClient) -> None:
    """Pages, files, API, refusals, what is not found, over one connection too: each is named, and differently."""
    client = await started(make_client)
    ids = []
    for method, path in (("GET", "/"), ("GET", "/live"), ("GET", "/none"), ("PUT", "/"), ("POST", "/api/messages")):
        response = await client.request(method, path)
        ids.append(response.headers["X-Request-ID"])
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in ids)


@pytest.mark.parametrize("given", [NGINX, UUID])
async def test_the_id_of_our_proxy(make_client: MakeClient, given: str) -> None:
    """Behind our proxy its id is kept; without one anybody could choose it, so that it is not."""
    behind = await started(make_client, behind_proxy=True)
    assert (await behind.get("/live", headers={"X-Request-ID": given})).headers["X-Request-ID"] == given
    alone = await started(make_client)
    assert (await alone.get("/live", headers={"X-Request-ID": given})).headers["X-Request-ID"] != given


@pytest.mark.parametrize(
    "given",
    [
        "0612345678",
        "je m'appelle Marie",
        "1",
        "a" * 31,
        "a" * 33,
        "A" * 32,
        "é" * 32,
        UUID + UUID,
        "",
        "4970100000000154",
    ],
)
async def test_an_id_that_nobody_draws(make_client: MakeClient, given: str) -> None:
    """A number, a name, a card, anything that is no drawn id: replaced by one of ours, even behind a proxy."""
    client = await started(make_client, behind_proxy=True)
    response = await client.get("/live", headers={"X-Request-ID": given.encode().decode("latin-1")})
    assert response.headers["X-Request-ID"] != given.strip()
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-ID"])


async def test_one_line_for_a_turn(make_client: MakeClient, caplog: pytest.LogCaptureFixture) -> None:
    """Method, route, status, milliseconds: no word, no address, no token. Pages and files that are read leave none."""
    caplog.set_level(logging.INFO)
    client = await started(make_client)
    token = (await (await client.post("/api/messages", json={"text": "combien pour Zorglub"})).json())["conversation"]
    await client.post("/api/messages?zorglub=1", json={"text": "rsa", "conversation": token})
    for path in ("/", "/live", "/health", "/zorglub", "/accessibilite"):
        await client.get(path)
    lines = [record.getMessage() for record in caplog.records if record.name == "bot.web.access"]
    assert len(lines) == 2
    for line in lines:
        assert re.fullmatch(r"POST /api/messages 200 \d+ ms", line)


async def test_every_line_of_a_turn_has_its_id(make_client: MakeClient, caplog: pytest.LogCaptureFixture) -> None:
    """The id of the answer's header is bound while the turn goes on, and two turns at once do not mix theirs."""
    caplog.set_level(logging.INFO)
    client = await started(make_client)
    seen: list[str] = []

    class Slow(Said):
        async def turn(self, *given: Any) -> dict[str, Any]:
            seen.append(request_id.current())
            await asyncio.sleep(0.2)
            assert request_id.current() in seen
            return decided("rsa_montant")

    assert client.app is not None
    client.app[CONVERSATIONS].assistant.brain = Slow(dict)  # type: ignore[assignment]
    answers = await asyncio.gather(*(client.post("/api/messages", json={"text": f"rsa {n}"}) for n in range(5)))
    assert sorted(seen) == sorted(answer.headers["X-Request-ID"] for answer in answers)


async def test_a_fault_can_be_quoted(make_client: MakeClient, caplog: pytest.LogCaptureFixture) -> None:
    """A fault of ours gives the person the beginning of its id, which finds the traceback; no other refusal is burdened with one."""
    client = await started(make_client)

    def fail() -> dict[str, Any]:
        raise RuntimeError("ours")

    assert client.app is not None
    client.app[CONVERSATIONS].assistant.brain = Said(fail)  # type: ignore[assignment]
    response = await client.post("/api/messages", json={"text": "rsa"})
    message = (await response.json())["error"]["message"]
    assert f"Référence de cette panne : {response.headers['X-Request-ID'][:8]}." in message
    refused = await client.post("/api/messages", json={"text": ""})
    assert "Référence" not in (await refused.json())["error"]["message"]


async def test_a_job_has_its_own() -> None:
    """What is done beside any request is named too, and what surrounds it gets its own name back."""
    outer = request_id.begin()
    with request_id.job() as first:
        assert request_id.current() == first != outer
        with request_id.job() as second:
            assert second not in {first, outer}
        assert request_id.current() == first
    assert request_id.current() == outer


@pytest.mark.parametrize("given", [None, 7, "", "zorglub", {"a": 1}, "a" * 33])
def test_what_follows_nobody_has_no_id(given: object) -> None:
    """A call without an id, or with anything that is none, does not keep the one before: its lines would be taken for another's."""
    request_id.begin()
    request_id.follow(given)
    assert request_id.current() == ""
    request_id.follow(NGINX)
    assert request_id.current() == NGINX
