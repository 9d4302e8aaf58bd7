"""Trees of earlier builds: taken where nothing a build reads has changed, never otherwise."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from packager.builders import tree_cache
from packager.builders.source import copy_source
from packager.builders.tree_cache import KeepingBuilder
from packager.builders.tree_cache import _copy as copy_kept
from packager.core.cache_areas import TREES
from packager.core.progress import Silent, Stopwatch
from packager.model.builds import Tree
from tests.support.jobs import make_job, write_project

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.plan import Job

FILES = {
    "package.json": {"name": "app", "version": "1.0.0"},
    "package-lock.json": {"lockfileVersion": 3},
    "index.js": "one",
    "src/handler.js": "exports.handler = 1",
    "src/schema.graphql": "type Query",
    ".env": "TOKEN=very-secret",
    "old.txt": "goes",
}


@dataclass
class Counting:
    """Installs a package, writes a generated file, removes one, and counts how often."""

    tools: str = "node 22"
    runs: int = 0
    extra: dict[str, str] = field(default_factory=dict)

    def identity(self, job: Job, watch: Stopwatch) -> str:
        return self.tools

    def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
        self.runs += 1
        root = scratch / "tree"
        root.mkdir(parents=True)
        copy_source(job, root)
        write_project(root, {"node_modules/a/index.js": f"a{self.runs}", "node_modules/a/bin": "#!", **self.extra})
        (root / "node_modules/a/bin").chmod(0o755)
        (root / "node_modules/b").symlink_to("a")
        (root / "old.txt").unlink()
        return Tree(root, "local", toolchain=(("node", "22"),), notes=("a note",))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "app", FILES)


class Bench:
    """Builds one project again and again, with one cache."""

    def __init__(self, project: Path, tmp_path: Path, **changes: Any) -> None:
        self.inner = Counting()
        self.project = project
        self.tmp_path = tmp_path
        self.cache = tmp_path / "cache"
        self.changes: dict[str, Any] = {"manager": "npm", "lock_file": "package-lock.json", **changes}
        self.number = 0

    def build(self, *, fresh: bool = False) -> Tree:
        self.number += 1
        job = make_job(self.project, **self.changes)
        builder = KeepingBuilder(self.inner, self.cache, fresh=fresh)
        return builder.build(job, self.tmp_path / f"scratch-{self.number}", Stopwatch(Silent()))

    def files_of(self, tree: Tree) -> list[str]:
        """Return what a tree holds of installed packages."""
        installed = tree.root / "node_modules"
        return sorted(path.relative_to(installed).as_posix() for path in installed.rglob("*"))

    def files(self) -> list[Path]:
        return [path for path in (self.cache / TREES.name).rglob("*") if path.is_file()]


@pytest.fixture
def bench(project: Path, tmp_path: Path) -> Bench:
    return Bench(project, tmp_path)


def contents(root: Path) -> dict[str, tuple[str, int]]:
    """Return path → (content or link, mode) of a tree."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = (f"-> {path.readlink()}", 0)
        elif path.is_file():
            found[name] = (path.read_text(), path.stat().st_mode & 0o777)
    return found


def test_an_unchanged_project_is_built_once(bench: Bench) -> None:
    first, second = bench.build(), bench.build()
    assert bench.inner.runs == 1
    assert contents(second.root) == contents(first.root)
    assert second.root != first.root
    assert (second.builder, second.toolchain, second.notes) == (first.builder, first.toolchain, first.notes)


def test_an_edit_of_the_code_needs_no_install_and_is_in_the_tree(bench: Bench, project: Path) -> None:
    bench.build()
    (project / "src/handler.js").write_text("exports.handler = 2")
    (project / "src/new.ts").write_text("export {}")
    tree = bench.build().root
    assert bench.inner.runs == 1
    assert (tree / "src/handler.js").read_text() == "exports.handler = 2"
    assert (tree / "src/new.ts").exists()
    assert not (tree / "old.txt").exists()


@pytest.mark.parametrize("name", ["package.json", "package-lock.json", "src/schema.graphql", "index.js", ".env"])
def test_what_builds_read_builds_anew(name: str, bench: Bench, project: Path) -> None:
    bench.build()
    with (project / name).open("a") as file:
        file.write("\n ")
    bench.build()
    assert bench.inner.runs == 2


