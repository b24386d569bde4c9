"""The one exception for a shell that asks what cannot be."""


class Misuse(Exception):
    """The shell asked for what cannot be now. The conversation is as it was."""
