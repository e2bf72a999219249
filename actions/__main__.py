"""Start the action server: `python -m actions [port] [host]`, on the loopback unless told otherwise."""

import hmac
import ipaddress
import logging
import os
import sys
import time
import traceback

from rasa_sdk.endpoint import create_app
from sanic import Sanic, response
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.watching import inner_logs, request_id

log = logging.getLogger("actions")  # run as a program, __name__ would be "__main__"

#: Bytes of a call: the tracker of a long conversation, many times over.
MAX_BODY = 10 * 1024 * 1024


def guarded(secret: str) -> Sanic:
    """Return the action server, closed to who does not give `secret` ("" for `rasa shell` by hand: open on the loopback).

    rasa-sdk checks nobody, and on a fault logs the exception whole and sends the request back: both hold people's words.
    """
    app = create_app("actions", cors_origins="")
    app.config.REQUEST_MAX_SIZE = MAX_BODY

    @app.middleware("request")
    async def only_rasa(request: Request) -> HTTPResponse | None:
        given = (request.headers.get("authorization") or "").encode(errors="replace")
        if not secret or request.path == "/health" or hmac.compare_digest(given, f"Bearer {secret}".encode()):
            return None
        return response.json({"error": "forbidden"}, status=403)

    @app.middleware("request")
    async def follow(request: Request) -> None:
        request.ctx.began = time.perf_counter()
        request_id.follow(_given_id(request))

    @app.middleware("response")
    async def last(request: Request, answer: HTTPResponse) -> None:
        # Sanic leaves open, for fifteen seconds, a connection on which it ends a request while it stops.
        if request.app.is_stopping:
            request.stream.keep_alive = False

    @app.middleware("response")
    async def note(request: Request, answered: HTTPResponse) -> None:
        # A call that was not answered may not be readable, and what fails here would leave it without an answer.
        if answered.status == 200 and (name := _action(request)):
            log.info("%s: %.0f ms", name, (time.perf_counter() - request.ctx.began) * 1000)

    async def failed(request: Request, error: Exception) -> HTTPResponse:
        if isinstance(error, SanicException):
            return response.json({"error": type(error).__name__}, status=error.status_code)
        log.error("action: %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        return response.json({"error": type(error).__name__}, status=500)

    app.error_handler.add(Exception, failed)
    return app


def _given_id(request: Request) -> object:
    """Return the id of the request, which is that of the message for Rasa; None when there is none that can be read."""
    if request.path != "/webhook":
        return None
    try:
        return request.json["tracker"]["latest_message"]["message_id"]
    except (SanicException, LookupError, TypeError):
        return None


def _action(request: Request) -> str:
    """Return the name of the action that was run, "" when it was another call."""
    called = request.json if request.path == "/webhook" else None
    return str(called.get("next_action") or "") if isinstance(called, dict) else ""


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def main(arguments: list[str]) -> None:
    """Serve until stopped. rasa-sdk's own launcher listens on every interface unless told; this one never does."""
    port, host = [*arguments, *["5055", "127.0.0.1"][len(arguments) :]][:2]
    if not port.isdecimal() or not 0 < int(port) < 65536:
        sys.exit(f"✗ « {port} » n'est pas un port : python -m actions [port] [adresse].")
    secret = os.environ.get("BRAIN_SECRET", "")
    if not secret and not is_loopback(host):
        sys.exit(f"✗ Les actions écouteraient sur {host}, ouvertes à tous : donnez BRAIN_SECRET, le même qu'à Rasa.")
    inner_logs.configure("actions")
    guarded(secret).run(host, int(port), access_log=False, workers=1)


if __name__ == "__main__":
    main(sys.argv[1:])
