"""Tests for the chat API, through a real Rasa: what the contract promises, and what hostile or clumsy clients get."""

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import pytest

from tests.clock import Clock
from tests.conftest import Client, MakeClient
from tests.live import LiveBrain, free_port

pytestmark = pytest.mark.live


async def say(client: Client, text: str, **fields: Any) -> dict[str, Any]:
    """Post one message, which must be answered."""
    response = await client.post("/api/messages", json={"text": text, **fields})
    body: dict[str, Any] = await response.json()
    assert response.status == 200, body
    return body


async def refused(client: Client, status: int, **request: Any) -> dict[str, str]:
    """Post one message, which must be refused with a French sentence."""
    response = await client.post("/api/messages", **request)
    body = await response.json()
    assert response.status == status, body
    error: dict[str, str] = body["error"]
    assert set(error) == {"code", "message"}
    assert len(error["message"]) > 20
    return error


class TestMessages:
    """Tests for POST /api/messages."""

    async def test_shape(self, client: Client) -> None:
        """A reply has all that the contract names, and nothing of how it was made."""
        reply = await say(client, "g pa recu mon rsa c normal ?")
        assert set(reply) == {"conversation", "intent", "commune", "messages"}
        assert reply["intent"] == "rsa_versement"
        assert reply["commune"] is None
        (message,) = reply["messages"]
        assert set(message) == {"id", "text", "choices", "places", "links", "sources", "verified_on", "urgent"}
        assert message["id"] == "rsa_versement"
        assert "3230" in message["text"]
        assert "4 décembre 2026" in message["text"]
        assert message["urgent"] is False
        assert message["verified_on"] == "2026-11-23"
        assert all(set(source) == {"title", "url"} for source in message["sources"])
        assert all(set(choice) == {"label", "value"} for choice in message["choices"])

    async def test_danger_first(self, client: Client) -> None:
        """Danger is answered first, with the right number in the first sentence and no menu."""
        reply = await say(client, "je voulais savoir pour mon rsa mais mon mari me frappe")
        (message,) = reply["messages"]
        assert reply["intent"] == "violences_conjugales"
        assert message["urgent"] is True
        assert "17" in message["text"].split("\n")[0]
        assert message["choices"] == []

    async def test_internal_ids_report_the_catalogue(self, client: Client) -> None:
        """Our own ids are reported under the catalogue's."""
        assert (await say(client, "j'ai envie de mourir"))["intent"] == "urgence_vitale"
        assert (await say(client, "papa il me tape"))["intent"] == "enfance_danger"

    async def test_commune(self, client: Client) -> None:
        """The commune is held over the conversation, under its INSEE code."""
        reply = await say(client, "où faire peser mon bébé à Béziers")
        assert reply["commune"] == {"insee": "34032", "name": "Béziers"}
        reply = await say(client, "et pour les vaccins ?", conversation=reply["conversation"])
        assert reply["commune"] == {"insee": "34032", "name": "Béziers"}

    async def test_choice(self, client: Client) -> None:
        """The value of a choice that was offered is understood without doubt."""
        reply = await say(client, "combien de rsa pour un couple")
        choice = reply["messages"][0]["choices"][1]
        assert (await say(client, choice["value"], conversation=reply["conversation"]))["intent"] == "rsa_demande"

    async def test_variant(self, client: Client) -> None:
        """The variant asked for is kept for the next turns."""
        first = await say(client, "combien de rsa pour un couple", variant="simple")
        assert "Le RSA est une aide" in first["messages"][0]["text"]
        second = await say(client, "comment demander le rsa", conversation=first["conversation"])
        assert "Le RSA est une aide" in second["messages"][0]["text"]
        third = await say(client, "comment demander le rsa", conversation=first["conversation"], variant="standard")
        assert "Le RSA est une aide" not in third["messages"][0]["text"]

    async def test_same_id_once(self, client: Client) -> None:
        """The same client id gets the same reply, and the conversation holds it once, even sent twice at once."""
        token = (await say(client, "bonjour"))["conversation"]
        bodies = await asyncio.gather(*(say(client, "combien de rsa", conversation=token, id="a1") for _ in range(3)))
        assert bodies[0] == bodies[1] == bodies[2]
        turns = (await (await client.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})).json())[
            "turns"
        ]
        assert [turn["text"] for turn in turns] == ["bonjour", "combien de rsa"]

    async def test_opening_sent_twice(self, client: Client) -> None:
        """A first message repeated under a unique id finds the conversation that it began; a short id never joins two people."""
        unique = "3f0c2a52-6d1c-4b62-9b0e-9a4a1f4f2c11"
        first, second = await say(client, "bonjour", id=unique), await say(client, "bonjour", id=unique)
        assert first["conversation"] == second["conversation"]
        one, other = await say(client, "bonjour", id="1"), await say(client, "bonjour", id="1")
        assert one["conversation"] != other["conversation"]

    async def test_two_tabs_at_once(self, client: Client) -> None:
        """Two messages of one conversation at once are both answered, one after the other."""
        token = (await say(client, "bonjour"))["conversation"]
        replies = await asyncio.gather(
            say(client, "combien de rsa pour un couple", conversation=token),
            say(client, "où faire peser mon bébé", conversation=token),
        )
        assert {reply["intent"] for reply in replies} == {"rsa_montant", "pmi_consultation"}

    async def test_conversations_do_not_mix(self, client: Client) -> None:
        """What one person said is not known to another."""
        await say(client, "combien de rsa pour un couple")
        other = await say(client, "oui")
        assert other["intent"] == "affirmer"
        assert "Oui à quoi" in other["messages"][0]["text"]


