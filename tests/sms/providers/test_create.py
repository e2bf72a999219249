"""Which provider, from the settings."""

from typing import Any

import pytest

from bot.settings import Settings, SettingsError
from bot.sms.providers import NAMES, NEEDED, create

WHOLE: dict[str, Any] = {name: f"valeur-{name}" for names in NEEDED.values() for name in names}


def test_no_provider_is_asked_for_by_default() -> None:
    """`make run` needs none."""
    assert create(Settings(sms_provider="")) is None


@pytest.mark.parametrize("name", NAMES)
def test_the_provider_named_is_the_one_made(name: Any) -> None:
    """One setting chooses."""
    provider = create(Settings(sms_provider=name, **WHOLE))
    assert provider is not None
    assert provider.name == name


@pytest.mark.parametrize(
    ("name", "missing"), [(name, missing) for name, needed in NEEDED.items() for missing in needed]
)
def test_a_provider_without_its_secrets_does_not_start(name: Any, missing: str) -> None:
    """A French sentence names what is missing."""
    with pytest.raises(SettingsError, match=rf"SMS_PROVIDER={name} : il manque {missing.upper()}\."):
        create(Settings(sms_provider=name, **{**WHOLE, missing: " "}))


def test_the_example_s_secrets_are_refused() -> None:
    """Passwords left as deploy/kannel/kannel.conf has them protect nothing."""
    changes = {"sms_webhook_secret": "A-REMPLACER-SECRET", "kannel_password": "a-remplacer-envoi"}
    with pytest.raises(SettingsError, match="SMS_WEBHOOK_SECRET, KANNEL_PASSWORD"):
        create(Settings(sms_provider="kannel", **{**WHOLE, **changes}))
