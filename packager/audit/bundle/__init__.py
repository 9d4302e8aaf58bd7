"""Checks of an artifact as a whole: handler, layers, engines, sizes, secrets."""
