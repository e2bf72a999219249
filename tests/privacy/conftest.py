"""The whole gateway, SMS included, on the real Rasa, and where it writes."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.gateway import create_app
from bot.settings import Settings
from tests.clock import Clock
from tests.live import LiveBrain
from tests.privacy.marks import Marks
from tests.sms.harness import FakeProvider


@pytest.fixture
def marks() -> Marks:
    """Words of this test only."""
    return Marks.fresh()


@pytest.fixture
def provider() -> FakeProvider:
    """A provider that notes what it is given to send."""
    return FakeProvider()


@pytest.fixture
async def site(
    aiohttp_client: Any, settings_for: Callable[..., Settings], clock: Clock, provider: FakeProvider, brain: LiveBrain
) -> AsyncIterator[Any]:
    """A client of the whole gateway."""
    settings = settings_for(rasa_port=brain.rasa_port, actions_port=brain.actions_port, sms_pace=1000)
    yield await aiohttp_client(create_app(settings, clock, provider))


@pytest.fixture
def everywhere(brain: LiveBrain, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """The folders of Rasa (store, logs), of the gateway (store), and its log."""
    (tmp_path / "log").symlink_to(tmp_path_factory.getbasetemp() / "gateway.log")
    return brain.folder, tmp_path
