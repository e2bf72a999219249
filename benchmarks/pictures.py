"""The pictures of the README and of the guides, taken from the running site: `python -m benchmarks.pictures [name…]`.

A real Rasa and a real Chromium, at the day and hour of the tests, so that the same code gives the same pictures.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from benchmarks.weights import serving
from bot.gateway import create_app
from bot.paths import ROOT
from bot.settings import Settings
from tests.clock import Clock
from tests.live import SECRET, LiveBrain

FOLDER = ROOT / "docs" / "images"
#: Bytes of a picture at most: the README must open on a slow line too.
MOST = 200_000

Scene = Callable[[Page], Awaitable[None]]


@dataclass(frozen=True)
class Picture:
    """One picture: where it starts, the window (CSS pixels), what is done there, how the page is shown."""

    name: str
    path: str
    size: tuple[int, int]
    scene: Scene
    scale: float = 1.5
    look: tuple[tuple[str, str], ...] = ()
    whole: bool = False


def talk(*questions: str, top: str = "#log > .you:nth-last-child(2)") -> Scene:
    """Ask the questions; bring the element `top` to the top of the window."""

    async def scene(page: Page) -> None:
        for number, question in enumerate(questions, 1):
            await page.get_by_label("Votre question").fill(question)
            await page.keyboard.press("Enter")
            await page.wait_for_function(
                "n => document.querySelectorAll('#log > .you:not(.pending)').length === n", arg=number
            )
        await page.wait_for_timeout(800)
        await page.evaluate("document.activeElement.blur()")
        await page.evaluate(
            "where => scrollTo(0, document.querySelector(where).getBoundingClientRect().top + scrollY - 16)", top
        )
        await page.wait_for_timeout(300)

    return scene


async def workshop(page: Page) -> None:
    """Show the subjects in pictures."""
    await page.get_by_role("heading", name="De quoi avez-vous besoin ?").wait_for()
    await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    await page.wait_for_timeout(500)


async def sheet(page: Page) -> None:
    """Ask two questions in the workshop, and show the sheet as it is printed."""
    await page.get_by_role("link", name="Écrire ma question").click()
    await talk("combien de rsa pour un couple", "une france services à Olargues")(page)
    await page.get_by_role("button", name="Fiche").first.click()
    await page.wait_for_load_state()
    await page.emulate_media(media="print")
    await page.wait_for_timeout(500)


def choose(*words: str) -> Scene:
    """Press the pictures of the workshop one after the other."""

    async def scene(page: Page) -> None:
        for one in words:
            await page.locator(".panel:visible .tile").filter(has=page.get_by_text(one, exact=True)).click()
        if not await page.locator(".panel:visible .tile").count():
            await page.locator("#log > .you:not(.pending)").wait_for()
        await page.mouse.move(1, 1)
        await page.wait_for_timeout(800)
        if await page.locator(".panel:visible .tile").count():
            await page.evaluate("scrollTo(0, 0)")

    return scene


async def papers(page: Page) -> None:
    """Tick two papers of a list."""
    await page.evaluate("location.hash = 'papiers-rsa'")
    for words in ("Pièce d'identité ou titre de séjour", "Revenus de tout le foyer sur 3 mois"):
        await page.get_by_label(words).locator("visible=true").check()
    await page.mouse.move(1, 1)
    await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    await page.wait_for_timeout(300)


async def warning(page: Page) -> None:
    """Leave an answer on the screen until the warning comes."""
    await page.clock.install()
    await page.reload()
    await choose(*RSA)(page)
    await page.clock.run_for(606_000)
    await page.get_by_role("alertdialog").wait_for()
    await page.wait_for_timeout(300)


RSA = ("Argent, RSA", "Demander le RSA", "Faire la demande")
PHONE, DESKTOP, A4 = (390, 844), (1100, 820), (794, 1123)
PICTURES = (
    Picture("chat", "/", (1000, 1160), talk("combien de rsa pour un couple", top=".top"), 1.25),
    Picture("chat-phone", "/", PHONE, talk("j'ai pas reçu mon RSA")),
    Picture("chat-dark", "/", PHONE, talk("où faire peser mon bébé"), look=(("color_scheme", "dark"),)),
    Picture("places", "/", PHONE, talk("une france services à Olargues")),
    Picture("urgent", "/", PHONE, talk("mon mari me frappe")),
    Picture("workshop", "/atelier", DESKTOP, workshop, 1.25),
    Picture("workshop-phone", "/atelier", PHONE, workshop),
    Picture("workshop-subject", "/atelier", DESKTOP, choose(RSA[0]), 1.25),
    Picture("workshop-subject-phone", "/atelier", PHONE, choose(RSA[0])),
    Picture("workshop-answer", "/atelier", DESKTOP, choose(*RSA), 1.25),
    Picture("workshop-answer-phone", "/atelier", PHONE, choose(*RSA)),
    Picture("workshop-papers", "/atelier", DESKTOP, papers, 1.25),
    Picture("workshop-papers-phone", "/atelier", PHONE, papers),
    Picture("workshop-warning", "/atelier", (1000, 640), warning, 1.25),
    Picture("sheet", "/atelier", A4, sheet, 1.25),
)


async def take(browser: Browser, base: str, picture: Picture) -> int:
    """Take one picture; return its bytes."""
    width, height = picture.size
    options: dict[str, Any] = dict(picture.look)
    page = await browser.new_page(
        viewport={"width": width, "height": height}, device_scale_factor=picture.scale, locale="fr-FR",
        reduced_motion="reduce", **options,
    )  # fmt: skip
    await page.goto(base.rstrip("/") + picture.path)
    await picture.scene(page)
    path = FOLDER / f"{picture.name}.png"
    await page.screenshot(path=path, full_page=picture.whole)
    await page.close()
    return path.stat().st_size


async def take_all(folder: Path, names: set[str]) -> None:
    """Take the pictures `names`, all when empty; raise when one is too heavy."""
    brain = LiveBrain(folder)
    try:
        await asyncio.to_thread(brain.start_actions)
        await asyncio.to_thread(brain.start_rasa)
        settings = Settings(
            var_dir=folder, rate_limit="off", metrics_port=0, brain_secret=SECRET, rasa_port=brain.rasa_port,
            actions_port=brain.actions_port,
        )  # fmt: skip
        async with serving(create_app(settings, Clock())) as base, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for picture in PICTURES:
                if not names or picture.name in names:
                    size = await take(browser, base, picture)
                    print(f"{picture.name}: {size / 1000:.0f} kB")
                    if size > MOST:
                        raise SystemExit(f"{picture.name} is too heavy")
            await browser.close()
    finally:
        brain.stop()


def main() -> None:
    """Take the pictures named on the command line, or all."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(take_all(Path(folder), set(sys.argv[1:])))


if __name__ == "__main__":
    main()
