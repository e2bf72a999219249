"""What a first visit weighs, and how long it takes on a slow line. `python -m benchmarks.weights` writes `weights.json`.

Weights are the bodies as they travel (gzip), of the page and of everything that it names: styles, scripts and what these import,
images, the icon. Headers (some 600 bytes a file) are not counted. Times are those of Chromium on a line of 400 kbit/s with 400 ms of delay a request
(the devtools' own emulation: no lost packet, no handshake), with a real Rasa behind.
"""

import asyncio
import gzip
import json
import re
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp import web

from benchmarks.evaluate.machine import stamp
from bot.paths import ROOT

#: Bytes, gzipped: what the project holds itself to.
MOST_SCRIPT, MOST_VISIT = 15_000, 40_000
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.{0,2}/[^"']+)["']""")
_CSS_URL = re.compile(r"""url\(\s*["']?([^"')]+)""")
_KINDS = {
    "text/html": "page",
    "text/css": "style",
    "text/javascript": "script",
    "image/svg+xml": "image",
    "image/png": "image",
}


@dataclass(frozen=True)
class File:
    """One file of a visit; sizes in bytes."""

    path: str
    kind: str
    plain: int
    sent: int


class _Named(HTMLParser):
    """The addresses that a page has fetched without being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the element fetches."""
        values = {name: value or "" for name, value in attrs}
        fetched = {"stylesheet", "icon", "modulepreload", "preload", "manifest", "apple-touch-icon"}
        if tag == "link" and fetched & set(values.get("rel", "").split()):
            self.addresses.append(values["href"])
        elif tag in {"script", "img", "source", "iframe"} and "src" in values:
            self.addresses.append(values["src"])
        elif tag in {"use", "image"} and values.get("href", "#").partition("#")[0]:
            self.addresses.append(values["href"])


def _names(kind: str, text: str) -> list[str]:
    if kind == "page":
        parser = _Named()
        parser.feed(text)
        return parser.addresses
    if kind == "script":
        return _IMPORT.findall(text)
    return _CSS_URL.findall(text) if kind == "style" else []


async def first_visit(base: str, *paths: str) -> list[File]:
    """Fetch `paths` of the site at `base` and all that they name, once each; raise on what is not there or is a third party's."""
    files: dict[str, File] = {}
    to_fetch = [urljoin(base, path) for path in paths]
    async with aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "gzip"}) as session:
        while to_fetch:
            address = to_fetch.pop(0).partition("#")[0]
            if address in files or address.startswith("data:"):
                continue
            if urlsplit(address).netloc != urlsplit(base).netloc:
                raise ValueError(f"a third party: {address}")
            async with session.get(address) as response:
                response.raise_for_status()
                sent = await response.read()
                packed = response.headers.get("Content-Encoding") == "gzip"
                kind = _KINDS.get(response.content_type, "other")
                text = (gzip.decompress(sent) if packed else sent).decode("utf-8", "replace")
            files[address] = File(urlsplit(address).path, kind, len(text.encode()), len(sent))
            to_fetch += [urljoin(address, name) for name in _names(kind, text)]
    return list(files.values())


def summary(files: list[File]) -> dict[str, int]:
    """Return the bytes sent, in all and of each kind."""
    kinds = sorted({file.kind for file in files})
    return {
        "total": sum(file.sent for file in files),
        **{kind: sum(file.sent for file in files if file.kind == kind) for kind in kinds},
    }
