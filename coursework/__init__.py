"""Coursework: building the assignments, and grading what comes back."""
