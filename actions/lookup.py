"""Where to go: the places nearest to the person's commune, or an honest way to find them."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.memory import Said, book, last_offer, said
from actions.say import Events, say
from bot.directory import communes, hours, kinds, search, wording
from bot.directory.communes import Commune
from bot.directory.search import Directory, Found
from bot.directory.when import Opening, asked_opening
from bot.paths import ROOT

#: The place that helps with everything, when no nearer service is known.
FALLBACK = "france_services"
#: Places shown at a time.
PAGE = 3
#: From how far on the first kind is no help by itself, in kilometres.
FAR_KM = 25.0
#: The Département's switchboard.
SWITCHBOARD = "04 67 67 67 67"
#: Answers after which a commune alone asks for the nearest France services.
_PROMISED_FALLBACK = frozenset({"hors_sujet", "incompris_encore", "autre_langue", "incompris", "chercher_structure"})


def directory() -> Directory:
    """Return the directory that `DIRECTORY_PATH` names; it follows the file when an import replaces it."""
    return search.load(Path(os.environ.get("DIRECTORY_PATH") or ROOT / "var" / "directory.sqlite"))


def _text(tracker: Tracker) -> str:
    return str(tracker.latest_message.get("text") or "")


def _entities(tracker: Tracker) -> list[str]:
    return [str(one.get("entity")) for one in tracker.latest_message.get("entities") or []]


def elsewhere(tracker: Tracker) -> dict[str, str] | None:
    """Return the commune outside the Hérault that this message names (`name`, `departement`), or None."""
    return next(iter(tracker.get_latest_entity_values("ailleurs")), None)


def held_commune(tracker: Tracker) -> Commune | None:
    """Return the commune that the conversation holds, unless this message names several, or one elsewhere."""
    if elsewhere(tracker) or next(iter(tracker.get_latest_entity_values("commune_possible")), None):
        return None
    return communes.load().by_insee.get(str(tracker.get_slot("commune")))


def wanted_kinds(tracker: Tracker) -> list[str]:
    """Return the kinds of place that this message names, or that what was said last leads to, best first."""
    kind = kinds.named(_text(tracker))
    return [kind] if kind else kinds_under_way(tracker)


def kinds_under_way(tracker: Tracker) -> list[str]:
    """Return the kinds being looked for, or those that the last subject leads to."""
    for one in said(tracker.events):
        if under_way := (one.custom.get("search") or {}).get("kinds"):
            return list(under_way)
        answer = book().answers[one.answer]
        if answer.theme != "dialogue" and one.answer != "chercher_structure":
            return [kind for kind in answer.lookup if kind != "any"]
    return []


def _here(commune: Commune) -> tuple[float, float]:
    return commune.latitude, commune.longitude


def _shown(found: list[Found]) -> list[list[str]]:
    return [[one.place.structure, one.place.kind] for one in found]


def say_places(
    dispatcher: CollectingDispatcher,
    wanted: list[str],
    commune: Commune,
    opening: Opening | None = None,
    offset: int = 0,
    listed: list[str] | None = None,
) -> None:
    """Say the nearest places of the first kind `wanted`, from `offset` on, or that none is known and where else to go.

    The kinds that come after the first help in another way (a France services does not weigh a baby): they come in when
    the first is far or unknown. With `opening`, places open then come alone, when there are any. `listed`: the kinds of
    the list that goes on.
    """
    kind, here = wanted[0], _here(commune)
    listed = listed or [kind]
    answer, keep = ("lieux_ouverts", opening.holds) if opening else ("lieux_proches", None)
    found = directory().nearest(listed, here, offset + PAGE + 1, keep)
    if opening and not found:
        answer, keep = "lieux_fermes", None
        found = directory().nearest(listed, here, offset + PAGE + 1)
    if offset == 0 and not found:
        answer, listed = "lieux_inconnus", list(dict.fromkeys([*wanted[1:], FALLBACK]))
        found = directory().nearest(listed, here, PAGE + 1)
    elif offset == 0 and len(wanted) > 1 and (found[0].distance_km or 0) > FAR_KM:
        listed = wanted
        found = directory().nearest(listed, here, PAGE + 1, keep)
    page, more = found[offset : offset + PAGE], len(found) > offset + PAGE
    if offset and not page:
        say(dispatcher, "suite")
        return
    values = {"lieu": kinds.label(kind), "commune": commune.name, "pres_de": wording.near(commune.name)}
    if opening:
        values["quand"] = opening.said
    if not offset:
        # The text of an unknown place gives the switchboard itself.
        afar = directory().from_afar([kind], commune)
        page += [one for one in afar if answer != "lieux_inconnus" or one.place.phone != SWITCHBOARD]
    going_on = {
        "kinds": wanted, "listed": listed, "commune": commune.insee, "offset": offset + PAGE, "shown": _shown(page)
    }  # fmt: skip
    if opening:
        going_on["opening"] = f"ouvert {opening.said}"
    say(
        dispatcher,
        answer,
        ["suite"] if more else [],
        places=[one.public() for one in page],
        values=values,
        search=going_on,
    )


def last_list(tracker: Tracker) -> Said | None:
    """Return the list of places shown last, unless a subject was answered since."""
    for one in said(tracker.events):
        if (one.custom.get("search") or {}).get("shown"):
            return one
        if book().answers[one.answer].theme != "dialogue":
            return None
    return None


def say_details(dispatcher: CollectingDispatcher, offer: Said, rank: int) -> bool:
    """Say all that is known of the place of that rank among those shown last; return whether there was one."""
    going_on = offer.custom.get("search") or {}
    shown = going_on.get("shown") or []
    position = len(shown) - 1 if rank == -1 else rank - 1
    if not 0 <= position < len(shown):
        return False
    commune = communes.load().by_insee.get(str(going_on.get("commune")))
    structure, kind = shown[position]
    found = directory().structure(structure, kind, _here(commune) if commune else None)
    if found is None:
        return False
    say(dispatcher, "lieu_detail", places=[found.public(details=True)], search=going_on)
    return True


def ask_commune(dispatcher: CollectingDispatcher, tracker: Tracker, wanted: list[str]) -> None:
    """Ask for the commune, to look for `wanted` next; offer the candidates when the message named several."""
    codes = next(iter(tracker.get_latest_entity_values("commune_possible")), None)
    going_on = {"kinds": wanted} if wanted else {}
    if codes:
        names = [communes.load().by_insee[code].name for code in codes[:PAGE]]
        answer, values = ("quelle_commune_parmi", {}) if len(names) > 1 else ("est_ce_commune", {"commune": names[0]})
        say(dispatcher, answer, [{"text": name} for name in names], values=values, search=going_on)
    else:
        say(dispatcher, "quelle_commune", search=going_on)


def say_elsewhere(dispatcher: CollectingDispatcher, place: dict[str, str], wanted: list[str]) -> None:
    """Say that we cover the Hérault, and who answers for a commune elsewhere; `wanted` is looked for when one of ours follows."""
    going_on = {"kinds": wanted} if wanted else {}
    say(dispatcher, "ailleurs", values=wording.of_elsewhere(place), search=going_on)


def _say_named(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """Say the places that the message calls by their name; return whether there were any."""
    found = directory().named(wording.without_communes(_text(tracker)), held_commune(tracker))
    if found:
        say(
            dispatcher,
            "lieux_trouves",
            places=[one.public() for one in found],
            search={"kinds": [found[0].place.kind], "commune": tracker.get_slot("commune"), "shown": _shown(found)},
        )
    return bool(found)


def find(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Say the places that the message or the subject leads to, or ask what is missing."""
    away = elsewhere(tracker)
    wanted, commune = wanted_kinds(tracker), held_commune(tracker)
    if away:
        say_elsewhere(dispatcher, away, wanted)
    elif not kinds.named(_text(tracker)) and _say_named(dispatcher, tracker):
        return
    elif not wanted:
        say(dispatcher, "chercher_structure")
    elif commune is None:
        ask_commune(dispatcher, tracker, wanted)
    else:
        opening = asked_opening(_text(tracker), datetime.now(hours.PARIS))
        say_places(dispatcher, wanted, commune, opening)


