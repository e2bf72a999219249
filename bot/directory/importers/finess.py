"""FINESS, the national file of health and social establishments (CSV without a header, ISO-8859-1, Lambert-93)."""

import re
from collections.abc import Iterator, Sequence

from bot.directory.importers import cleaning
from bot.directory.importers.base import Entry, Format, FormatError, Input, types
from bot.directory.importers.lambert93 import to_wgs84
from bot.directory.importers.reading import csv_cells, text_lines

#: Columns of a `structureet` line, and of a `geolocalisation` line.
_WIDTH, _GEO_WIDTH = 32, 6
_NUMBER, _NAME, _LONG_NAME, _MORE_NAME, _MORE = 1, 3, 4, 5, 6
_STREET = slice(7, 11)
_PLACE, _COMMUNE, _DEPARTMENT, _ROUTING, _PHONE = 11, 12, 13, 15, 16
_CATEGORY, _CATEGORY_NAME, _SIRET, _UPDATED = 18, 19, 22, 30
_WAYS = {"R": "rue", "AV": "avenue", "BD": "boulevard", "PL": "place", "CHE": "chemin", "RTE": "route", "IMP": "impasse", "ALL": "allée", "QUAI": "quai", "CRS": "cours", "SQ": "square", "LOT": "lotissement"}  # fmt: skip


def read(inputs: Sequence[Input]) -> Iterator[Entry]:
    """Yield the establishments of the Hérault of our categories, their point taken from the geolocation lines.

    These come after all the others: the file is read twice.
    """
    (source,) = inputs
    points = dict(_points(source))
    for where, cells, sound in _lines(source):
        if cells[:1] != ["structureet"]:
            continue
        if not sound:
            yield Entry(where, rejected=f"{len(cells)} colonnes au lieu de {_WIDTH}")
            continue
        yield _entry(where, cells, points)


def _lines(source: Input) -> Iterator[tuple[str, list[str], bool]]:
    lines = text_lines(source)
    manifest = next(lines, "")
    if not manifest.startswith("finess;"):
        raise FormatError(
            f"{source.name} : ce n'est pas une extraction FINESS (la première ligne n'est pas « finess;… »)"
        )
    for number, cells, _ in csv_cells(lines, ";", frozenset({_WIDTH, _GEO_WIDTH})):
        expected = _GEO_WIDTH if cells[:1] == ["geolocalisation"] else _WIDTH
        yield f"{source.name}, ligne {number + 1}", cells, len(cells) in {expected, expected + 1}


def _points(source: Input) -> Iterator[tuple[str, tuple[float, float]]]:
    wanted = {cells[_NUMBER] for _, cells, sound in _lines(source) if sound and _is_ours(cells)}
    for _, cells, sound in _lines(source):
        if cells[:1] == ["geolocalisation"] and sound and cells[1] in wanted:
            x, y = cleaning.number(cells[2]), cleaning.number(cells[3])
            if x is not None and y is not None and 0 < x < 1_300_000 and 6_000_000 < y < 7_200_000:
                yield cells[1], to_wgs84(x, y)


def _is_ours(cells: Sequence[str]) -> bool:
    return cells[0] == "structureet" and cells[_DEPARTMENT] == "34" and cells[_CATEGORY] in types()["finess"]


def _entry(where: str, cells: Sequence[str], points: dict[str, tuple[float, float]]) -> Entry:
    cells = [cell.strip() for cell in cells]
    if cells[_DEPARTMENT] != "34":
        return Entry(where, outside=True)
    kinds = types()["finess"].get(cells[_CATEGORY])
    if not kinds:
        return Entry(where, unknown=f"{cells[_CATEGORY]} {cells[_CATEGORY_NAME]}".strip())
    postcode, _, town = cells[_ROUTING].partition(" ")
    name = cells[_LONG_NAME] or cells[_NAME]
    if not cells[_NUMBER] or not name:
        return Entry(where, rejected="il manque le numéro FINESS ou la raison sociale")
    commune = cleaning.commune(f"34{cells[_COMMUNE]}", postcode, town)
    if commune is None:
        return Entry(where, rejected=f"commune inconnue : « {cells[_ROUTING]} » (34{cells[_COMMUNE]})")
    number, way, street, more = cells[_STREET]
    latitude, longitude = points.get(cells[_NUMBER], (None, None))
    return Entry(
        where,
        cleaning.compact(
            {
                "id": f"finess-{cells[_NUMBER]}",
                "nom": cleaning.decapitalised(name),
                "commune": commune.name,
                "code_insee": commune.insee,
                "code_postal": postcode if re.fullmatch(r"\d{5}", postcode) else None,
                "adresse": " ".join(filter(None, (number, _WAYS.get(way, way.lower()), _street(street)))),
                "complement_adresse": cleaning.joined(
                    [cleaning.decapitalised(one) for one in (cells[_MORE_NAME], cells[_MORE], more, cells[_PLACE]) if one]
                ),
                "latitude": latitude,
                "longitude": longitude,
                "telephone": cleaning.phone(cells[_PHONE]),
                "siret": cleaning.siret(cells[_SIRET]),
                "date_maj": cleaning.day(cells[_UPDATED]),
                "services": [{"kind": kind} for kind in kinds],
            }
        ),
    )  # fmt: skip


def _street(name: str) -> str:
    return cleaning.decapitalised(f"x {name}")[2:]


FORMAT = Format(
    name="finess",
    title="FINESS, extraction des établissements",
    source="FINESS",
    confiance="medium",
    read=read,
    lien_source="https://finess.esante.gouv.fr/",
)
