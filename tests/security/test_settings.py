"""Settings that would leave a door open are refused by their name, and no secret is shown."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.paths import ROOT
from bot.settings import SECRETS, Settings, SettingsError, load, misspelt, weakness

GOOD = "Zk3p-9Qx7_vT1mWb8RfL"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    """Return what is said of an environment that must be refused."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load()
    return str(refused.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("RATE_LIMITS", "RATE_LIMIT"), ("RETENTION_DAY", "RETENTION_DAYS"), ("RATE_PER_ADRESS", "RATE_PER_ADDRESS"), ("ALLOWED_ORIGIN", "ALLOWED_ORIGINS"),
        ("SECRETKEY", "SECRET_KEY"), ("SERCET_KEY", "SECRET_KEY"), ("BEHIND_PROXI", "BEHIND_PROXY"), ("SMS_WEBHOOK_SECRETS", "SMS_WEBHOOK_SECRET"),
        ("PUBLIC_URI", "PUBLIC_URL"), ("BRAIN_SECRT", "BRAIN_SECRET"), ("retention_day", "RETENTION_DAYS"), ("MAX_LENGHT", "MAX_LENGTH"),
    ],
)  # fmt: skip
def test_a_misspelt_setting_is_refused(monkeypatch: pytest.MonkeyPatch, written: str, meant: str) -> None:
    """A name that is nearly a setting's would be a protection that is not there: it is refused, with the name meant."""
    said = refusal(monkeypatch, **{written: "3"})
    assert f"{written} : réglage inconnu ; vouliez-vous dire {meant} ?" in said


def test_names_of_others_are_left_alone() -> None:
    """What ordinary machines, shells, containers, CI and Rasa have in their environment is not ours."""
    names = """PATH HOME HOSTNAME HOSTTYPE PORTS USER LANG LC_ALL TERM PWD OLDPWD SHLVL SHELL TZ MAKEFLAGS MAKELEVEL MFLAGS STRICT PEERS EVALUATE VIRTUAL_ENV
    PYTHONPATH PYTHONWARNINGS RASA_TELEMETRY_ENABLED RASA_SERVICE_PORT RASA_PORT_5005_TCP RASA_PORT_5005_TCP_ADDR ACTIONS_PORT_5055_TCP ACTIONS_SERVICE_HOST
    REDIS_URL REDIS_PORT DB_URL POSTGRES_PASSWORD KUBERNETES_PORT SECRET SECRETS_DIR LOG_LEVEL SSH_AUTH_SOCK XDG_RUNTIME_DIR DISPLAY EDITOR CI GITHUB_TOKEN
    HTTP_PROXY HTTPS_PROXY NO_PROXY SSL_CERT_FILE TF_CPP_MIN_LOG_LEVEL CUDA_VISIBLE_DEVICES SQLALCHEMY_SILENCE_UBER_WARNING TQDM_DISABLE DEBIAN_FRONTEND
    OVH_ENDPOINT TWILIO_REGION LINES COLUMNS MAIL LOGNAME INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID NOTIFY_SOCKET""".split()
    assert misspelt(names) == {}
    assert misspelt(name.upper() for name in Settings.model_fields) == {}


@pytest.mark.parametrize(
    "value",
    ["changeme", "CHANGE-ME-change-me", "secret", "A-REMPLACER-SECRET", "a-remplacer-envoi-0123456789", "password-password-1", "exemple-de-secret-tres-long",
     "aaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababababab", "Ab3-x", "azertyuiopqsdfghjklm", "1234567890123456789"],
)  # fmt: skip
@pytest.mark.parametrize(
    "public", [{"HOST": "0.0.0.0"}, {"PUBLIC_URL": "https://a.fr"}, {"BEHIND_PROXY": "true"}, {"HOST": "::"}]
)
def test_a_default_secret_is_refused_outside_development(
    monkeypatch: pytest.MonkeyPatch, value: str, public: dict[str, str]
) -> None:
    """Where others can reach us, a secret that anyone could guess is refused by its name, its value unsaid."""
    for name in ("SECRET_KEY", "SMS_WEBHOOK_SECRET"):
        said = refusal(monkeypatch, **public, **{name: value})
        assert name in said
        assert value not in said
        monkeypatch.delenv(name)


def test_one_weak_key_of_two_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the keys must be good: an old weak one still opens conversations."""
    assert "SECRET_KEY" in refusal(monkeypatch, HOST="0.0.0.0", SECRET_KEY=f"{GOOD},changeme")


@pytest.mark.parametrize("name", [name.upper() for name in SECRETS])
def test_an_example_left_in_place_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The example's value is refused for every secret, a provider's too."""
    assert name in refusal(monkeypatch, HOST="0.0.0.0", **{name: "A-REMPLACER-AAAAAAAAAAAA"})


