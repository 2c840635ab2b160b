"""What made the records that no page can wait for: `python -m experiments.NAME`."""
