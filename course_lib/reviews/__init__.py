"""Reviews to learn from: four data sets, and your own, behind one call."""

from .loading import load
from .table import DataError, Reviews

__all__ = ["DataError", "Reviews", "load"]
