"""How many people at once, and for how long: our whole stack, straight Rasa, the peers' configurations, turn about in one run.

    make bench                                       all but the soak: about 20 minutes on a quiet machine
    make bench BENCH="--only ours --people 50"       a part; the other figures stay as they were kept
    make bench BENCH="--soak"                        memory over 20,000 turns
    make bench BENCH="--long"                        one conversation of 2,000 turns

The figures go to benchmarks/load.json, and from there into docs/load.md (tables and picture).
"""

import argparse
import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.evaluate import machine
from benchmarks.load import processes, runs, systems, table
from bot import training
from bot.paths import ROOT

RESULTS = ROOT / "benchmarks" / "load.json"
#: How many talk at once.
PEOPLE = (1, 10, 50, 200)
PEERS_PEOPLE = (1, 10, 50)
#: Of those, how many also with time to read and to write.
THINKING = (50, 200)
SOAK, LONG = 20_000, 2_000


def load_kept() -> dict[str, Any]:
    """Return the figures kept so far."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def keep(part: str, figures: dict[str, Any]) -> None:
    """Keep the figures of a part, with their date and machine; of rows measured again, the new ones."""
    kept = load_kept()
    if "rows" in figures:
        before = kept.get(part, {}).get("rows", [])
        figures["rows"] = runs.merged(before, figures["rows"])
    kept[part] = {"measured": {**machine.stamp(), "cores": processes.cores()}, **figures}
    RESULTS.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


async def side_by_side(
    part: str,
    against: str,
    rivals: Sequence[systems.System],
    people: Sequence[int],
    thinking: Sequence[int],
    quick: bool,
) -> None:
    """Measure `rivals` turn about under each load; keep the rows. `against` is the one that the others are held to."""
    for one in rivals:
        await runs.warm_up(one)
    loads = [(count, None) for count in people] + [(count, runs.THINK) for count in thinking]
    for count, think in loads:
        rows = await runs.turn_about(rivals, count, think, quick)
        for row in rows:
            row["date"] = date.today().isoformat()
        runs.compare(rows, against)
        print(table.plain(rows), flush=True)
        if not quick:
            keep(part, {"against": against, "turns_each": runs.TURNS, "think_s": runs.THINK, "rows": rows})


async def ours(folder: Path, given: argparse.Namespace) -> None:
    """Measure our stack with one Rasa and with two, and straight Rasa through both channels."""
    model = training.trained()
    assert model is not None, "make train first"
    with contextlib.ExitStack() as running:
        one = running.enter_context(systems.ours(folder / "one", 1))
        rivals = [one.system]
        if not given.single:
            rivals.append(running.enter_context(systems.ours(folder / "two", 2)).system)
        stock = systems.stock_rasa(folder / "stock", systems.STOCK, model, one.actions, one.secret)
        rivals += [one.channel(), running.enter_context(stock)]
        people = [count for count in PEOPLE if count in given.people]
        thinking = [] if given.no_think else [count for count in THINKING if count in given.people]
        await side_by_side("ours", systems.STOCK, rivals, people, thinking, given.quick)


async def peers(folder: Path, given: argparse.Namespace) -> None:
    """Measure the peers' configurations, and ours served as they are."""
    models = {name: systems.rival_model(name) for name in systems.RIVALS if name in given.peers}
    with contextlib.ExitStack() as running:
        rivals = [
            running.enter_context(systems.stock_rasa(folder / name, f"peer: {name}", model))
            for name, model in models.items()
        ]
        people = [count for count in PEERS_PEOPLE if count in given.people]
        await side_by_side("peers", "peer: ours", rivals, people, (), given.quick)


async def soak(folder: Path, given: argparse.Namespace) -> None:
    """Hold the load for `--soak` turns, and keep what grew."""
    with systems.ours(folder / "soak", 1) as one:
        keep("soak", await runs.soak(one.system, given.soak, folder / "soak"))


async def long(folder: Path, given: argparse.Namespace) -> None:
    """Hold one conversation of `--long` turns, and the same one with straight Rasa."""
    model = training.trained()
    assert model is not None, "make train first"
    with (
        systems.ours(folder / "long", 1) as one,
        systems.stock_rasa(folder / "stock", systems.STOCK, model, one.actions, one.secret) as stock,
    ):
        keep("long", await runs.long([one.system, stock], given.long))


PARTS: dict[str, Callable[[Path, argparse.Namespace], Awaitable[None]]] = {
    "ours": ours,
    "peers": peers,
    "soak": soak,
    "long": long,
}


def given_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("--only", choices=["ours", "peers"], help="one part")
    parser.add_argument("--people", type=int, nargs="+", choices=PEOPLE, default=PEOPLE, help="how many at once")
    parser.add_argument("--peers", nargs="+", choices=systems.RIVALS, default=systems.RIVALS, help="which peers")
    parser.add_argument("--no-think", action="store_true", help="without the loads with time to think")
    parser.add_argument("--quick", action="store_true", help="few people, one round, nothing kept: to try the harness")
    parser.add_argument("--single", action="store_true", help="our stack with one Rasa only")
    parser.add_argument("--soak", type=int, nargs="?", const=SOAK, metavar="TURNS", help="memory over so many turns")
    parser.add_argument("--long", type=int, nargs="?", const=LONG, metavar="TURNS", help="one conversation of so many")
    return parser.parse_args()


def _run(main: Awaitable[None]) -> None:
    """Run on uvloop, which costs less, where there is one."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        asyncio.run(main)  # type: ignore[arg-type]
    else:
        uvloop.run(main)  # type: ignore[arg-type]


def main() -> None:
    """Measure what the command line asks for, keep it, write the document."""
    given = given_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped
    wanted = [name for name in ("soak", "long") if getattr(given, name)]
    wanted = wanted or ([given.only] if given.only else ["ours", "peers"])
    started = time.monotonic()
    for name in wanted:
        with tempfile.TemporaryDirectory() as folder:
            print(f"── {name}", flush=True)
            _run(PARTS[name](Path(folder), given))
    table.write(load_kept())
    # The picture needs matplotlib, which lives in Rasa's environment.
    subprocess.run([str(ROOT / ".venv/bin/python"), "-W", "ignore", "-m", "benchmarks.load.plot"], cwd=ROOT, check=True)
    print(f"{(time.monotonic() - started) / 60:.0f} min; figures in {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
