"""ZEIT Now, platform version 2."""
