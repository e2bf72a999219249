"""The inner doors, Rasa's and the actions', as a neighbour on the loopback would try them; and "/" with the real Rasa behind."""

import json
import re
import urllib.error
import urllib.request
from typing import Any

import psutil
import pytest
import yaml

from bot.paths import ROOT
from tests.conftest import Client
from tests.live import SECRET, LiveBrain

pytestmark = pytest.mark.live

#: What Rasa would do of each, were it taken as a command.
COMMANDS = [
    "/restart", "/session_start", "/back", '/rsa_montant{"commune": "34032"}', '/inform{"commune": "34032"}', "/rsa_montant@0.9", "／restart", "\u200b/restart",
    "/\u200brestart", "\ufeff/restart", "\t/restart", "\n/restart", "\u00a0/restart", "\u3000／restart", " \\/ /restart", "//restart", "\u202e/restart", "\x1c/restart",
    "/restart\x00", "EXTERNAL: restart", "/\n/restart", "\u2215restart", "/EXTERNAL_REMINDER", "/nlu_fallback", "/greet{}",
]  # fmt: skip


def call(port: int, path: str, method: str = "GET", secret: str | None = None, body: Any = None) -> tuple[int, str]:
    """Call an inner door; return the status and what is said."""
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers["Authorization"] = secret
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize("secret", [None, "", "Bearer", "Bearer ", "Bearer faux", f"Basic {SECRET}", SECRET[:-1], f"Bearer {SECRET}x", "Bearer \xff\xfe"])  # fmt: skip
def test_rasa_answers_nobody_without_the_secret(brain: LiveBrain, secret: str | None) -> None:
    """No turn, no deletion, no purge, no state of health without the whole secret."""
    source = (ROOT / "bot/brain/channel.py").read_text(encoding="utf-8")
    routes = re.findall(r'routes\.add_route\(\w+, "([^"]+)", methods=\["(\w+)"\]\)', source)
    assert ("/turn", "POST") in routes
    assert len(routes) == source.count("routes.add_route(")
    for path, method in routes:
        body = None if method == "GET" else {"sender": "x", "senders": ["x"], "text": "bonjour", "before": 9e9}
        address = "/webhooks/assistant" + path
        assert call(brain.rasa_port, address, method, secret, body)[0] == 403, path


@pytest.mark.parametrize(
    "path",
    ["/version", "/status", "/model", "/model/train", "/model/parse", "/domain", "/conversations/x/tracker", "/conversations/x/tracker/events", "/conversations/x/execute",
     "/webhooks/rest/webhook", "/webhooks/callback/webhook", "/socket.io/", "/webhooks/twilio/webhook"],
)  # fmt: skip
def test_rasa_has_no_other_door(brain: LiveBrain, path: str) -> None:
    """Rasa's API (models loaded from anywhere: CVE-2024-49375) and its stock channels, which check nobody, are not there."""
    for secret in (None, f"Bearer {SECRET}"):
        assert call(brain.rasa_port, path, "GET", secret)[0] == 404
        assert call(brain.rasa_port, path, "POST", secret, {"text": "a", "sender": "x"})[0] == 404
        assert call(brain.rasa_port, path, "PUT", secret, {"model_file": "x"})[0] == 404


def test_the_api_is_never_asked_for() -> None:
    """No command, script or file of ours starts Rasa with its API, and one channel alone is declared."""
    for folder in ("bot", "actions", "scripts", "deploy", "Makefile", "credentials.yml", "endpoints.yml"):
        top = ROOT / folder
        for path in [top] if top.is_file() else top.rglob("*"):
            if path.is_file() and path.suffix not in {".pyc", ".md"}:
                assert "enable-api" not in path.read_text(encoding="utf-8", errors="replace"), path
    assert list(yaml.safe_load((ROOT / "credentials.yml").read_text())) == ["bot.brain.channel.AssistantChannel"]


def test_both_listen_on_the_loopback_alone(brain: LiveBrain) -> None:
    """Nobody outside this machine can reach Rasa or the actions."""
    for process, port in ((brain.rasa, brain.rasa_port), (brain.actions, brain.actions_port)):
        assert process is not None
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        listening = {
            (one.laddr.ip, one.laddr.port)
            for member in family
            for one in member.net_connections()
            if one.status == psutil.CONN_LISTEN
        }
        assert listening == {("127.0.0.1", port)}
        assert SECRET not in " ".join(word for member in family for word in member.cmdline())


@pytest.mark.parametrize("secret", [None, "", "Bearer faux", f"Bearer {SECRET[:-1]}", "Bearer \xff"])
def test_the_actions_answer_nobody_without_the_secret(brain: LiveBrain, secret: str | None) -> None:
    """rasa-sdk checks nobody; ours runs no action, and lists none, for a neighbour or a page of a browser on this machine."""
    for method, path, body in (("POST", "/webhook", {"next_action": "action_places"}), ("GET", "/actions", None)):
        status, said = call(brain.actions_port, path, method, secret, body)
        assert status == 403
        assert "action_" not in said
    assert call(brain.actions_port, "/health", secret=secret) == (200, '{"status":"ok"}')