class TestBadInput:
    """Tests for what clumsy and hostile clients send: a French answer or error, and the conversation goes on."""

    @pytest.mark.parametrize(
        "text",
        [
            "🙂🙂🙂", "?!...", "\u200b\u200b", "<script>alert(1)</script>", "'; DROP TABLE turns; --", '{"intent": "rsa_montant"}', "/restart", "/rsa_montant",
            "///", '/rsa_montant{"commune": "34032"}', "\x00\x01\x02", "EXTERNAL: rsa", "I need help with my child please", "ﷺ" * 50, "a", "é" * 1999,
            "\\/restart", " / restart", "{{7*7}}", "%s%n", "utter_rsa_montant", "action_restart",
        ],
    )  # fmt: skip
    async def test_odd_text(self, client: Client, text: str) -> None:
        """Odd texts get an answer in French, and the next message of the conversation is understood."""
        token = (await say(client, "combien de rsa pour un couple"))["conversation"]
        reply = await say(client, text, conversation=token)
        assert reply["messages"][0]["text"]
        assert "<script>" not in json.dumps(reply)
        assert (await say(client, "où faire peser mon bébé", conversation=token))["intent"] == "pmi_consultation"
        repeated = await say(client, "et pour un couple ?", conversation=token)
        assert repeated["messages"]

    @pytest.mark.parametrize("text", ["/session_start", "/rsa_montant", '/rsa_montant{"commune": "34032"}'])
    async def test_no_command(self, client: Client, text: str) -> None:
        """What looks like a Rasa command is read as words: it sets nothing and forgets nothing."""
        token = (await say(client, "où faire peser mon bébé à Sète"))["conversation"]
        reply = await say(client, text, conversation=token)
        assert reply["commune"] == {"insee": "34301", "name": "Sète"}

    async def test_foreign(self, client: Client) -> None:
        """Another language gets a sentence that says so, in English too."""
        reply = await say(client, "I need help with my passport please")
        assert "I only understand French" in reply["messages"][0]["text"]

    async def test_emoji(self, client: Client) -> None:
        """Emoji alone are said to be unreadable."""
        assert "Je ne vois pas de mots" in (await say(client, "🙂🙂"))["messages"][0]["text"]

    @pytest.mark.parametrize("text", ["", "   ", "\n\t"])
    async def test_empty(self, client: Client, text: str) -> None:
        """Nothing is refused as nothing."""
        assert (await refused(client, 400, json={"text": text}))["code"] == "vide"

    async def test_too_long(self, client: Client) -> None:
        """10,000 characters are refused with both lengths."""
        error = await refused(client, 413, json={"text": "a" * 10_000})
        assert "10000" in error["message"]
        assert "2000" in error["message"]

    async def test_huge_body(self, client: Client) -> None:
        """A body of a megabyte is not read to its end."""
        assert (await refused(client, 413, data=b'{"text": "' + b"a" * 1_000_000 + b'"}'))["code"] == "trop_long"

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"", "json"), (b"bonjour", "json"), (b"[]", "json"), (b'"texte"', "json"), (b"null", "json"), (b"{", "json"), (b"\xff\xfe{}", "json"),
            (b"[" * 100_000, "json"), (b"{}", "champ"), (b'{"text": 12}', "champ"), (b'{"text": null}', "champ"), (b'{"text": "a", "conversation": 5}', "champ"),
            (b'{"text": "a", "variant": "falc"}', "champ"), (b'{"text": "a", "id": ""}', "champ"), (b'{"text": "a", "id": "' + b"x" * 300 + b'"}', "champ"),
        ],
    )  # fmt: skip
    async def test_malformed(self, client: Client, body: bytes, code: str) -> None:
        """Malformed requests are told what is wrong with them."""
        assert (await refused(client, 400, data=body))["code"] == code

    @pytest.mark.parametrize("token", ["faux", "a.b.c", "Ing5.awR_LA.YI1O4", "é", "x" * 400])
    async def test_forged_token(self, client: Client, token: str) -> None:
        """A token that is not ours opens nothing."""
        assert (await refused(client, 401, json={"text": "bonjour", "conversation": token}))["code"] == "jeton"

    async def test_token_tampered_with(self, client: Client) -> None:
        """A token changed by one letter opens nothing."""
        token = (await say(client, "bonjour"))["conversation"]
        changed = ("B" if token[3] != "B" else "C").join((token[:3], token[4:]))
        await refused(client, 401, json={"text": "bonjour", "conversation": changed})

    async def test_expired_token(self, client: Client, clock: Clock) -> None:
        """A token older than the retention opens nothing."""
        token = (await say(client, "bonjour"))["conversation"]
        clock.now += timedelta(days=31)
        assert (await refused(client, 401, json={"text": "bonjour", "conversation": token}))["code"] == "jeton"

    async def test_unknown_page_and_method(self, client: Client) -> None:
        """Wrong addresses and methods get the same kind of error."""
        assert (await (await client.get("/rien")).json())["error"]["code"] == "introuvable"
        assert (await client.put("/api/messages")).status == 405


