"""A server that fails when told to: `python -m tests.faulty_part PORT`. One request at a time, as Rasa's event loop parses."""

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers "ok"; /work/3 works for three seconds, /sleep/3 sleeps, /exit/3 ends with code 3, /hopeless says so."""

    def do_GET(self) -> None:
        """Do what the path says, then answer."""
        what, _, amount = self.path.strip("/").partition("/")
        if what == "work":
            until = time.monotonic() + float(amount)
            while time.monotonic() < until:
                pass
        elif what == "sleep":
            time.sleep(float(amount))
        elif what == "exit":
            os._exit(int(amount))
        self.send_response(503 if what == "hopeless" else 200)
        self.end_headers()
        self.wfile.write(b"no model" if what == "hopeless" else b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
