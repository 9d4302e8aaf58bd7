"""What is found in an artifact: packages, versions, licences, needs, machine code, and nothing that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.archive.pack import pack
from packager.model.inventory import Package
from packager.package_managers.npm import integrity as lock_integrity
from packager.sbom.reading import read_materials
from tests.support.elfs import write_elf
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.sbom.materials import BomEntry, Materials
    from tests.support.trees import Content

APP: dict[str, Content] = {
    "package.json": package_json("app", "3.1.0", license="UNLICENSED", dependencies={"a": "1", "gone": "1"}),
    "index.js": "exports.handler = 1\n",
    "node_modules/a/package.json": package_json("a", "1.2.3", license="MIT", dependencies={"b": "2", "missing": "1"}),
    "node_modules/a/LICENSE": "MIT License\n",
    "node_modules/a/node_modules/b/package.json": package_json("b", "2.0.0", license={"type": "ISC"}),
    "node_modules/b/package.json": package_json("b", "1.0.0", licenses=[{"type": "MIT"}, {"type": "Apache-2.0"}]),
    "node_modules/@s/c/package.json": package_json("@s/c", "0.1.0", peerDependencies={"b": "1"}),
    "node_modules/@s/c/c.node": write_elf(needed=("libc.so.6",)),
    "node_modules/.prisma/client/package.json": package_json(".prisma/client"),
    "node_modules/.prisma/client/libquery_engine-rhel-openssl-3.0.x.so.node": write_elf(soname="engine"),
    "bin/tool": write_elf(),
}
PYTHON: dict[str, Content] = {
    "handler.py": "import thing\n",
    "thing/__init__.py": "",
    "thing/_fast.so": write_elf(),
    "thing-2.5.dist-info/METADATA": "Name: Thing\nVersion: 2.5\nLicense-Expression: BSD-3-Clause\n"
    'Requires-Dist: dash_er>=1\nRequires-Dist: never; extra == "test"\n',
    "thing-2.5.dist-info/RECORD": "thing/__init__.py,,\nthing/_fast.so,,\nthing-2.5.dist-info/METADATA,,\n",
    "dash_er-1.0.dist-info/METADATA": "Name: dash-er\nVersion: 1.0\nLicense: UNKNOWN\n"
    "Classifier: License :: OSI Approved :: MIT License\n",
    "dash_er-1.0.dist-info/RECORD": "dash_er.py,,\n",
    "dash_er.py": "",
    "never-1.0.dist-info/METADATA": "Name: never\nVersion: 1.0\n\nLicense: in the text, not in a header\n",
}


def materials(tmp_path: Path, files: dict[str, Content]) -> Materials:
    return read_materials(pack(write_tree(tmp_path / "in", files), tmp_path / "api.zip").path)


def parts(found: Materials) -> dict[str, BomEntry]:
    return {part.key: part for part in found.parts}


def test_packages_are_told_apart_by_version_and_folder(tmp_path: Path) -> None:
    found = parts(materials(tmp_path, APP))

    assert list(found) == [
        "generated:.prisma/client@1.0.0", "npm:@s/c@0.1.0", "npm:a@1.2.3", "npm:b@1.0.0", "npm:b@2.0.0",
    ]  # fmt: skip
    assert {key: list(part.contents) for key, part in found.items() if "b@" in key} == {
        "npm:b@1.0.0": ["node_modules/b"],
        "npm:b@2.0.0": ["node_modules/a/node_modules/b"],
    }


def test_licences_are_taken_as_declared(tmp_path: Path) -> None:
    found = materials(tmp_path, APP)

    assert {part.key: part.licence for part in found.parts} == {
        "generated:.prisma/client@1.0.0": "",
        "npm:@s/c@0.1.0": "",
        "npm:a@1.2.3": "MIT",
        "npm:b@1.0.0": "(MIT OR Apache-2.0)",
        "npm:b@2.0.0": "ISC",
    }
    assert (found.version, found.licence) == ("3.1.0", "UNLICENSED")
    assert parts(found)["npm:a@1.2.3"].licence_files == ("node_modules/a/LICENSE",)


def test_needs_are_resolved_as_node_does_and_what_is_not_there_is_not_needed(tmp_path: Path) -> None:
    found = materials(tmp_path, APP)

    assert parts(found)["npm:a@1.2.3"].needs == ("npm:b@2.0.0",)
    assert parts(found)["npm:@s/c@0.1.0"].needs == ("npm:b@1.0.0",)
    assert found.needs == ("npm:a@1.2.3",)


def test_machine_code_is_named_with_its_hash(tmp_path: Path) -> None:
    found = materials(tmp_path, APP)

    (engine,) = parts(found)["generated:.prisma/client@1.0.0"].natives
    assert engine.path.endswith("/libquery_engine-rhel-openssl-3.0.x.so.node")
    assert (len(engine.sha256), engine.size_bytes > 64) == (64, True)
    assert [native.path for native in found.own_natives] == ["bin/tool"]


def test_a_layer_resolves_from_where_it_is_mounted(tmp_path: Path) -> None:
    layer = {f"nodejs/{path}": content for path, content in APP.items() if path.startswith("node_modules/")}

    found = parts(materials(tmp_path, layer))

    assert found["npm:a@1.2.3"].needs == ("npm:b@2.0.0",)
    assert found["npm:@s/c@0.1.0"].needs == ("npm:b@1.0.0",)


def test_python_packages_by_their_metadata(tmp_path: Path) -> None:
    found = parts(materials(tmp_path, PYTHON))

    assert {key: part.licence for key, part in found.items()} == {
        "pypi:dash-er@1.0": "MIT",
        "pypi:never@1.0": "",
        "pypi:thing@2.5": "BSD-3-Clause",
    }
    assert found["pypi:thing@2.5"].needs == ("pypi:dash-er@1.0",)
    assert [native.path for native in found["pypi:thing@2.5"].natives] == ["thing/_fast.so"]


def test_a_folder_and_its_zip_are_made_of_the_same(tmp_path: Path) -> None:
    zipped = materials(tmp_path, APP)

    assert read_materials(tmp_path / "in").parts == zipped.parts


def test_a_changed_file_changes_the_sum_of_its_package_only(tmp_path: Path) -> None:
    before = parts(materials(tmp_path, APP))
    after = parts(materials(tmp_path / "other", {**APP, "node_modules/a/LICENSE": "another\n"}))

    assert [key for key in before if before[key] != after[key]] == ["npm:a@1.2.3"]


def test_the_lock_file_gives_the_hash_of_the_registry(tmp_path: Path) -> None:
    lock = (
        '{"lockfileVersion": 3, "packages": '
        '{"node_modules/a": {"integrity": "sha512-AA=="}, "node_modules/b": {"link": true}, "": {}}}'
    )
    (tmp_path / "package-lock.json").write_text(lock)
    path = pack(write_tree(tmp_path / "in", APP), tmp_path / "api.zip").path

    integrity = lock_integrity(tmp_path / "package-lock.json")
    found = parts(read_materials(path, integrity=integrity))

    assert integrity == {"node_modules/a": "sha512-AA=="}
    assert (found["npm:a@1.2.3"].integrity, found["npm:b@1.0.0"].integrity) == ("sha512-AA==", "")


@pytest.mark.parametrize("text", ["", "[]", '{"packages": []}', '{"packages": {"a": 1}}', "{"])
def test_a_lock_file_that_says_nothing_is_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "package-lock.json").write_text(text)

    assert lock_integrity(tmp_path / "package-lock.json") == {}


def test_packages_whose_code_was_joined_into_the_bundle_are_listed(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", APP)
    path = pack(write_tree(tmp_path / "in", {"index.js": "1"}), tmp_path / "api.zip").path

    (part,) = read_materials(path, inlined=[(Package("a", "1.2.3", "node_modules/a"), tree / "node_modules/a")]).parts

    assert (part.key, part.licence, part.inlined, dict(part.contents)) == ("npm:a@1.2.3", "MIT", True, {})
