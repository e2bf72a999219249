"""What every test may use. `tests/brain` runs inside Rasa's environment, the others beside the gateway."""

import importlib.util
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

INSIDE_RASA = importlib.util.find_spec("rasa") is not None
collect_ignore = (
    [
        "web",
        "conversations",
        "privacy",
        "browser",
        "sms",
        "faults",
        "privacy",
        "answers",
        "test_process.py",
        "test_children.py",
        "test_training.py",
        "test_docs.py",
        "test_identity.py",
        "test_origins.py",
        "test_rasa.py",
        "test_shared.py",
        "test_subjects.py",
        "test_checklists.py",
        "imports",
        "stores",
        "scale",
        "directory/importers",
        "test_fetch.py",
    ]
    if INSIDE_RASA
    else ["brain"]
)

if TYPE_CHECKING or not INSIDE_RASA:
    from aiohttp import web
    from aiohttp.test_utils import TestClient

    from bot.gateway import create_app
    from bot.settings import Settings
    from tests import traces
    from tests.clock import Clock
    from tests.live import SECRET, LiveBrain
    from tests.postgres import Postgres, binaries

    Client = TestClient[web.Request, web.Application]
    MakeClient = Callable[..., Awaitable[Client]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, and say why, what this machine cannot run."""
    if not shutil.which("chromium"):
        for item in items:
            if "browser" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="Chromium is not here (make system-deps)"))


if not INSIDE_RASA:

    @pytest.fixture(scope="session", autouse=True)
    def nothing_said_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        """After the whole run: what it said is in no log, and in no store once the time has passed."""
        run = traces.Run(tmp_path_factory.getbasetemp())
        with traces.gateway_log(run.folder / "gateway.log"), run.listening():
            yield
        run.check()

    @pytest.fixture(scope="session")
    def brain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveBrain]:
        """A real Rasa and a real action server, shared by the whole run."""
        live = LiveBrain(tmp_path_factory.mktemp("brain"))
        try:
            live.start_actions()
            live.start_rasa()
            yield live
        finally:
            live.stop()

    @pytest.fixture(scope="session")
    def postgres() -> Iterator[Postgres]:
        """A real PostgreSQL, shared by the whole run."""
        if binaries() is None:
            pytest.skip("PostgreSQL is not here (make system-deps)")
        server = Postgres()
        yield server
        server.stop()

    @pytest.fixture
    def clock() -> Clock:
        """A clock that stands still on the day of the tests."""
        return Clock()

    @pytest.fixture
    def settings_for(tmp_path: Path) -> Callable[..., Settings]:
        """Settings with stores of their own; keyword arguments replace the defaults."""

        def make(**changes: Any) -> Settings:
            values: dict[str, Any] = {
                "var_dir": tmp_path,
                "rate_limit": "off",
                "metrics_port": 0,
                "brain_secret": SECRET,
                **changes,
            }
            return Settings(**values)

        return make

    @pytest.fixture
    async def make_client(
        aiohttp_client: Any, settings_for: Callable[..., Settings], clock: Clock
    ) -> AsyncIterator[MakeClient]:
        """Start a gateway in this process, on the ports given, and return a client of it."""

        async def make(**changes: Any) -> Client:
            client: Client = await aiohttp_client(create_app(settings_for(**changes), clock))
            return client

        yield make

    @pytest.fixture
    async def client(make_client: MakeClient, brain: LiveBrain) -> Client:
        """A client of a gateway that talks to the real Rasa."""
        return await make_client(rasa_port=brain.rasa_port, actions_port=brain.actions_port)