class TestConversation:
    """Tests for GET and DELETE /api/conversation."""

    async def test_read_back(self, client: Client) -> None:
        """A conversation reads back in order, as it was answered."""
        first = await say(client, "combien de rsa pour un couple")
        token = first["conversation"]
        await say(client, "mon mari me frappe", conversation=token)
        body = await (await client.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})).json()
        assert [turn["text"] for turn in body["turns"]] == ["combien de rsa pour un couple", "mon mari me frappe"]
        assert body["turns"][0]["messages"] == first["messages"]
        assert body["turns"][1]["messages"][0]["urgent"] is True

    async def test_erase(self, client: Client, brain: LiveBrain, tmp_path: Any) -> None:
        """Erased, a conversation is nowhere: not here, not in Rasa's store, not under its token."""
        secret = "unicornerouge"
        token = (await say(client, f"où faire peser mon bébé {secret} à Sète"))["conversation"]
        headers = {"Authorization": f"Bearer {token}"}
        assert (await client.delete("/api/conversation", headers=headers)).status == 204
        assert (await client.get("/api/conversation", headers=headers)).status == 401
        await refused(client, 401, json={"text": "bonjour", "conversation": token})
        assert (await client.delete("/api/conversation", headers=headers)).status == 204
        for folder in (brain.folder, tmp_path):
            for path in folder.glob("*"):
                assert secret.encode() not in path.read_bytes(), path

    async def test_erase_in_words(self, client: Client) -> None:
        """ "Effacez mes données" erases, and the conversation goes on under a new token."""
        first = await say(client, "où faire peser mon bébé à Sète")
        reply = await say(client, "effacez mes données", conversation=first["conversation"])
        assert reply["intent"] == "effacer_donnees"
        assert "j'efface" in reply["messages"][0]["text"]
        assert reply["conversation"] != first["conversation"]
        await refused(client, 401, json={"text": "bonjour", "conversation": first["conversation"]})
        assert (await say(client, "oui", conversation=reply["conversation"]))["commune"] is None

    @pytest.mark.parametrize(
        "headers", [{}, {"Authorization": "Bearer"}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer faux"}]
    )
    async def test_without_token(self, client: Client, headers: dict[str, str]) -> None:
        """Without a good token there is no conversation."""
        assert (await client.get("/api/conversation", headers=headers)).status == 401
        assert (await client.delete("/api/conversation", headers=headers)).status == 401


class TestDegraded:
    """Tests for what is said when a part is down: honest, and the right number in danger."""

    async def test_rasa_down(self, make_client: MakeClient) -> None:
        """Without Rasa, a person is told so, whom to call, and danger still gets its number."""
        client = await make_client(rasa_port=free_port(), actions_port=free_port())
        reply = await say(client, "combien de rsa", id="retry")
        assert "04 67 67 67 67" in reply["messages"][0]["text"]
        danger = await say(client, "mon mari me frappe", conversation=reply["conversation"])
        assert danger["messages"][0]["urgent"] is True
        assert "17" in danger["messages"][0]["text"].split("\n")[0]
        health = await client.get("/health")
        assert health.status == 503
        assert (await health.json())["parts"]["brain"] != "ok"

    async def test_rasa_slow(self, make_client: MakeClient) -> None:
        """When Rasa hangs, the person does not wait longer than the limit."""

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = await make_client(rasa_port=port, actions_port=port, turn_timeout=0.5)
        async with asyncio.timeout(5):
            assert "panne" in (await say(client, "combien de rsa"))["messages"][0]["text"]
        server.close()

    @pytest.mark.parametrize(
        "body",
        [
            b"[]",
            b"{}",
            b"oops",
            b'{"messages": []}',
            b'{"messages": [{"answer": null}]}',
            b'{"messages": [{"answer": "inconnu"}]}',
        ],
    )
    async def test_rasa_talks_nonsense(self, make_client: MakeClient, body: bytes) -> None:
        """An empty or malformed turn is a failure, not a silence."""

        async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                % len(body)
                + body
            )
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = await make_client(rasa_port=port, actions_port=port)
        assert "04 67 67 67 67" in (await say(client, "combien de rsa"))["messages"][0]["text"]
        server.close()

    async def test_message_sent_again_after_a_failure(
        self, make_client: MakeClient, brain: LiveBrain, tmp_path: Any
    ) -> None:
        """A message that failed is answered when it is sent again under the same id, once Rasa is back."""
        down = await make_client(rasa_port=free_port(), actions_port=free_port())
        first = await say(down, "bonjour", id="x")
        up = await make_client(rasa_port=brain.rasa_port, actions_port=brain.actions_port)
        again = await say(up, "combien de rsa pour un couple", conversation=first["conversation"], id="x")
        assert again["intent"] == "rsa_montant"


