"""Running a command in an image: one door, `docker_engine`; everything else sees these Protocols."""

from __future__ import annotations
