"""Where to go, as it is told: lookups by chat and by SMS, verbatim, written to docs/fr/lieux.md.

`python -m benchmarks.lookups`: a real Rasa, real actions, the gateway in this process on the day of today.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from bot.conversations import Conversations
from bot.gateway import create_app, paris_now
from bot.paths import ROOT
from bot.settings import Settings
from bot.sms.reply import compose
from bot.web.keys import CONVERSATIONS
from tests.live import SECRET, LiveBrain

DOCUMENT = ROOT / "docs" / "fr" / "lieux.md"
CHAT = (
    (
        "En atelier à Lunel",
        ("je cherche une france services a lunel qui est ouverte maintenant", "suite", "le premier"),
    ),
    ("À Olargues, sans dire où d'abord", ("ou voir une asistante sociale", "olargues")),
    ("Un bébé à peser, à Sète", ("où faire peser mon bébé", "34200")),
    ("Un nom que portent plusieurs communes", ("pole anploi a villeneuve", "le premier", "et la caf ?")),
    ("Une commune d'ailleurs", ("la MDPH à Nîmes", "pardon, Béziers")),
)
SMS = (
    ("De Sète", ("slt c ou la caf a sete",)),
    ("De Bédarieux", ("france service bedarieu", "SUITE", "1")),
    ("De Villeneuve", ("c ou le pole emploi a villeneuve", "2")),
    ("De Montpellier, quartier de la Paillade", ("ccas la paillade",)),
    ("De Saint-Pons", ("mission local st pons de thomieres",)),
)


def as_chat(message: dict[str, Any]) -> list[str]:
    """Return the lines that the page shows of one message."""
    lines = [f"> {line}" if line else ">" for line in message["text"].splitlines()]
    for number, place in enumerate(message["places"], start=1):
        far = place["distance_km"]
        distance = (
            "" if far is None else f" ({'environ ' if place['approximate'] else ''}{far:.1f} km)".replace(".", ",")
        )
        where = ", ".join(filter(None, (place["address"], f"{place['postcode']} {place['city']}".strip())))
        facts = (where, place["phone"], place["opening"], place["hours"], place["access"])
        dated = ", ".join(filter(None, (place["source"], place["source_date"])))
        lines.append(
            f"> {number}. **{place['name']}**{distance} — {' · '.join(filter(None, facts))} (source : {dated})"
        )
    labels = [choice["label"] for choice in message["choices"]]
    return [*lines, *([f">\n> [{'] ['.join(labels)}]"] if labels else [])]


def as_sms(messages: list[dict[str, Any]]) -> list[str]:
    """Return the text messages that leave."""
    return [line for text in compose(messages).now for line in (f"> {text}", ">")][:-1]


async def told(conversations: Conversations, dialogues: Any, channel: str) -> list[str]:
    """Hold the dialogues; return them as Markdown."""
    lines = []
    for title, turns in dialogues:
        lines += [f"### {title}", ""]
        token = None
        for said in turns:
            reply = await conversations.say(said, token, channel=channel)
            token = reply["conversation"]
            lines += [f"— {said}", ""]
            if channel == "sms":
                lines += [*as_sms(reply["messages"]), ""]
                continue
            for message in reply["messages"]:
                lines += [*as_chat(message), ""]
    return lines


async def main() -> None:
    """Start, talk, write."""
    with tempfile.TemporaryDirectory() as folder:
        brain = LiveBrain(Path(folder))
        try:
            brain.start_actions()
            brain.start_rasa()
            settings = Settings(
                var_dir=Path(folder), rate_limit="off", metrics_port=0, brain_secret=SECRET,
                rasa_port=brain.rasa_port, actions_port=brain.actions_port,
            )  # fmt: skip
            app = create_app(settings)
            app.freeze()
            await app.startup()
            now = paris_now()
            lines = [
                "# Où aller : dix recherches, telles quelles",
                "",
                f"Dites par l'assistant le {now:%d/%m/%Y à %H h %M} (`python -m benchmarks.lookups` les redit).",
                "",
                "## Sur la page",
                "",
                *await told(app[CONVERSATIONS], CHAT, "web"),
                "## Par SMS",
                "",
                *await told(app[CONVERSATIONS], SMS, "sms"),
            ]
            await app.cleanup()
        finally:
            brain.stop()
    DOCUMENT.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(f"{DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    asyncio.run(main())
