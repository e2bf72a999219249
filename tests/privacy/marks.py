"""Words that nobody else writes, and whether a file holds them."""

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tests.traces import files, found


class Marks(NamedTuple):
    """Made up: in no dictionary, no name, no place, so that redaction leaves them; `fresh` ones are of one test only."""

    normal: str
    urgent: str
    after: str
    long: str

    @classmethod
    def fresh(cls) -> "Marks":
        """Return marks that no other test writes: Rasa's store is shared."""
        end = "".join("bdfgklmnprstvz"[number % 14] + "aeiou"[number % 5] for number in secrets.token_bytes(4))
        return cls(*(word + end for word in ("zorglu", "gloupa", "frimbo", "trucmou")))


def left(folders: Iterable[Path], marks: Iterable[str]) -> list[str]:
    """Return where a mark is still written under the folders, in capitals or not."""
    forms = {form for mark in marks for form in (mark, mark.upper(), mark.capitalize())}
    return found(files(*folders), forms)


async def say(client: Any, text: str, token: str | None = None, **more: Any) -> dict[str, Any]:
    """Say `text` to the chat API; return the reply."""
    body = {"text": text, **({"conversation": token} if token else {}), **more}
    response = await client.post("/api/messages", json=body)
    assert response.status == 200, await response.text()
    return dict(await response.json())


async def talk(client: Any, marks: Marks) -> str:
    """Hold a conversation that leaves marks; return its token."""
    token = str((await say(client, f"comment demander le rsa {marks.normal}", id="a" * 30))["conversation"])
    await say(client, f"mon mari me frappe {marks.urgent}", token)
    await say(client, f"où faire peser mon bébé {marks.after} à Béziers", token, variant="simple")
    return token
