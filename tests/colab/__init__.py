"""Colab, as far as it can be had without it: what it brings, and runs on that."""
