"""The assistant on another site: `/widget.js`, the fragment that its panel shows, and `/integration`, which tells how."""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from aiohttp import hdrs, web

from bot import identity
from bot.identity import Identity, Palette
from bot.web.chatform import html, refused, values
from bot.web.errors import ApiError
from bot.web.keys import PAGES, SETTINGS
from bot.web.preferences import Preferences
from bot.web.security import from_our_pages
from bot.web.theme import style_sheet

routes = web.RouteTableDef()

_WEB = Path(__file__).parent
#: Seconds that a host's visitor keeps the launcher; then it is asked for again, and answered 304 if it has not changed.
_KEPT = 3600


@dataclass(frozen=True)
class File:
    """A text that does not change while we run, and its entity tag."""

    text: str
    tag: str

    @classmethod
    def of(cls, text: str) -> "File":
        """Return `text` with the tag of its content."""
        return cls(text, hashlib.sha256(text.encode()).hexdigest()[:16])


def _variables(palette: Palette) -> str:
    chosen = {
        "paper": palette.paper,
        "ink": palette.ink,
        "line": palette.line,
        "brand": palette.brand,
        "brand-ink": palette.brand_ink,
    }
    return "".join(f"--w-{name}:{colour};" for name, colour in chosen.items())


@cache
def launcher_style(who: Identity) -> File:
    """Return the style of the launcher and of the panel's frame, with the colours of `who`."""
    text = (_WEB / "widget" / "widget.css").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*([{};,]|(?<=\w):(?= )|>|\+)\s*", r"\1", text).replace(";}", "}").strip()
    light, dark = _variables(who.colours.light), _variables(who.colours.dark)
    return File.of(f"aside{{{light}}}@media (prefers-color-scheme:dark){{aside{{{dark}}}}}{text}")


@cache
def launcher(who: Identity) -> File:
    """Return `/widget.js`: the launcher, with the name, the number, the style of `who` in it, and without its comments."""
    text = (_WEB / "widget" / "widget.js").read_text(encoding="utf-8")
    site = {
        "name": who.name,
        "who": who.switchboard.name,
        "phone": who.switchboard.phone,
        "css": launcher_style(who).text,
    }
    text = re.sub(r"^\s*(//.*\n)?| ?/\*.*?\*/| // .*$", "", text, flags=re.MULTILINE)
    return File.of(text.replace("SITE", json.dumps(site, ensure_ascii=False, separators=(",", ":"))))


def _file(request: web.Request, file: File, content_type: str) -> web.Response:
    headers = {hdrs.CACHE_CONTROL: f"public, max-age={_KEPT}"}
    if any(tag.value in {file.tag, "*"} for tag in request.if_none_match or ()):
        response = web.Response(status=304, headers=headers)
    else:
        response = web.Response(text=file.text, content_type=content_type, charset="utf-8", headers=headers)
        response.enable_compression()
    response.etag = file.tag
    return response


@routes.get("/widget.js")
async def widget_script(request: web.Request) -> web.Response:
    """Give the one line's script."""
    return _file(request, launcher(identity.load()), "text/javascript")


@routes.get("/widget.css")
async def widget_style(request: web.Request) -> web.Response:
    """Give the launcher's style to browsers that cannot construct a style sheet."""
    return _file(request, launcher_style(identity.load()), "text/css")


@routes.get("/widget.html")
async def widget_fragment(request: web.Request) -> web.Response:
    """Give the chat for the panel; a site that is not allowed can read why."""
    if not from_our_pages(request):
        return refused(request, ApiError("site"))
    return html(request, "app.html", **values(request, "widget", Preferences()))


def public_address(request: web.Request) -> str:
    """Return the address at which this site is seen, without a slash at the end."""
    settings = request.app[SETTINGS]
    if settings.public_url:
        return settings.public_url.rstrip("/")
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme) if settings.behind_proxy else request.scheme
    return f"{'https' if scheme == 'https' else 'http'}://{request.host}"


def _weight(text: str) -> float:
    return len(gzip.compress(text.encode(), 9, mtime=0)) / 1000


@cache
def weight_of_files(who: Identity) -> float:
    """Weigh what the panel loads when first opened, but for the fragment: kilobytes (1,000 bytes), gzipped."""
    static = _WEB / "static"
    found, to_read = {"style.css": (static / "style.css").read_text(encoding="utf-8")}, ["panel.js"]
    while to_read:
        if (name := to_read.pop()) not in found:
            found[name] = (static / name).read_text(encoding="utf-8")
            to_read += re.findall(r'from "\./([\w.-]+)"', found[name])
    return sum(map(_weight, found.values())) + _weight(style_sheet(who))


def to_copy(address: str, who: Identity) -> dict[str, str]:
    """Return the lines of `/integration`; `address` is ours."""
    src, name = escape(f"{address}/widget.js"), escape(who.name, quote=False)
    page, start = f'href="{escape(address)}/"', f'<script src="{src}" defer'
    return {
        "script": f"{start}></script>\n<noscript><a {page}>{name} : poser une question</a></noscript>",
        "link": f"<a {page} data-assistant>{name} : poser une question</a>\n{start}></script>",
        "options": f'{start}\n  data-nom="Vos droits" data-bouton="Besoin d\'aide ?"\n'
        '  data-couleur="#7a3b69" data-position="gauche"></script>',
        "policy": f"script-src {address}; connect-src {address}",
    }


@routes.get("/integration")
async def integration(request: web.Request) -> web.Response:
    """Tell the person in charge of another site how to put the assistant on it."""
    who = identity.load()
    fragment = request.app[PAGES].render("app.html", **values(request, "widget", Preferences()))
    return html(
        request,
        "integration.html",
        address=public_address(request),
        to_copy=to_copy(public_address(request), who),
        origins=sorted(request.app[SETTINGS].origins),
        launcher_weight=_weight(launcher(who).text),
        opening_weight=weight_of_files(who) + _weight(fragment),
    )
