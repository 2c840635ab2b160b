"""Stands in for Colab's own package: that it is there is all that a notebook asks."""
