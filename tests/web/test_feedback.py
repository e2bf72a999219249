"""Tests for « Cette réponse vous a aidé ? » : counted by answer and day, with the script or without; nothing else is kept."""

import asyncio
from datetime import date
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from bot.feedback import as_csv, by_month, table
from bot.web.keys import CONVERSATIONS, FEEDBACK, METRICS
from tests.conftest import Client, MakeClient
from tests.live import free_port
from tests.web.test_pages import ask, hidden

DAYS = [
    ("rsa_montant", date(2026, 10, 30), 4, 0),
    ("rsa_montant", date(2026, 11, 2), 1, 2),
    ("pmi_consultation", date(2026, 11, 3), 5, 0),
    ("rsa_montant", date(2026, 11, 4), 1, 1),
]


async def counted(client: Client) -> list[tuple[str, date, int, int]]:
    """Return what the store holds."""
    assert client.app is not None
    return await client.app[CONVERSATIONS].store.feedback()


async def form(client: Client) -> dict[str, str]:
    """Return the hidden fields of a new page."""
    return hidden(await (await client.get("/")).text())


@pytest.mark.live
async def test_without_a_script(client: Client) -> None:
    """The buttons are under an answer; pressed, the page comes back with thanks, and one opinion is counted."""
    html = await ask(client, await (await client.get("/")).text(), text="combien de rsa pour un couple")
    assert 'formaction="/avis"' in html
    assert 'value="rsa_montant:non"' in html
    response = await client.post("/avis", data={**hidden(html), "avis": "rsa_montant:non"})
    html = unescape(await response.text())
    assert response.status == 200
    assert "977,54" in html
    assert "Merci, c'est noté. Pour parler à une personne" in html
    assert await counted(client) == [("rsa_montant", date(2026, 11, 23), 0, 1)]


@pytest.mark.live
@pytest.mark.parametrize("text", ["mon mari me frappe", "merci beaucoup", "blabla xyz"])
async def test_not_asked(client: Client, text: str) -> None:
    """Nobody in danger is asked for an opinion, nor about small talk."""
    assert "vous a aidé" not in await ask(client, await (await client.get("/")).text(), text=text)


async def test_counted_together(make_client: MakeClient) -> None:
    """Opinions given at once are all counted, by day; the metric counts them too; no conversation is named."""
    client = await make_client(rasa_port=free_port())
    data = await form(client)
    headers = {"X-Fragment": "avis"}

    async def say(opinion: str) -> int:
        response = await client.post("/avis", data={**data, "avis": opinion}, headers=headers)
        return response.status

    assert set(await asyncio.gather(*(say(f"rsa_montant:{said}") for said in ["oui", "non", "oui", "oui"]))) == {200}
    assert await counted(client) == [("rsa_montant", date(2026, 11, 23), 3, 1)]
    assert client.app is not None
    assert 'assistant_feedback_total{answer="rsa_montant",helped="oui"} 3.0' in client.app[METRICS].text().decode()
    async with client.app[CONVERSATIONS].store.engine.connect() as connection:
        columns = await connection.run_sync(lambda sync: [one["name"] for one in sa.inspect(sync).get_columns("feedback")])  # fmt: skip
    assert columns == ["answer", "day", "yes", "no"]


@pytest.mark.parametrize(
    ("changes", "headers", "status"),
    [
        ({"avis": "inconnu:oui"}, {}, 400),
        ({"avis": "rsa_montant:peut-être"}, {}, 400),
        ({"avis": "rsa_montant"}, {}, 400),
        ({"avis": ""}, {}, 400),
        ({"avis": "saluer:oui"}, {}, 400),
        ({"form_token": "faux"}, {}, 403),
        ({}, {"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_refused(make_client: MakeClient, changes: dict[str, str], headers: dict[str, str], status: int) -> None:
    """An unknown answer, an odd opinion and a forged form count nothing, and get a French sentence on the page."""
    client = await make_client(rasa_port=free_port())
    response = await client.post("/avis", data={**await form(client), "avis": "rsa_montant:oui", **changes}, headers=headers)  # fmt: skip
    assert response.status == status
    assert 'role="alert"' in await response.text()
    assert await counted(client) == []


async def test_limited(make_client: MakeClient) -> None:
    """An address that floods is told to wait."""
    client = await make_client(rasa_port=free_port(), rate_limit="on", rate_per_address="2/minute")
    data: dict[str, Any] = {**await form(client), "avis": "rsa_montant:oui"}
    statuses = [(await client.post("/avis", data=data)).status for _ in range(3)]
    assert statuses == [200, 200, 429]


async def test_days_apart(make_client: MakeClient, clock: Any) -> None:
    """Each day has its own count."""
    client = await make_client(rasa_port=free_port())
    assert client.app is not None
    await client.app[FEEDBACK].count("rsa_montant", True)
    clock.now = clock.now.replace(day=24)
    await client.app[FEEDBACK].count("rsa_montant", True)
    assert [day.day for _, day, _, _ in await counted(client)] == [23, 24]


def test_by_month() -> None:
    """Counts are summed by month, the latest first, and in it the answer that helped least."""
    assert by_month(DAYS) == [
        ("2026-11", "rsa_montant", 2, 3),
        ("2026-11", "pmi_consultation", 5, 0),
        ("2026-10", "rsa_montant", 4, 0),
    ]


def test_written() -> None:
    """The report reads on a terminal and in a spreadsheet; an empty one says so."""
    rows = by_month(DAYS)
    assert table(rows).splitlines()[1].split() == ["2026-11", "rsa_montant", "2", "3"]
    assert as_csv(rows).splitlines()[:2] == ["mois,réponse,oui,non", "2026-11,rsa_montant,2,3"]
    assert table([]) == "Aucun avis pour le moment."
