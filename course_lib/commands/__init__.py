"""The commands of `python -m course_lib`, one module each.

Each has ABOUT, which `--help` prints; `add`, which adds its options to a parser; and
`run`, which returns the exit status.
"""
