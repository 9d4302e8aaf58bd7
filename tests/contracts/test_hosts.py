"""What every hosting service keeps to, and a dummy one from plan to delivered folder."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from packager.archive.write.layout import prove_names
from packager.delivery.deliver import deliver
from packager.hosts.registry import HOSTS, lay_out, ship
from packager.model.builds import PYTHON_PACKAGES_DIR
from packager.model.inventory import File
from packager.model.options import BuildOptions
from packager.model.results import Made
from packager.model.selection import Choice
from packager.pipeline.run import package
from packager.project.loading import load_project
from tests.support.fakes import FakeBuilder, FakeProver, fake_tools
from tests.support.projects import NODE_HANDLER, NODE_MODULE, node_project, plan_of
from tests.support.trees import package_json, snapshot, write_tree

if TYPE_CHECKING:
    from packager.model.catalog import Catalog
    from packager.model.plan import Bundle

GOOGLE = {"@google-cloud/functions-framework": "1.0.0"}
BUNDLES = {
    "aws_lambda": "api: {target: aws-lambda, handler: fn.handler}",
    "now": "web: {target: now, src: index.js}",
    "vercel": "web: {target: vercel, src: [index.js, api/a.js]}",
    "netlify": "web: {target: netlify, src: [fn.js, api/a.js]}",
    "google_cloud_functions": "web: {target: google-cloud-functions, handler: fn.handler}",
    "up": "web: {target: up, src: index.js}",
    "dummy": "web: {target: dummy, src: index.js}",
}
"""Provider → a bundle for it."""
OWN = (
    "index.js",
    "fn.js",
    "api/a.js",
    "package.json",
    "package-lock.json",
    "public/index.html",
    "src/ü b.js",
    ".env.sample",
)
PACKAGES = (
    "node_modules/a/index.js",
    "node_modules/@s/b/lib/c.js",
    "node_modules/a/node_modules/b/x.node",
    "node_modules/.p/q",
)


def test_every_host_is_tried() -> None:
    assert set(BUNDLES) == set(HOSTS)


def bundle_for(root: Path, host: str) -> Bundle:
    """Return the only bundle of a project for a host."""
    files = {"index.js": NODE_MODULE, "fn.js": NODE_HANDLER, "api/a.js": NODE_HANDLER}
    node_project(root, {**files, "packager.yaml": f"bundles:\n  {BUNDLES[host]}\n"}, dependencies=GOOGLE)
    (bundle,) = plan_of(root).bundles
    assert bundle.target.provider == host
    return bundle


def made(root: Path, bundle: Bundle) -> Made:
    """Return the bundle as if it was built, its own files on disk."""
    write_tree(root, {path: "x" for path in OWN if not (root / path).exists()})

    def read(name: str) -> str | None:
        return (root / name).read_text() if (root / name).is_file() else None

    every = (*OWN, *PACKAGES)
    return Made(bundle, tuple(sorted(every)), 1000, read, {path: root / path for path in every}, frozenset(OWN))


@pytest.mark.parametrize("host", BUNDLES)
class TestHost:
    """The contract of a hosting service."""

    def test_the_catalog_has_targets_of_it(self, dummies: Catalog, host: str) -> None:
        assert [each.kinds for each in dummies.hosts.values() if each.provider == host]

    def test_no_two_files_get_one_place_and_none_lies_outside(
        self, tmp_path: Path, dummies: Catalog, host: str
    ) -> None:
        bundle = bundle_for(tmp_path, host)
        layer = dummies.layer_of(bundle.target)
        tree = (*OWN, *PACKAGES, f"{PYTHON_PACKAGES_DIR}/six.py", f"{PYTHON_PACKAGES_DIR}/a/__init__.py")
        for each in (bundle, *([replace(bundle, kind="layer", target=layer)] if layer else [])):
            places = [HOSTS[host].place(each, path) for path in tree]
            assert len(set(places)) == len(tree)
            prove_names(places)

    def test_what_is_added_is_new_safe_and_the_same_each_time(self, tmp_path: Path, host: str) -> None:
        bundle = bundle_for(tmp_path, host)
        choices = [Choice(File(path, 1), True, "needed", "") for path in (*OWN, *PACKAGES)]
        placed = lay_out(bundle, choices)
        paths = [item.path for item in placed]
        assert paths == sorted(set(paths), key=str.encode)
        prove_names(paths)
        own = {item.path for item in placed if item.choice in choices}
        added = HOSTS[host].additions(bundle, own, {})
        assert not own & added.keys()
        assert HOSTS[host].additions(bundle, own, {}) == added
        assert {item.path for item in placed if item.content is not None} == set(added)

    def test_shipments_repeat_stay_inside_and_speak_of_this_bundle_alone(self, tmp_path: Path, host: str) -> None:
        bundle = bundle_for(tmp_path, host)
        shipments = ship([made(tmp_path, bundle)])
        assert ship([made(tmp_path, bundle)]) == shipments
        for folder, shipment in shipments.items():
            assert len(PurePosixPath(folder).parts) == 1
            named = [path for _, path in (*shipment.zips, *shipment.unpacked) if path]
            for path in (*shipment.files, *named):
                assert not PurePosixPath(path).is_absolute()
                assert ".." not in PurePosixPath(path).parts
            assert {name for name, _ in (*shipment.zips, *shipment.unpacked)} <= {bundle.name}
            for content in shipment.files.values():
                assert content.is_file() if isinstance(content, Path) else str(tmp_path) not in content

    def test_nothing_of_the_project_is_changed(self, tmp_path: Path, host: str) -> None:
        bundle = bundle_for(tmp_path, host)
        item = made(tmp_path, bundle)
        before = snapshot(tmp_path)
        ship([item])
        assert snapshot(tmp_path) == before


def test_a_dummy_host_goes_from_its_own_file_to_the_delivered_folder(tmp_path: Path, dummies: Catalog) -> None:
    root = node_project(
        tmp_path / "app", {"index.js": NODE_MODULE, "dummy.json": '{"start": {"web": "index.js"}, "color": 1}'},
        dependencies={"a": "1.0.0"},
    )  # fmt: skip
    project = load_project(root)
    assert project.notes == ("no packager.yaml: read from dummy.json (Dummy)",)
    builder = FakeBuilder({"node_modules/a/package.json": package_json("a"), "node_modules/a/a.js": "1\n"})
    options = BuildOptions(out=tmp_path / "dist", cache=tmp_path / "cache")
    with package(plan_of(root), dummies, fake_tools(builder, FakeProver()), options) as results:
        assert [finding for result in results for finding in result.findings if finding.severity == "error"] == []
        deliver(results, options.out)

    with zipfile.ZipFile(options.out / "web.zip") as archive:
        assert archive.namelist() == [
            "dummy-start.js", "dummy.json", "index.js", "package.json", "vendor/a/a.js", "vendor/a/package.json",
        ]  # fmt: skip
    assert (options.out / "web/app/dummy-start.js").read_text() == 'require("./index.js")\n'
    written = json.loads((options.out / "web/dummy.json").read_text())
    assert written == {"start": {"web": "index.js"}, "color": 1, "memory": 512}
    assert json.loads((options.out / "web.manifest.json").read_text())["target"] == "dummy"
