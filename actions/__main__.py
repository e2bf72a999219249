"""Start the action server on the loopback: `python -m actions [port]`."""

import logging
import sys
import traceback

from rasa_sdk.endpoint import create_app
from sanic import Sanic
from sanic.handlers import ErrorHandler
from sanic.request import Request
from sanic.response import HTTPResponse, json

log = logging.getLogger(__name__)


class Discreet(ErrorHandler):
    """Tells where a fault happened, and nothing of what was said.

    rasa-sdk's own handler logs what an exception says and sends the whole conversation back, which Rasa then logs.
    """

    def response(self, request: Request, exception: Exception) -> HTTPResponse:
        """Return the answer to a request that failed."""
        kind = type(exception).__name__
        log.error("fault: %s\n%s", kind, "".join(traceback.format_tb(exception.__traceback__)))
        return json({"error": kind}, status=getattr(exception, "status_code", 500))


def app() -> Sanic:
    """Return the action server."""
    server = create_app("actions")
    server.error_handler = Discreet()
    return server


def main() -> None:
    """Serve until stopped. rasa-sdk's own launcher listens on every interface unless told; this one never does."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 5055
    app().run("127.0.0.1", port, access_log=False, workers=1)


if __name__ == "__main__":
    main()