def test_another_mode_a_new_file_and_a_lost_one_build_anew(bench: Bench, project: Path) -> None:
    bench.build()
    (project / "src/schema.graphql").chmod(0o755)
    bench.build()
    (project / "data.json").write_text("{}")
    bench.build()
    (project / "data.json").unlink()
    (project / "old.txt").unlink()
    bench.inner.extra["old.txt"] = "made"
    bench.build()
    assert bench.inner.runs == 4


def test_other_tools_and_other_jobs_build_anew(bench: Bench) -> None:
    bench.build()
    bench.inner.tools = "node 24"
    bench.build()
    bench.changes["arch"] = "arm64"
    bench.build()
    bench.changes["environment"] = (("A", "1"),)
    bench.build()
    assert bench.inner.runs == 4
    bench.changes |= {
        "environment": (("A", "1"), ("npm_config_offline", "true")),
        "timeout_seconds": 5.0,
        "ignore": ("dist",),
    }
    bench.build()
    assert bench.inner.runs == 4


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": {"name": "app", "scripts": {"prepare": "tsc"}}},
        {"packages/lib/package.json": {"name": "lib"}},
        {"binding.gyp": "{}"},
        {"package.json": "[]"},
    ],
)
def test_code_counts_where_something_may_read_it(files: dict[str, Any], bench: Bench, project: Path) -> None:
    write_project(project, files)
    bench.build()
    (project / "src/handler.js").write_text("exports.handler = 2")
    bench.build()
    assert bench.inner.runs == 2


def test_code_counts_for_commands_of_the_users_own(project: Path, tmp_path: Path) -> None:
    bench = Bench(project, tmp_path, generate=("npx tsc",))
    bench.build()
    (project / "src/handler.js").write_text("exports.handler = 2")
    bench.build()
    assert bench.inner.runs == 2


@pytest.mark.parametrize(
    "changes", [{"manager": "pip", "lock_file": "requirements.txt"}, {"lock_file": "package.json"}]
)
def test_what_is_resolved_anew_each_time_is_not_kept(changes: dict[str, Any], project: Path, tmp_path: Path) -> None:
    bench = Bench(project, tmp_path, **changes)
    bench.build()
    bench.build()
    assert bench.inner.runs == 2
    assert bench.files() == []


def test_fresh_builds_anew_and_is_remembered(bench: Bench) -> None:
    bench.build()
    assert (bench.build(fresh=True).root / "node_modules/a/index.js").read_text() == "a2"
    assert (bench.build().root / "node_modules/a/index.js").read_text() == "a2"
    assert bench.inner.runs == 2


def test_secrets_of_the_project_are_not_copied_into_the_cache(bench: Bench) -> None:
    tree = bench.build().root
    assert (tree / ".env").read_text() == "TOKEN=very-secret"
    assert bench.files()
    assert not [path for path in bench.files() if b"very-secret" in path.read_bytes()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (bench.cache / TREES.name).iterdir())


@pytest.mark.parametrize("harm", ["edit", "remove", "mode", "record", "no record", "no files"])
def test_what_somebody_has_touched_is_built_anew(harm: str, bench: Bench) -> None:
    bench.build()
    (place,) = (bench.cache / TREES.name).iterdir()
    file = place / "files/node_modules/a/index.js"
    if harm == "edit":
        file.write_text("evil")
    elif harm == "remove":
        file.unlink()
    elif harm == "mode":
        file.chmod(0o777)
    elif harm == "record":
        (place / "record.json").write_text("{")
    elif harm == "no record":
        (place / "record.json").unlink()
    else:
        shutil.rmtree(place / "files")
    assert (bench.build().root / "node_modules/a/index.js").read_text() == "a2"
    assert bench.inner.runs == 2
    bench.build()
    assert bench.inner.runs == 2


def test_a_tree_with_a_link_into_its_scratch_folder_is_not_kept(bench: Bench) -> None:
    class Absolute(Counting):
        def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
            tree = super().build(job, scratch, watch)
            (tree.root / "node_modules/c").symlink_to(tree.root / "node_modules/a")
            return tree

    bench.inner = Absolute()
    bench.build()
    bench.build()
    assert bench.inner.runs == 2
    assert bench.files() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_cache_that_cannot_be_written_costs_time_only(bench: Bench) -> None:
    bench.cache.mkdir(mode=0o500)
    bench.build()
    bench.build()
    assert bench.inner.runs == 2


