"""Ten conversations by SMS, verbatim, over a real Kannel and a real Rasa, written to docs/fr/conversations-sms.md.

`python -m benchmarks.sms_conversations`: every text message as the phone receives it, with its septets. To be read as the
person would.
"""

import asyncio
import tempfile
import time
from pathlib import Path

from bot.gateway import paris_now
from bot.paths import ROOT
from bot.sms.text import septets
from tests.live import LiveBrain, free_port
from tests.sms.gateway_process import GatewayProcess
from tests.sms.phone_network import PhoneNetwork, network

DOCUMENT = ROOT / "docs" / "fr" / "conversations-sms.md"
#: Seconds without anything more after which the person has read, and seconds for the first answer to come.
SETTLED, PATIENCE = 3.0, 15.0
CONVERSATIONS = (
    ("Une mère, à Béziers", ("slt ou fair peser mon bb a beziers svp", "SUITE", "SUITE", "1")),
    ("Un jeune, au RSA", ("slt g 23 ans jpe avoir le rsa ?", "g bosser 2 ans en interim", "c kan ke c versé", "mrc")),
    ("Quelqu'un en danger", ("mon mari me frape jpe pa parlé il é la", "g peur", "ok merci g pu appelé")),
    ("Une grossesse perdue", ("jai perdu mon bb a 4 mois de grossesse", "g droit a des jours ?", "combien le rsa pour 1 couple")),
    ("STOP, puis REPRENDRE", ("cmt avoir la css", "Stop!", "et le rsa", "reprendre", "combien de rsa seul")),
    ("OUBLI", ("jsui seule avec 2 enfants combien jaurai au rsa", "oublie moi", "et pour la caf ?")),
    ("SUITE", ("g pa recu mon rsa c normal ?", "suite", "suite", "ki apelé alor")),
    ("Des choix par numéro", ("bjr", "SUITE", "3", "2")),
    ("Des lieux", ("c ou la caf", "sete", "et la mission local ?", "1")),
    ("Une commune mal écrite", ("france service bedarieu", "SUITE", "et a vilneuve", "1")),
)  # fmt: skip


async def told(phones: PhoneNetwork, phone: str, text: str) -> list[str]:
    """Write `text` from a phone; return the text messages that it receives, once nothing more comes."""
    before = len(phones.to(phone))
    await phones.send(phone, text)
    until = time.monotonic() + PATIENCE
    count = before
    while time.monotonic() < until:
        await asyncio.sleep(0.1)
        if len(phones.to(phone)) > count:
            count = len(phones.to(phone))
            until = time.monotonic() + SETTLED
    return [message.text for message in phones.to(phone)[before:]]


async def conversation(phones: PhoneNetwork, number: int, texts: tuple[str, ...]) -> list[str]:
    """Return the lines of one conversation."""
    lines = []
    phone = f"336000001{number:02d}"
    for text in texts:
        lines += [f"**Vous :** {text}", ""]
        received = await told(phones, phone, text)
        lines += [f"> {answer}  \n> *{septets(answer)} septets*\n" for answer in received] or ["*(aucune réponse)*", ""]
        await asyncio.sleep(8)  # she reads; the same word sooner would be taken for a repetition
    return lines


async def main() -> None:
    """Run all, one after the other, and write the document."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("brain", "kannel", "gateway"):
            (folder / name).mkdir()
        brain, port = LiveBrain(folder / "brain"), free_port()
        gateway = None
        try:
            await asyncio.to_thread(brain.start_actions)
            await asyncio.to_thread(brain.start_rasa)
            async with network(folder / "kannel", f"http://127.0.0.1:{port}") as (kannel, phones):
                gateway = GatewayProcess(folder / "gateway", brain, kannel.settings, port)
                await asyncio.to_thread(gateway.start)
                told_all = await asyncio.gather(
                    *(conversation(phones, number, texts) for number, (_, texts) in enumerate(CONVERSATIONS, 1))
                )
                received = [message.text for message in phones.received]
        finally:
            if gateway:
                gateway.kill()
            brain.stop()
    asked = sum(len(texts) for _, texts in CONVERSATIONS)
    lines = [
        "# Dix conversations par SMS",
        "",
        f"Relevées le {paris_now():%d/%m/%Y} à travers un vrai Kannel et un vrai Rasa, telles que le téléphone les reçoit, sans"
        f" retouche : {asked} messages reçus, {len(received)} SMS envoyés, le plus long de {max(map(septets, received))} septets"
        " sur 160. Pour les relever à nouveau : `python -m benchmarks.sms_conversations`.",
    ]
    for (title, _), said in zip(CONVERSATIONS, told_all, strict=True):
        lines += ["", f"## {title}", "", *said]
    DOCUMENT.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
