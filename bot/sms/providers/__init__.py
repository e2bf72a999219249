"""Who carries our text messages. One module each; which one is a setting."""

from bot.settings import Settings, SettingsError
from bot.sms.providers.base import Provider

#: Settings that each provider cannot do without, besides those that have a default.
NEEDED = {
    "kannel": ("sms_sender", "sms_webhook_secret", "kannel_username", "kannel_password"),
    "jasmin": ("sms_sender", "sms_webhook_secret", "kannel_username", "kannel_password"),
    "twilio": ("sms_sender", "twilio_account_sid", "twilio_auth_token"),
    "ovh": (
        "sms_webhook_secret",
        "ovh_application_key",
        "ovh_application_secret",
        "ovh_consumer_key",
        "ovh_service_name",
    ),
}
#: What deploy/kannel/kannel.conf has where a secret goes.
PLACEHOLDER = "A-REMPLACER"
NAMES = tuple(NEEDED)


def _checked(settings: Settings) -> None:
    """Raise SettingsError, in French, that names the settings which are missing or still those of the example."""
    needed = NEEDED[settings.sms_provider]
    missing = [name.upper() for name in needed if not getattr(settings, name).strip()]
    if missing:
        raise SettingsError(f"SMS_PROVIDER={settings.sms_provider} : il manque {', '.join(missing)}.")
    left = [name.upper() for name in needed if PLACEHOLDER in getattr(settings, name).upper()]
    if left:
        raise SettingsError(
            f"{', '.join(left)} : la valeur de l'exemple ({PLACEHOLDER}…) est à remplacer par un secret à vous."
        )


def create(settings: Settings) -> Provider | None:
    """Return the provider that the settings name, None when they name none; raise SettingsError when some are missing."""
    if not settings.sms_provider:
        return None
    _checked(settings)
    base = settings.delivery_url
    # Each is imported when it is the one: Twilio's and OVH's libraries take a tenth of a second that others need not wait.
    match settings.sms_provider:
        case "kannel":
            from bot.sms.providers.kannel import Kannel  # noqa: PLC0415

            return Kannel(
                settings.sms_webhook_secret,
                settings.sms_sender,
                settings.kannel_sendsms_url,
                settings.kannel_username,
                settings.kannel_password,
                f"{base}/sms/kannel",
            )
        case "jasmin":
            from bot.sms.providers.jasmin import Jasmin  # noqa: PLC0415

            return Jasmin(
                settings.sms_webhook_secret,
                settings.sms_sender,
                settings.kannel_sendsms_url,
                settings.kannel_username,
                settings.kannel_password,
                f"{base}/sms/jasmin",
            )
        case "twilio":
            from bot.sms.providers.twilio import Twilio  # noqa: PLC0415

            return Twilio(settings.twilio_account_sid, settings.twilio_auth_token, settings.sms_sender, base)
        case "ovh":
            from bot.sms.providers.ovh import Ovh  # noqa: PLC0415

            return Ovh(
                settings.sms_webhook_secret,
                settings.sms_sender,
                settings.ovh_application_key,
                settings.ovh_application_secret,
                settings.ovh_consumer_key,
                settings.ovh_service_name,
            )
