"""Tests that the alerts, the runbook and the metrics hold together, and that each alert fires when it must."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml
from prometheus_client.core import Metric

from bot import checklists
from bot.answers import LiveBook
from bot.paths import ROOT
from bot.watching.content_age import ContentCollector
from bot.watching.metrics import Metrics
from tests.clock import Clock

FOLDER = ROOT / "deploy" / "prometheus"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in RULES]
#: Given by Prometheus itself.
ITS_OWN = {"up"}
#: Told by the directory's own collector, when there is a directory (tests/imports/test_run.py).
OF_THE_DIRECTORY = {"age_seconds", "places", "source_age_seconds", "source_failing"}
promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not here (make system-deps)")


def families() -> list[Metric]:
    """Return all that /metrics tells."""
    checklists.load()
    metrics = Metrics(more=(ContentCollector(LiveBook(), Clock()),))
    return list(metrics.registry.collect())


def told() -> set[str]:
    """Return the names that Prometheus gets from /metrics."""
    names = {f"assistant_directory_{name}" for name in OF_THE_DIRECTORY}
    for family in families():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        names |= {family.name + suffix for suffix in suffixes}
    return names


def sections() -> dict[str, str]:
    """Return the alerts' sections of the runbook, by title."""
    alerts = RUNBOOK.split("\n## Alerts\n", 1)[1].split("\n## ", 1)[0]
    found = re.split(r"^### (\w+)$", alerts, flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


def test_each_alert_has_its_section_and_each_section_its_alert() -> None:
    """No alert without what to do, none that is told of and does not exist; in the same order."""
    assert list(sections()) == NAMES
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_section_says_all(name: str) -> None:
    """What it means, what people see, how to look, what to do, whom to call."""
    for part in ("**Means**", "**People see**", "**Look**", "**Do**", "**Call**"):
        assert part in sections()[name], part


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_is_whole(rule: dict[str, Any]) -> None:
    """It has a severity, a sentence, and the address of its section; what it names is in /metrics."""
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert len(rule["annotations"]["summary"]) > 20
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
    named = set(re.findall(r"\b((?:assistant|process|python)_\w+|up)\b", rule["expr"])) - ITS_OWN
    assert named <= told()
    assert named or "up" in rule["expr"]


def test_the_metrics_of_the_runbook_exist() -> None:
    """So is what the runbook tells to look at."""
    assert set(re.findall(r"\b(assistant_\w+)", RUNBOOK)) <= told() | {family.name for family in families()}


def test_labels_that_alerts_match_exist() -> None:
    """A misspelt label value matches nothing and never fires."""
    values: dict[str, set[str]] = {}
    for family in families():
        for sample in family.samples:
            for label, value in sample.labels.items():
                values.setdefault(f"{family.name}.{label}", set()).add(value)
    known = {
        "part": {"brain", "actions", "store", "redis", "sms", "directory", "disk", "texts"},
        "state": {"up", "down", "waiting", "lost"},
        "code": {"trop_de_messages"},
        "queue": {"inbox", "outbox", "dead"},
        "channel": values["assistant_degraded.channel"],
        "within": values["assistant_content_expiring.within"],
        "job": {"assistant"},
        "model": {""},
    }
    for rule in RULES:
        for label, value in re.findall(r"(\w+)(?:=~|!=|=)\"([^\"]*)\"", rule["expr"]):
            assert set(value.split("|")) <= known[label], rule["alert"]


def test_each_alert_is_tried() -> None:
    """Each has a test of promtool's that makes it fire."""
    tried = yaml.safe_load((FOLDER / "alerts.test.yml").read_text(encoding="utf-8"))["tests"]
    assert {one["name"] for one in tried} == {*NAMES, "a calm day fires nothing"}
    for one in tried[1:]:
        quiet, fires = one["promql_expr_test"]
        assert one["name"] in fires["expr"]
        assert [quiet["exp_samples"][0]["value"], fires["exp_samples"][0]["value"]] == [0, 1]


@promtool
@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "--lint-fatal", "alerts.yml"),
        ("test", "rules", "alerts.test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_agrees(command: tuple[str, ...]) -> None:
    """Prometheus reads the rules; each fires on the series that it must, after its time, and none on a calm day."""
    done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@promtool
def test_promtool_finds_nothing_to_say_of_the_metrics() -> None:
    """Names, units and help texts are as Prometheus wants them."""
    metrics = Metrics(more=(ContentCollector(LiveBook(), Clock()),)).text()
    done = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def test_the_commands_of_the_runbook_exist() -> None:
    """Each `python -m bot …`, each target of make, each service of compose.yml, each file that it names."""
    from typer.main import get_command

    from bot.__main__ import app

    known: Any = get_command(app)
    for words in re.findall(r"python -m bot ((?:[a-z]+ ?)+)", RUNBOOK):
        first, *others = words.split()
        assert first in known.commands, first
        if first == "sms":
            assert others[0] in known.commands["sms"].commands, others
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`(?:PORT=\d+ )?make ([a-z-]+)", RUNBOOK):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    compose = ROOT / "compose.yml"
    if compose.exists():
        services = set(yaml.safe_load(compose.read_text(encoding="utf-8"))["services"])
        named = re.findall(
            r"docker compose (?:restart|exec -T|ps|run --rm|logs --tail 50|logs) ([a-z][a-z0-9-]*)", RUNBOOK
        )
        assert named
        assert set(named) <= services
    for path in re.findall(r"`?((?:docs|deploy|data|bot)/[\w./-]+\w)", RUNBOOK):
        assert (ROOT / path).exists() or path in {"docs/scale.md", "docs/faults.md"}, path


def test_the_settings_of_the_runbook_exist() -> None:
    """A variable that it tells to change is a setting of ours."""
    from bot.settings import Settings

    for name in re.findall(r"`([A-Z][A-Z]+(?:_[A-Z]+)+)`", RUNBOOK):
        assert name.lower() in Settings.model_fields, name


def test_the_backup_of_the_runbook(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commands, run on databases in use, give whole copies."""
    import sqlite3
    from contextlib import closing

    (tmp_path / "var").mkdir()
    (tmp_path / "backup").mkdir()
    monkeypatch.chdir(tmp_path)
    script = RUNBOOK.split("python - <<'END'\n", 1)[1].split("    END", 1)[0]
    program = "\n".join(line.removeprefix("    ") for line in script.splitlines())
    with (
        closing(sqlite3.connect("var/gateway.sqlite")) as gateway,
        closing(sqlite3.connect("var/tracker.sqlite")) as tracker,
    ):
        for base in (gateway, tracker):
            base.execute("pragma journal_mode=wal")
            base.execute("create table kept (word text)")
            base.execute("insert into kept values ('here')")
            base.commit()
        exec(compile(program, "backup", "exec"), {})
    for name in ("gateway", "tracker"):
        with closing(sqlite3.connect(f"backup/{name}.sqlite")) as copy:
            assert copy.execute("select word from kept").fetchall() == [("here",)]
            assert copy.execute("pragma integrity_check").fetchall() == [("ok",)]
