"""Benchmarks: Sendwright beside a peer or a physical limit, in the same run, in interleaved rounds.

``python -m bench`` runs all, ``python -m bench accept`` one. A figure is a ratio; the rates beside it say nothing about
another machine or another minute. ``docs/why/performance.md`` tells how to read it. Each benchmark is a module here
with ``run(plan) -> Report``; peers are in ``peers/``. Nothing leaves this machine, and all that is started is ended.
"""
