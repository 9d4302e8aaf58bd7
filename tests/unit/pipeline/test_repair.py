"""What a failed proof asks for, among what trimming left out; and when the asking ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from packager.core.errors import UsageError
from packager.inventory.tree import scan_tree
from packager.model.findings import Finding
from packager.model.options import BuildOptions
from packager.model.plan import Plan
from packager.model.proof import Proof, Wanted
from packager.model.tracing import View
from packager.pipeline.repair import JOINED, ROUNDS, Pinned, demand_proofs, mended, missed, report, told, unproved
from tests.support.fakes import PROVED, make_bundle
from tests.support.stages import ruled
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.packages import PackageGraph
    from packager.model.selection import Selection

FILES = {
    "package.json": package_json(dependencies={"a": "1", "plug-in": "1"}),
    "index.js": "",
    "data/rates.json": "{}",
    ".env": "A=b",
    "node_modules/a/package.json": package_json("a", dependencies={"b": "1"}),
    "node_modules/a/index.js": "",
    "node_modules/a/locale/de.js": "",
    "node_modules/a/locale/fr.js": "",
    "node_modules/a/words.dat": "",
    "node_modules/b/package.json": package_json("b"),
    "node_modules/b/index.js": "",
    "node_modules/plug-in/package.json": package_json("plug-in"),
    "node_modules/plug-in/index.js": "",
    "node_modules/dev/package.json": package_json("dev"),
    "node_modules/dev/index.js": "",
}
REACHED = ("index.js", "node_modules/a/index.js", "node_modules/a/package.json")


@pytest.fixture
def left_out(tmp_path: Path) -> tuple[Selection, PackageGraph]:
    """Return a selection in which only `REACHED` is kept."""
    write_tree(tmp_path, FILES)
    inventory, graph = scan_tree(tmp_path, {})
    return ruled(inventory, graph, make_bundle(), traced=dict.fromkeys(REACHED, "")), graph


def failed(*wanted: Wanted, stack: tuple[str, ...] = ()) -> Proof:
    return Proof("failed", "local", "here", "no", wanted=wanted, stack=stack)


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (Wanted("./locale/de", "node_modules/a/index.js"), {"node_modules/a/locale/de.js"}),
        (Wanted("./locale", "node_modules/a/index.js"), {f"node_modules/a/locale/{name}.js" for name in ("de", "fr")}),
        (Wanted("data/rates.json"), {"data/rates.json"}),
        (Wanted("plug-in", "node_modules/a/index.js"), {"node_modules/plug-in"}),
        (Wanted("plug-in/extra"), {"node_modules/plug-in"}),
        (Wanted("b", "node_modules/a/index.js"), {"node_modules/b"}),
        (Wanted("src/words.dat"), {"node_modules/a", "node_modules/b"}),
        (Wanted("never-installed"), set()),
        (Wanted(".env"), set()),
        (Wanted("dev"), set()),
    ],
    ids=lambda value: value.what if isinstance(value, Wanted) else "",
)
def test_what_is_asked_for_is_found_among_what_was_left_out(
    left_out: tuple[Selection, PackageGraph], wanted: Wanted, kept: set[str]
) -> None:
    selection, graph = left_out
    assert missed(failed(wanted), make_bundle(), selection, graph).keys() == kept


@pytest.mark.parametrize(
    ("variable", "folder"), [("NODE_PATH", "/var/task/data"), ("PYTHONPATH", "/opt/x:/var/task/data/")]
)
def test_what_lies_in_a_folder_of_the_search_path_is_found(
    left_out: tuple[Selection, PackageGraph], variable: str, folder: str
) -> None:
    selection, graph = left_out
    bundle = replace(make_bundle(), environment=((variable, folder),))
    assert missed(failed(Wanted("rates", "index.js")), bundle, selection, graph).keys() == {"data/rates.json"}
    assert missed(failed(Wanted("rates", "index.js")), make_bundle(), selection, graph) == {}


def test_where_nothing_is_named_the_package_that_was_running_is_kept(
    left_out: tuple[Selection, PackageGraph],
) -> None:
    selection, graph = left_out
    found = missed(failed(stack=("index.js", "node_modules/a/index.js")), make_bundle(), selection, graph)
    assert found == {"node_modules/a": Pinned("untraced", "something of a")}


def test_a_proof_that_holds_asks_for_nothing(left_out: tuple[Selection, PackageGraph]) -> None:
    selection, graph = left_out
    proof = replace(PROVED, wanted=(Wanted("plug-in"),))
    assert missed(proof, make_bundle(), selection, graph) == {}


class Maker:
    """Makes bundles whose proof asks for the next thing each time, until there is nothing more to ask."""

    def __init__(self, left_out: tuple[Selection, PackageGraph], wants: list[Wanted]) -> None:
        self.selection, self.graph = left_out
        self.wants = wants
        self.asked: list[set[str]] = []

    def __call__(self, pinned: Mapping[str, Pinned]) -> Maker:
        self.asked.append(set(pinned))
        self.proof = failed(self.wants.pop(0)) if self.wants else PROVED
        return self

    bundle = make_bundle()

    @property
    def scanned(self) -> Maker:
        return self


def test_a_bundle_is_made_again_until_nothing_is_missed(left_out: tuple[Selection, PackageGraph]) -> None:
    maker = Maker(left_out, [Wanted("plug-in"), Wanted("data/rates.json")])
    assert mended(maker).proof is PROVED  # type: ignore[arg-type]
    assert maker.asked == [set(), {"node_modules/plug-in"}, {"node_modules/plug-in", "data/rates.json"}]


def test_asking_for_the_same_again_ends_it(left_out: tuple[Selection, PackageGraph]) -> None:
    maker = Maker(left_out, [Wanted("plug-in")] * 20)
    assert mended(maker).proof.status == "failed"  # type: ignore[arg-type]
    assert len(maker.asked) == 2


def test_there_is_an_end_to_asking(left_out: tuple[Selection, PackageGraph], tmp_path: Path) -> None:
    files = dict.fromkeys((f"more/{number}.js" for number in range(20)), "")
    root = write_tree(tmp_path, files)
    inventory, graph = scan_tree(root, {})
    selection = ruled(inventory, graph, make_bundle(), traced=dict.fromkeys(REACHED, ""))
    maker = Maker((selection, graph), [Wanted(path) for path in files])
    mended(maker)  # type: ignore[arg-type]
    assert len(maker.asked) == ROUNDS + 1
    assert len(maker.asked[-1]) == ROUNDS


class Joiner(Maker):
    """Makes bundles of joined code that fail as long as packages are joined, or ever."""

    def __init__(self, left_out: tuple[Selection, PackageGraph], *, ever: bool) -> None:
        super().__init__(left_out, [])
        inlined = {"node_modules/a/index.js": "index.js", "node_modules/b/index.js": "index.js"}
        choices = tuple(
            replace(choice, kept=False, rule="bundled") if choice.file.path in inlined else choice
            for choice in self.selection.choices
        )
        self.selection, self.ever = replace(self.selection, choices=choices), ever

    def __call__(self, pinned: Mapping[str, Pinned]) -> Maker:
        super().__call__(pinned)
        if self.ever or not pinned:
            self.proof = failed()
        return self


def test_joined_code_that_fails_for_no_known_reason_is_tried_with_its_packages_beside_it(
    left_out: tuple[Selection, PackageGraph],
) -> None:
    maker = Joiner(left_out, ever=False)
    assert mended(maker).proof is PROVED  # type: ignore[arg-type]
    assert maker.asked == [set(), {"node_modules/a", "node_modules/b"}]
    maker = Joiner(left_out, ever=True)
    assert mended(maker).proof.status == "failed"  # type: ignore[arg-type]
    assert len(maker.asked) == 2


def test_packages_put_beside_at_last_are_told_in_one_line() -> None:
    pinned = {f"node_modules/{name}": Pinned(JOINED, "") for name in ("a", "@s/b")}
    (finding,) = report(pinned, "dist/api.zip")
    assert (finding.code, finding.subject) == ("TRC001", "dist/api.zip")
    assert "@s/b, a" in finding.message


def test_reasons_for_staying_outside_are_told_once_each_and_missing_packages_but_the_runtimes(tmp_path: Path) -> None:
    inventory, _ = scan_tree(tmp_path, {})
    apart = {"a": "it starts workers", "b": "it starts workers", "c": "it hands `require` on"}
    view = View(inventory, apart=apart, absent=("@aws-sdk/client-s3", "gone"))
    found = told(view, make_bundle().target, "dist/api.zip")
    assert [(finding.code, finding.message) for finding in found] == [
        ("TRC004", "a, b must stay outside the bundle: it starts workers"),
        ("TRC004", "c must stay outside the bundle: it hands `require` on"),
        ("TRC005", "names gone, which is not installed: its `require` fails when it is run, as in Node"),
    ]
    assert "external: [a, b]" in found[0].fix
    assert told(View(inventory), make_bundle().target, "dist/api.zip") == []


def test_every_correction_is_reported() -> None:
    pinned = {"node_modules/a/x.js": Pinned("untraced", "./x"), "node_modules/b": Pinned("declarations", "y.d.ts")}
    assert [(f.code, f.severity, f.subject) for f in report(pinned, "dist/api.zip")] == [
        ("TRC001", "warning", "dist/api.zip!node_modules/a/x.js"),
        ("TRC003", "warning", "dist/api.zip!node_modules/b"),
    ]


def test_a_traced_bundle_without_a_proof_is_refused() -> None:
    traced, plain = make_bundle(trim="trace"), make_bundle()
    skipped = Proof("skipped", "", "", "audited, not proved: no Docker")
    (finding,) = unproved(traced, skipped, [], "dist/api.zip")
    assert (finding.code, finding.severity) == ("TRC002", "error")
    assert unproved(plain, skipped, [], "dist/api.zip") == []
    assert unproved(traced, PROVED, [], "dist/api.zip") == []
    assert unproved(traced, skipped, [Finding("ABI001", "error", "x", "no")], "dist/api.zip") == []
    (finding,) = unproved(traced, skipped, [Finding("ABI001", "note", "x", "no [accepted: known]")], "dist/api.zip")
    assert finding.code == "TRC002"
    plan = Plan(Path("/nowhere"), (), (plain, traced))
    with pytest.raises(UsageError, match="trim: trace estimates"):
        demand_proofs(plan, BuildOptions(out=Path("/nowhere"), prove="skip"))
    demand_proofs(plan, BuildOptions(out=Path("/nowhere"), prove="require"))
