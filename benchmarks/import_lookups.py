"""Ten lookups before and after an import, verbatim, put at the end of docs/imports.md.

`python -m benchmarks.import_lookups`: a real Rasa and real actions that are never restarted, the real import command; made-up
places (named so), and the real list of France services when it is on this machine.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.lookups import as_chat
from bot.conversations import Conversations
from bot.directory import assemble
from bot.gateway import create_app, paris_now
from bot.paths import ROOT
from bot.settings import Settings
from bot.web.keys import CONVERSATIONS
from tests.imports import samples
from tests.live import SECRET, LiveBrain

DOCUMENT = ROOT / "docs" / "imports.md"
MARK = "## Ten lookups, before and after"
REAL = ROOT.parent / "shared" / "facts" / "samples" / "france-services-34-20240801.csv"
ASKED = (
    "où faire peser mon bébé à Sète",
    "ou voir une asistante sociale a lunel",
    "la pmi de béziers",
    "adresse MDPH béziers",
    "mission local lodeve",
    "le sds de bedarieux",
    "france services lunel",
    "slt c ou la caf a sete",
    "conseiller numerique a lodève",
    "planning familial béziers",
)

_DILA = (("mission_locale", "Mission locale"), ("maison_handicapees", "MDA"), ("caf", "Caf"))


def made(folder: Path) -> Iterator[tuple[str, Path]]:
    """Write made-up files, and yield each with its format."""
    sds = [
        samples.herault(n, "Service Départemental des Solidarités", lib_long_service=f"SDS inventé n° {n}")
        for n in range(10, 15)
    ]
    files: dict[str, object] = {
        "herault-data": [*(samples.herault(number) for number in range(5)), *sds],
        "dila": {
            "service": [
                samples.dila(20 + 5 * rank + number, type_, nom=f"{name} inventée n° {number}")
                for rank, (type_, name) in enumerate(_DILA)
                for number in range(5)
            ]
        },
        "mednum": [samples.mednum(number) for number in range(5)],
    }
    for format_, content in files.items():
        path = folder / f"{format_}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        yield format_, path
    path = folder / "finess.csv"
    path.write_bytes(samples.as_finess([samples.finess(n, "228", rslongue=f"CENTRE INVENTE DE PLANIFICATION {n}") for n in range(5)]))  # fmt: skip
    yield "finess", path
    if REAL.exists():
        yield "france-services", REAL


async def asked(conversations: Conversations) -> list[list[str]]:
    """Return what is answered to each message, each in a conversation of its own."""
    answers = []
    for text in ASKED:
        reply = await conversations.say(text, None, channel="web")
        places = [message for message in reply["messages"] if message["places"]]
        answers.append([line for message in (places or reply["messages"]) for line in as_chat(message)])
    return answers


async def main() -> None:
    """Start, ask, import, ask again, write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assemble.ensure(folder / "directory.sqlite", folder / "imports")
        brain = LiveBrain(folder)
        try:
            brain.start_actions()
            brain.start_rasa()
            settings = Settings(
                var_dir=folder, rate_limit="off", metrics_port=0, brain_secret=SECRET, turn_timeout=60,
                rasa_port=brain.rasa_port, actions_port=brain.actions_port,
            )  # fmt: skip
            app = create_app(settings)
            app.freeze()
            await app.startup()
            before = await asked(app[CONVERSATIONS])
            said = []
            for format_, path in made(folder):
                command = [sys.executable, "-m", "bot", "import", format_, str(path)]
                done = subprocess.run(  # noqa: ASYNC221 - nothing else runs here
                    command, cwd=ROOT, env={**os.environ, "VAR_DIR": name}, capture_output=True, text=True, check=True
                )
                said += done.stdout.splitlines()[:3]
            after = await asked(app[CONVERSATIONS])
            await app.cleanup()
        finally:
            brain.stop()
    lines = [
        MARK,
        "",
        f"Said by the assistant on {paris_now():%d/%m/%Y at %H:%M}, Rasa and the actions running all along (`python -m benchmarks.import_lookups` says",
        "them again). **The places called « inventé » are made up, and their numbers are those that Arcep keeps for fiction**; the list of France",
        "services is the real extract of 1 August 2024. The imports in between:",
        "",
        "```",
        *said,
        "```",
        "",
    ]
    for text, old, new in zip(ASKED, before, after, strict=True):
        lines += [f"### {text}", "", "Before:", "", *old, "", "After:", "", *new, ""]
    document = DOCUMENT.read_text(encoding="utf-8").partition(MARK)[0]
    DOCUMENT.write_text(document + "\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
