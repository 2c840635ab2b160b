"""Write down how long each chapter took in the last build: `make minutes`.

The execution cache knows the seconds. They go into book/records/minutes.json, and from
there into the card of each chapter (`make sync`). Run it after a build in which every
chapter was executed on the device in question, with nothing else running. On a CPU,
each chapter has a core to itself.
"""

import json
from pathlib import Path

from jupyter_cache import get_cache

from course_lib.scale import current_scale

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "book" / "records" / "minutes.json"


def main() -> None:
    """Update the seconds of every chapter that the cache holds."""
    scale = current_scale()
    if scale.name == "smoke":
        raise SystemExit("minutes: a smoke run says nothing about a chapter's time")
    key = "gpu_seconds" if scale.device.type == "cuda" else "cpu_seconds"
    (folder,) = (ROOT / "_build").glob("cache-*")
    minutes = json.loads(RECORD.read_text(encoding="utf-8"))
    for record in get_cache(folder).list_cache_records():
        path = Path(record.uri)
        if path.suffix == ".ipynb":
            seconds = round(record.data["execution_seconds"])
            minutes.setdefault(path.stem, {})[key] = seconds
            print(f"{path.stem}: {seconds} s")
    ordered = dict(sorted(minutes.items()))
    RECORD.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
