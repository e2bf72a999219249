"""The gateway is told to stop while text messages are in hand: a real process, a real Rasa, a provider that takes its time."""

import asyncio
import urllib.parse
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.live import LiveBrain, free_port
from tests.sms.gateway_process import GatewayProcess

pytestmark = [pytest.mark.live, pytest.mark.long]

SECRET = "ends-of-the-tests-4b1f"


class SlowProvider:
    """A sendsms that answers after two seconds; `taken` counts what it took, by person and text."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.taken: Counter[tuple[str, str]] = Counter()

    async def send(self, request: web.Request) -> web.Response:
        """Take a text message."""
        self.begun.set()
        await asyncio.sleep(2)
        self.taken[request.query["to"], request.query["text"]] += 1
        return web.Response(status=202, text="0: Accepted for delivery")


async def test_what_is_in_hand_is_sent_once(brain: LiveBrain, tmp_path: Path) -> None:
    """Told to stop in the middle of a call and of three other messages: the call ends, the rest is answered after the next start, nothing twice."""
    provider = SlowProvider()
    app = web.Application()
    app.router.add_get("/cgi-bin/sendsms", provider.send)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    gateway = GatewayProcess(
        tmp_path, brain,
        {"SMS_PROVIDER": "kannel", "SMS_WEBHOOK_SECRET": SECRET, "SMS_SENDER": "+33600000099", "KANNEL_USERNAME": "u", "KANNEL_PASSWORD": "pass-of-the-tests-9",
         "KANNEL_SENDSMS_URL": f"http://127.0.0.1:{port}/cgi-bin/sendsms"},
    )  # fmt: skip
    people = [f"+3360000000{number}" for number in range(1, 5)]
    try:
        await asyncio.to_thread(gateway.start)
        async with aiohttp.ClientSession() as session:
            for number, person in enumerate(people):
                query = {"secret": SECRET, "from": person, "to": "+33600000099", "text": "combien de rsa", "id": f"i{number}", "coding": "0", "charset": "UTF-8"}  # fmt: skip
                async with session.get(f"{gateway.url}/sms/kannel?{urllib.parse.urlencode(query)}") as response:
                    assert response.status == 200
        await asyncio.wait_for(provider.begun.wait(), 30)
        await asyncio.to_thread(gateway.stop)
        assert "CRITICAL" not in gateway.log()
        assert provider.taken, "the call under way was cut"
        await asyncio.to_thread(gateway.start)
        await asyncio.wait_for(_all_answered(gateway, provider, people), 90)
        assert set(provider.taken.values()) == {1}
    finally:
        await asyncio.to_thread(gateway.kill)
        await runner.cleanup()


async def _all_answered(gateway: GatewayProcess, provider: SlowProvider, people: list[str]) -> None:
    """Wait until each person has an answer and nothing waits any more."""
    waiting = 1.0
    while waiting or {person for person, _ in provider.taken} != set(people):
        await asyncio.sleep(0.3)
        waiting = await asyncio.to_thread(gateway.measure, "assistant_sms_waiting")
