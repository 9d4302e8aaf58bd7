"""What is there: every file of a tree or an archive, with its facts and no opinion."""

from __future__ import annotations
