"""Test-kits: what every plug-in of a contract has to pass."""
