"""``dummy.json``: which file starts, and how much memory it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.document import read_text
from packager.core.jsontext import read_json, write_json
from packager.core.merge import Merge
from packager.core.unused import unused_keys
from packager.model.configs import ForeignConfig
from packager.model.project import BundleSpec

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.configs import Order

FILE = "dummy.json"
TITLE: str = "Dummy"
TARGETS: tuple[str, ...] = ("dummy",)
FILES: tuple[str, ...] = (FILE,)
LAYERS_ALONE: bool = False


def read(root: Path) -> ForeignConfig | None:
    """Return a bundle per entry of ``start``."""
    text = read_text(root, FILE)
    if text is None:
        return None
    data = read_json(text, FILE)
    specs = tuple(BundleSpec(name, "dummy", src=(entry,)) for name, entry in (data.get("start") or {}).items())
    return ForeignConfig(FILE, specs, unused_keys(data, {"start": True}))


def write(order: Order) -> dict[str, str]:
    """Return dummy.json with an entry per bundle."""
    text = order.read(FILE)
    data = read_json(text, FILE)
    merge = Merge(FILE, order.force)
    merge.require(data, {"start": {bundle.name: bundle.entries[0] for bundle in order.bundles}})
    merge.default(data, {"memory": 512})
    merge.finish()
    return {FILE: write_json(data, text) if merge.changed or text is None else text}
