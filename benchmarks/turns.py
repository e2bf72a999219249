"""How fast does it answer? Turns through the gateway, and the same sentences straight to Rasa, turn about in one run.

`make bench`: starts everything as `make run` does, on free ports. The ratio is what counts: machines are noisy.
"""

import asyncio
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from bot.paths import ROOT
from tests.live import free_port

TURNS = 200
SENTENCES = [
    "g pa recu mon rsa c normal ?", "où faire peser mon bébé à Béziers", "combien de rsa pour un couple", "comment demander la mutuelle gratuite",
    "je n'arrive plus à payer mon loyer", "mot de passe ameli perdu", "c'est quoi un territoire zéro chômeur", "inscription france travail comment faire",
    "mon mari me frappe", "renouveler ma carte grise",
]  # fmt: skip


async def timed(session: aiohttp.ClientSession, url: str, body: dict[str, Any], headers: dict[str, str]) -> float:
    """Post one message; return the seconds it took."""
    started = time.perf_counter()
    async with session.post(url, json=body, headers=headers) as response:
        await response.read()
        if response.status != 200:
            raise RuntimeError(f"{url}: {response.status}")
    return time.perf_counter() - started


def summary(times: list[float]) -> dict[str, float]:
    """Return the median and the 95th percentile, in milliseconds."""
    return {
        "median_ms": round(1000 * statistics.median(times), 1),
        "p95_ms": round(1000 * statistics.quantiles(times, n=20)[-1], 1),
    }


async def measure(gateway: str, rasa: str, secret: str) -> dict[str, Any]:
    """Answer TURNS sentences each way, in turn; a new conversation every ten."""
    ours, straight = [], []
    async with aiohttp.ClientSession() as session:
        for number in range(-10, TURNS):
            if number % 10 == 0:
                async with session.post(f"{gateway}/api/messages", json={"text": "bonjour"}) as response:
                    token = (await response.json())["conversation"]
                sender = secrets.token_hex(8)
                await timed(
                    session,
                    f"{rasa}/webhooks/assistant/turn",
                    {"sender": sender, "text": "bonjour"},
                    {"Authorization": f"Bearer {secret}"},
                )
            text = SENTENCES[number % len(SENTENCES)]
            first = await timed(session, f"{gateway}/api/messages", {"text": text, "conversation": token}, {})
            second = await timed(
                session,
                f"{rasa}/webhooks/assistant/turn",
                {"sender": sender, "text": text},
                {"Authorization": f"Bearer {secret}"},
            )
            if number >= 0:
                ours.append(first)
                straight.append(second)
    ratio = statistics.median(ours) / statistics.median(straight)
    return {"turns": TURNS, "gateway": summary(ours), "rasa": summary(straight), "ratio_of_medians": round(ratio, 2)}


def main() -> None:
    """Start, measure, stop, print."""
    secret = secrets.token_urlsafe(16)
    port, rasa_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ, "PORT": str(port), "RASA_PORT": str(rasa_port), "ACTIONS_PORT": str(free_port()), "METRICS_PORT": "0", "RATE_LIMIT": "off",
            "VAR_DIR": folder, "BRAIN_SECRET": secret,
        }  # fmt: skip
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            if re.search("répond sur", line):
                break
        ready = time.monotonic() - started
        try:
            results = asyncio.run(measure(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{rasa_port}", secret))
            memory = {
                " ".join(child.cmdline()[1:4])[-40:]: round(child.memory_info().rss / 1e6)
                for child in psutil.Process(process.pid).children(recursive=True)
            }
        finally:
            process.terminate()
            process.wait()
    results |= {"ready_s": round(ready, 1), "memory_mb": memory}
    (Path(ROOT) / "benchmarks" / "speed.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
