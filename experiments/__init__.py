"""The experiments behind the records: `python -m experiments list`.

Each is a module with a COST, and a `main(limit, seeds)` that makes its record.
"""

from dataclasses import replace

from course_lib.scale import Scale, current_scale


def sized(limit: int | None, **changes: int) -> Scale:
    """Return this machine's scale, or a trial of it on so many reviews of a split."""
    if limit is not None:
        changes |= {"run_limit": limit}
    scale = replace(current_scale(), **changes)  # type: ignore[arg-type]
    return scale if limit is None else replace(scale, name="smoke")
