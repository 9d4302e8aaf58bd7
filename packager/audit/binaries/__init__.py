"""Checks of native files: machine, symbol versions, libraries, interpreters."""
