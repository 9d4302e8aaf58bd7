"""What the hosts' own clients do with an archive: a truth about "it runs there" that packager has no part in.

Nothing here imports packager, and the hosts' settings are stated again in `settings.py`, from the same public sources.
"""
