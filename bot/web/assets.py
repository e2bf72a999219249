"""The files of `static/`: read once, compressed once, and kept by browsers for as long as they do not change.

A page names them under a version (`/static/<version>/style.css`) drawn from what they all hold: such an address never changes its
content, so it is never asked for twice, and a script's own imports stay in the same version. Without a version (`/static/style.css`)
a file is good for ten minutes, then asked for again by its ETag.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.web.compression import SMALLEST, takes_gzip, vary_on

FOLDER = Path(__file__).parent / "static"
ROUTE = "/static/"
_FOREVER, _A_WHILE = "public, max-age=31536000, immutable", "public, max-age=600"
#: Types that Python's table, or the system's, does not give as browsers want them.
_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".css": "text/css", ".woff2": "font/woff2"}


@dataclass(frozen=True)
class Asset:
    """One file; `packed` is its gzip, None when that would save nothing."""

    body: bytes
    packed: bytes | None
    content_type: str
    etag: str


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    content_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    # No date inside: the same file gives the same bytes.
    packed = gzip.compress(body, 9, mtime=0) if len(body) >= SMALLEST else None
    if packed is not None and len(packed) > 0.9 * len(body):
        packed = None
    return Asset(body, packed, content_type, hashlib.sha256(body).hexdigest()[:20])


class Assets:
    """What `folder` holds; looks at the files' dates, so that an edit is seen at the next page."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._seen: object = None
        self._files: dict[str, Asset] = {}
        self._version = ""

    def _refresh(self) -> None:
        paths = [path for path in sorted(self._folder.rglob("*")) if path.is_file()]
        seen = [(str(path), (stat := path.stat()).st_mtime_ns, stat.st_size) for path in paths]
        if seen == self._seen:
            return
        self._files = {path.relative_to(self._folder).as_posix(): _read(path) for path in paths}
        names = "".join(f"{name}:{asset.etag};" for name, asset in self._files.items())
        self._version = "v" + hashlib.sha256(names.encode()).hexdigest()[:10]
        self._seen = seen

    @property
    def version(self) -> str:
        """What stands for the present content of all the files."""
        self._refresh()
        return self._version

    def address(self, name: str) -> str:
        """Return the address of the file `name` under its version; raise KeyError when there is none."""
        version = self.version
        self._files[name]
        return f"{ROUTE}{version}/{name}"

    def respond(self, request: web.Request) -> web.Response:
        """Give the file that `request` names; raise HTTPNotFound."""
        name: str = request.match_info["name"]
        version = self.version
        first, _, rest = name.partition("/")
        # A page of before an update asks for its own version: it gets the present file, not to be kept.
        dated = first.startswith("v") and len(first) == len(version) and bool(rest)
        asset = self._files.get(rest if dated else name)
        if asset is None:
            raise web.HTTPNotFound
        headers = {
            "Cache-Control": _FOREVER if first == version else "no-cache" if dated else _A_WHILE,
            "ETag": f'"{asset.etag}"',
        }
        if any(tag.value in {asset.etag, "*"} for tag in request.if_none_match or ()):
            response = web.Response(status=304, headers=headers)
        elif asset.packed is not None and takes_gzip(request):
            response = web.Response(
                body=asset.packed, content_type=asset.content_type, headers={**headers, "Content-Encoding": "gzip"}
            )
        else:
            response = web.Response(body=asset.body, content_type=asset.content_type, headers=headers)
        if asset.packed is not None:
            vary_on(response, "Accept-Encoding")
        if response.content_type.startswith("text/"):
            response.charset = "utf-8"
        return response

    def mount(self, app: web.Application) -> None:
        """Serve the files in `app`."""

        async def serve(request: web.Request) -> web.Response:
            return self.respond(request)

        app.router.add_get(ROUTE + "{name:.+}", serve)
