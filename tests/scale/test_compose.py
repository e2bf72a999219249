"""What compose.yml and the Dockerfile promise, read from the files themselves."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import training
from bot.paths import ROOT
from bot.settings import Settings, weakness
from tests.scale import compose
from tests.scale.stack import DRAWN

VALUES = {name: f"{name.lower()}-of-the-tests" for name in DRAWN}
#: Settings of the gateway that a container has otherwise: its address, its folders, or none of `make run`'s.
ELSEWHERE = frozenset(
    "HOST PORT RASA_PORT ACTIONS_PORT RASA_PROCESSES VAR_DIR TRACKER_URL DIRECTORY_PATH IMPORT_MAX_MB IMPORT_LOOPBACK".split()
)


@pytest.fixture(scope="module")
def services() -> dict[str, compose.Service]:
    """The services, with secrets."""
    return compose.services(VALUES)


@pytest.fixture(scope="module")
def ours(services: dict[str, compose.Service]) -> dict[str, compose.Service]:
    """The services that run images of ours."""
    return {name: one for name, one in services.items() if "build" in one.raw}


def test_only_nginx_is_published(services: dict[str, compose.Service]) -> None:
    """One port of all is published, on this machine unless told otherwise; the stores have no way out."""
    assert {name: one.raw["ports"] for name, one in services.items() if "ports" in one.raw} == {
        "nginx": ["127.0.0.1:8080:8080"]
    }
    for name in ("postgres", "redis", "rasa-1", "rasa-2", "actions", "actions-1", "actions-2"):
        assert services[name].raw["networks"] == ["inside"]
    assert yaml.safe_load(compose.FILE.read_text(encoding="utf-8"))["networks"]["inside"] == {"internal": True}


@pytest.mark.parametrize(
    "name",
    ["SECRET_KEY", "BRAIN_SECRET", "POSTGRES_PASSWORD", "GATEWAY_DB_PASSWORD", "TRACKER_DB_PASSWORD", "REDIS_PASSWORD"],
)
def test_no_secret_has_a_default(name: str) -> None:
    """Without one of its secrets, nothing starts, and it is named with what draws it."""
    with pytest.raises(compose.MissingVariable, match=f"^{name}: deploy/draw-secrets"):
        compose.services({key: value for key, value in VALUES.items() if key != name})


def test_locked_down(services: dict[str, compose.Service], ours: dict[str, compose.Service]) -> None:
    """Every service starts again, has a ceiling of memory and logs that end; ours, and nginx, write nowhere and may do nothing more."""
    for name, one in services.items():
        assert one.raw["restart"] == ("no" if name == "directory" else "unless-stopped")
        assert one.raw["mem_limit"]
        assert one.raw["logging"]["options"]["max-size"]
        assert "no-new-privileges:true" in one.raw["security_opt"]
    for one in (*ours.values(), services["nginx"], services["actions"], services["redis"]):
        assert one.raw["read_only"] is True
        assert one.raw["cap_drop"] == ["ALL"]
    for target in ("gateway", "brain", "actions"):
        found = compose.targets()[target]
        assert found.user == "10001:10001"
        assert found.health[:2] == ["python", "deploy/healthcheck.py"]
        assert found.command


def test_a_turn_ends_before_its_gateway() -> None:
    """A gateway is left the time of a turn and of the one that waits behind it, before it is killed."""
    one = compose.services(VALUES)["gateway-1"]
    assert float(one.raw["stop_grace_period"].removesuffix("s")) > 2 * Settings().turn_timeout + 2


def test_every_setting_is_passed_on(services: dict[str, compose.Service]) -> None:
    """Each setting of the README reaches the gateways from .env; nothing else is given them, and both are the same."""
    raw = services["gateway-1"].raw["environment"]
    assert raw == services["gateway-2"].raw["environment"]
    assert set(raw) | ELSEWHERE == {name.upper() for name in Settings.model_fields}


def test_settings_are_accepted(services: dict[str, compose.Service], monkeypatch: pytest.MonkeyPatch) -> None:
    """What compose.yml gives a gateway is what bot.settings takes."""
    for name, value in services["gateway-1"].environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.rasas == ["http://rasa-1:5005", "http://rasa-2:5005"]
    assert settings.actions == "http://actions:5055"
    assert settings.is_public
    assert settings.database.startswith("postgresql+asyncpg://gateway:gateway_db_password")


def test_rasa_has_the_environment_of_make_run() -> None:
    """The images of Rasa set what `make run` sets."""
    mine = {key: value for key, value in training.rasa_environment().items() if os.environ.get(key) != value}
    assert mine.items() <= compose.targets()["brain"].environment.items()


def _copied(stage: str = "") -> list[str]:
    """Return what the Dockerfile copies from here, into the image of that name or into any."""
    found: list[str] = []
    current = ""
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        current = line.partition(" AS ")[2] if line.startswith("FROM ") else current
        if stage and current != stage:
            continue
        if line.startswith("COPY ") and "--from=" not in line:
            found += line.split()[1:-1]
    return found


def test_build_context(tmp_path: Path) -> None:
    """What the Dockerfile copies is there and is let through, and nothing else is: no history, no .env, no data of a run."""
    let_through = [
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    ]
    for path in _copied():
        assert (ROOT / path).exists()
        assert any(path == one or path.startswith(f"{one}/") for one in let_through), path
    for one in let_through:
        assert any(path == one or path.startswith(f"{one}/") or one.startswith(f"{path}/") for path in _copied()), one


@pytest.mark.long
def test_the_image_trains_the_model_of_these_files(tmp_path: Path) -> None:
    """What the stage that trains is given is all that the model is made of, and all that its components import."""
    for path in [*_copied("brain-environment"), *_copied("model")]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / path).is_dir():
            shutil.copytree(ROOT / path, tmp_path / path)
        else:
            shutil.copy(ROOT / path, tmp_path / path)
    modules = [path.stem for path in (tmp_path / "bot" / "brain").glob("*.py") if path.stem in _of_the_pipeline()]
    imports = "; ".join(f"import bot.brain.{name}" for name in ["importer", *modules])
    code = f"{imports}; from bot import training; print(training.model_name())"
    done = subprocess.run(
        [ROOT / ".venv/bin/python", "-W", "ignore", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == training.model_name(), done.stderr[-2000:]


def _of_the_pipeline() -> set[str]:
    """Return the modules of bot.brain that config.yml names."""
    config = (ROOT / "config.yml").read_text(encoding="utf-8")
    return set(re.findall(r"name: bot\.brain\.(\w+)\.", config))


def test_no_address_no_secret() -> None:
    """No registry of packages is named in what is built, and no secret is written."""
    for path in ("Dockerfile", "compose.yml", ".dockerignore", "deploy/draw-secrets", "deploy/postgres/databases.sh"):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not re.search(r"index-url|pypi|/simple|[0-9a-f]{32}", text), path


def _draw(folder: Path) -> "subprocess.CompletedProcess[str]":
    (folder / "deploy").mkdir(exist_ok=True)
    shutil.copy(ROOT / "deploy" / "draw-secrets", folder / "deploy")
    return subprocess.run([folder / "deploy" / "draw-secrets"], capture_output=True, text=True, check=False)


def test_draw_secrets(tmp_path: Path) -> None:
    """The drawn .env is for its owner only, has every secret that compose.yml demands, strong and each another; it is never replaced."""
    assert _draw(tmp_path).returncode == 0
    path = tmp_path / ".env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = path.read_text(encoding="utf-8")
    drawn: dict[str, Any] = dict(line.split("=", 1) for line in written.splitlines() if line[:1].isupper())
    secrets = [value for name, value in drawn.items() if name != "PUBLIC_URL"]
    assert len(set(secrets)) == len(secrets) == 7
    assert [weakness(one) for one in secrets] == [""] * 7
    compose.services(drawn)
    again = _draw(tmp_path)
    assert again.returncode == 1
    assert path.read_text(encoding="utf-8") == written
    assert not any(one in again.stdout + again.stderr for one in secrets)
