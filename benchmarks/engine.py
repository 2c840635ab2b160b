"""How fast the course's engine is, against what people would use instead.

    make bench
    COURSE_DATA=folder make bench

Ratios, each measured in one run with the two sides taking turns, on one thread, and
written to book/records/bench.json. With COURSE_DATA the reviews are IMDB's; without,
the embedded ones, and then nothing is claimed about real lengths. On a machine with
CUDA, benchmarks/gpu.py adds what a GPU does.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # read when numpy and torch are imported

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.bert import bert_base, minilm
from benchmarks.inference import student_vs_bert_base
from benchmarks.sample import load_sample
from benchmarks.sizes import SIZES, Sizes
from benchmarks.training_speed import (
    bucketed_vs_random,
    cached_vs_online,
    padded_vs_packed,
)
from course_lib import records
from course_lib.scale import CPU

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "book" / "records" / "bench.json"
PEERS = ROOT / ".venv-peers"  # made by `make bench`

#: The smallest ratio that is expected; a peer has only to be slower.
AIMS = {
    "padded_vs_packed_training": 5.0,
    "bucketed_vs_random": 1.9,
    "cached_vs_online_teacher": 10.0,
    "student_vs_bert_base_inference": 300.0,
    "engine_vs_textbrewer": 1.0,
    "engine_vs_torchdistill": 1.0,
    "engine_vs_trainer": 1.0,
}


def ours(sizes: Sizes) -> Iterator[tuple[str, records.Record]]:
    """Compare the course's own ways with the usual ones, in this process."""
    sample = load_sample(max(sizes.bucketed_reviews, 64 * sizes.packed_batches))
    repeats = sizes.repeats
    yield (
        "padded_vs_packed_training",
        padded_vs_packed(
            sample,
            repeats=repeats,
            batches=sizes.packed_batches,
            sizes=sizes.packed_sizes,
        ),
    )
    yield (
        "bucketed_vs_random",
        bucketed_vs_random(sample.part(sizes.bucketed_reviews), repeats=repeats),
    )
    yield (
        "cached_vs_online_teacher",
        cached_vs_online(
            sample.part(sizes.online_reviews),
            repeats=repeats,
            bert=minilm(**sizes.bert),
        ),
    )
    yield (
        "student_vs_bert_base_inference",
        student_vs_bert_base(
            sample.part(sizes.inference_reviews),
            repeats=repeats,
            copies=sizes.inference_copies,
            bert=bert_base(**sizes.bert),
        ),
    )


def in_process(
    module: str, python: Path | str, *arguments: str, cpu: bool = True
) -> records.Record:
    """Run a module in a process of its own; return the JSON that it wrote."""
    # The comparisons are about one CPU core, also where there is a GPU.
    environment = {**os.environ, "ACCELERATE_USE_CPU": str(cpu).lower()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found.json"
        done = subprocess.run(
            [str(python), "-m", module, str(path), *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            return {"failed": f"{module} ended with {done.returncode}"}
        return json.loads(path.read_text(encoding="utf-8"))


def peers(size: str) -> records.Record:
    """Compare with other libraries, from the environment that holds them."""
    python = PEERS / "bin" / "python"
    found = in_process(
        "benchmarks.peers.compare", python if python.exists() else sys.executable, size
    )
    if not (PEERS / "ready").exists() and "missing" in found:
        why = ".venv-peers is not there"
        if (PEERS / "pip.log").exists():
            said = (PEERS / "pip.log").read_text(encoding="utf-8").strip()
            why = f".venv-peers could not be filled: {said.splitlines()[-1]}"
        found["missing"] = {peer: f"{e}; {why}" for peer, e in found["missing"].items()}
    return found


def measure(size: str, say: Callable[[str], None] = print) -> records.Record:
    """Return the whole record."""
    torch.set_num_threads(1)
    sizes = SIZES[size]
    start, cpu = time.perf_counter(), sum(os.times()[:4])
    comparisons: dict[str, records.Record] = {}
    for name, entry in ours(sizes):
        comparisons[name] = entry
        say(f"{name}: {entry['ratio']}")
    found = peers(size)
    missing = {
        f"engine_vs_{peer}": why for peer, why in found.pop("missing", {}).items()
    }
    if "failed" in found:
        missing = {name: found["failed"] for name in AIMS if name not in comparisons}
    for name in AIMS:
        if name in found:
            comparisons[name] = found[name]
            say(f"{name}: {found[name]['ratio']}")
    data = load_sample(1).data
    real = data == "imdb" and size == "full"
    gpu, why_no_gpu = None, "no CUDA device on this machine"
    if torch.cuda.is_available():
        gpu = in_process("benchmarks.gpu", sys.executable, cpu=False)
        gpu, why_no_gpu = (None, gpu["failed"]) if "failed" in gpu else (gpu, None)
    seconds = time.perf_counter() - start
    return {
        "command": "COURSE_DATA=path/to/folder make bench" if real else "make bench",
        "ratios": {name: comparisons[name]["ratio"] for name in comparisons},
        "aims": AIMS if real else None,
        "missing": missing,
        "comparisons": comparisons,
        "gpu": gpu,
        "no_gpu": why_no_gpu,
        "scale": size,
        "seeds": [0],
        "data": data,
        "repeats": sizes.repeats,
        "threads": 1,
        "device": records.device_name(CPU),
        "versions": records.versions()
        | {"accelerate": version("accelerate")}
        | found.get("versions", {}),
        "seconds": round(seconds, 1),
        # Near 1 on a quiet machine: below it, other programs had the core for a while.
        "share_of_a_core": round((sum(os.times()[:4]) - cpu) / seconds, 3),
    }


def main() -> None:
    """Write the record; `tiny` and a path are for whoever works on the benchmarks."""
    size = sys.argv[1] if sys.argv[1:] else "full"
    path = Path(sys.argv[2]) if sys.argv[2:] else RECORD
    records.check_writable(path)
    os.environ["ACCELERATE_USE_CPU"] = "true"  # one core, also where there is a GPU
    record = measure(size)
    records.write(path, record)
    for name, why in record["missing"].items():
        print(f"{name}: missing, {why}")
    for name, ratio in record["ratios"].items():
        if record["aims"] and ratio < record["aims"][name]:
            print(f"{name}: {ratio} is below the {record['aims'][name]} hoped for")
    print(f"{path}: {record['seconds']:.0f} s")


if __name__ == "__main__":
    main()
