"""What a first visit weighs: the gate, and that nothing is left out of the scales."""

import json

import pytest

from benchmarks import weights
from bot.paths import ROOT
from tests.conftest import Client, MakeClient

KEPT = json.loads((ROOT / "benchmarks" / "weights.json").read_text(encoding="utf-8"))


@pytest.fixture
async def site(make_client: MakeClient) -> Client:
    """A gateway without Rasa."""
    return await make_client()


async def test_first_visit_of_the_chat(site: Client) -> None:
    """Gzipped: 15 KB of script at most, 40 KB in all, every style, image and icon counted; nothing from anyone else."""
    found = weights.summary(await weights.first_visit(str(site.make_url("/")), "/"))
    assert found["script"] <= weights.MOST_SCRIPT
    assert found["total"] <= weights.MOST_VISIT
    assert {"page", "style", "script", "image"} <= set(found)


async def test_first_visit_of_the_workshop(site: Client) -> None:
    """The workshop, its pictures and its own script come within the same weight."""
    found = weights.summary(await weights.first_visit(str(site.make_url("/")), "/atelier"))
    assert found["script"] <= weights.MOST_SCRIPT
    assert found["total"] <= weights.MOST_VISIT


async def test_plain_pages(site: Client) -> None:
    """A page of text is lighter than the chat."""
    for path in ("/accessibilite", "/donnees-personnelles"):
        assert weights.summary(await weights.first_visit(str(site.make_url("/")), path))["total"] <= 15_000


def test_the_kept_figures_hold() -> None:
    """The figures kept, which the documentation shows, are within the gate too."""
    for found in KEPT["first_visit"].values():
        assert found["script"] <= weights.MOST_SCRIPT
        assert found["total"] <= weights.MOST_VISIT
    assert KEPT["widget"]["closed"]["total"] <= 5_000
