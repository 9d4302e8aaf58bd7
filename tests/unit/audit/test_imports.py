"""Files asked for in another spelling than they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.audit.judge import audit_archive
from tests.support.mounts import target
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path


def spellings(folder: Path, files: dict[str, str], runtime: str = "nodejs22.x") -> list[tuple[str, str]]:
    write_tree(folder, {name: text.encode() for name, text in files.items()})
    found = audit_archive(folder, [], target(runtime), name="x")
    return [(each.subject, each.message) for each in found if each.code == "HND005"]


@pytest.mark.parametrize(
    "asking",
    [
        "const foo = require('./lib/Foo')",
        'const foo = require( "./lib/Foo.js" )',
        "import foo from './lib/Foo.js'",
        "export * from './lib/Foo.js'",
        "import './lib/Foo.js'",
        "const foo = await import('./lib/Foo.js')",
    ],
)
def test_another_spelling_is_seen(tmp_path: Path, asking: str) -> None:
    ((subject, message),) = spellings(tmp_path, {"index.js": asking, "lib/foo.js": ""})
    assert subject == "x!index.js"
    assert message.endswith("but the file is lib/foo.js: Linux minds the case")


@pytest.mark.parametrize(
    ("files", "runtime"),
    [
        ({"index.js": "require('./lib/foo')", "lib/foo.js": ""}, "nodejs22.x"),
        ({"index.js": "require('./lib/Foo'); require('./lib/foo')", "lib/foo.js": "", "lib/Foo.js": ""}, "nodejs22.x"),
        ({"index.js": "require('./lib/Foo')", "lib/Foo/index.js": "", "lib/foo.json": ""}, "nodejs22.x"),
        ({"index.js": "require('./lib')", "lib/package.json": "{}", "lib/Index.js": ""}, "nodejs22.x"),
        ({"index.js": "try { require('./gone') } catch {}"}, "nodejs22.x"),
        ({"index.js": "// require('./lib/Foo')\n/* require('./lib/Foo') */", "lib/foo.js": ""}, "nodejs22.x"),
        ({"index.js": "require('Foo')", "node_modules/foo/index.js": ""}, "nodejs22.x"),
        ({"node_modules/a/index.js": "require('./Foo')", "node_modules/a/foo.js": ""}, "nodejs22.x"),
        ({"tool.js": "require('./lib/Foo')", "lib/foo.js": "", "app.py": ""}, "python3.12"),
    ],
    ids=["same", "both", "folder", "folder-of-package", "gone", "comment", "package", "in-package", "python"],
)
def test_no_alarm(tmp_path: Path, files: dict[str, str], runtime: str) -> None:
    assert spellings(tmp_path, files, runtime) == []
