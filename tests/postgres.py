"""A real PostgreSQL, on a free port, in a folder of its own; one for a test run, or one that a test stops. It refuses to run as root."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psutil

from tests.live import free_port


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, None when it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Postgres:
    """`host` and `port` are where it listens, `more` its options besides.

    `database` makes an empty one and returns its address; `halt` and `start` keep the data, `stop` removes all.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, more: str = "") -> None:
        programs = binaries()
        assert programs is not None
        self._programs = programs
        self.host, self.port = host, port or free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._data = self._folder / "data"
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")
        self._run("initdb", "-D", str(self._data), "-U", "test", "-A", "trust", "--no-sync")
        self._more = more
        self._names = 0
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder)

    def database(self) -> str:
        """Create an empty database; return its address."""
        self._names += 1
        name = f"test{self._names}"
        self._run("createdb", "-h", self.host, "-p", str(self.port), "-U", "test", name)
        return f"postgresql+asyncpg://test@{self.host}:{self.port}/{name}"

    def ask(self, database: str, query: str) -> str:
        """Return the first value of the first row that `query` finds."""
        where = ["-h", self.host, "-p", str(self.port), "-U", "test", "-d", database]
        command = [str(self._programs / "psql"), *where, "-Atc", query]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def start(self) -> None:
        """Start it, on the data that it has."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses={self.host} -c fsync=off {self._more}"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def halt(self, how: str = "immediate") -> None:
        """End it, as a machine that fails does ("immediate") or as an administrator does ("fast")."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", how, "stop")

    def freeze(self) -> None:
        """Stop every process of it where it is: it neither answers nor refuses."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, signum: signal.Signals) -> None:
        first = psutil.Process(int((self._data / "postmaster.pid").read_text(encoding="ascii").split()[0]))
        for process in (first, *first.children(recursive=True)):
            process.send_signal(signum)

    def stop(self) -> None:
        """End it and remove its folder."""
        self.halt()
        shutil.rmtree(self._folder, ignore_errors=True)
