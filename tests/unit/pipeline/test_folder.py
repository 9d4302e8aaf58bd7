"""A folder as it lies there, judged for a target, stripped and packed."""

from __future__ import annotations

import json
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.cli import run
from packager.pipeline.folder import judge_folder
from tests.support.elfs import EM_AARCH64, write_elf
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

NODE = {
    "package.json": package_json(dependencies={"a": "1"}), "index.js": "require('a')", ".env": "SECRET=1",
    "node_modules/a/package.json": package_json("a", main="lib/a.js"), "node_modules/a/lib/a.js": "",
    "node_modules/a/lib/a.d.ts": "", "node_modules/a/test/a.js": "", "node_modules/a/README.md": "",
    "node_modules/dev/package.json": package_json("dev"), "node_modules/dev/index.js": "",
}  # fmt: skip
RECORD = "num/__init__.py,,\nnum/tests/test_num.py,,\nnum/tests/kit.py,,\nnum-1.0.dist-info/METADATA,,\n"
PYTHON = {
    "num/__init__.py": "from num.tests.kit import x", "num/tests/test_num.py": "", "num/tests/kit.py": "x = 1",
    "num-1.0.dist-info/METADATA": "Name: num", "num-1.0.dist-info/RECORD": RECORD, "app/tests/own.py": "",
    "num/__pycache__/a.pyc": "", "app.py": "", "key.pem": "",
}  # fmt: skip


def names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def pack(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, object]:
    assert run(["pack", *map(str, arguments), "--no-cache", "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_folder_of_packages_loses_what_its_level_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app, output = write_tree(tmp_path / "app", NODE), tmp_path / "app" / "out.zip"

    document = pack(capsys, app, "-o", output, "--trim", "safe")
    assert names(output) == {
        "package.json", "index.js", "node_modules/a/package.json", "node_modules/a/lib/a.js",
        "node_modules/a/README.md",
    }  # fmt: skip
    assert (document["trim"], document["target"], document["entries"]) == ("safe", "aws-lambda nodejs22.x x86_64", 5)
    left_out = document["left_out"]
    assert isinstance(left_out, dict)
    assert left_out["secret"] == len("SECRET=1")

    # The archive of the first run lies in the folder and is not part of the second's.
    first = output.read_bytes()
    pack(capsys, app, "-o", output, "--trim", "safe")
    assert output.read_bytes() == first


def test_without_the_option_everything_is_packed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = write_tree(tmp_path / "app", NODE)

    pack(capsys, app, "-o", tmp_path / "out.zip")

    assert names(tmp_path / "out.zip") == set(NODE)


def test_installed_python_packages_are_told_from_what_lies_beside_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = write_tree(tmp_path / "app", PYTHON)

    document = pack(capsys, app, "-o", tmp_path / "out.zip", "--trim", "safe", "--arch", "arm64")

    assert set(PYTHON) - names(tmp_path / "out.zip") == {"num/tests/test_num.py", "num/__pycache__/a.pyc", "key.pem"}
    assert str(document["target"]).startswith("aws-lambda python")


def test_packages_in_a_folder_without_package_json_are_all_needed(tmp_path: Path) -> None:
    app = write_tree(tmp_path, {path: text for path, text in NODE.items() if path.startswith("node_modules/")})
    target = load_catalog().target("aws-lambda", "nodejs22.x", "x86_64")

    selection = judge_folder(app, target, load_catalog(), trim="safe")

    assert {choice.file.path for choice in selection.dropped} == {
        "node_modules/a/lib/a.d.ts",
        "node_modules/a/test/a.js",
    }


def test_a_binary_for_another_system_goes_beside_its_twin(tmp_path: Path) -> None:
    builds = {
        "node_modules/a/prebuilds/linux-x64/a.node": write_elf(needed=("libc.so.6",)),
        "node_modules/a/prebuilds/linux-arm64/a.node": write_elf(machine=EM_AARCH64, needed=("libc.so.6",)),
    }
    app = write_tree(tmp_path, {**NODE, **builds})
    for arch, other in (("x86_64", "arm64"), ("arm64", "x64")):
        target = load_catalog().target("aws-lambda", "nodejs22.x", arch)  # type: ignore[arg-type]
        selection = judge_folder(app, target, load_catalog(), trim="safe")
        gone = {choice.file.path for choice in selection.dropped if choice.rule == "platform"}
        assert gone == {f"node_modules/a/prebuilds/linux-{other}/a.node"}


def test_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = write_tree(tmp_path / "app", NODE)

    assert run(["pack", str(app), "-o", "unused.zip", "--trim", "safe", "--why", "node_modules/a/test"]) == 0

    assert capsys.readouterr().out == "dropped node_modules/a/test/a.js  [tests] tests and benchmarks\n"


def test_modules_are_compiled_where_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = "{}.{}".format(*sys.version_info[:2])
    if f"python{own}" not in load_catalog().host("aws-lambda").runtimes:
        pytest.skip(f"no target runs Python {own}, which these tests run in")
    app = write_tree(tmp_path / "app", {**PYTHON, "old.py": "print 1"})
    options = ["--trim", "safe", "--compile", "--runtime", f"python{own}"]

    document = pack(capsys, app, "-o", tmp_path / "out.zip", *options)

    tag = f"cpython-{own.replace('.', '')}"
    made = {f"num/__pycache__/__init__.{tag}.pyc", f"num/tests/__pycache__/kit.{tag}.pyc",
            f"app/tests/__pycache__/own.{tag}.pyc", f"__pycache__/app.{tag}.pyc"}  # fmt: skip
    assert {name for name in names(tmp_path / "out.zip") if name.endswith(".pyc")} == made
    compiled = document["compiled"]
    assert isinstance(compiled, dict)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert compiled["bytes"] == sum(archive.getinfo(name).file_size for name in made)
        assert b"/var/task/num/__init__.py" in archive.read(f"num/__pycache__/__init__.{tag}.pyc")
    assert (compiled["modules"], list(compiled["left_alone"])) == (4, ["old.py"])

    assert run(["pack", str(app), "-o", "unused.zip", *options, "--why", "num/__pycache__"]) == 0
    assert [line.partition("  [")[0] for line in capsys.readouterr().out.splitlines()] == [
        f"kept    num/__pycache__/__init__.{tag}.pyc",
        "dropped num/__pycache__/a.pyc",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([".", "--compile"], "--compile: only Python modules can be compiled, and nodejs22.x does not run Python"),
        (["index.js", "--trim", "safe"], "only a folder can be trimmed"),
        ([".", "--trim", "safe", "--why", "none.js"], "no file or folder 'none.js'"),
        ([".", "--trim", "safe", "--arch", "mips"], "mips"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    app = write_tree(tmp_path, NODE)

    assert run(["pack", str(app / arguments[0]), "-o", str(tmp_path / "out.zip"), *arguments[1:]]) in (2, 3)
    assert message in capsys.readouterr().err
