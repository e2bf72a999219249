"""What `python -m bot sms …` says, in French: how much waits, the dead letters, sending them again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.settings import Settings
from bot.sms.service import Box
from bot.store import Store

_PARIS = ZoneInfo("Europe/Paris")


def _now() -> float:
    return datetime.now(_PARIS).timestamp()


@asynccontextmanager
async def _box(settings: Settings) -> AsyncIterator[Box]:
    store = Store(settings.database)
    await store.open()
    try:
        yield Box(settings, store, _now)
    finally:
        await store.close()


def _age(seconds: float) -> str:
    """Write an age: "12 s", "5 min", "3 h", "2 j"."""
    for unit, length in (("j", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


async def status(settings: Settings) -> str:
    """Return how much waits, and what was done lately."""
    async with _box(settings) as box:
        depths = await box.depths()
    lines = [f"Opérateur : {settings.sms_provider or 'aucun (SMS_PROVIDER)'}"]
    for what, count, oldest in (
        ("Messages à répondre", depths.inbox, depths.inbox_oldest),
        ("SMS à envoyer", depths.outbox, depths.outbox_oldest),
    ):
        lines.append(f"{what} : {count}" + (f", le plus ancien depuis {_age(oldest)}" if count else ""))
    lines.append(f"Lettres mortes : {depths.dead}" + (" (python -m bot sms dead)" if depths.dead else ""))
    for span, done in (("Dernière heure", depths.last_hour), ("Dernières 24 h", depths.last_day)):
        lines.append(
            f"{span} : {done['received']} reçus, {done['answered']} répondus, {done['ignored']} sans réponse, {done['sent']} SMS envoyés"
        )
    lines.append(f"Doubles possibles en 24 h : {depths.doubles}")
    return "\n".join(lines)


async def dead(settings: Settings, with_text: bool) -> str:
    """Return the dead letters: which, when, why; never a number, and the text only when asked."""
    async with _box(settings) as box:
        letters = await box.dead(with_text)
    if not letters:
        return "Aucune lettre morte."
    lines = []
    for letter in letters:
        at = datetime.fromtimestamp(letter.at, _PARIS)
        what = f"partie {letter.part}" if letter.part else "message sans réponse"
        lines.append(f"{letter.id:>8}  {at:%d/%m %H:%M}  {what}, {letter.attempts} essai(s) : {letter.why}")
        if letter.text is not None:
            lines.append(f"          {letter.text}")
    lines.append("Renvoyer : python -m bot sms resend ID (ou --all). Effacées d'elles-mêmes après "
                 f"{settings.sms_dead_days:g} jour(s).")  # fmt: skip
    return "\n".join(lines)


async def resend(settings: Settings, ids: Sequence[str] | None) -> str:
    """Take dead letters up again (all of them when None); return what was done. Raise ValueError on an id that is none."""
    async with _box(settings) as box:
        count = await box.resend(ids)
    return f"{count} lettre(s) reprise(s) : le service en marche les traite dans les secondes qui viennent."
