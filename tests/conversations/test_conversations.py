"""Whole dialogues through the gateway and the real Rasa; each file is a theme, each name says what the dialogue proves.

A turn: `says` (typed) or `chooses` (the label of a choice offered), then what must be true of the reply:
`intent` (or a list of acceptable ones), `urgent`, `commune` (a name, or null), `contains` / `lacks` (in the texts and the
places, case apart), `starts` (in the first 120 characters of the first message), `offers` (labels among the choices, or false for none),
`offers_first` (the first choice is one of these labels).
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Client

HERE = Path(__file__).parent
DIALOGUES = [
    pytest.param(dialogue, id=f"{path.stem}: {dialogue['name']}")
    for path in sorted(HERE.glob("*.yml"))
    for dialogue in yaml.safe_load(path.read_text(encoding="utf-8"))
]
pytestmark = pytest.mark.live


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def complaints(turn: dict[str, Any], reply: dict[str, Any]) -> list[str]:
    """Return what is not as the turn says, each in one line."""
    places = [
        f"{place['name']}, {place['city']}, {place['phone']}"
        for message in reply["messages"]
        for place in message["places"]
    ]
    texts = "\n".join([*(message["text"] for message in reply["messages"]), *places])
    first = reply["messages"][0]["text"][:120]
    labels = [choice["label"] for message in reply["messages"] for choice in message["choices"]]
    urgent = any(message["urgent"] for message in reply["messages"])
    found = []
    if "intent" in turn and reply["intent"] not in as_list(turn["intent"]):
        found.append(f"intent is {reply['intent']}, not {turn['intent']}")
    if urgent != turn.get("urgent", False):
        found.append(f"urgent is {urgent}")
    if "commune" in turn and (reply["commune"] or {}).get("name") != turn["commune"]:
        found.append(f"commune is {reply['commune']}, not {turn['commune']}")
    found += [
        f"lacks « {words} »" for words in as_list(turn.get("contains", [])) if str(words).lower() not in texts.lower()
    ]
    found += [
        f"contains « {words} »" for words in as_list(turn.get("lacks", [])) if str(words).lower() in texts.lower()
    ]
    if "starts" in turn and not any(str(words).lower() in first.lower() for words in as_list(turn["starts"])):
        found.append(f"does not start with {turn['starts']}")
    if turn.get("offers") is False:
        found += [f"offers {labels}"] if labels else []
    elif "offers" in turn:
        found += [f"does not offer « {label} »" for label in as_list(turn["offers"]) if label not in labels]
    if "offers_first" in turn and not (labels and labels[0] in as_list(turn["offers_first"])):
        found.append(f"does not offer {turn['offers_first']} first")
    return [f"« {turn.get('says') or turn.get('chooses')} » → {fault}\n{texts}\n{labels}" for fault in found]


@pytest.mark.parametrize("dialogue", DIALOGUES)
async def test_dialogue(dialogue: dict[str, Any], client: Client) -> None:
    """The dialogue goes as its file says."""
    body: dict[str, Any] = {}
    for turn in dialogue["turns"]:
        body["text"] = turn.get("says") or turn["chooses"]
        response = await client.post("/api/messages", json=body)
        reply = await response.json()
        assert response.status == 200, reply
        body["conversation"] = reply["conversation"]
        assert not complaints(turn, reply)
