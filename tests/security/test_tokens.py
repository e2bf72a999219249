"""Tokens: forged, cut, swapped, expired, replayed, and keys that change."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store import State
from bot.tokens import FORM_HOURS, BadToken, Tokens
from tests.conftest import Client, MakeClient

OLD, NEW = "ancienne-cle-" + "o" * 20, "nouvelle-cle-" + "n" * 20
TOKENS = Tokens([OLD], 30)
TOKEN = TOKENS.new()


def test_a_new_key_in_front() -> None:
    """With a new key in front, conversations under way go on under the same id, and new tokens are signed by the new key."""
    both = Tokens([NEW, OLD], 30)
    assert both.sender(TOKEN) == TOKENS.sender(TOKEN)
    both.check_form(TOKENS.form())
    with pytest.raises(BadToken):
        TOKENS.sender(both.new())


def test_an_old_key_removed() -> None:
    """Once the old key is removed, what it signed opens nothing."""
    alone = Tokens([NEW], 30)
    with pytest.raises(BadToken):
        alone.sender(TOKEN)
    with pytest.raises(BadToken):
        alone.check_form(TOKENS.form())


def test_the_ids_behind_tokens_are_keyed() -> None:
    """The same token under another key names another conversation, and no id tells of its token."""
    assert Tokens([NEW], 30).derive("web", "a") != TOKENS.derive("web", "a")
    assert TOKENS.derive("web", "ab") != TOKENS.derive("weba", "b")


@pytest.mark.parametrize("index", range(len(TOKEN)))
def test_cut_anywhere(index: int) -> None:
    """A token cut short, at any letter, opens nothing."""
    with pytest.raises(BadToken):
        TOKENS.sender(TOKEN[:index])


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_changed_anywhere(index: int, letter: str) -> None:
    """A token with one letter changed opens nothing, but where base64 ignores its last bits: then the same conversation."""
    changed = TOKEN[:index] + letter + TOKEN[index + 1 :]
    try:
        opened = TOKENS.sender(changed)
    except BadToken:
        return
    assert opened == TOKENS.sender(TOKEN)


@given(st.text())
def test_any_text(text: str) -> None:
    """Any other text is refused as a token and as a form's."""
    with pytest.raises(BadToken):
        TOKENS.sender(text)
    with pytest.raises(BadToken):
        TOKENS.check_form(text)


def test_each_for_its_use() -> None:
    """The token of a form opens no conversation, that of a conversation posts no form."""
    with pytest.raises(BadToken):
        TOKENS.sender(TOKENS.form())
    with pytest.raises(BadToken):
        TOKENS.check_form(TOKEN)


@pytest.mark.parametrize(("hours", "good"), [(FORM_HOURS - 1, True), (FORM_HOURS + 1, False)])
def test_a_form_expires(hours: int, good: bool) -> None:
    """A form is good for a working day, not for ever."""
    later = Tokens([OLD], 30, lambda: time.time() + hours * 3600)
    form = TOKENS.form()
    if good:
        later.check_form(form)
    else:
        with pytest.raises(BadToken):
            later.check_form(form)


def test_a_token_expires() -> None:
    """A conversation that has passed its time is not opened by its token."""
    assert Tokens([OLD], 30, lambda: time.time() + 29 * 86400).sender(TOKEN)
    with pytest.raises(BadToken):
        Tokens([OLD], 30, lambda: time.time() + 31 * 86400).sender(TOKEN)


@pytest.mark.parametrize("days", [1, 60, 20_000])
def test_a_clock_that_goes_back(days: int) -> None:
    """A token and a form from the future, after the clock was put back, are good: people's conversations are not lost."""
    before = Tokens([OLD], 30, lambda: time.time() - days * 86400)
    assert before.sender(TOKEN) == TOKENS.sender(TOKEN)
    before.check_form(TOKENS.form())


