"""Opening hours as the official files write them → OpenStreetMap's syntax."""

import re
from collections.abc import Mapping, Sequence

from bot.text import normalise

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
CODES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_SPAN = re.compile(r"(\d{1,2})\s*[:hH]\s*(\d{2})?(?::\d{2})?\s*(?:-|–|à|a)\s*(\d{1,2})\s*[:hH]\s*(\d{2})?(?::\d{2})?")
#: "1er et 3ème lundi du mois", "2ème et 4ème lundis du mois".
_RANKS = re.compile(rf"((?:[1-5]\s?(?:er|e|eme|nd)?(?:\s*(?:et|,)\s*)?)+)\s*({'|'.join(DAYS)})s? (?:du|de chaque) mois")


def spans(cell: str) -> list[str] | None:
    """Return the spans of a day ("09:00-12:00"), empty when it is closed, None when they cannot be read."""
    found = []
    for start_hour, start_minute, end_hour, end_minute in _SPAN.findall(cell):
        start, end = f"{int(start_hour):02}:{start_minute or '00'}", f"{int(end_hour):02}:{end_minute or '00'}"
        if start == end:
            continue
        if start > end or int(end_hour) > 24:
            return None
        found.append(f"{start}-{end}")
    if not found and cell.strip() and not re.search(r"ferm|00:00", cell, re.IGNORECASE):
        return None
    return sorted(found)


def ranks(comment: str | None) -> dict[str, str]:
    """Return which ones of the month a comment limits a day to, by day: {"lundi": "2,4"}."""
    found = {}
    for numbers, name in _RANKS.findall(normalise(comment or "")):
        found[name] = ",".join(re.findall(r"[1-5]", numbers))
    return found


def week(by_day: Mapping[str, Sequence[str]], limited: Mapping[str, str] | None = None) -> str | None:
    """Write a week in OpenStreetMap's syntax from the spans of each day (French names); None when it is never open.

    Days alike that follow each other are joined: "Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00".
    """
    rules: list[tuple[int, int, str]] = []
    said = []
    for position, name in enumerate(DAYS):
        open_ = ",".join(by_day.get(name) or ())
        if not open_:
            continue
        if limited and name in limited:
            said.append(f"{CODES[position]}[{limited[name]}] {open_}")
        elif rules and rules[-1][1] == position - 1 and rules[-1][2] == open_:
            rules[-1] = (rules[-1][0], position, open_)
        else:
            rules.append((position, position, open_))
    for first, last, open_ in rules:
        days = CODES[first] if first == last else f"{CODES[first]}{'-' if last > first + 1 else ','}{CODES[last]}"
        said.append(f"{days} {open_}")
    return "; ".join(said) or None
