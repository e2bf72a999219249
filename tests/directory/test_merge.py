"""Tests for bot.directory.merge: two records are one place when they should be, and the fresher field is kept."""

from typing import Any

import pytest

from bot.directory import merge, stored
from bot.directory.merge import Member
from bot.directory.model import Service, Structure


def member(source: str, nom: str, adresse: str | None = None, kind: str = "pmi", **changes: Any) -> Member:
    values = {"code_insee": "34301", "adresse": adresse, **changes}
    return Member(source, Structure(f"{source}-{nom}", nom, source, "high", (Service(kind),), **values))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("PMI de Sète", "3 rue Pierre Sémard"), ("Centre de PMI", "3 r. Pierre Semard"), True),
        (("PMI de Sète", "3 av. du Mal Juin"), ("PMI de Sète", "3 avenue du Maréchal Juin"), True),
        (("PMI de Sète", "3 rue Pierre Sémard"), ("PMI de Sète", "30 rue Pierre Sémard"), False),
        (("PMI Nord", "3 rue des Lilas"), ("PMI Sud", "8 place du Port"), False),
        (("PMI de Sète", None), ("PMI de Sète", "8 place du Port"), True),
        (("PMI Nord", None), ("PMI Sud", "8 place du Port"), False),
    ],
)
def test_same_place(one: tuple[str, str | None], other: tuple[str, str | None], same: bool) -> None:
    """Abbreviated and misspelt streets are one; another house number, another street are not."""
    assert merge.same_place(member("dila", *one), member("herault-data", *other)) is same


def test_one_address_many_associations() -> None:
    """Two associations of one house are two; of kinds that an address has once, there is one."""
    houses = ("Les Amis", "1 place du Port"), ("Le Relais informatique", "1 place du Port")
    assert not merge.same_place(*(member(source, *house, "numerique") for source, house in zip(("mednum", "data-inclusion"), houses, strict=True)))  # fmt: skip
    assert merge.same_place(*(member(source, *house, "ccas") for source, house in zip(("mednum", "data-inclusion"), houses, strict=True)))  # fmt: skip


def test_what_is_never_one() -> None:
    """Other kinds, other communes, embedded places between themselves, and the Département's SIRET shared by all its sites."""
    here = member("dila", "PMI", "3 rue du Port", siret="1" * 14)
    assert not merge.same_place(here, member("herault-data", "PMI", "3 rue du Port", kind="sds"))
    assert not merge.same_place(here, member("herault-data", "PMI", "3 rue du Port", code_insee="34032"))
    assert not merge.same_place(*(member("embedded", "PMI", "3 rue du Port") for _ in range(2)))
    far = member("herault-data", "PMI Corniche", "9 chemin Haut", siret="1" * 14, latitude=43.39, longitude=3.66)
    assert not merge.same_place(here, far)


def test_twins_of_one_source() -> None:
    """One source that names a place twice, the same way, is shown once."""
    assert merge.same_place(member("dila", "PMI", "3 rue du Port"), member("dila", "PMI", "3, rue du port"))
    assert not merge.same_place(member("dila", "PMI A", "3 rue du Port"), member("dila", "PMI B", "3 rue du Port"))


def test_the_fresher_field() -> None:
    """Each field is the freshest source's that has it; ids, kinds and closures come together; the order does not matter."""
    old = member("embedded", "PMI", "3 rue du Port", telephone="1", courriel="a@b.fr", date_maj="2024")
    new = member("dila", "Centre de PMI", "3 rue du Port", telephone="2", kind="sds", date_maj="2026-01-01")
    for members in ([old, new], [new, old]):
        found = merge.merged(members)
        assert (found.id, found.autres_ids) == ("embedded-PMI", ("dila-Centre de PMI",))
        assert (found.telephone, found.courriel, found.nom) == ("2", "a@b.fr", "Centre de PMI")
        assert {one.kind for one in found.services} == {"pmi", "sds"}
        assert (found.source, found.date_maj) == ("dila", "2026-01-01")
        origins = {one.champ: one.source for one in found.provenance}
        assert (origins["telephone"], origins["courriel"]) == ("dila", "embedded")


def test_an_address_is_not_mixed() -> None:
    """Street, postcode and point come from one source."""
    old = member(
        "embedded", "PMI", "3 rue du Port", code_postal="34200", latitude=43.4, longitude=3.69, date_maj="2024"
    )
    new = member("dila", "PMI", "3 rue du Port", code_postal="34207", latitude=43.41, longitude=3.70, date_maj="2026")
    found = merge.merged([old, new])
    assert (found.code_postal, found.latitude, found.longitude) == ("34207", 43.41, 3.70)


def test_stored_and_read_again() -> None:
    """A structure written as a line comes back as it was."""
    found = merge.merged([member("embedded", "PMI", date_maj="2024"), member("dila", "PMI", date_maj="2026")])
    assert stored.from_json(stored.to_json(found)) == found
