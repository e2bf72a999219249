"""Rasa's door for the gateway: one turn in, the turn whole out; and a conversation forgotten when asked.

Loopback only. Rasa's stock REST channel splits texts, drops metadata, logs the words of a message on errors and
answers 200 with an empty list when a turn fails; this one does none of it.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.core.constants import DEFAULT_INTENTS
from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse
from threadpoolctl import threadpool_limits

from bot.brain import quicker
from bot.brain.tracker_store import SAVED, ForgetfulTrackerStore
from bot.watching import inner_logs, request_id

log = logging.getLogger(__name__)

#: Characters of a message at most: the largest MAX_LENGTH that there is. Rasa's time grows faster than the text, and nothing can interrupt it.
MAX_TEXT = 10_000
#: Seconds that a turn may take, unless the gateway says how long it waits: an action that hangs must not hold a conversation.
SECONDS = 8.0


class TurnOutput(OutputChannel):
    """Collects what the turn says, whole."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        """Name the channel."""
        return "assistant"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep the id of the answer, the choices that an action adds, and the standard text."""
        metadata = message.get("metadata") or {}
        custom = message.get("custom") or {}
        answer = metadata.get("answer") or str(message.get("utter_action", "")).removeprefix("utter_") or None
        self.messages.append({"answer": answer, "text": message.get("text"), **custom})


def as_plain_text(text: str) -> str:
    """Return `text` so that Rasa reads it as words: what starts with "/" would be a command, once Rasa has stripped spaces."""
    return re.sub(r"\A[\s/\\]+", "", text).strip() or "?"


