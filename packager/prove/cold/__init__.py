"""Cold starts, timed."""
