"""Folders of the cache that appear complete or not at all."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def made_aside(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that takes this place when the block ends well; what lies beside it then goes.

    Two runs may make the same: the first one's stays. Raises OSError where the cache cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder.parent) as aside:
        made = Path(aside) / "made"
        made.mkdir()
        yield made
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
            # Another run was faster; its folder is as good as ours.
