"""Start the action server on the loopback: `python -m actions [port]`."""

import hmac
import logging
import os
import sys
import traceback

from rasa_sdk.endpoint import create_app
from sanic import Sanic, response
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

log = logging.getLogger(__name__)

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

    async def failed(request: Request, error: Exception) -> HTTPResponse:
        if isinstance(error, SanicException):
            return response.json({"error": type(error).__name__}, status=error.status_code)
        log.error("action: %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        return response.json({"error": type(error).__name__}, status=500)

    app.error_handler.add(Exception, failed)
    return app


def main() -> None:
    """Serve until stopped. rasa-sdk's own launcher listens on every interface unless told; this one never does."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 5055
    guarded(os.environ.get("BRAIN_SECRET", "")).run("127.0.0.1", port, access_log=False, workers=1)


if __name__ == "__main__":
    main()
