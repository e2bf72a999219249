"""The command line: `python -m bot run`, `train`, `gateway`, `check`, `import`, `purge`, `feedback`, `sms`."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from datetime import datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from bot import settings as settings_module
from bot.settings import Settings, SettingsError

Answer = TypeVar("Answer")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="L'assistant citoyen de l'Hérault.",
    pretty_exceptions_show_locals=False,
)


def _settings() -> Settings:
    try:
        return settings_module.load()
    except SettingsError as error:
        typer.echo(f"✗ {error}", err=True)
        raise typer.Exit(2) from error


#: The settings that say where the gateway's database is.
_BASE = "DATABASE_URL, VAR_DIR"


def _answered(command: Coroutine[Any, Any, Answer], where: str) -> Answer:
    """Return what a command returns; a database that does not answer, or cannot be used, is said in one line.

    `where` names the settings that say where it is.
    """
    from bot.database import StoreError, StoreUnusable

    try:
        return asyncio.run(command)
    except StoreUnusable as error:
        sentence = str(error)
    except (StoreError, OSError) as error:
        sentence = (
            f"Une base ne répond pas ({error if isinstance(error, StoreError) else type(error).__name__}) : arrêtée, "
            f"occupée, pleine, ou mal indiquée ({where}). Réessayez dans un moment."
        )
    typer.echo(f"✗ {sentence}", err=True)
    raise typer.Exit(1)


sms = typer.Typer(help="Les SMS : ce qui attend, ce qui n'est pas parti, un téléphone dans le terminal.")
app.add_typer(sms, name="sms")


def _serving() -> Settings:
    """Return the settings, once it is sure that the SMS provider that they name has all it needs."""
    from bot.sms import providers

    # What people write is kept in VAR_DIR: for us alone, on a machine that others use too.
    os.umask(0o077)

    settings = _settings()
    try:
        providers.create(settings)
    except SettingsError as error:
        typer.echo(f"✗ {error}", err=True)
        raise typer.Exit(2) from error
    return settings


@app.command()
def run() -> None:
    """Tout démarrer sur cette machine : Rasa, les actions, le site."""
    from bot.running import supervisor

    raise typer.Exit(supervisor.run(_serving()))


@app.command()
def train() -> None:
    """Entraîner le modèle si les données ont changé."""
    from bot.running import trainer

    raise typer.Exit(trainer.train(_settings()))


@app.command()
def gateway() -> None:
    """Démarrer la passerelle seule (Rasa et les actions tournent ailleurs)."""
    from bot import gateway as gateway_module

    gateway_module.run(_serving())


@app.command()
def check(
    strict: Annotated[bool, typer.Option(help="refuser aussi ce qui est périmé (avant une mise en service)")] = False,
) -> None:
    """Vérifier les réponses, les chiffres, les numéros et les phrases d'apprentissage."""
    from bot import check as check_module

    raise typer.Exit(check_module.main(strict or os.environ.get("STRICT") == "1"))


@app.command(name="import")
def import_(
    source: Annotated[
        str, typer.Argument(help="herault-data, dila, france-services, data-inclusion, mednum ou finess")
    ] = "",
    files: Annotated[list[str] | None, typer.Argument(help="fichier ou adresse (data-inclusion : les deux)")] = None,
    everything: Annotated[bool, typer.Option("--all", help="toutes les sources actives de data/imports.yml")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="tout lire et dire ce qui changerait, sans rien remplacer")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="remplacer même quand plus d'un tiers disparaît")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="refaire l'annuaire sans rien lire (après une correction)")
    ] = False,
    find: Annotated[str, typer.Option("--find", help="chercher l'identifiant d'un lieu par son nom")] = "",
    token: Annotated[str, typer.Option("--token-env", help="variable d'environnement qui contient le jeton")] = "",
) -> None:
    """Mettre à jour l'annuaire des lieux depuis une source officielle."""
    from bot import import_command

    raise typer.Exit(
        import_command.main(
            _settings(),
            source,
            files or [],
            everything=everything,
            dry_run=dry_run,
            force=force,
            rebuild=rebuild,
            find=find,
            token=token,
        )
    )


@app.command()
def purge(
    force: Annotated[
        bool, typer.Option("--force", help="même si tout a passé sa durée (la date de cette machine est juste)")
    ] = False,
) -> None:
    """Effacer maintenant tout ce qui a passé sa durée : passerelle, SMS, Rasa, journaux ; que le service tourne ou non."""
    from bot import retention

    settings = _settings()
    gone = _answered(
        retention.purge(settings, datetime.now(ZoneInfo("Europe/Paris")), force), "DATABASE_URL, TRACKER_URL, VAR_DIR"
    )
    typer.echo(
        f"Effacé, après {settings.conservation} : {gone.conversations} conversation(s), {gone.sms} ligne(s) de SMS, "
        f"{'aucune base de Rasa ici' if gone.events is None else f'{gone.events} événement(s) de Rasa'}, {gone.logs} journal(aux)."
    )


@app.command()
def feedback(csv: Annotated[bool, typer.Option("--csv", help="pour un tableur")] = False) -> None:
    """Compter les « Cette réponse vous a aidé ? », par réponse et par mois."""
    from bot import feedback as feedback_module

    typer.echo(_answered(feedback_module.report(_settings(), csv), _BASE))


@sms.callback(invoke_without_command=True)
def sms_root(
    context: typer.Context,
    console: Annotated[bool, typer.Option("--console", help="un téléphone dans le terminal")] = False,
) -> None:
    """Les SMS : ce qui attend, ce qui n'est pas parti, un téléphone dans le terminal."""
    if console:
        sms_console()
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@sms.command("console")
def sms_console() -> None:
    """Un téléphone dans le terminal, avec le Rasa de make run : rien n'est envoyé ni gardé."""
    from bot.sms import console

    try:
        code = asyncio.run(console.talk(_settings()))
    except KeyboardInterrupt:
        code = 0
    raise typer.Exit(code)


@sms.command("status")
def sms_status() -> None:
    """Dire ce qui attend, et ce qui a été fait."""
    from bot.sms import commands

    typer.echo(_answered(commands.status(_settings()), _BASE))


@sms.command("dead")
def sms_dead(
    text: Annotated[bool, typer.Option("--text", help="montrer aussi les textes (jamais les numéros)")] = False,
) -> None:
    """Montrer les lettres mortes : ce qui n'a pu être répondu ou envoyé, et pourquoi."""
    from bot.sms import commands

    typer.echo(_answered(commands.dead(_settings(), text), _BASE))


@sms.command("resend")
def sms_resend(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID...", help="lettres à reprendre (r12, m3)")] = None,
    all_: Annotated[bool, typer.Option("--all", help="toutes")] = False,
) -> None:
    """Reprendre des lettres mortes : le service en marche les envoie."""
    from bot.sms import commands

    if bool(ids) == all_:
        typer.echo("✗ Donnez des lettres (python -m bot sms dead les montre), ou --all.", err=True)
        raise typer.Exit(2)
    try:
        typer.echo(_answered(commands.resend(_settings(), None if all_ else ids), _BASE))
    except ValueError as error:
        typer.echo(f"✗ « {error} » n'est pas une lettre : elles s'écrivent r12 ou m3.", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    sys.exit(app())
