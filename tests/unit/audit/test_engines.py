"""One broken project per engine finding: its code and fix, as people read them, kept in tests/golden/engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.audit.judge import audit_archive
from packager.catalog.finding_codes.registry import CODES
from tests.support.clients import DEBIAN3, HOME, PACKAGE, RHEL3, SCHEMA, STUB, client, library, program
from tests.support.mounts import target
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.findings import Finding
    from tests.conftest import Golden

Files = dict[str, bytes | str]


def without(files: Files, *paths: str) -> Files:
    return {path: content for path, content in files.items() if path not in paths}


BROKEN: dict[str, Files] = {
    "ENG001": without(client(), f"{HOME}/{library(RHEL3)}"),
    "ENG002": client("library", DEBIAN3),
    "ENG003": client("library", RHEL3, DEBIAN3, "darwin-arm64"),
    "ENG004": client("binary"),
    "ENG005": client()
    | {".env": "PRISMA_QUERY_ENGINE_LIBRARY=node_modules/@prisma/engines/libquery_engine-rhel-openssl-1.0.x.so.node\n"},
    "ENG006": without(client() | {f"{HOME}/index.js": STUB}, f"{HOME}/{library(RHEL3)}", f"{HOME}/schema.prisma"),
    "ENG007": client() | {"prisma/schema.prisma": SCHEMA.replace("id Int @id", "id Int @id\n  name String")},
    "ENG008": {path: content for path, content in client().items() if not path.startswith(PACKAGE)},
    "ENG009": without(client(), f"{HOME}/schema.prisma"),
    "ENG010": without(client("client", version="6.19.0"), f"{HOME}/query_compiler_bg.wasm"),
    "ENG011": client() | {f"{HOME}/{library(RHEL3)}.tmp4711": b"\x7fELF"},
    "ENG012": client("binary") | {f"{HOME}/{program(RHEL3)}": b"<html><body>403 Forbidden</body></html>\n"},
}


def findings(folder: Path, files: Files, *, executable: bool = True) -> list[Finding]:
    root = write_tree(folder, files)
    for path in root.rglob("query-engine-*"):
        path.chmod(0o755 if executable else 0o644)
    return [found for found in audit_archive(root, (), target(), name="api") if found.code.startswith("ENG")]


@pytest.mark.parametrize("code", BROKEN)
def test_each_broken_project_has_its_finding(tmp_path: Path, golden: Golden, code: str) -> None:
    found = findings(tmp_path / "api", BROKEN[code], executable=code != "ENG004")

    assert [finding.code for finding in found] == [code]
    assert found[0].severity == CODES[code].severity
    golden.check(f"engines/{code}.txt", f"{found[0]}\n")


@pytest.mark.parametrize("runtime", ["library", "binary", "client"])
def test_a_whole_client_has_none(tmp_path: Path, runtime: str) -> None:
    assert findings(tmp_path / "api", client(runtime) | {"prisma/schema.prisma": f"// a comment\n{SCHEMA}"}) == []


def test_every_engine_code_has_a_broken_project() -> None:
    assert sorted(BROKEN) == sorted(code for code in CODES if code.startswith("ENG"))


def test_client_and_package_in_function_and_layer_do_not_find_each_other(tmp_path: Path) -> None:
    files = client()
    layer = {f"nodejs/{path}": text for path, text in files.items() if path.startswith(HOME)}
    function = {path: text for path, text in files.items() if not path.startswith(HOME)}
    root, below = write_tree(tmp_path / "api", function), write_tree(tmp_path / "layer", layer)

    found = audit_archive(root, (below,), target(), name="api")

    assert [(finding.code, finding.subject) for finding in found] == [("ENG008", f"api!{PACKAGE}/package.json")]
    assert "/opt/nodejs/node_modules/.prisma/client" in found[0].message


def test_a_layer_with_both_and_a_function_without_are_fine(tmp_path: Path) -> None:
    files = client()
    layer = {f"nodejs/{path}": text for path, text in files.items() if path.startswith("node_modules/")}
    function = {path: text for path, text in files.items() if not path.startswith("node_modules/")}
    root, below = write_tree(tmp_path / "api", function), write_tree(tmp_path / "layer", layer)

    assert audit_archive(root, (below,), target()) == []
    assert audit_archive(below, (), target(name="aws-lambda-layer")) == []


def test_the_function_environment_is_held_against_the_artifact(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "api", client("library", DEBIAN3))
    right = ("PRISMA_QUERY_ENGINE_LIBRARY", f"/var/task/{HOME}/{library(DEBIAN3)}")
    wrong = ("PRISMA_QUERY_ENGINE_LIBRARY", f"/var/task/{HOME}/{library(RHEL3)}")

    assert audit_archive(root, (), target(), environment=(right,)) == []
    assert [found.code for found in audit_archive(root, (), target(), environment=(wrong,))] == ["ENG005"]


def test_a_client_with_an_output_of_its_own_beside_the_stub(tmp_path: Path) -> None:
    files = client()
    own = {path.replace(HOME, "src/generated"): text for path, text in files.items()}
    stub: Files = {f"{HOME}/index.js": STUB}

    assert findings(tmp_path / "a", own | stub) == []
    assert [f.code for f in findings(tmp_path / "b", without(own, f"src/generated/{library(RHEL3)}") | stub)] == [
        "ENG001"
    ]


def test_copies_the_generator_keeps_are_named_once(tmp_path: Path) -> None:
    copies = dict.fromkeys(
        (f"node_modules/prisma/{library(RHEL3)}", f"node_modules/@prisma/engines/{library(DEBIAN3)}"), ""
    )
    found = findings(tmp_path / "api", client() | {path: client()[f"{HOME}/{library(RHEL3)}"] for path in copies})

    assert [(f.code, f.severity) for f in found] == [("ENG003", "warning")]
    assert "and 1 more" in found[0].message


def test_later_generations_ignore_the_override(tmp_path: Path) -> None:
    files = client("client", version="6.19.0") | {".env": "PRISMA_QUERY_ENGINE_LIBRARY=/nowhere\n"}

    assert findings(tmp_path / "api", files) == []


@pytest.mark.parametrize(
    "content", [b"", b"<html>502</html>", b"\x7fELF\x02\x01\x01"], ids=["empty", "HTML", "cut off"]
)
def test_a_library_engine_that_is_none_is_told_by_what_it_is(tmp_path: Path, content: bytes) -> None:
    found = findings(tmp_path / "api", client() | {f"{HOME}/{library(RHEL3)}": content})

    assert [finding.code for finding in found] == ["ENG012"]


def test_pnpms_links_to_the_package_are_no_second_one(tmp_path: Path) -> None:
    """``node_modules/@prisma/client`` leads to the store, where the generated client lies beside the package."""
    files = client()
    store = "node_modules/.pnpm/@prisma+client@5.22.0/"
    stored = {f"{store}{path}" if path.startswith("node_modules/") else path: text for path, text in files.items()}
    linked = {path: text for path, text in files.items() if path.startswith(PACKAGE)}

    assert findings(tmp_path / "api", {**stored, **linked}) == []
