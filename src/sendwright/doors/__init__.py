"""The doors: everything that reaches Sendwright from outside, and nothing that decides."""