def test_development_and_good_secrets_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the loopback anything goes; outside, a good secret, or none at all, which makes one."""
    monkeypatch.setenv("SECRET_KEY", "dev")
    assert load().is_public is False
    for host in ("localhost", "127.0.0.2", "::1"):
        monkeypatch.setenv("HOST", host)
        assert load().is_public is False
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.setenv("SECRET_KEY", f"{GOOD},{GOOD[::-1]}")
    assert load().is_public is True
    monkeypatch.delenv("SECRET_KEY")
    load()


@pytest.mark.parametrize(
    ("environment", "hidden"),
    [
        ({"DATABASE_URL": "postgresql+asyncpg://moi:motdepassesecret@base/x", "MAX_LENGHT": "3"}, "motdepassesecret"),
        ({"SECRET_KEY": "unsecretcourt", "HOST": "0.0.0.0"}, "unsecretcourt"),
        ({"KANNEL_PASSWORD": "unsecretcourt", "HOST": "0.0.0.0"}, "unsecretcourt"),
    ],
)  # fmt: skip
def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], hidden: str) -> None:
    """A refusal, and the settings when they are printed, hold no secret."""
    assert hidden not in refusal(monkeypatch, **environment)
    assert GOOD not in repr(Settings.model_validate(dict.fromkeys(SECRETS, GOOD)))


@pytest.mark.parametrize(
    ("name", "value"),
    [("RATE_PER_ADDRESS", "beaucoup"), ("RATE_PER_CONVERSATION", "30/siècle"), ("PUBLIC_URL", "assistant"), ("PUBLIC_URL", "https://a.fr/chemin"), ("RATE_LIMIT", "of"),
     ("ALLOWED_ORIGINS", "*"), ("RETENTION_DAYS", "0"), ("MAX_LENGTH", "1e9"), ("HOST", "pas un hôte"), ("SMS_PROVIDER", "../kannel")],
)  # fmt: skip
def test_a_value_that_protects_nothing_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A value that cannot be used is refused by the name of its setting."""
    assert name in refusal(monkeypatch, **{name: value})


def test_refused_by_the_program_itself(tmp_path: Path) -> None:
    """`python -m bot gateway` stops with one sentence, the name, no value and no trace."""
    environment = {**os.environ, "VAR_DIR": str(tmp_path), "HOST": "0.0.0.0", "SECRET_KEY": "changeme-zygomatique", "RATE_LIMITS": "off"}  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-m", "bot", "gateway"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "SECRET_KEY" in result.stderr
    assert "RATE_LIMITS" in result.stderr
    assert "zygomatique" not in result.stderr + result.stdout
    assert "Traceback" not in result.stderr


class TestKeyFile:
    """The key that is made when none is given."""

    def test_made_once_for_us_alone(self, tmp_path: Path) -> None:
        """It is drawn at random, readable by us only, and the same the next time."""
        settings = Settings(var_dir=tmp_path / "var", secret_key=" , ")
        (key,) = settings.keys()
        assert weakness(key) == ""
        assert settings.keys() == [key]
        assert stat.S_IMODE((tmp_path / "var" / "secret.key").stat().st_mode) == 0o600
        assert Settings(var_dir=tmp_path / "autre").keys() != [key]
        assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret.key"]

    @pytest.mark.parametrize("left", ["", "\n", "abc"])
    def test_a_cut_file_is_refused(self, tmp_path: Path, left: str) -> None:
        """A file that a crash left empty would be a key that everyone knows."""
        (tmp_path / "secret.key").write_text(left)
        with pytest.raises(SettingsError, match=r"secret\.key"):
            Settings(var_dir=tmp_path).keys()

    def test_two_that_start_at_once_share_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever links its key first wins; the other reads that one."""
        first = Settings(var_dir=tmp_path).keys()
        real = Path.exists
        monkeypatch.setattr(Path, "exists", lambda self, **kw: False if self.name == "secret.key" else real(self, **kw))
        assert Settings(var_dir=tmp_path).keys() == first


@given(st.text())
def test_any_secret_is_judged(value: str) -> None:
    """Whatever is given, the judgement shows none of it."""
    said = weakness(value)
    assert len(value) < 6 or value not in said


@given(st.lists(st.text(max_size=30), max_size=5))
def test_any_environment(names: list[Any]) -> None:
    """Whatever names there are, each one that is refused has a setting to suggest."""
    assert set(misspelt(names)) <= set(names)
