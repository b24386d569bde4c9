"""The command line. Each command is a file of its name; ``--json`` everywhere gives what scripts want."""

from sendwright.run.cli.main import main

__all__ = ["main"]