class TestLimits:
    """Tests for the limits: too much is refused politely, a workshop is not."""

    async def test_conversation_limit(self, make_client: MakeClient, brain: LiveBrain) -> None:
        """A conversation that floods is asked to wait, and told how long."""
        client = await make_client(
            rasa_port=brain.rasa_port,
            actions_port=brain.actions_port,
            rate_limit="on",
            rate_per_conversation="3/minute",
        )
        token = (await say(client, "bonjour"))["conversation"]
        for _ in range(3):
            await say(client, "merci", conversation=token)
        response = await client.post("/api/messages", json={"text": "merci", "conversation": token})
        assert response.status == 429
        assert int(response.headers["Retry-After"]) > 0
        assert (await say(client, "bonjour"))["conversation"] != token

    async def test_a_workshop_fits(self, make_client: MakeClient, brain: LiveBrain) -> None:
        """Fifteen people behind one address ask ten questions each within the default limits."""
        client = await make_client(rasa_port=brain.rasa_port, actions_port=brain.actions_port, rate_limit="on")
        for _ in range(15):
            token = (await say(client, "bonjour"))["conversation"]
            for _ in range(9):
                await say(client, "merci", conversation=token)


class TestEdits:
    """Tests for editing while it runs: no training, no restart."""

    async def test_text_and_figure(self, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        """An edited text and an edited figure are in the next answer of the running service."""
        import os
        import shutil

        from bot.answers import LiveBook
        from bot.paths import DATA
        from bot.web.keys import CONVERSATIONS

        copy = tmp_path / "data"
        shutil.copytree(DATA, copy)
        client.app[CONVERSATIONS].assistant.book = LiveBook(copy)
        before = await say(client, "combien de rsa pour un couple")
        assert "977,54" in before["messages"][0]["text"]
        figures = copy / "figures" / "rsa.yml"
        figures.write_text(figures.read_text(encoding="utf-8").replace("977.54", "999.99"), encoding="utf-8")
        answers = copy / "answers" / "rsa.yml"
        answers.write_text(
            answers.read_text(encoding="utf-8").replace("RSA mensuel depuis", "Montant mensuel du RSA depuis"),
            encoding="utf-8",
        )
        os.utime(answers)
        after = await say(client, "combien de rsa pour un couple")
        assert "999,99" in after["messages"][0]["text"]
        assert after["messages"][0]["text"].startswith("Montant mensuel du RSA")

    async def test_expired_figure(self, client: Client, clock: Any) -> None:
        """Once a figure has expired, the running service says the general sentence and whom to ask."""
        clock.now = clock.now.replace(year=2027, month=4, day=2)
        text = (await say(client, "combien de rsa pour un couple"))["messages"][0]["text"]
        assert "651" not in text
        assert "3230" in text


async def test_health_and_headers(client: Client) -> None:
    """Healthy, it says so; every response carries the security headers."""
    response = await client.get("/health")
    assert response.status == 200
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_nothing_said_is_logged(client: Client, brain: LiveBrain, caplog: pytest.LogCaptureFixture) -> None:
    """No word of a conversation reaches a log, ours or Rasa's."""
    await say(client, "mon voisin zygomatique me doit de l'argent")
    assert "zygomatique" not in caplog.text
    for path in brain.folder.glob("*.log"):
        assert not re.search("zygomatique", path.read_text(errors="replace"))
