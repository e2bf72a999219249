"""What every test in a real Chromium may use: one browser for the run, windows that fail on any error or third party."""

import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Error, Page, Request, async_playwright, expect

from tests.conftest import Client

_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-port=0",
)
#: Writes down what is put in the live region, in order: what a screen reader is given to say.
_LISTEN = """
root => { window.heard = [];
  new MutationObserver(list => list.forEach(one => one.addedNodes.forEach(node => heard.push(node.textContent.trim()))))
    .observe(root.querySelector('#live'), {childList: true}); }
"""


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's Chromium, headless, with no call home, for the whole run; yield its debugging address."""
    profile = tmp_path_factory.mktemp("chromium")
    log = profile / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(["/usr/bin/chromium", *_ARGUMENTS, f"--user-data-dir={profile}"], stderr=output)
    try:
        for _ in range(200):
            if found := re.search(r"ws://\S+", log.read_text(encoding="utf-8", errors="replace")):
                break
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            raise RuntimeError(f"Chromium ended: {log.read_text(errors='replace')}")
        else:
            raise TimeoutError("Chromium did not open its debugging port")
        yield found[0]
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """The browser of the run, with no window left open by another test."""
    async with async_playwright() as playwright:
        connected = await playwright.chromium.connect_over_cdp(chromium)
        known = list(connected.contexts)
        yield connected
        for context in connected.contexts:
            if context not in known:
                await context.close()
        await connected.close()


async def visit(
    browser: Browser, client: Client, width: int = 1100, path: str = "/", clock: bool = False, **options: Any
) -> Page:
    """Open a page in a new window; fail on any error of the page, and on any request to someone else.

    With `clock`, the time of the page goes on only when the test says so.
    """
    context = await browser.new_context(viewport={"width": width, "height": 800}, locale="fr-FR", **options)
    page = await context.new_page()
    watch(page, str(client.make_url("/")))
    if clock:
        await page.clock.install()
    await page.goto(str(client.make_url(path)))
    return page


def watch(page: Page, *allowed: str) -> None:
    """Fail on any error of the page, and on any request outside of the addresses `allowed`."""

    def on_error(error: Error) -> None:
        pytest.fail(str(error))

    def on_request(request: Request) -> None:
        assert request.url.startswith((*allowed, "blob:", "data:")), f"third party: {request.url}"

    page.on("pageerror", on_error)
    page.on("request", on_request)


async def ask(page: Page, text: str) -> None:
    """Type a message, send it with Enter, wait for its answer."""
    count = await page.locator("#log > .you").count()
    await page.get_by_label("Votre question").fill(text)
    await page.keyboard.press("Enter")
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(count + 1)


async def listen(page: Page, root: str = "document") -> None:
    """Begin to write down what the live region says; `root` is the document or the shadow root, in JavaScript."""
    await page.evaluate(f"({_LISTEN})({root})")


async def heard(page: Page) -> list[str]:
    """Return what the live region has said since `listen`, in order."""
    said: list[str] = await page.evaluate("window.heard")
    return said


async def assert_accessible(page: Page) -> None:
    """Fail on any violation that axe-core finds."""
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


__all__ = ["ask", "assert_accessible", "browser", "heard", "listen", "visit", "watch"]
