"""The command line: `python -m bot run`, `train`, `gateway`, `check`, `purge`, `feedback`."""

import asyncio
import os
import sys
from typing import Annotated

import typer

from bot import settings as settings_module
from bot.settings import Settings, SettingsError

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


@app.command()
def run() -> None:
    """Tout démarrer sur cette machine : Rasa, les actions, le site."""
    from bot import supervisor

    raise typer.Exit(supervisor.run(_settings()))


@app.command()
def train() -> None:
    """Entraîner le modèle si les données ont changé."""
    from bot import supervisor

    raise typer.Exit(supervisor.train(_settings()))


@app.command()
def gateway() -> None:
    """Démarrer la passerelle seule (Rasa et les actions tournent ailleurs)."""
    from bot import gateway as gateway_module

    gateway_module.run(_settings())


@app.command()
def check(
    strict: Annotated[bool, typer.Option(help="refuser aussi ce qui est périmé (avant une mise en service)")] = False,
) -> None:
    """Vérifier les réponses, les chiffres, les numéros et les phrases d'apprentissage."""
    from bot import check as check_module

    raise typer.Exit(check_module.main(strict or os.environ.get("STRICT") == "1"))


@app.command()
def purge() -> None:
    """Effacer maintenant de la passerelle les conversations qui ont passé leur durée (Rasa : purge du service, chaque heure)."""
    from bot import gateway as gateway_module

    typer.echo(f"{asyncio.run(gateway_module.purge_once(_settings()))} conversation(s) effacée(s)")


@app.command()
def feedback(csv: Annotated[bool, typer.Option("--csv", help="pour un tableur")] = False) -> None:
    """Compter les « Cette réponse vous a aidé ? », par réponse et par mois."""
    from bot import feedback as feedback_module

    typer.echo(asyncio.run(feedback_module.report(_settings(), csv)))


if __name__ == "__main__":
    sys.exit(app())