@pytest.mark.parametrize(
    "body",
    [b"zygomatique", b"[]", b'"zygomatique"', b"{}", b'{"next_action": "action_inconnue", "tracker": {"sender_id": "zygomatique"}, "domain": {}}',
     b'{"next_action": "action_lookup", "tracker": "zygomatique", "domain": "zygomatique"}', b"\xff\xfe", b"[" * 10000],
)  # fmt: skip
def test_a_fault_of_an_action_quotes_nobody(brain: LiveBrain, body: bytes) -> None:
    """A call that fails is answered and logged by its kind, without a word of the conversation that it carried."""
    status, said = call(brain.actions_port, "/webhook", "POST", f"Bearer {SECRET}", body)
    assert status in ({200} if body == b"{}" else {400, 404, 500})
    assert "request_body" not in said
    for path in brain.folder.glob("*.log"):
        written = path.read_text(errors="replace")
        # A traceback shows lines of code (`state["sender_id"]`): what a call carried would come with its colon, and its words.
        assert not re.search(r"""["']sender_id["']\s*:""", written)
        assert "zygomatique" not in written
        assert "[[[[" not in written


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'"a"', b'{"sender": 1, "text": "a"}', b'{"sender": "a", "text": null}', b'{"sender": "a", "text": "b", "intent": "restart"}', b'{"sender": "a", "text": "b", "intent": ["x"]}', b"\xff", b'{"before": "x"}'])  # fmt: skip
def test_a_malformed_turn(brain: LiveBrain, body: bytes) -> None:
    """Even with the secret, what is not a turn is refused by what it is, and "restart" is no intent of ours."""
    for path in ("/webhooks/assistant/turn", "/webhooks/assistant/purge"):
        assert call(brain.rasa_port, path, "POST", f"Bearer {SECRET}", body)[0] == 400, path


@pytest.mark.parametrize("text", COMMANDS)
def test_no_command_at_rasa_s_own_door(brain: LiveBrain, text: str) -> None:
    """Past the gateway, even, a text is words: it sets no slot, restarts nothing, and is understood, not obeyed."""
    sender = f"commande-{COMMANDS.index(text)}"

    def say(words: str) -> dict[str, Any]:
        body = {"sender": sender, "text": words}
        status, said = call(brain.rasa_port, "/webhooks/assistant/turn", "POST", f"Bearer {SECRET}", body)
        assert status == 200, said
        reply: dict[str, Any] = json.loads(said)
        return reply

    before = say("où faire peser mon bébé à Sète")
    after = say(text)
    assert after["intent"] not in {
        "restart",
        "session_start",
        "back",
        "nlu_fallback",
        "EXTERNAL_REMINDER",
        "greet",
        "inform",
    }
    assert after["confidence"] < 1.0 or "rsa_montant" not in text, "a command is certain, a text never"
    # The English word is understood as what it says, to start again; nothing else changes what is held.
    assert after["slots"]["commune"] == before["slots"]["commune"] or "restart" in text


async def test_no_command_through_the_gateway(client: Client) -> None:
    """Through the API, the page and the workshop, with slots and payloads in the text, the conversation keeps what it held."""
    from html import unescape

    sete = {"insee": "34301", "name": "Sète"}
    first = await (await client.post("/api/messages", json={"text": "où faire peser mon bébé à Sète"})).json()
    token = first["conversation"]
    for text in (one for one in COMMANDS if "restart" not in one):
        reply = await (await client.post("/api/messages", json={"text": text, "conversation": token})).json()
        assert reply["commune"] == sete, repr(text)
    page = await (await client.get("/")).text()
    fields = {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)}
    for number, text in enumerate(one for one in COMMANDS if "restart" not in one):
        for path in ("/", "/atelier"):
            for name in ("text", "choice"):
                data = {**fields, "id": f"{path}-{name}-{number}", "conversation": token, "text": text, name: text}
                assert (await client.post(path, data=data)).status in {200, 400}
    reply = await (
        await client.post("/api/messages", json={"text": "et pour les vaccins ?", "conversation": token})
    ).json()
    assert reply["commune"] == sete


def test_rasa_reaches_the_actions(brain: LiveBrain) -> None:
    """With the secret, what an action says is said."""
    body = {"sender": "joignables", "text": "oui"}
    status, said = call(brain.rasa_port, "/webhooks/assistant/turn", "POST", f"Bearer {SECRET}", body)
    assert status == 200
    assert json.loads(said)["messages"]


def test_the_secret_is_in_no_file(brain: LiveBrain) -> None:
    """Rasa reads the secret that opens the actions in its environment: the file of its addresses names it, and does not hold it."""
    assert "${BRAIN_SECRET}" in (ROOT / "deploy" / "endpoints.yml").read_text()
    for path in brain.folder.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
