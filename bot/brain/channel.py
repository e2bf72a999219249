"""Rasa's door for the gateway: one turn in, the turn whole out; and a conversation forgotten when asked.

Loopback only. Rasa's stock REST channel splits texts, drops metadata, logs the words of a message on errors and
answers 200 with an empty list when a turn fails; this one does none of it.
"""

from __future__ import annotations

import hmac
import logging
import os
import re
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.core.constants import DEFAULT_INTENTS
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.brain.tracker_store import ForgetfulTrackerStore

log = logging.getLogger(__name__)


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
        """Create the channel; its secret comes from the environment (`BRAIN_SECRET`)."""
        return cls()

    def __init__(self) -> None:
        self._secret = os.environ.get("BRAIN_SECRET", "")

    def _is_gateway(self, request: Request) -> bool:
        given = (request.headers.get("authorization") or "").removeprefix("Bearer ")
        return bool(self._secret) and hmac.compare_digest(given.encode(errors="replace"), self._secret.encode())

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("assistant_channel")

        @routes.middleware("request")
        async def only_the_gateway(request: Request) -> HTTPResponse | None:
            if self._is_gateway(request):
                return None
            return response.json({"error": "forbidden"}, status=403)

        @routes.get("/")
        async def ready(request: Request) -> HTTPResponse:
            agent = request.app.ctx.agent
            store = _store(agent) if agent else None
            if agent is None or not agent.is_ready():
                return response.json({"error": "no model"}, status=503)
            try:
                await _ping(store)
            except Exception as error:
                log.error("tracker store: %s", type(error).__name__)
                return response.json({"error": "tracker store"}, status=503)
            return response.json({"status": "ok", "model": agent.model_id})

        @routes.post("/turn")
        async def turn(request: Request) -> HTTPResponse:
            agent = request.app.ctx.agent
            body = request.json if isinstance(request.json, dict) else {}
            sender, text, intent = body.get("sender"), body.get("text"), body.get("intent")
            if agent is None or not agent.is_ready():
                return response.json({"error": "no model"}, status=503)
            if not isinstance(sender, str) or not isinstance(text, str) or not sender:
                return response.json({"error": "sender and text"}, status=400)
            # Rasa's own ("restart", "back", "session_start") are commands on the conversation, and no choice of ours.
            if intent is not None and (intent in DEFAULT_INTENTS or intent not in agent.domain.intents):
                return response.json({"error": "unknown intent"}, status=400)
            said = f"/{intent}" if intent else as_plain_text(text)
            output = TurnOutput()
            try:
                async with agent.lock_store.lock(sender):
                    await agent.processor.handle_message(UserMessage(said, output, sender, input_channel=self.name()))
                    tracker = await agent.tracker_store.retrieve(sender)
            except Exception as error:  # the words of the message must not reach the log
                log.error("turn failed: %s", type(error).__name__)
                return response.json({"error": "turn failed"}, status=500)
            parsed = tracker.latest_message.parse_data
            return response.json(
                {
                    "intent": parsed.get("intent", {}).get("name"),
                    "confidence": parsed.get("intent", {}).get("confidence"),
                    "candidates": parsed.get("candidates", []),
                    "second": parsed.get("second"),
                    "entities": parsed.get("entities", []),
                    "urgent": bool(parsed.get("urgent")),
                    "messages": output.messages,
                    "slots": {name: slot.value for name, slot in tracker.slots.items()},
                }
            )

        routes.add_route(_forget, "/forget", methods=["POST"])

        @routes.post("/purge")
        async def purge(request: Request) -> HTTPResponse:
            before = request.json.get("before") if isinstance(request.json, dict) else None
            if not isinstance(before, int | float):
                return response.json({"error": "before"}, status=400)
            return response.json({"deleted": await _store(request.app.ctx.agent).purge(float(before))})

        return routes


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


async def _ping(store: Any) -> None:
    if isinstance(store, ForgetfulTrackerStore):
        await store.ping()
