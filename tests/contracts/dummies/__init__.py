"""Plug-ins made up for the contracts' tests: each is all that a new one has to write."""
