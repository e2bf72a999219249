"""One message of the assistant as a text message: its words, its places, its choices by number, in two parts at most."""

from typing import Any

from bot.sms.places import MAX_PARTS, with_places
from bot.sms.text import parts, to_gsm


def written(message: dict[str, Any]) -> str:
    """Return the text message for `message` (the chat API's shape).

    Choices are numbered as they are answered: "1", "2"… Those that do not fit are left out, the last first.
    """
    if message["places"]:
        # With places, the only choice is the rest of the list: numbers are those of the places.
        return with_places(message["text"], message["places"], more=bool(message["choices"]))
    text = to_gsm(message["text"])
    labels = [to_gsm(choice["label"]) for choice in message["choices"]]
    for kept in range(len(labels), 0, -1):
        numbered = " ".join(f"{number} {label}." for number, label in enumerate(labels[:kept], start=1))
        offered = f"{text} Répondez par un numéro : {numbered}"
        if parts(offered) <= MAX_PARTS:
            return offered
    return text