def test_a_file_in_the_place_of_the_cache_costs_time_only(bench: Bench) -> None:
    bench.cache.write_text("")
    assert bench.build().root.is_dir()


def test_old_trees_make_room(bench: Bench, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_cache, "TREES", replace(TREES, max_bytes=30))
    for number in range(4):
        (project / "package.json").write_text(json.dumps({"name": "app", "version": f"1.0.{number}"}))
        bench.inner.extra["made.txt"] = "x" * 20
        bench.build()
    assert len(list((bench.cache / TREES.name).iterdir())) == 1


@pytest.mark.parametrize(("beside", "runs"), [("cache", 1), ("cache-of-another", 2)])
def test_a_cache_that_is_restored_elsewhere_still_serves(bench: Bench, tmp_path: Path, beside: str, runs: int) -> None:
    """The local builder's tools may lie in the cache itself, and their paths in what it says of them."""
    said = "(('PATH', '{0}/{1}/node/22/bin:/usr/bin'), ('npm_config_nodedir', '{0}/{1}/node/22'))"
    bench.inner.tools = said.format(tmp_path, beside)
    bench.build()
    bench.cache = bench.cache.rename(tmp_path / "restored")
    bench.inner.tools = said.format(tmp_path, beside.replace("cache", "restored"))
    bench.build()

    assert bench.inner.runs == runs


def test_two_builds_at_once_leave_a_whole_tree(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One begins and ends while the other is keeping its tree."""

    def copy_and_be_overtaken(source: Path, target: Path) -> None:
        monkeypatch.undo()
        copy_kept(source, target)
        bench.build(fresh=True)

    monkeypatch.setattr(tree_cache, "_copy", copy_and_be_overtaken)
    bench.build()

    again = bench.build()
    assert bench.inner.runs == 2
    assert bench.files_of(again) == ["a", "a/bin", "a/index.js", "b"]


def test_a_tree_whose_keeping_was_disturbed_is_not_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def copy_and_be_pruned(source: Path, target: Path) -> None:
        monkeypatch.undo()
        copy_kept(source, target)
        for begun in (bench.cache / TREES.name).iterdir():
            shutil.rmtree(begun)

    monkeypatch.setattr(tree_cache, "_copy", copy_and_be_pruned)
    bench.build()

    assert bench.files_of(bench.build()) == ["a", "a/bin", "a/index.js", "b"]


def test_a_tree_that_is_taken_away_while_it_is_read_is_built_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the last file of one folder and the next folder, where nothing is missed when walking."""
    bench.build()

    def copy_and_be_pruned(source: Path, target: Path) -> None:
        monkeypatch.undo()
        copy_kept(source, target)
        shutil.rmtree(bench.cache / TREES.name)

    monkeypatch.setattr(tree_cache, "_copy", copy_and_be_pruned)
    tree = bench.build()

    assert bench.inner.runs == 2
    assert bench.files_of(tree) == ["a", "a/bin", "a/index.js", "b"]


def test_a_tree_that_is_replaced_while_it_is_read_is_not_mixed_with_the_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Twice(Counting):
        def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
            tree = super().build(job, scratch, watch)
            (tree.root / "node_modules/z.js").write_text(f"a{self.runs}")
            return tree

    bench.inner = Twice()
    bench.build()

    def copy_and_be_replaced(source: Path, target: Path) -> None:
        copy_kept(source, target)
        if source.name == "z.js":
            monkeypatch.undo()
            bench.build(fresh=True)

    monkeypatch.setattr(tree_cache, "_copy", copy_and_be_replaced)
    tree = bench.build()

    assert (tree.root / "node_modules/a/index.js").read_text() == (tree.root / "node_modules/z.js").read_text()


def test_what_killed_runs_left_goes_after_a_while_and_what_others_have_begun_stays(bench: Bench) -> None:
    for name, date in ((".a.0.removed", 0), (".b.1.removed", None)):
        begun = bench.cache / TREES.name / name
        (begun / "files").mkdir(parents=True)
        if date is not None:
            os.utime(begun, (date, date))
    bench.build()

    assert [path.name for path in (bench.cache / TREES.name).glob(".*")] == [".b.1.removed"]
