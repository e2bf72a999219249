"""What protects the pages and the API: headers, where a form may come from, who is asking."""

from ipaddress import IPv4Address, ip_address

from aiohttp import web

from bot import origins
from bot.web.keys import SETTINGS

#: Nothing but our own files; no frame, no script in the page, no third party.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": a form would then be posted with "Origin: null", and a browser that does not send Sec-Fetch-Site
    # (old, or on plain http) could not be told from a foreign site.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers to every response; what holds a conversation is not cached."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Server", None)
    # Without a limit a browser keeps a file as long as it likes, and after an upgrade an old script would meet a new page.
    kept = request.path.startswith("/static/") and response.status in {200, 206, 304}
    response.headers.setdefault("Cache-Control", "public, max-age=600" if kept else "no-store")


def client_address(request: web.Request) -> str:
    """Return the address of the client: the peer's, or the last one that our own proxy wrote; of IPv6, its network."""
    address = request.remote or "?"
    if request.app[SETTINGS].behind_proxy:
        # The last of the last: some proxies add a header after the client's own, which may say anything.
        forwarded = (request.headers.getall("X-Forwarded-For", None) or [""])[-1]
        address = forwarded.rsplit(",", 1)[-1].strip() or address
    return neighbourhood(address)


def neighbourhood(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the 64 bits of IPv6 that one subscriber holds; other words as they are."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(ip, IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or f"{ip_address(int(ip) >> 64 << 64)}/64")


def from_our_pages(request: web.Request) -> bool:
    """Tell whether a request was made by our own site, or by one of ALLOWED_ORIGINS, by what the browser says of where it came from."""
    if request.headers.get("Sec-Fetch-Site") in {"same-origin", "none"}:
        return True
    sent = request.headers.getall("Origin", [])
    if not sent:
        # An old browser or a text one: the token in the form remains.
        return "Sec-Fetch-Site" not in request.headers
    return allowed_origin(request) is not None or (len(sent) == 1 and _is_ours(request, sent[0]))


def allowed_origin(request: web.Request) -> str | None:
    """Return the origin of the request if it is one of ALLOWED_ORIGINS, as it was sent: compared whole, never by its end or its host alone."""
    sent = request.headers.getall("Origin", [])
    return sent[0] if len(sent) == 1 and sent[0] in request.app[SETTINGS].origins else None


def _is_ours(request: web.Request, origin: str) -> bool:
    """Compare without the scheme: behind a proxy that ends TLS, we are asked in http what the person sees in https."""
    scheme, _, authority = origin.partition("://")
    if scheme not in {"http", "https"}:
        return False
    ours = {_authority(f"{scheme}://{request.host}"), _authority(request.app[SETTINGS].public_url)}
    return authority in ours - {""}


def _authority(address: str) -> str:
    try:
        return origins.parse(address.rstrip("/")).partition("://")[2]
    except ValueError:
        return ""
