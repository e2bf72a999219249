"""What protects the pages and the API: headers, where a form may come from, who is asking."""

from urllib.parse import urlsplit

from aiohttp import web

from bot.web.keys import SETTINGS

#: Nothing but our own files; no frame, no script in the page, no third party.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers to every response; what holds a conversation is not cached."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Server", None)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")


def client_address(request: web.Request) -> str:
    """Return the address of the client: the peer's, or what our own proxy says of it."""
    if request.app[SETTINGS].behind_proxy:
        forwarded = request.headers.get("X-Forwarded-For", "")
        if last := forwarded.rsplit(",", 1)[-1].strip():
            return last
    return request.remote or "?"


def from_our_pages(request: web.Request) -> bool:
    """Tell whether a form was posted from our own site, by what the browser says of where it came from."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return True  # an old browser or a text one: the token in the form remains
    ours = {request.host}
    if public := request.app[SETTINGS].public_url:
        ours.add(urlsplit(public).netloc)
    return urlsplit(origin).netloc in ours
