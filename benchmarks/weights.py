"""What a first visit weighs, and how long it takes on a slow line. `python -m benchmarks.weights` writes `weights.json`.

Weights are the bodies as they travel (gzip), of the page and of everything that it names: styles, scripts and what these import,
images, the icon. Headers (some 600 bytes a file) are not counted. Times are those of Chromium on a line of 400 kbit/s with 400 ms of delay a request
(the devtools' own emulation: no lost packet, no handshake), with a real Rasa behind.
"""

import asyncio
import contextlib
import gzip
import json
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp import web
from playwright.async_api import Browser, Request, async_playwright

from benchmarks.evaluate.machine import stamp
from benchmarks.heard import DOCUMENT, put
from bot.gateway import create_app
from bot.paths import ROOT
from bot.settings import Settings
from tests.live import SECRET, LiveBrain

#: Bytes, gzipped: what the project holds itself to.
MOST_SCRIPT, MOST_VISIT = 15_000, 40_000
#: The pages weighed, and the question asked on the slow line.
VISITS = ("/", "/atelier")
QUESTION = "combien de rsa pour un couple"
#: Visits on the slow line, of which the median is kept.
RUNS = 5
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.{0,2}/[^"']+)["']""")
_CSS_URL = re.compile(r"""url\(\s*["']?([^"')]+)""")
_KINDS = {
    "text/html": "page",
    "text/css": "style",
    "text/javascript": "script",
    "image/svg+xml": "image",
    "image/png": "image",
}


@dataclass(frozen=True)
class File:
    """One file of a visit; sizes in bytes."""

    path: str
    kind: str
    plain: int
    sent: int


class _Named(HTMLParser):
    """The addresses that a page has fetched without being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the element fetches."""
        values = {name: value or "" for name, value in attrs}
        fetched = {"stylesheet", "icon", "modulepreload", "preload", "manifest", "apple-touch-icon"}
        if tag == "link" and fetched & set(values.get("rel", "").split()):
            self.addresses.append(values["href"])
        elif tag in {"script", "img", "source", "iframe"} and "src" in values:
            self.addresses.append(values["src"])
        elif tag in {"use", "image"} and values.get("href", "#").partition("#")[0]:
            self.addresses.append(values["href"])


def _names(kind: str, text: str) -> list[str]:
    if kind == "page":
        parser = _Named()
        parser.feed(text)
        return parser.addresses
    if kind == "script":
        return _IMPORT.findall(text)
    return _CSS_URL.findall(text) if kind == "style" else []


async def first_visit(base: str, *paths: str) -> list[File]:
    """Fetch `paths` of the site at `base` and all that they name, once each; raise on what is not there or is a third party's."""
    files: dict[str, File] = {}
    to_fetch = [urljoin(base, path) for path in paths]
    async with aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "gzip"}) as session:
        while to_fetch:
            address = to_fetch.pop(0).partition("#")[0]
            if address in files or address.startswith("data:"):
                continue
            if urlsplit(address).netloc != urlsplit(base).netloc:
                raise ValueError(f"a third party: {address}")
            async with session.get(address) as response:
                response.raise_for_status()
                sent = await response.read()
                packed = response.headers.get("Content-Encoding") == "gzip"
                kind = _KINDS.get(response.content_type, "other")
                text = (gzip.decompress(sent) if packed else sent).decode("utf-8", "replace")
            files[address] = File(urlsplit(address).path, kind, len(text.encode()), len(sent))
            to_fetch += [urljoin(address, name) for name in _names(kind, text)]
    return list(files.values())


def summary(files: list[File]) -> dict[str, int]:
    """Return the bytes sent, in all and of each kind."""
    kinds = sorted({file.kind for file in files})
    return {
        "total": sum(file.sent for file in files),
        **{kind: sum(file.sent for file in files if file.kind == kind) for kind in kinds},
    }


@dataclass(frozen=True)
class Line:
    """A slow line, as Chromium emulates it."""

    bits_per_second: int = 400_000
    delay_ms: int = 400


#: When the page is painted, when one can write and send (a plain form), when the script has taken over; milliseconds since the address was entered.
_MOMENTS = """
new Promise(done => { const check = () => {
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  const [navigation] = performance.getEntriesByType('navigation');
  if (!paint || !navigation.loadEventEnd || !window.ready) return setTimeout(check, 20);
  done({first_paint: paint.startTime, form_usable: Math.max(paint.startTime, window.formAt), script_ready: window.ready}); };
  check(); })
"""
#: The form is there when its button is parsed; the script has taken over when it has turned the browser's own checks off.
_WATCH = """
new MutationObserver((_, observer) => {
  const form = document.querySelector('#ask');
  if (form && document.querySelector('#send') && !window.formAt) window.formAt = performance.now();
  if (form?.noValidate && !window.ready) { window.ready = performance.now(); observer.disconnect(); }
}).observe(document, {childList: true, subtree: true, attributes: true, attributeFilter: ['novalidate']});
"""


async def slow_visit(browser: Browser, base: str, path: str, line: Line, question: str = "") -> dict[str, float]:
    """Visit `path` on a slow line with nothing kept; return the moments, in milliseconds."""
    context = await browser.new_context(locale="fr-FR", viewport={"width": 390, "height": 780})
    page = await context.new_page()
    await page.add_init_script(_WATCH)
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    throughput = line.bits_per_second / 8
    await session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": line.delay_ms, "downloadThroughput": throughput, "uploadThroughput": throughput},
    )
    await page.goto(urljoin(base, path))
    moments: dict[str, float] = await page.evaluate(_MOMENTS)
    if question:
        await page.get_by_label("Votre question").fill(question)
        started = time.perf_counter()
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#log > .assistant .bubble ~ .tools, #log > .you:not(.pending)")
        moments["first_answer_after_sending"] = 1000 * (time.perf_counter() - started)
    await context.close()
    return moments


