"""Files and folders that appear complete or not at all, and that one module alone sees to it."""

from __future__ import annotations

import ast
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import packager
from packager.archive.fastpath import record_path
from packager.core import atomic
from packager.core.errors import EnvironmentFault
from tests.support.trees import snapshot, write_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(packager.__file__).parent
OWNER = "core/atomic.py"
ELSEWHERE = {
    "archive/fastpath/record_path.py": "spells the suffix again, since it loads nothing",
    "prove/running/unpack.py": "moves layers' files over one another in a scratch folder that only we look into",
}
"""Files that rename, or name what is not finished, and why they may."""
_MOVES = {"rename", "renames", "replace", "link_to", "hardlink_to"}
_MODULES = {"os": {"rename", "renames", "replace", "link"}, "shutil": {"move"}}
_TEMPORARY = {"mkstemp", "NamedTemporaryFile", "mktemp"}


def _renames(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that give a file another name, or make one beside others that is to get one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            module = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            # What a text replaces takes two arguments, what records replace takes keywords.
            of_path = node.func.attr in _MOVES and len(node.args) == 1 and not node.keywords
            if of_path or node.func.attr in _TEMPORARY or node.func.attr in _MODULES.get(module, ()):
                yield node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".partial"):
            yield node.lineno


def test_partial_files_are_renamed_in_one_module() -> None:
    found = {
        file.relative_to(ROOT).as_posix(): lines
        for file in sorted(ROOT.rglob("*.py"))
        if (lines := list(_renames(ast.parse(file.read_text(encoding="utf-8")))))
    }

    assert found.keys() - ELSEWHERE.keys() == {OWNER}, found
    assert ELSEWHERE.keys() <= found.keys(), "an exception that is none any more"


@pytest.mark.parametrize(
    "line",
    [
        "aside.replace(place)", "os.replace(a, b)", "os.rename(a, b)", "path.rename(place)", "shutil.move(a, b)",
        "tempfile.mkstemp(dir=folder)", "tempfile.NamedTemporaryFile(dir=folder)", "x = '.partial'", "os.link(a, b)",
    ],
)  # fmt: skip
def test_the_ways_to_rename_are_found(line: str) -> None:
    assert list(_renames(ast.parse(line))) == [1]
    assert not list(_renames(ast.parse("text.replace('a', 'b'); replace(a, b=1); structs.replace(a, b=1)")))


def test_the_suffix_is_the_one_that_the_quick_path_passes_over() -> None:
    assert record_path.PARTIAL_SUFFIX == atomic.PARTIAL_SUFFIX


def test_a_written_file_has_its_mode_and_replaces_another(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "file"
    atomic.write(place, b"one", mode=0o700)
    assert place.stat().st_mode & 0o777 == 0o700
    atomic.write(place, b"two", mode=0o640)

    assert (place.read_bytes(), place.stat().st_mode & 0o777) == (b"two", 0o640)
    assert list(place.parent.iterdir()) == [place]


def test_long_names_have_room_for_what_is_added(tmp_path: Path) -> None:
    place = tmp_path / ("ü" * 127)
    with atomic.replacing(place) as file:
        file.write(b"x")

    assert snapshot(tmp_path) == {place.name: b"x"}


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), ValueError()])
def test_nothing_half_written_stays(tmp_path: Path, error: BaseException) -> None:
    write_tree(tmp_path, {"file": "old", "folder/file": "old"})
    with pytest.raises(EnvironmentFault if isinstance(error, OSError) else type(error)):  # noqa: SIM117
        with atomic.replacing(tmp_path / "file") as file:
            file.write(b"new")
            raise error
    with pytest.raises(type(error)), atomic.made_aside(tmp_path / "folder", replaces=True) as made:
        (made / "file").write_text("new")
        raise error

    assert snapshot(tmp_path) == {"file": b"old", "folder/file": b"old"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_the_first_of_two_that_make_a_folder_stays_and_the_last_that_replaces(tmp_path: Path) -> None:
    for replaces in (False, True):
        folder = tmp_path / str(replaces)
        with atomic.made_aside(folder, replaces=replaces) as first:
            (first / "x").write_text("first")
            (first.parent / "beside").write_text("goes")
            with atomic.made_aside(folder, replaces=replaces) as second:
                (second / "x").write_text("second")

    assert snapshot(tmp_path) == {"False/x": b"second", "True/x": b"first"}


def test_where_a_folder_cannot_take_its_place_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, {"folder/file": "old"})
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "made":
            raise OSError(errno.EIO, "broken")
        return rename(path, target)

    with (
        pytest.raises(OSError, match="broken"),
        atomic.made_aside(tmp_path / "folder", replaces=True),
    ):
        monkeypatch.setattr(Path, "rename", refuse)

    assert snapshot(tmp_path) == {"folder/file": b"old"}


def test_a_folder_of_a_lower_layer_is_replaced_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An overlay renames no folder of an image's layer beneath: EXDEV."""
    write_tree(tmp_path, {"folder/file": "old", "other/file": "old"})
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name in ("folder", "other"):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with atomic.made_aside(tmp_path / "folder", replaces=True) as made:
        (made / "file").write_text("new")
    atomic.remove(tmp_path / "other")

    assert snapshot(tmp_path) == {"folder/file": b"new"}
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_what_is_not_there_cannot_be_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    write_tree(tmp_path, {"mine/file": "x"}, {"link": "mine"})
    atomic.remove(tmp_path / "link")
    with pytest.raises(FileNotFoundError):
        atomic.remove(tmp_path / "link")

    assert snapshot(tmp_path) == {"mine/file": b"x"}


@pytest.mark.parametrize("there", [True, False])
def test_another_folder_that_came_meanwhile_is_put_back(tmp_path: Path, there: bool) -> None:
    """Or removed, if a third one has come by then."""
    write_tree(tmp_path, {"folder/file": "another's"})

    def still(folder: Path) -> bool:
        assert snapshot(folder) == {"file": b"another's"}
        if not there:
            write_tree(tmp_path, {"folder/file": "a third one's"})
        return False

    atomic.remove(tmp_path / "folder", still=still)
    assert snapshot(tmp_path) == {"folder/file": b"another's" if there else b"a third one's"}


@pytest.mark.parametrize("what", ["replacing", "made_aside"])
def test_what_a_killed_run_left_goes_when_it_is_old(tmp_path: Path, what: str) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from packager.core import atomic\n"
        "with getattr(atomic, sys.argv[2])(Path(sys.argv[1]) / 'it'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), what], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert atomic.is_leftover(left.name)

    atomic.remove_stale(tmp_path / "it")
    assert left.exists(), "it may be another run's that is at it"
    os.utime(left, (0, 0))
    atomic.remove_stale(tmp_path / "another")
    assert left.exists()
    atomic.remove_stale(tmp_path / "it")
    assert not left.exists()