async def test_a_conversation_through_a_rotation(make_client: MakeClient) -> None:
    """Begun under the old key, a conversation is read under the new one in front; with the old one removed, it is refused."""
    ports = {"rasa_port": 1, "actions_port": 1}
    before = await make_client(secret_key=OLD, **ports)
    token = (await (await before.post("/api/messages", json={"text": "bonjour"})).json())["conversation"]
    headers = {"Authorization": f"Bearer {token}"}
    during = await make_client(secret_key=f"{NEW},{OLD}", **ports)
    response = await during.get("/api/conversation", headers=headers)
    assert response.status == 200
    assert [turn["text"] for turn in (await response.json())["turns"]] == ["bonjour"]
    after = await make_client(secret_key=NEW, **ports)
    for answer in (
        await after.get("/api/conversation", headers=headers),
        await after.delete("/api/conversation", headers=headers),
        await after.post("/api/messages", json={"text": "a", "conversation": token}),
    ):
        assert answer.status == 401


async def test_an_erased_conversation_is_not_replayed(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token kept by somebody after its conversation was erased opens nothing, and begins nothing."""
    client = await make_client(rasa_port=1, actions_port=1)
    token = (await (await client.post("/api/messages", json={"text": "bonjour"})).json())["conversation"]

    async def forgotten(*args: Any) -> None:
        return None

    monkeypatch.setattr("bot.assistant.Brain.forget", forgotten)
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.delete("/api/conversation", headers=headers)).status == 204
    for _ in range(2):
        assert (await client.post("/api/messages", json={"text": "a", "conversation": token})).status == 401
        assert (await client.get("/api/conversation", headers=headers)).status == 401


STATES = ['{}', '{"inconnu": 1}', '{"variant": "falc", "missed": 2}', '{"choices": [], "missed": "deux", "loss": null}', '[]', 'null', '{"listed": true, "futur": {"a": []}}']  # fmt: skip


@pytest.mark.parametrize("kept", STATES)
def test_a_state_of_another_version(kept: str) -> None:
    """A state that a newer or older version wrote is read: what is unknown is left, what is missing takes its default."""
    state = State.read(kept)
    assert isinstance(state.choices, dict)
    assert isinstance(state.missed, int)
    assert state.variant in {None, "standard", "simple"}
    if "listed" in kept:
        assert state.listed is True


def test_a_state_is_read_as_it_was_written() -> None:
    """What this version writes reads back whole."""
    state = State("simple", {"Oui": "affirmer"}, 2, True, True)
    assert State.read(json.dumps(state.__dict__)) == state


@pytest.mark.parametrize(
    "reply",
    [{}, {"intent": "rsa_montant"}, {"messages": [{"text": "Bonjour."}]}, {"messages": [{"text": "Voici.", "places": [{"name": "MDS"}]}], "futur": 1}],
)  # fmt: skip
async def test_a_reply_of_another_version_is_shown(client_for_replies: Client, reply: dict[str, Any]) -> None:
    """A conversation kept by an older version, with less in it, or by a newer one, with more, is shown again everywhere."""
    import re
    from html import unescape

    import sqlalchemy as sa

    from bot.store import TURNS
    from bot.web.keys import CONVERSATIONS

    client = client_for_replies
    token = (await (await client.post("/api/messages", json={"text": "bonjour"})).json())["conversation"]
    async with client.app[CONVERSATIONS].store.engine.begin() as connection:
        await connection.execute(sa.update(TURNS).values(reply=json.dumps({"conversation": token, **reply})))
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/conversation", headers=headers)).status == 200
    assert (await client.get("/historique", headers=headers)).status == 200
    page = await (await client.get("/")).text()
    fields = {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)}
    for path in ("/conversation.txt", "/atelier/fiche"):
        assert (await client.post(path, data={**fields, "conversation": token})).status == 200, path
    for path in ("/", "/atelier"):
        data = {**fields, "conversation": token, "text": "suite"}
        assert (await client.post(path, data=data)).status == 200, path


@pytest.fixture
async def client_for_replies(make_client: MakeClient) -> Client:
    return await make_client(rasa_port=1, actions_port=1)
