"""Every setting, typed, from the environment; each has a default that works. The README's table lists them (a test checks)."""

import ipaddress
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from limits import parse as parse_rate
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from rapidfuzz.distance import OSA
from yarl import URL

from bot import origins
from bot.paths import ROOT


class SettingsError(Exception):
    """A setting that cannot be used; the message, in French, names it."""


class Settings(BaseSettings):
    """The settings of the gateway and of `make run`. Each field is the environment variable of the same name, in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="adresse où le site écoute")
    port: int = Field(8080, ge=0, le=65535, description="port du site")
    rasa_port: int = Field(5005, ge=1, le=65535, description="port de Rasa, sur la boucle locale")
    actions_port: int = Field(5055, ge=1, le=65535, description="port du serveur d'actions, sur la boucle locale")
    rasa_url: str = Field(
        "",
        description="adresses de Rasa, séparées par des virgules ; un nom qui a plusieurs adresses compte pour plusieurs ; "
        "vide : RASA_PORT, sur la boucle locale",
    )
    rasa_processes: int = Field(
        1, ge=1, le=16, description="processus de Rasa que make run démarre, un par cœur au plus"
    )
    actions_url: str = Field("", description="adresse du serveur d'actions ; vide : ACTIONS_PORT, sur la boucle locale")
    redis_url: str = Field(
        "",
        repr=False,
        description="Redis, quand il y a plusieurs passerelles ou plusieurs Rasa : verrous et limites ; vide : en mémoire",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="forme des journaux : text, ou json (une ligne, un objet)"
    )
    metrics_host: str = Field("127.0.0.1", description="adresse où les mesures Prometheus sont données")
    metrics_port: int = Field(9464, ge=0, le=65535, description="port des mesures Prometheus ; 0 : pas de mesures")
    var_dir: Path = Field(ROOT / "var", description="dossier des données de fonctionnement")
    database_url: str = Field(
        "", repr=False, description="base de la passerelle (adresse SQLAlchemy asynchrone) ; vide : SQLite dans VAR_DIR"
    )
    tracker_url: str = Field(
        "", repr=False, description="base des conversations de Rasa (adresse SQLAlchemy) ; vide : SQLite dans VAR_DIR"
    )
    directory_path: Path | None = Field(
        None, description="annuaire des lieux, un fichier SQLite ; vide : écrit dans VAR_DIR depuis data/places"
    )
    import_max_mb: int = Field(
        2000, ge=1, le=100_000, description="taille la plus grande d'un fichier importé dans l'annuaire, en Mo"
    )
    import_loopback: bool = Field(
        False, description="true pour les essais seulement : l'import peut télécharger depuis cette machine"
    )
    secret_key: str = Field(
        "",
        repr=False,
        description="clefs qui signent les jetons, séparées par des virgules, la nouvelle d'abord ; vide : créée dans VAR_DIR",
    )
    brain_secret: str = Field(
        "", repr=False, description="secret entre la passerelle et Rasa ; vide : tiré au démarrage par make run"
    )
    turn_timeout: float = Field(8.0, gt=0, le=60, description="secondes laissées à Rasa pour une réponse")
    retention_days: int = Field(30, ge=1, le=365, description="jours de conservation d'une conversation")
    workshop_idle_minutes: float = Field(
        10,
        ge=1,
        le=240,
        description="atelier : minutes sans rien toucher avant l'avertissement, puis l'effacement de l'écran",
    )
    workshop_forget_minutes: float = Field(
        60, ge=5, le=1440, description="atelier : minutes sans activité avant que le serveur efface la conversation"
    )
    rate_limit: Literal["on", "off"] = Field("on", description="off lève les limites, pour un essai de charge")
    rate_per_conversation: str = Field("30/minute", description="messages par conversation")
    rate_per_address: str = Field(
        "300/minute", description="messages par adresse IP ; un atelier de 15 personnes en partage une"
    )
    max_length: int = Field(2000, ge=100, le=10000, description="caractères lus dans un message")
    behind_proxy: bool = Field(
        False, description="true derrière un serveur mandataire : l'adresse vient de X-Forwarded-For"
    )
    public_url: str = Field(
        "", description="adresse publique du site, pour vérifier l'origine des formulaires derrière un mandataire"
    )
    allowed_origins: str = Field(
        "",
        description="sites qui peuvent afficher l'assistant chez eux (voir /integration), séparés par des virgules, "
        "comme https://www.exemple.fr ; vide : aucun autre que le nôtre",
    )

    @field_validator("host", "metrics_host")
    @classmethod
    def _is_a_host(cls, value: str) -> str:
        if not re.fullmatch(r"[0-9A-Za-z._:%-]+", value):
            raise ValueError("écrivez une adresse, comme 127.0.0.1 ou 0.0.0.0")
        return value

    @field_validator("brain_secret")
    @classmethod
    def _fits_a_header(cls, value: str) -> str:
        if not re.fullmatch(r"[!-#%-~]*", value):  # "$" is a variable to the file in which Rasa reads it
            raise ValueError("écrivez-le sans espace, sans accent et sans $")
        return value

    @field_validator("rasa_url", "actions_url")
    @classmethod
    def _are_addresses(cls, value: str) -> str:
        return ",".join(_address(one) for one in value.split(",") if one.strip())

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis(cls, value: str) -> str:
        if value and (URL(value).scheme not in {"redis", "rediss", "unix"} or not (URL(value).host or URL(value).path)):
            raise ValueError("écrivez une adresse de Redis, comme redis://127.0.0.1:6379/0")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value:
            origins.parse(value)
        return value

    @field_validator("rate_per_conversation", "rate_per_address")
    @classmethod
    def _is_a_rate(cls, value: str) -> str:
        try:
            parse_rate(value)
        except ValueError:
            raise ValueError("écrivez un nombre et une durée, comme 30/minute") from None
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _as_browsers_write_them(cls, value: str) -> str:
        return ",".join(sorted(origins.parse_list(value)))

    @property
    def origins(self) -> frozenset[str]:
        """The origins of ALLOWED_ORIGINS, as browsers write them."""
        return frozenset(self.allowed_origins.split(",")) - {""}

    sms_provider: Literal["", "kannel", "jasmin", "twilio", "ovh"] = Field(
        "", description="opérateur des SMS : kannel, jasmin, twilio ou ovh ; vide : pas de SMS"
    )
    sms_sender: str = Field("", description="notre numéro, celui auquel on écrit")
    sms_webhook_secret: str = Field(
        "", repr=False, description="secret des adresses /sms/… que l'opérateur appelle (kannel, jasmin, ovh)"
    )
    sms_delivery_url: str = Field(
        "",
        description="adresse de base où l'opérateur dépose ses accusés ; vide : PUBLIC_URL, ou http://127.0.0.1:PORT",
    )
    sms_per_hour: int = Field(20, ge=1, description="messages répondus par numéro et par heure (le danger, toujours)")
    sms_per_day: int = Field(60, ge=1, description="messages répondus par numéro et par jour (le danger, toujours)")
    sms_expiry_hours: float = Field(
        12, gt=0, le=72, description="heures après lesquelles une réponse qui n'a pu partir ne part plus"
    )
    sms_dead_days: float = Field(
        3,
        gt=0,
        le=30,
        description="jours pendant lesquels une réponse qui n'a pu partir peut être renvoyée, puis effacée",
    )
    sms_pace: float = Field(20, gt=0, description="SMS envoyés par seconde, au plus")
    kannel_sendsms_url: str = Field(
        "http://127.0.0.1:13013/cgi-bin/sendsms", description="adresse d'envoi de Kannel ou de Jasmin"
    )
    kannel_username: str = Field("", description="compte d'envoi de Kannel ou de Jasmin")
    kannel_password: str = Field("", repr=False, description="mot de passe de ce compte")
    twilio_account_sid: str = Field("", description="compte Twilio")
    twilio_auth_token: str = Field("", repr=False, description="jeton Twilio : envoie, et vérifie les signatures")
    ovh_application_key: str = Field("", repr=False, description="clef d'application OVH")
    ovh_application_secret: str = Field("", repr=False, description="secret d'application OVH")
    ovh_consumer_key: str = Field("", repr=False, description="clef de consommateur OVH")
    ovh_service_name: str = Field("", description="service SMS d'OVH (sms-xx00000-1)")

    @property
    def database(self) -> str:
        """The gateway's database, as an asynchronous SQLAlchemy address."""
        return self.database_url or f"sqlite+aiosqlite:///{self.var_dir / 'gateway.sqlite'}"

    @property
    def rasas(self) -> list[str]:
        """The addresses of Rasa, without their last slash."""
        return self.rasa_url.split(",") if self.rasa_url else [f"http://127.0.0.1:{self.rasa_port}"]

    @property
    def actions(self) -> str:
        """The address of the action server, without its last slash."""
        return self.actions_url or f"http://127.0.0.1:{self.actions_port}"

    @property
    def delivery_url(self) -> str:
        """The base address, without its last slash, at which an SMS provider reaches us."""
        return (self.sms_delivery_url or self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @property
    def tracker(self) -> str:
        """Rasa's database, as a SQLAlchemy address."""
        return self.tracker_url or f"sqlite:///{self.var_dir / 'tracker.sqlite'}"

    @property
    def conservation(self) -> str:
        """How long a conversation is kept, in French."""
        return "1\u00a0jour" if self.retention_days == 1 else f"{self.retention_days}\u00a0jours"

    @property
    def directory(self) -> Path:
        """The directory of places, a SQLite file."""
        return self.directory_path or self.var_dir / "directory.sqlite"

    @property
    def imports(self) -> Path:
        """The last good records of each imported source, and the reports."""
        return self.var_dir / "imports"

    def keys(self) -> list[str]:
        """Return the signing keys, newest first; make one in VAR_DIR, readable by us only, when none is set."""
        if given := [key.strip() for key in self.secret_key.split(",") if key.strip()]:
            return given
        path = self.var_dir / "secret.key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Whole or not there: a key cut short by a crash would sign for anyone; two that start at once share the first.
            draft = path.with_name(f"secret.key.{secrets.token_hex(8)}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_text(encoding="ascii").strip()
        if len(key) < SHORTEST:
            raise SettingsError(f"{path} : la clef est vide ou coupée. Effacez ce fichier : une autre sera créée.")
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        return [key]

    @property
    def is_public(self) -> bool:
        """Tell whether others than this machine may reach us: HOST or PUBLIC_URL is not the loopback, or a proxy is in front."""
        return self.behind_proxy or not _is_loopback(self.host) or not _is_loopback(URL(self.public_url).host or "")


#: Characters of a secret at least.
SHORTEST = 16
#: Settings whose value is never written anywhere, and those of them that are drawn by us and not by a provider.
OURS = ("secret_key", "brain_secret", "sms_webhook_secret", "kannel_password")
SECRETS = (*OURS, "twilio_auth_token", "ovh_application_key", "ovh_application_secret", "ovh_consumer_key")
_HIDDEN = frozenset({*SECRETS, "database_url", "tracker_url", "redis_url", "kannel_sendsms_url"})
#: What people leave where a secret goes.
_PLACEHOLDER = ("changeme", "changezmoi", "aremplacer", "remplacez", "replaceme", "exemple", "example", "motdepasse",
                "password", "votresecret", "yoursecret", "azerty", "qwerty", "123456", "placeholder")  # fmt: skip
#: Letters of a setting's name at least for another name to be its misspelling: HOST and PORT are everybody's.
_LONG = 8


def _address(written: str) -> str:
    """Return an http(s) address without its last slash; raise ValueError."""
    url = URL(written.strip())
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.fragment:
        raise ValueError("écrivez une adresse, comme http://rasa:5005")
    return str(url).rstrip("/")


def _is_loopback(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def weakness(secret: str) -> str:
    """Return what is wrong with a secret, in French, without a letter of it; "" when nothing is."""
    letters = "".join(c for c in secret.casefold() if c.isalnum())
    if any(word in letters for word in _PLACEHOLDER):
        return "une valeur d'exemple est restée"
    if len(secret) < SHORTEST:
        return f"trop court ({len(secret)} caractères, il en faut {SHORTEST})"
    if len(set(secret)) < SHORTEST // 2:
        return "trop répétitif"
    return ""


def _weak(settings: Settings) -> list[str]:
    """Return what is wrong with the secrets that are set."""
    faults = []
    for name in SECRETS:
        values = getattr(settings, name).split(",") if name == "secret_key" else [getattr(settings, name)]
        # A provider draws its own, which are theirs to judge; an example's is never one.
        found = [why for value in values if value.strip() and (why := weakness(value.strip()))]
        if found and (name in OURS or "exemple" in found[0]):
            faults.append(f"{name.upper()} : {found[0]} ; par exemple : openssl rand -base64 32")
    return faults


def misspelt(names: Iterable[str]) -> dict[str, str]:
    """Return the names that are nearly a setting's (two letters at most apart), each with that setting's."""
    ours = [name.upper() for name in Settings.model_fields if len(name) >= _LONG]
    known = {name.upper() for name in Settings.model_fields}
    found = {}
    for name in names:
        if (written := name.upper()) in known or len(written) < _LONG - 1:
            continue
        distance, closest = min((OSA.distance(written, one, score_cutoff=2), one) for one in ours)
        if distance <= 2:
            found[name] = closest
    return found


def load() -> Settings:
    """Read the environment; raise SettingsError that names every faulty setting, and shows no secret."""
    # A setting that is not read is a protection that one believes in: said, rather than passed over.
    faults = [
        f"{name} : réglage inconnu ; vouliez-vous dire {closest} ?"
        for name, closest in sorted(misspelt(os.environ).items())
    ]
    try:
        settings = Settings()
    except ValidationError as error:
        for fault in error.errors():
            name = ".".join(map(str, fault["loc"]))
            shown = "" if name in _HIDDEN else f" = {fault['input']!r}"
            faults.append(f"{name.upper()}{shown} : {fault['msg']}")
        raise SettingsError(_told(faults)) from None
    if settings.is_public:
        faults += _weak(settings)
    if faults:
        raise SettingsError(_told(faults))
    return settings


def _told(faults: list[str]) -> str:
    return "Réglage incorrect :\n  " + "\n  ".join(faults)
