"""Is the service of this container well? `python deploy/healthcheck.py URL`; exit code 0 when URL answers with a success.

The standard library only: every image runs it.
"""

import os
import sys
import urllib.error
import urllib.request

#: Seconds left to the service for an answer.
PATIENCE = 5.0


def status(url: str) -> int:
    """Return the HTTP status of `url`, asked with the secret of the brain, which only goes to this container; 0 without an answer."""
    secret = os.environ.get("BRAIN_SECRET", "")
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - an address of the Dockerfile
    try:
        # No proxy of the environment: this is next door.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def main(arguments: list[str]) -> int:
    """Return the exit code."""
    found = status(arguments[-1])
    well = 200 <= found < 300
    print(f"{found or 'no answer'}", file=sys.stdout if well else sys.stderr)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
