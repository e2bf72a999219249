"""What the places of a message come to: one commune for sure, several to be asked, or a place elsewhere. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from bot.directory.communes import elsewhere, index, names
from bot.directory.communes.context import HOME, SERVICES
from bot.directory.communes.elsewhere import Elsewhere
from bot.directory.communes.gazetteer import Commune
from bot.directory.communes.mention import Mention, Where

#: Nobody asks about more places than this at once: the first ones count.
_MOST = 12
_LOOKED_FOR = frozenset("cherche cherchons chercher trouver trouve ou aller allez rejoindre prendre".split())
_NEAR = frozenset("pres cote proche autour loin environs".split())
_LEFT = frozenset("pas plus quitte quitter quittant quittent ancien ancienne avant etais habitais vivais".split())
_SPELLS = frozenset("d de du des dans en la le l les departement".split())


def settle(mentions: list[Mention], tokens: list[str]) -> Where:
    """Return what `mentions` (of `find`, over the same `tokens`) come to."""
    mentions = _with_departments(_with_postcodes(mentions[:_MOST]), tokens)
    ours = [mention for mention in mentions if mention.candidates]
    if not ours:
        return Where(elsewhere=_away(mentions))
    if any(not mention.district for mention in ours):
        ours = [mention for mention in ours if not mention.district]
    return _among(_meant(_narrowed(ours), tokens))


def _among(ours: list[Mention]) -> Where:
    sure = {mention.commune.insee: mention.commune for mention in ours if mention.commune}
    # A short form beside the whole name says nothing more.
    rest = [mention for mention in ours if not any(commune.insee in sure for commune in mention.candidates)]
    if len(sure) == 1 and not rest:
        return Where(commune=next(iter(sure.values())))
    # Each place that is named gets a chance to be among the first.
    turns = [list(mention.candidates) for mention in ours]
    possible: dict[str, Commune] = {}
    for rank in range(max(map(len, turns))):
        for candidates in turns:
            if rank < len(candidates) and (commune := candidates[rank]):
                possible.setdefault(commune.insee, commune)
    return Where(possible=tuple(possible.values()))


def _away(mentions: list[Mention]) -> Elsewhere | None:
    """Return the place elsewhere that is named first, in the département of the postcode beside it when there is one."""
    named = next((mention for mention in mentions if not mention.postcode), None)
    if named is None or named.elsewhere is None:
        return mentions[0].elsewhere if mentions else None
    code = _postcode_beside(named, mentions)
    return Elsewhere(named.elsewhere.name, code.department) if code else named.elsewhere


def _postcode_beside(mention: Mention, mentions: list[Mention]) -> Elsewhere | None:
    """Return what the postcode of another département says, written right before or after a name."""
    return next(
        (
            other.elsewhere
            for other in mentions
            if other.postcode
            and other.elsewhere
            and 0 <= max(other.start - mention.end, mention.start - other.end) <= 1
        ),
        None,
    )


def _with_postcodes(mentions: list[Mention]) -> list[Mention]:
    """Return the mentions, each name and the postcode that fits it made one."""
    codes = [mention for mention in mentions if mention.postcode and mention.candidates]
    fitted = [_fitted(mention, codes) for mention in mentions]
    used = {code for _, code in fitted if code}
    return [mention for mention, _ in fitted if mention not in used]


def _fitted(mention: Mention, codes: list[Mention]) -> tuple[Mention, Mention | None]:
    """Return a name with only the candidates that have one of the postcodes, and that postcode; or the name as it is."""
    if not mention.postcode:
        for code in codes:
            if both := tuple(commune for commune in mention.candidates if commune in code.candidates):
                return replace(mention, candidates=both, unsure=False), code
    return mention, None


def _with_departments(mentions: list[Mention], tokens: list[str]) -> list[Mention]:
    """Return the mentions, a name of ours that is given another département's number or name made one elsewhere."""
    found: list[Mention] = []
    for mention in mentions:
        away = None
        if mention.candidates and not mention.postcode:
            beside = _postcode_beside(mention, mentions)
            department = beside.department if beside else _department_after(tokens, mention)
            if department and (_homonym(tokens, mention, department) or mention.commune is None):
                away = Elsewhere(" ".join(tokens[mention.start : mention.end]).title(), department)
        found.append(replace(mention, candidates=(), elsewhere=away) if away else mention)
    return found


def _homonym(tokens: list[str], mention: Mention, department: str) -> bool:
    """Tell whether a commune of that département has the name that the mention is written with."""
    return department in index.homonyms().get("".join(map(names.canonical, tokens[mention.start : mention.end])), ())


def _department_after(tokens: list[str], mention: Mention) -> str | None:
    """Return the département named right after a name ("Castelnau d'Aude", "Prades 66"), unless it is ours."""
    start = mention.end
    while start < len(tokens) and start < mention.end + 3 and tokens[start] in _SPELLS:
        start += 1
    for end in range(min(len(tokens), start + 4), start, -1):
        words = "".join(tokens[start:end])
        if words in index.departments():
            code, name = index.departments()[words]
            if code == elsewhere.HERE:
                return None
            if words == code.lower():  # a bare number may be anything: only where there is such a commune
                return name if start == mention.end and _homonym(tokens, mention, name) else None
            return name
    return None


def _narrowed(ours: list[Mention]) -> list[Mention]:
    """Return the mentions, a short form beside the town that ends its name made one: "Villeneuve, près de Béziers"."""
    towns = [mention.commune for mention in ours if mention.commune]
    narrowed = []
    for mention in ours:
        fitting = [
            commune
            for commune in mention.candidates
            if any(
                town.insee != commune.insee and names.words_of(commune.name)[-1:] == names.words_of(town.name)[-1:]
                for town in towns
            )
        ]
        named = len(fitting) == 1 and len(mention.candidates) > 1 and not mention.postcode
        narrowed.append(replace(mention, candidates=tuple(fitting)) if named else mention)
    return narrowed


def _meant(ours: list[Mention], tokens: list[str]) -> list[Mention]:
    """Return the mentions that the sentence makes plain are meant, or all of them.

    Where a service is looked for goes before where the person lives; what is only near, or left behind, goes last.
    """
    if len(_places(ours)) < 2:
        return ours
    for test in (_is_behind, _is_near):
        kept = [mention for mention in ours if not test(_before(tokens, ours, mention))]
        if kept and len(kept) < len(ours):
            ours = kept
    homes = [mention for mention in ours if _is_home(_before(tokens, ours, mention))]
    looked = [mention for mention in ours if _is_looked_for(_before(tokens, ours, mention))]
    if looked and len(looked) < len(ours) and all(mention in homes or mention in looked for mention in ours):
        return looked
    return ours


def _places(ours: Iterable[Mention]) -> set[tuple[str, ...]]:
    return {tuple(commune.insee for commune in mention.candidates) for mention in ours}


def _before(tokens: list[str], ours: list[Mention], mention: Mention) -> list[str]:
    """Return the words between the mention before and this one, the nearest six."""
    start = max((other.end for other in ours if other.end <= mention.start), default=0)
    return tokens[max(start, mention.start - 8) : mention.start]


def _is_home(before: list[str]) -> bool:
    return any(token in HOME for token in before[-4:])


def _is_near(before: list[str]) -> bool:
    return any(token in _NEAR for token in before[-3:])


def _is_behind(before: list[str]) -> bool:
    return any(token in _LEFT for token in before[-4:])


def _is_looked_for(before: list[str]) -> bool:
    return not _is_home(before) and any(token in SERVICES or token in _LOOKED_FOR for token in before)
