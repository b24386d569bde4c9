"""Fakes of strangers only: mail servers that follow a script, a name server that says what a test wants."""