async def medians(
    browser: Browser, base: str, path: str, line: Line, question: str = "", runs: int = RUNS
) -> dict[str, int]:
    """Return the median of each moment over `runs` visits, in milliseconds."""
    visits = [await slow_visit(browser, base, path, line, question) for _ in range(runs)]
    return {name: round(statistics.median(one[name] for one in visits)) for name in visits[0]}


@contextlib.asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Serve `app` on a free port; yield its address."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def widget(browser: Browser, base: str, host: str) -> dict[str, dict[str, int]]:
    """Return what the widget weighs on the page `host` of another site: closed, then what opening it adds."""
    page = await browser.new_page(locale="fr-FR")
    requests: list[Request] = []
    page.on("requestfinished", lambda one: requests.append(one) if one.url.startswith(base) else None)

    async def weigh() -> dict[str, int]:
        files = []
        for one in requests:
            sizes, response = await one.sizes(), await one.response()
            kind = _KINDS.get((response.headers.get("content-type", "") if response else "").split(";")[0], "other")
            files.append(File(urlsplit(one.url).path, kind, 0, sizes["responseBodySize"]))
        requests.clear()
        return summary(files)

    await page.goto(host)
    await page.wait_for_load_state("networkidle")
    closed = await weigh()
    await page.get_by_role("button").first.click()
    await page.get_by_label("Votre question").wait_for()
    await page.wait_for_load_state("networkidle")
    opened = await weigh()
    await page.close()
    return {"closed": closed, "opened": opened}


def host_page() -> web.Application:
    """Return another site, whose one page has the one line; the address of the assistant is its query."""

    async def page(request: web.Request) -> web.Response:
        line = f'<script type="module" src="{request.query_string}widget.js"></script>'
        text = "<p>La mairie est ouverte du lundi au vendredi.</p>" * 3
        html = f"<!doctype html><html lang=fr><title>Ma commune</title><h1>Ma commune</h1>{text}{line}"
        return web.Response(text=html, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    return app


async def measure(folder: Path) -> dict[str, Any]:
    """Measure everything, with a real Rasa and a real Chromium."""
    brain = LiveBrain(folder)
    try:
        await asyncio.to_thread(brain.start_actions)
        await asyncio.to_thread(brain.start_rasa)
        async with serving(host_page()) as host, async_playwright() as playwright:
            settings = Settings(
                var_dir=folder, rate_limit="off", metrics_port=0, brain_secret=SECRET, rasa_port=brain.rasa_port,
                actions_port=brain.actions_port, allowed_origins=host.rstrip("/"),
            )  # fmt: skip
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            async with serving(create_app(settings)) as base:
                line = Line()
                found = {
                    "stamp": {**stamp(), "chromium": browser.version},
                    "first_visit": {path: summary(await first_visit(base, path)) for path in VISITS},
                    "files": {path: [asdict(file) for file in await first_visit(base, path)] for path in VISITS},
                    "widget": await widget(browser, base, f"{host}?{base}"),
                    "slow_line": {
                        **asdict(line),
                        "runs": RUNS,
                        "/": await medians(browser, base, "/", line, QUESTION),
                        "/atelier": await medians(browser, base, "/atelier", line),
                    },
                }
            await browser.close()
        return found
    finally:
        brain.stop()


def _kilobytes(found: dict[str, int], kind: str) -> str:
    return f"{found.get(kind, 0) / 1000:.1f}" if found.get(kind) else "–"


def weights_table(found: dict[str, Any]) -> str:
    """Return the weights as a Markdown table, in kilobytes (1,000 bytes)."""
    visits = {f"`{path}`": one for path, one in found["first_visit"].items()}
    visits |= {f"widget, {state}": one for state, one in found["widget"].items()}
    rows = ["| KB | page | script | style | images | in all |", "|---|---|---|---|---|---|"]
    for name, one in visits.items():
        cells = " | ".join(_kilobytes(one, kind) for kind in ("page", "script", "style", "image", "total"))
        rows.append(f"| {name} | {cells} |")
    return "\n".join(rows)


def slow_table(found: dict[str, Any]) -> str:
    """Return the times on the slow line as a Markdown table, in seconds."""
    rows = [
        "| seconds | first paint | one can write and send | script ready | answer after sending |",
        "|---|---|---|---|---|",
    ]
    for path in VISITS:
        one = found["slow_line"][path]
        names = ("first_paint", "form_usable", "script_ready", "first_answer_after_sending")
        cells = " | ".join(f"{one[name] / 1000:.1f}" if name in one else "–" for name in names)
        rows.append(f"| `{path}` | {cells} |")
    return "\n".join(rows)


def main() -> None:
    """Measure, keep the figures, and write them in the documentation."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder)))
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    (ROOT / "benchmarks" / "weights.json").write_text(text, encoding="utf-8")
    document = DOCUMENT.read_text(encoding="utf-8")
    document = put(document, "weights", weights_table(found))
    document = put(document, "slow", slow_table(found))
    DOCUMENT.write_text(document, encoding="utf-8")
    print(weights_table(found), slow_table(found), sep="\n\n")


if __name__ == "__main__":
    main()
