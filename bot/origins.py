"""Origins of web pages (scheme, host, port), written as a browser writes them in its `Origin` header; pure."""

import re

from yarl import URL

#: A name or an IPv4 address, after Punycode: no wildcard, no empty label, no dot at the end (for a browser that is another host).
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")


def parse(text: str) -> str:
    """Return the origin that `text` names, as a browser serialises it; raise ValueError, with a French sentence."""
    written = text.strip()
    if "*" in written:
        raise ValueError(
            f"« {written} » : pas de joker, écrivez chaque origine en entier, comme https://www.exemple.fr"
        )
    if written.lower() == "null":
        raise ValueError("« null » n'est pas une origine : ce serait n'importe quelle page locale ou isolée")
    try:
        url = URL(written)
        host, port = url.host or "", url.port
        name = url.raw_host or ""
    except ValueError:
        raise ValueError(f"« {written} » n'est pas une adresse ; écrivez par exemple https://www.exemple.fr") from None
    if url.scheme not in {"http", "https"} or not host:
        raise ValueError(f"« {written} » : l'origine commence par https:// (ou http://), comme https://www.exemple.fr")
    if "@" in written:
        raise ValueError(f"« {url.host} » : pas d'identifiant dans une origine")
    if name.endswith("."):
        raise ValueError(f"« {written} » : enlevez le point à la fin du nom")
    if ":" not in name and not _HOST.fullmatch(name):
        raise ValueError(f"« {written} » : « {host} » n'est pas un nom de site")
    if port == 0:
        raise ValueError(f"« {written} » : le port 0 n'existe pas")
    origin = str(url.origin())
    if url.raw_path not in {"", "/"} or re.search(r"[?#\\]", written):
        raise ValueError(f"« {written} » : l'origine s'arrête après le nom du site : {origin}")
    return origin


def parse_list(text: str) -> frozenset[str]:
    """Return the origins that `text` lists, separated by commas; raise ValueError, with a French sentence."""
    return frozenset(parse(one) for one in text.split(",") if one.strip())
