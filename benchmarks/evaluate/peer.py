"""One pipeline trained, then loaded and asked, by Rasa itself, each in a process of its own: `peer.py train|parse JOB`.

A job is a JSON file: `pipeline` (Rasa's), `language`, `train` ([text, intent] pairs), `sets` (texts by name), `folder`
(where the model and the figures go). Memory and seconds are then those of that pipeline alone.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import structlog
from rasa.core.agent import Agent
from rasa.model_training import train_nlu

from benchmarks.evaluate.machine import resident_mb

#: Sentences parsed before the clock counts.
WARM_UP = 30
FALLBACK = "nlu_fallback"


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def train(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Train; return the seconds (by the clock, and of processor), the peak memory and the size of the model."""
    config, data = folder / "config.yml", folder / "nlu.json"
    # JSON is YAML too, and needs no quoting of what people type.
    config.write_text(
        json.dumps(
            {
                "recipe": "default.v1",
                "language": job["language"],
                "assistant_id": "measured",
                "pipeline": job["pipeline"],
                "policies": [],
            }
        ),
        encoding="utf-8",
    )
    examples = [{"text": text, "intent": intent, "entities": []} for text, intent in job["train"]]
    data.write_text(json.dumps({"rasa_nlu_data": {"common_examples": examples}}), encoding="utf-8")
    started, used = time.perf_counter(), _cpu_seconds()
    model = train_nlu(str(config), str(data), str(folder), fixed_model_name="model")
    assert model is not None
    return {
        "train_s": round(time.perf_counter() - started, 1),
        "train_cpu_s": round(_cpu_seconds() - used, 1),
        "train_peak_mb": resident_mb("VmHWM"),
        "model_mb": round(Path(model).stat().st_size / 1e6, 2),
    }


def parse(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Load the model and parse each set; return what it said, how long each message took, and the peak memory."""
    started = time.perf_counter()
    agent = Agent.load(str(folder / "model.tar.gz"))
    loaded = time.perf_counter() - started

    async def ask() -> dict[str, Any]:
        first = next(iter(job["sets"].values()))
        for text in first[:WARM_UP]:
            await agent.parse_message(text)
        found: dict[str, Any] = {}
        for name, texts in job["sets"].items():
            said, seconds, processor = [], [], []
            for text in texts:
                began, used = time.perf_counter(), time.process_time()
                parsed = await agent.parse_message(text)
                seconds.append(time.perf_counter() - began)
                processor.append(time.process_time() - used)
                ranking = [
                    (str(one["name"]), round(float(one["confidence"]), 6))
                    for one in parsed.get("intent_ranking", [])
                    if one["name"] != FALLBACK
                ]
                said.append(ranking[:10])
            found[name] = {"ranking": said, "seconds": seconds, "cpu_seconds": processor}
        return found

    sets = asyncio.run(ask())
    return {"load_s": round(loaded, 1), "parse_peak_mb": resident_mb("VmHWM"), "sets": sets}


def main() -> None:
    """Run one phase of a job."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    phase, path = sys.argv[1], Path(sys.argv[2])
    job = json.loads(path.read_text(encoding="utf-8"))
    folder = Path(job["folder"])
    done = train(job, folder) if phase == "train" else parse(job, folder)
    (folder / f"{phase}.json").write_text(json.dumps(done), encoding="utf-8")


if __name__ == "__main__":
    main()
