"""Pictures of how things are built: a cell, a layer, a step of training.

One picture a module, drawn by `drawing`'s boxes and arrows and shown by `plots.show`,
so that they follow the reader's theme as the figures do.
"""
