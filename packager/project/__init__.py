"""A project folder and what is to be made of it: from packager.yaml, a host's own file, or by what the folder shows."""

from __future__ import annotations
