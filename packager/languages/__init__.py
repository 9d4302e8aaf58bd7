"""The languages: what the rest of the tool asks about one, each a module or a folder with a ``plugin`` module."""
