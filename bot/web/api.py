"""The chat API: `/api/messages`, `/api/conversation`; and how we do: `/health`, `/live`."""

import asyncio
import json
import logging
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError

from bot.conversations import UnknownConversation
from bot.rasa import BrainError
from bot.tokens import BadToken
from bot.watching.metrics import Channel
from bot.web.errors import ApiError, json_response
from bot.web.keys import CONVERSATIONS, HEALTH, LIMITS, METRICS, SETTINGS
from bot.web.limits import TooMany
from bot.web.security import client_address

log = logging.getLogger(__name__)

routes = web.RouteTableDef()


class Incoming(BaseModel):
    """The body of `POST /api/messages`."""

    model_config = ConfigDict(extra="ignore")

    text: StrictStr
    conversation: StrictStr | None = Field(None, max_length=500)
    id: StrictStr | None = Field(None, min_length=1, max_length=200)
    variant: Literal["standard", "simple"] | None = None


async def answer(
    request: web.Request, message: Incoming, subject: str | None = None, workshop: bool = False
) -> dict[str, Any]:
    """Answer one message, from the API or from a form; raise ApiError. `subject`, `workshop`: see Conversations.say."""
    settings = request.app[SETTINGS]
    if not message.text.strip():
        raise ApiError("vide")
    if len(message.text) > settings.max_length:
        raise ApiError(
            "trop_long", f"J'ai reçu {len(message.text)} caractères, j'en lis {settings.max_length} au plus."
        )
    address = client_address(request)
    conversations = request.app[CONVERSATIONS]
    metrics = request.app[METRICS]
    channel: Channel = "workshop" if workshop else "web"
    try:
        sender = conversations.tokens.sender(message.conversation) if message.conversation else None
        await request.app[LIMITS].count(address, sender)
        with metrics.turns.turn(channel, refusals=(BadToken, UnknownConversation)) as turn:
            reply = await conversations.say(
                message.text,
                message.conversation or None,
                message.id,
                message.variant,
                address,
                subject=subject,
                workshop=workshop,
            )
            turn.answered(reply)
    except BadToken as error:
        raise ApiError("jeton") from error
    except UnknownConversation as error:
        raise ApiError("effacee") from error
    except TooMany as error:
        raise ApiError("trop_de_messages", headers={"Retry-After": str(error.retry_after)}) from error
    return reply


@routes.post("/api/messages")
async def post_message(request: web.Request) -> web.Response:
    """Answer a message."""
    try:
        body = json.loads(await request.text())
    except (ValueError, LookupError) as error:
        raise ApiError("json") from error
    except RecursionError as error:
        raise ApiError("json") from error
    if not isinstance(body, dict):
        raise ApiError("json")
    try:
        message = Incoming.model_validate(body)
    except ValidationError as error:
        names = sorted({str(fault["loc"][0]) for fault in error.errors() if fault["loc"]})
        raise ApiError("champ", "Vérifiez : " + ", ".join(names) + ".") from error
    # A person who gives up must not leave a turn half done: the answer is kept for when they ask again.
    reply = await asyncio.shield(answer(request, message))
    return json_response({key: value for key, value in reply.items() if key != "asked"})


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ApiError("jeton")
    return token.strip()


@routes.get("/api/conversation")
async def get_conversation(request: web.Request) -> web.Response:
    """Read a conversation back."""
    token = _bearer(request)
    try:
        turns = await request.app[CONVERSATIONS].read(token)
    except BadToken as error:
        raise ApiError("jeton") from error
    except UnknownConversation as error:
        raise ApiError("effacee") from error
    shown = [
        {
            "text": turn.asked,
            "at": turn.at,
            "id": turn.client_id,
            **{key: turn.reply.get(key) for key in ("intent", "commune", "messages")},
        }
        for turn in turns
    ]
    return json_response({"conversation": token, "turns": shown})


@routes.delete("/api/conversation")
async def delete_conversation(request: web.Request) -> web.Response:
    """Erase a conversation, here and in Rasa."""
    try:
        await request.app[CONVERSATIONS].erase(_bearer(request))
    except BadToken as error:
        raise ApiError("jeton") from error
    except BrainError as error:
        raise ApiError("panne") from error
    return web.Response(status=204)


@routes.get("/health")
async def health(request: web.Request) -> web.Response:
    """Say whether a turn can be answered: each part, why it does less than it should, and since when."""
    report = await request.app[HEALTH].report()
    return json_response(report.public(), status=503 if report.level == "failing" else 200)


@routes.get("/live")
async def live(request: web.Request) -> web.Response:
    """Say that this process serves, whatever the others do: restarting the gateway would not mend Rasa, and would lose turns."""
    return json_response({"status": "ok"})
