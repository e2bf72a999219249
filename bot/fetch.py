"""Downloading a published file without being led elsewhere: whole or not at all.

Only http and https, to public addresses: the check is made on the address that the socket is about to connect to, at each
redirect, so that a name that resolves twice differently gains nothing. Redirects, size and time are limited; what is
passing (cut line, 429, 5xx) is tried again.
"""

import asyncio
import hashlib
import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
AGENT = "assistant-herault (import de l'annuaire)"


class FetchError(Exception):
    """A file that could not be had; the message, in French, says why and what to do. `passing`: worth another try."""

    def __init__(self, message: str, passing: bool = False, wait: float | None = None) -> None:
        super().__init__(message)
        self.passing, self.wait = passing, wait


@dataclass(frozen=True)
class Policy:
    """How far a download may go; times in seconds. `loopback` lets tests reach a server on this machine."""

    max_bytes: int = 2_000_000_000
    connect: float = 15.0
    silence: float = 60.0
    total: float = 3600.0
    tries: int = 4
    pause: float = 2.0
    longest_pause: float = 60.0
    redirects: int = 5
    loopback: bool = False


@dataclass(frozen=True)
class Fetched:
    """A file that arrived whole: where it came from in the end, and the day that the server gives it (AAAA-MM-JJ)."""

    path: Path
    url: str
    size: int
    sha256: str
    day: str | None


def shown(url: str) -> str:
    """Return an address as it may be printed: without what follows "?" (it may hold a key) and without a password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def is_public(address: str, loopback: bool = False) -> bool:
    """Tell whether an IP address is out on the internet: not this machine, not its network, not a reserved block."""
    ip: Any = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        ip = inner or ip
    if loopback and ip.is_loopback:
        return True
    return bool(ip.is_global and not ip.is_multicast and not ip.is_reserved)


class _Guard:
    """Makes the sockets of a download; refuses those whose address is not public."""

    def __init__(self, loopback: bool) -> None:
        self._loopback = loopback
        self.refused: str | None = None

    def __call__(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        if not is_public(str(address[0]), self._loopback):
            self.refused = str(address[0])
            raise OSError("address refused")
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)
        return made


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise FetchError("adresse mal écrite") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise FetchError(f"adresse refusée : http ou https seulement (« {parts.scheme or url[:20]} »)")
    if parts.username or parts.password:
        raise FetchError(
            "adresse refusée : pas de mot de passe dans l'adresse, mettez-le dans une variable d'environnement"
        )
    return url


def _refusal(status: int, url: str, response: aiohttp.ClientResponse, token_from: str | None) -> FetchError:
    where = shown(url)
    if status in {401, 403}:
        whose = f"le jeton de {token_from} est refusé ou expiré" if token_from else "un jeton est demandé"
        return FetchError(f"{where} : accès refusé ({status}) : {whose}")
    if status in _PASSING:
        after = response.headers.get("Retry-After", "")
        wait = float(after) if after.isdigit() else None
        return FetchError(f"{where} : le serveur répond {status}, réessayez plus tard", passing=True, wait=wait)
    return FetchError(
        f"{where} : le serveur répond {status}" + (", l'adresse a changé" if status in {404, 410} else "")
    )


async def _once(
    url: str,
    target: Path,
    headers: Mapping[str, str],
    policy: Policy,
    progress: Callable[[int, int | None], None],
    token_from: str | None,
) -> Fetched:
    guard = _Guard(policy.loopback)
    timeout = aiohttp.ClientTimeout(
        total=policy.total, connect=policy.connect, sock_connect=policy.connect, sock_read=policy.silence
    )
    connector = aiohttp.TCPConnector(socket_factory=guard, force_close=True, use_dns_cache=False)
    sent = dict(headers)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, headers={"User-Agent": AGENT}) as session:
        for _ in range(policy.redirects + 1):
            try:
                async with session.get(_checked(url), headers=sent, allow_redirects=False) as response:
                    if response.status in _REDIRECTS:
                        following = _checked(urljoin(url, response.headers.get("Location", "")))
                        if urlsplit(url).scheme == "https" and urlsplit(following).scheme == "http":
                            raise FetchError(f"{shown(url)} : renvoi vers une adresse sans chiffrement, refusé")
                        if urlsplit(url).netloc != urlsplit(following).netloc:
                            sent = {}  # a token is for the server that it was given for
                        url = following
                        continue
                    if response.status != 200:
                        raise _refusal(response.status, url, response, token_from)
                    return await _body(response, url, target, policy, progress)
            except aiohttp.ClientConnectorError as error:
                if guard.refused:
                    raise FetchError(f"{shown(url)} : adresse privée ou locale refusée ({guard.refused})") from error
                raise FetchError(f"{shown(url)} : serveur injoignable", passing=True) from error
            except (aiohttp.InvalidURL, ValueError) as error:
                raise FetchError("adresse mal écrite") from error
            except (aiohttp.ClientError, asyncio.TimeoutError) as error:
                slow = isinstance(error, asyncio.TimeoutError)
                what = "trop lent, ou plus de réponse" if slow else "transfert coupé en route"
                raise FetchError(f"{shown(url)} : {what}", passing=True) from error
    raise FetchError(f"{shown(url)} : plus de {policy.redirects} renvois d'une adresse à l'autre")


async def _body(
    response: aiohttp.ClientResponse,
    url: str,
    target: Path,
    policy: Policy,
    progress: Callable[[int, int | None], None],
) -> Fetched:
    if response.content_type in {"text/html", "application/xhtml+xml"}:
        raise FetchError(
            f"{shown(url)} : le serveur rend une page web (HTML), pas des données ; l'adresse a-t-elle changé ?"
        )
    announced = response.content_length
    too_big = FetchError(f"{shown(url)} : fichier trop gros, plus de {policy.max_bytes / 1e6:.0f} Mo (IMPORT_MAX_MB)")
    if announced is not None and announced > policy.max_bytes:
        raise too_big
    digest, size = hashlib.sha256(), 0
    partial = target.with_name(f"{target.name}.part")
    try:
        with partial.open("wb") as file:
            async for block in response.content.iter_chunked(1 << 16):
                size += len(block)
                if size > policy.max_bytes:
                    raise too_big
                digest.update(block)
                file.write(block)
                progress(size, announced)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return Fetched(target, url, size, digest.hexdigest(), _day(response.headers.get("Last-Modified")))


def _day(header: str | None) -> str:
    try:
        return parsedate_to_datetime(header or "").astimezone(timezone.utc).date().isoformat()
    except (TypeError, ValueError):
        return datetime.now(timezone.utc).date().isoformat()


async def fetch(
    url: str,
    target: Path,
    policy: Policy,
    headers: Mapping[str, str] | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
    token_from: str | None = None,
    sleep: Callable[[float], Any] = asyncio.sleep,
) -> Fetched:
    """Download `url` to `target`; raise FetchError, nothing at `target`, when it does not arrive whole.

    `progress` is told the bytes had and the bytes announced; `token_from` names the variable that the token of `headers` came
    from, for the error that it is refused.
    """
    started = time.monotonic()
    for attempt in range(1, policy.tries + 1):
        try:
            return await _once(url, target, headers or {}, policy, progress, token_from)
        except FetchError as error:  # noqa: PERF203 - trying again is the point
            left = policy.total - (time.monotonic() - started)
            if not error.passing or attempt == policy.tries or left <= 0:
                raise
            pause = policy.pause * 2 ** (attempt - 1) if error.wait is None else error.wait
            await sleep(min(pause, policy.longest_pause, left))
    raise AssertionError("unreachable")
