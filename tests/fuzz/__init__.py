"""Fuzzing: what strangers send, in endless variations, against the code that reads it.

``python -m tests.fuzz TARGET --seconds 600`` runs one target, by coverage where atheris is installed
(``pip install atheris``), by plain mutation of seeds where it is not. The targets are in ``targets.py``.
A short form of each runs with the other tests. What is found becomes a test of its own beside the code.
"""
