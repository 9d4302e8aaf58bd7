"""What has to agree before a release, see docs/releasing.md."""

from __future__ import annotations

from importlib.metadata import version

import packager


def test_the_version_is_the_same_in_the_code_and_in_the_package() -> None:
    assert packager.__version__ == version("packager")
