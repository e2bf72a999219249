"""Start the action server on the loopback: `python -m actions [port]`."""

import sys

from rasa_sdk.endpoint import create_app


def main() -> None:
    """Serve until stopped. rasa-sdk's own launcher listens on every interface unless told; this one never does."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 5055
    create_app("actions").run("127.0.0.1", port, access_log=False, workers=1)


if __name__ == "__main__":
    main()
