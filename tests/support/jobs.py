"""Projects and jobs for tests, made on the spot."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packager.catalog.current import load_catalog
from packager.model.plan import Job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_project(root: Path, files: Mapping[str, Any]) -> Path:
    """Write a project from path → content (a dict becomes JSON) and return its folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content, indent=2)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def make_job(source: Path, **changes: Any) -> Job:
    """Return a host job for nodejs22.x on Amazon Linux 2023 x86_64 with nothing to install, changed as told."""
    job = Job(
        source=source,
        builder="local",
        platform=load_catalog().platforms["amazonlinux2023"],
        arch="x86_64",
        libc="glibc",
        language="nodejs",
        language_version="22",
        manager=None,
        lock_file="",
    )
    return replace(job, **changes)
