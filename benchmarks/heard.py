"""What a screen reader is given in a conversation of five turns, written as it is into `docs/accessibility.md`.

`python -m benchmarks.heard` starts a real Rasa and a real Chromium, talks from the keyboard, and writes between the marks of the document: what the
live region said and when, and the tree that Chromium hands to screen readers (roles, names, states). It says what they are given, not what they make of it.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Page, async_playwright

from bot.gateway import create_app
from bot.paths import ROOT
from bot.settings import Settings
from tests.clock import Clock
from tests.live import SECRET, LiveBrain

DOCUMENT = ROOT / "docs" / "accessibility.md"
QUESTIONS = (
    "j'ai pas reçu mon RSA",
    "combien de rsa pour un couple",
    "où faire peser mon bébé à Béziers",
    "mon mari me frappe",
    "merci",
)
#: Seconds left for what is said late.
_AFTER = 2.0
#: Nothing that a screen reader says by itself.
_SILENT = {"none", "generic", "InlineTextBox", "StaticText", "ListMarker", "LineBreak", "paragraph", "Section"}
_STATES = ("focused", "disabled", "expanded", "checked", "level", "required", "invalid", "live", "multiline")

LISTEN = """
root => { window.heard = []; window.since = performance.now();
  for (const node of root.querySelectorAll('[aria-live], [role=status], [role=alert], [role=log]'))
    new MutationObserver(list => list.forEach(one => {
      one.addedNodes.forEach(added => added.textContent.trim() && heard.push([Math.round(performance.now() - since), node.id, added.textContent.trim()]));
    })).observe(node, {childList: true, subtree: true, characterData: true}); }
"""


async def tree(page: Page) -> list[dict[str, Any]]:
    """Return the accessibility tree of the page, as Chromium's devtools give it."""
    session = await page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    await session.detach()
    return nodes


def lines(nodes: list[dict[str, Any]]) -> Iterator[str]:
    """Write the tree, one line a node that a screen reader meets: role, name, states; indented as it is nested."""
    by_id = {node["nodeId"]: node for node in nodes}

    def text_of(node: dict[str, Any]) -> str:
        name: str = node.get("name", {}).get("value", "")
        return re.sub(r"\s+", " ", name).strip()

    def walk(id_: str, depth: int, above: str = "") -> Iterator[str]:
        node = by_id.get(id_)
        if node is None:
            return
        role = node.get("role", {}).get("value", "")
        name = text_of(node)
        text = role == "StaticText" and name and name != above
        spoken = not node.get("ignored") and (role not in _SILENT or text)
        if spoken:
            states = [
                f"{one['name']}={value}"
                for one in node.get("properties", [])
                if one["name"] in _STATES and (value := one["value"].get("value")) not in (False, "", "false", None)
            ]
            label = "texte" if role == "StaticText" else role
            yield (
                "  " * depth + label + (f" « {name} »" if name else "") + (f" [{', '.join(states)}]" if states else "")
            )
        for child in node.get("childIds", []):
            yield from walk(child, depth + bool(spoken), name or above)

    roots = [node["nodeId"] for node in nodes if not node.get("parentId")]
    for root in roots:
        yield from walk(root, 0)


async def talk(page: Page, questions: tuple[str, ...] = QUESTIONS) -> list[tuple[int, str, str]]:
    """Ask the questions from the keyboard; return what the live regions said: milliseconds, region, words."""
    await page.evaluate(f"({LISTEN})(document)")
    await page.get_by_label("Votre question").focus()
    for number, question in enumerate(questions, 1):
        await page.keyboard.type(question)
        await page.keyboard.press("Enter")
        await page.wait_for_function(
            "n => document.querySelectorAll('#log > .you:not(.pending)').length === n", arg=number
        )
        await page.wait_for_timeout(int(1000 * _AFTER))
    return [(at, region, words) for at, region, words in await page.evaluate("window.heard")]


def said(log: list[tuple[int, str, str]]) -> str:
    """Write the log of the live regions, seconds first."""
    return "\n".join(f"{at / 1000:6.1f} s  #{region}  {words}" for at, region, words in log)


def put(document: str, mark: str, text: str) -> str:
    """Return `document` with `text` between the marks "<!-- mark -->" and "<!-- /mark -->"."""
    pattern = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.DOTALL)
    if not pattern.search(document):
        raise ValueError(f"no mark « {mark} »")
    return pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", document)


async def record(folder: Path) -> tuple[str, str]:
    """Return the log of the live regions and the tree after the last turn."""
    brain = LiveBrain(folder)
    try:
        await asyncio.to_thread(brain.start_actions)
        await asyncio.to_thread(brain.start_rasa)
        settings = Settings(
            var_dir=folder, rate_limit="off", metrics_port=0, brain_secret=SECRET, rasa_port=brain.rasa_port,
            actions_port=brain.actions_port,
        )  # fmt: skip
        runner = web.AppRunner(create_app(settings, Clock()), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = await chromium.new_page(locale="fr-FR")
            await page.goto(f"http://127.0.0.1:{port}/")
            log = await talk(page)
            nodes = "\n".join(lines(await tree(page)))
            await chromium.close()
        await runner.cleanup()
        return said(log), nodes
    finally:
        brain.stop()


def main() -> None:
    """Record, and write in the document."""
    with tempfile.TemporaryDirectory() as folder:
        log, nodes = asyncio.run(record(Path(folder)))
    document = DOCUMENT.read_text(encoding="utf-8")
    document = put(document, "heard", f"```\n{log}\n```")
    document = put(document, "tree", f"```\n{nodes}\n```")
    DOCUMENT.write_text(document, encoding="utf-8")
    sys.stdout.write(f"{log}\n\n{nodes}\n")


if __name__ == "__main__":
    main()