class AssistantChannel(InputChannel):
    """`POST /webhooks/assistant/turn`, `POST /webhooks/assistant/forget`, `GET /webhooks/assistant/`."""

    @classmethod
    def name(cls) -> str:
        """Name the channel."""
        return "assistant"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> AssistantChannel:
        """Create the channel; its secret comes from the environment (`BRAIN_SECRET`). Rasa logs as we do from here on."""
        inner_logs.configure("rasa")
        return cls()

    def __init__(self) -> None:
        self._secret = os.environ.get("BRAIN_SECRET", "")

    def _is_gateway(self, request: Request) -> bool:
        given = (request.headers.get("authorization") or "").removeprefix("Bearer ")
        return bool(self._secret) and hmac.compare_digest(given.encode(errors="replace"), self._secret.encode())

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes."""
        quicker.install()
        routes = Blueprint("assistant_channel")

        @routes.listener("after_server_start")
        async def prepare(app: Any, loop: Any) -> None:
            # Our vectors are small: with a thread a core, BLAS burns twice the processor, waiting, for the same answer.
            threadpool_limits(1)
            # Rasa wraps the store in one that keeps conversations in memory for ever when the database fails: ours knows better.
            if agent := app.ctx.agent:
                agent.tracker_store = _store(agent)
                if agent.processor:
                    agent.processor.tracker_store = agent.tracker_store

        @routes.middleware("request")
        async def only_the_gateway(request: Request) -> HTTPResponse | None:
            request_id.follow(request.headers.get(request_id.HEADER))
            if self._is_gateway(request):
                return None
            return response.json({"error": "forbidden"}, status=403)

        @routes.middleware("response")
        async def last(request: Request, answer: HTTPResponse) -> None:
            # Sanic leaves open, for fifteen seconds, a connection on which it ends a request while it stops.
            if request.app.is_stopping:
                request.stream.keep_alive = False

        routes.add_route(_ready, "/", methods=["GET"])
        routes.add_route(_turn, "/turn", methods=["POST"])
        routes.add_route(_forget, "/forget", methods=["POST"])
        routes.add_route(_purge, "/purge", methods=["POST"])
        return routes


async def _ready(request: Request) -> HTTPResponse:
    agent = request.app.ctx.agent
    if agent is None or not agent.is_ready():
        return response.json({"error": "no model"}, status=503)
    try:
        await _store(agent).ping()
    except Exception as error:  # turns are answered, without memory
        log.error("tracker store: %s", type(error).__name__)
        return response.json({"status": "degraded", "why": "tracker store", "model": _model(agent)})
    return response.json({"status": "ok", "model": _model(agent)})


def _model(agent: Any) -> str:
    return str(agent.processor.model_filename).removesuffix(".tar.gz")


async def _turn(request: Request) -> HTTPResponse:
    agent = request.app.ctx.agent
    body = request.json if isinstance(request.json, dict) else {}
    sender, text, intent, seconds = body.get("sender"), body.get("text"), body.get("intent"), body.get("seconds")
    if agent is None or not agent.is_ready():
        return response.json({"error": "no model"}, status=503)
    if not isinstance(sender, str) or not isinstance(text, str) or not sender or len(text) > MAX_TEXT:
        return response.json({"error": "sender and text"}, status=400)
    # Rasa's own ("restart", "back", "session_start") are commands on the conversation, and no choice of ours.
    if intent is not None and (intent in DEFAULT_INTENTS or intent not in agent.domain.intents):
        return response.json({"error": "unknown intent"}, status=400)
    said = f"/{intent}" if intent else as_plain_text(text)
    message = UserMessage(said, TurnOutput(), sender, input_channel=TurnOutput.name(), message_id=body.get("id"))
    turn = _answer(agent, message, bool(body.get("again")))
    began = time.perf_counter()
    try:
        answered = await asyncio.wait_for(turn, seconds if isinstance(seconds, int | float) else SECONDS)
    except asyncio.TimeoutError:
        log.warning("turn given up: late")
        return response.json({"error": "late"}, status=504)
    except Exception as error:  # the words of the message must not reach the log
        log.error("turn failed: %s", type(error).__name__)
        return response.json({"error": "turn failed"}, status=500)
    log.info("turn: %.0f ms", (time.perf_counter() - began) * 1000)
    return response.json(answered)


async def _purge(request: Request) -> HTTPResponse:
    before = request.json.get("before") if isinstance(request.json, dict) else None
    if not isinstance(before, int | float):
        return response.json({"error": "before"}, status=400)
    return response.json({"deleted": await _store(request.app.ctx.agent).purge(float(before))})


async def _answer(agent: Any, message: UserMessage, again: bool) -> dict[str, Any]:
    """Take a message, and return the turn. Asked `again`, by another Rasa's death, it may have been taken already."""
    store, sender = _store(agent), message.sender_id
    if again:  # whoever held the conversation is dead
        agent.lock_store.delete_lock(sender)
    async with agent.lock_store.lock(sender):
        tracker = await store.retrieve(sender) if again else None
        latest = tracker.latest_message if tracker else None
        if latest is None or not message.message_id or latest.message_id != message.message_id:
            tracker = None
        if tracker is None:
            saved: list[DialogueStateTracker] = []
            SAVED.set(saved)
            await agent.processor.handle_message(message)
            tracker = saved[0]
        else:
            await _say_again(tracker, message.output_channel)
    parsed = tracker.latest_message.parse_data
    return {
        "intent": parsed.get("intent", {}).get("name"),
        "confidence": parsed.get("intent", {}).get("confidence"),
        "candidates": parsed.get("candidates", []),
        "second": parsed.get("second"),
        "entities": parsed.get("entities", []),
        "urgent": bool(parsed.get("urgent")),
        "messages": message.output_channel.messages,
        "slots": {name: slot.value for name, slot in tracker.slots.items()},
    }


async def _say_again(tracker: DialogueStateTracker, output: TurnOutput) -> None:
    """Say what was said since the last message."""
    events = list(tracker.events)
    last = max(index for index, event in enumerate(events) if event is tracker.latest_message)
    for event in events[last:]:
        if isinstance(event, BotUttered):
            await output.send_response(tracker.sender_id, event.message())


async def _forget(request: Request) -> HTTPResponse:
    # Not in the address: Sanic logs addresses, and whose conversation it was must not outlive it.
    agent, sender = request.app.ctx.agent, (request.json or {}).get("sender")
    if agent is None:
        return response.json({"error": "no model"}, status=503)
    if not isinstance(sender, str) or not sender:
        return response.json({"error": "sender"}, status=400)
    try:
        async with agent.lock_store.lock(sender):
            deleted = await _store(agent).delete(sender)
    except Exception as error:
        log.error("erase failed: %s", type(error).__name__)
        return response.json({"error": "erase failed"}, status=500)
    return response.json({"deleted": deleted})


def _store(agent: Any) -> ForgetfulTrackerStore:
    """Return our own store, from behind the wrapper that Rasa puts round it."""
    store = agent.tracker_store
    return getattr(store, "_tracker_store", store)