class Chercher(Action):
    """A place is looked for: of which kind, near which commune?"""

    def name(self) -> str:
        """Name the action."""
        return "action_chercher"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say the places, or ask what is missing."""
        find(dispatcher, tracker)
        return []


class DonnerCommune(Action):
    """A commune alone: noted, and used for what was being looked for."""

    def name(self) -> str:
        """Name the action."""
        return "action_donner_commune"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say where to go, ask which commune, or ask what is looked for."""
        commune, away = held_commune(tracker), elsewhere(tracker)
        last = last_offer(tracker.events)
        under_way = kinds_under_way(tracker)
        wanted = [FALLBACK] if last and last.answer in _PROMISED_FALLBACK else under_way
        if away:
            say_elsewhere(dispatcher, away, wanted)
        elif commune is None and "commune_possible" not in _entities(tracker):
            say(dispatcher, "commune_inconnue", search={"kinds": wanted} if wanted else {})
        elif commune is None:
            ask_commune(dispatcher, tracker, wanted)
        elif not wanted:
            say(dispatcher, "donner_commune")
        else:
            say_places(dispatcher, wanted, commune)
        return []


class Autour(Action):
    """After an answer that leads to a place: the nearest one, when the person names a place, or is hungry, and says where.

    Or names a place while others were being shown.
    """

    def name(self) -> str:
        """Name the action."""
        return "action_autour"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say the places, ask which commune, or say nothing."""
        before = [event for event in tracker.events if event.get("event") in {"user", "bot"}]
        last_said = max((i for i, event in enumerate(before) if event["event"] == "user"), default=0)
        listed = last_offer(before[:last_said])
        kind = kinds.named(_text(tracker))
        named = set(_entities(tracker)) & {"commune", "commune_possible"}
        going_on = listed is not None and "shown" in (listed.custom.get("search") or {})
        hungry = (tracker.latest_message.get("intent") or {}).get("name") == "aide_alimentaire"
        if elsewhere(tracker) or not (named or going_on) or not (kind or (hungry and named)):
            return []
        wanted, commune = [kind] if kind else kinds_under_way(tracker), held_commune(tracker)
        if not wanted:
            return []
        if commune is None:
            ask_commune(dispatcher, tracker, wanted)
        else:
            say_places(dispatcher, wanted, commune)
        return []


class Suite(Action):
    """More places of the list under way."""

    def name(self) -> str:
        """Name the action."""
        return "action_suite"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say the next ones, or that there are no more."""
        last = last_list(tracker)
        going_on = last.custom["search"] if last else {}
        commune = communes.load().by_insee.get(str(going_on.get("commune")))
        if commune is None or "offset" not in going_on:
            say(dispatcher, "suite")
            return []
        opening = asked_opening(str(going_on.get("opening") or ""), datetime.now(hours.PARIS))
        say_places(
            dispatcher, list(going_on["kinds"]), commune, opening, int(going_on["offset"]), list(going_on["listed"])
        )
        return []
