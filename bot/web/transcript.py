"""The conversation as a text file, to keep or to print elsewhere."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot import identity
from bot.web import chatform, site
from bot.web.chatform import Posted
from bot.web.errors import ApiError
from bot.web.keys import PAGES

routes = web.RouteTableDef()


def place_lines(place: Mapping[str, Any], opening: str) -> list[str]:
    """Return what is needed to go to a place; `opening` as of now, "" when it is not known."""
    town = " ".join(filter(None, (place.get("postcode"), place.get("city"))))
    facts = (
        ", ".join(filter(None, (place.get("address"), town))),
        f"Téléphone : {place['phone']}" if place.get("phone") else "",
        f"{opening[:1].upper()}{opening[1:]}." if opening else "",
        f"Horaires : {place['hours']}" if place.get("hours") else "",
        place.get("access") or "",
        f"Site : {place['url']}" if place.get("url") else "",
    )
    return [f"* {place['name']}", *(f"  {fact}" for fact in facts if fact)]


def message_lines(message: Mapping[str, Any], pages: Any) -> list[str]:
    """Return an answer as lines: its text, its places, its links, its sources."""
    lines = [line for line in str(message["text"]).splitlines() if line.strip()]
    for place in message["places"]:
        lines += ["", *place_lines(place, pages.opening(place).text or "")]
    lines += [f"{link['label']} : {link['url']}" for link in message["links"]]
    lines += [f"Source : {source['title']}, {source['url']}" for source in message["sources"]]
    return lines


@routes.post("/conversation.txt")
async def download(request: web.Request) -> web.Response:
    """Give the conversation of the form's token as a file."""
    posted = await Posted.read(request)
    try:
        posted.check(request)
    except ApiError as error:
        return await site.page(request, posted, posted.conversation, error.sentence, error.status)
    kept, turns = await chatform.turns(request, posted.conversation)
    if not kept:
        gone = ApiError("effacee")
        return await site.page(request, posted, "", gone.sentence, gone.status)
    who = identity.load()
    lines = [who.name, "Ce site informe et ne décide d'aucun droit."]
    for turn in turns:
        lines += ["", "", f"Vous : {turn['asked']}", "", "Assistant :"]
        for message in turn["messages"]:
            lines += [*message_lines(message, request.app[PAGES]), ""]
    return web.Response(
        text="\r\n".join(lines),
        content_type="text/plain",
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="conversation.txt"'},
    )
