"""A model for Rasa: the one that matches the data, trained when there is none."""

import asyncio
import contextlib
import errno
import signal
import time
from pathlib import Path

from bot import training
from bot.running.children import Failure, signal_group, spawn
from bot.running.progress import Progress
from bot.settings import Settings

_WHY = {errno.ENOSPC: "le disque est plein", errno.EDQUOT: "le quota est atteint", errno.EROFS: "il est en lecture seule",
        errno.EACCES: "l'accès est refusé", errno.EPERM: "l'accès est refusé"}  # fmt: skip


def why(error: OSError) -> str:
    """Return what a fault of the disk is, in French when it is a common one."""
    return _WHY.get(error.errno or 0) or error.strerror or str(error)


class Trainer:
    """Finds the model, or trains one; `record` is the log of a training."""

    def __init__(self, record: Path, progress: Progress) -> None:
        self._record = record
        self._progress = progress
        self._one_at_a_time = asyncio.Lock()
        self._in_use: Path | None = None

    async def model(self) -> Path:
        """Return the model for Rasa, trained if there is none. Raise Failure.

        While it runs, when the data were edited and no model of them trained, that is the one that Rasa had: a new start
        must take seconds.
        """
        async with self._one_at_a_time:
            found = await asyncio.to_thread(training.trained)
            if found is None and self._in_use is not None:
                fault = await asyncio.to_thread(training.fault, self._in_use, training.rasa_version())
                found = None if fault else self._in_use
            self._in_use = found or await self.train()
        return self._in_use

    async def train(self) -> Path:
        """Train a model of the data as they are; return it. Raise Failure."""
        name = training.model_name()
        path = training.path_of(name)
        if path.exists():
            fault = training.fault(path, training.rasa_version())
            self._progress.end(f"Le modèle {path.name} est inutilisable ({fault}) : il est refait.")
        try:
            self._record.parent.mkdir(parents=True, exist_ok=True)
            self._record.unlink(missing_ok=True)
            with training.draft(name) as command:
                process = await spawn(command, training.rasa_environment(), self._record)
                try:
                    while process.returncode is None:
                        self._progress.say(
                            "Apprentissage du français des habitants (une à deux minutes, la première fois)"
                        )
                        with contextlib.suppress(asyncio.TimeoutError):
                            await asyncio.wait_for(process.wait(), 1)
                finally:
                    signal_group(process, signal.SIGKILL)
        except OSError as error:
            raise Failure(
                f"L'apprentissage a échoué ({why(error)}). Vérifiez les données (make check) ; détails : {self._record}"
            ) from error
        return path


async def _train(settings: Settings) -> int:
    progress, started = Progress(), time.monotonic()
    known = training.trained() is not None
    try:
        if not known:
            await Trainer(settings.var_dir / "log" / "train.log", progress).train()
    except Failure as failure:
        progress.end(f"✗ {failure}")
        return 1
    progress.end("Le modèle est à jour." if known else f"Modèle entraîné en {time.monotonic() - started:.0f} s.")
    return 0


def train(settings: Settings) -> int:
    """Train if the data changed; return the exit code."""
    try:
        return asyncio.run(_train(settings))
    except KeyboardInterrupt:
        return 130
