"""What Sendwright is measured against: bare programs that do the same work and nothing more."""
