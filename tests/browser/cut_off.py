"""What `tests/browser/test_cut_off.py` runs in a network of its own, which has nothing but the loopback.

Starts the whole assistant as a mediator does, drives a real Chromium through the workshop, prints what was seen as JSON.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright, expect

from bot.paths import ROOT
from tests.live import free_port


def reaches_outside() -> bool:
    """Tell whether anything but this machine can be reached."""
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(2)
        try:
            probe.connect(("9.9.9.9", 53))
        except OSError:
            return False
        return True


def wait(url: str, seconds: float = 240) -> None:
    """Wait until the assistant answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as response:
            if response.status == 200:
                return
        time.sleep(0.5)
    raise TimeoutError(url)


async def session(home: str, printed: Path) -> dict[str, Any]:
    """One person's session: a picture, a question, a place, papers, the sheet, the erasing."""
    seen: dict[str, Any] = {"requests": []}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page()
        page.set_default_timeout(30_000)
        page.on("request", lambda request: seen["requests"].append(request.url))
        await page.goto(home)
        for words in ("Argent, RSA", "Demander le RSA", "Faire la demande"):
            await page.locator(".panel:visible .tile").filter(has=page.get_by_text(words, exact=True)).click()
        await expect(page.locator("#log > .you:not(.pending)")).to_have_count(1)
        await page.get_by_label("Votre question").fill("une france services à Olargues")
        await page.keyboard.press("Enter")
        await expect(page.locator(".places li").first).to_be_visible()
        seen["place"] = await page.locator(".places .place-name").first.inner_text()
        await page.get_by_role("button", name="Fiche").click()
        await expect(page.locator(".sheet .qr").first).to_be_visible()
        await page.pdf(path=printed, prefer_css_page_size=True)
        await page.get_by_role("button", name="Effacer et passer").click()
        await page.get_by_role("button", name="Oui, effacer").click()
        await expect(page.get_by_role("heading", name="C'est effacé")).to_be_visible()
        await browser.close()
    return seen


def main(folder: Path) -> None:
    """Run the session and print what was seen."""
    port = free_port()
    settings = {
        "PORT": port,
        "METRICS_PORT": 0,
        "RASA_PORT": free_port(),
        "ACTIONS_PORT": free_port(),
        "VAR_DIR": folder,
    }
    environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}
    with (folder / "run.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        wait(f"http://127.0.0.1:{port}/health")
        seen = asyncio.run(session(f"http://127.0.0.1:{port}/atelier", folder / "fiche.pdf"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    seen["outside"] = reaches_outside()
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
