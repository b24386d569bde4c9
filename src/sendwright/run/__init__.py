"""Running: settings, wiring, roles, the clock, the command line. The only place that asks the system for the time.

``sendwright serve`` is ``serve.py``: a parts list, from top to bottom. Start there.
"""
