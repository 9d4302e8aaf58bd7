"""What each host is given: places in the archive, files of ours, and the folder its own tool deploys from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from packager.core.errors import ConfigError
from packager.delivery.shipping import deliver_shipments
from packager.hosts.registry import HOSTS, ship
from packager.model.results import Made, Shipment
from tests.support.projects import NODE_HANDLER, NODE_MODULE, node_project, plan_of
from tests.support.trees import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.plan import Bundle


def bundle_of(root: Path, target: str, src: str, **files: str) -> Bundle:
    """Return the only bundle of a project."""
    packager = f"bundles: {{web: {{target: {target}, src: {src}}}}}\n"
    node_project(root, {"packager.yaml": packager, **files})
    return plan_of(root).bundles[0]


def made(root: Path, bundle: Bundle, *paths: str, sources: tuple[str, ...] = ()) -> Made:
    """Return a bundle as if built with these files."""
    every = {path: root / path for path in (*paths, *sources)}
    own = frozenset(path for path in every if not path.startswith("node_modules/"))

    def read(name: str) -> str | None:
        return (root / name).read_text() if (root / name).is_file() else None

    return Made(bundle, tuple(sorted(paths)), 1000, read, every, own)


@pytest.mark.parametrize(
    ("target", "launched"),
    [("now", "index.default"), ("vercel", "index.default"), ("up", "index"), ("netlify", "index.handler")],
)
def test_what_a_host_calls_follows_from_its_launcher(tmp_path: Path, target: str, launched: str) -> None:
    bundle = bundle_of(tmp_path, target, "index.js", **{"index.js": NODE_MODULE})
    assert (bundle.handler, bundle.entries) == (launched, ("index.js",))


def test_netlify_functions_get_an_entry_of_their_name(tmp_path: Path) -> None:
    files = {"functions/hello.js": NODE_HANDLER, "functions/cron/index.mjs": "export const handler = async () => {}\n"}
    bundle = bundle_of(tmp_path, "netlify", '["functions/hello.js", "functions/cron/index.mjs"]', **files)
    added = HOSTS["netlify"].additions(bundle, set(files), {})
    assert added["hello.js"] == 'module.exports = require("./functions/hello.js")\n'
    assert added["cron.js"].startswith("exports.handler = async")
    with pytest.raises(ConfigError, match="would be one function, hello"):
        HOSTS["netlify"].additions(bundle, {*files, "hello.js"}, {})


@pytest.mark.parametrize(
    ("entry", "types", "begins"),
    [
        ("functions/hello.js", {"": "module"}, 'import * as entry from "./functions/hello.js"\nexport * from'),
        ("functions/hello.mjs", {"": "module"}, "import * as entry"),
        ("functions/hello.cjs", {"": "module"}, "import * as entry"),
        ("functions/hello.js", {"": "commonjs", "functions": "module"}, "exports.handler = async"),
        ("functions/hello.js", {"": "module", "functions": "commonjs"}, "import * as entry"),
        ("functions/hello.mjs", {"": "commonjs"}, "exports.handler = async"),
        ("functions/hello.js", {"functions": "commonjs"}, "module.exports = require"),
        ("functions/hello.cjs", {}, "module.exports = require"),
    ],
)
def test_netlifys_entry_is_of_the_kind_that_its_own_file_has(
    tmp_path: Path, entry: str, types: dict[str, str], begins: str
) -> None:
    bundle = bundle_of(tmp_path, "netlify", f'"{entry}"', **{entry: NODE_HANDLER})
    assert HOSTS["netlify"].additions(bundle, {entry}, types)["hello.js"].startswith(begins)


@pytest.mark.parametrize(
    ("target", "starts"),
    [
        ("netlify", (("a.handler", ""), ("b.handler", ""))),
        ("vercel", (("api/a.default", "api/a.js"), ("api/b.default", "api/b.js"))),
        ("now", (("api/a.default", "api/a.js"), ("api/b.default", "api/b.js"))),
    ],
)
def test_every_entry_is_a_start_of_its_own(tmp_path: Path, target: str, starts: tuple[tuple[str, str], ...]) -> None:
    files = {"api/a.js": NODE_HANDLER, "api/b.js": NODE_HANDLER}
    bundle = bundle_of(tmp_path, target, '"api/*.js"', **files)
    assert HOSTS[target].starts(bundle.handler, bundle.entries) == starts


def test_a_function_that_lies_at_the_root_is_its_own_entry(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, "netlify", "hello.js", **{"hello.js": NODE_HANDLER})
    assert HOSTS["netlify"].additions(bundle, {"hello.js"}, {}) == {}


def test_two_functions_of_one_name_are_refused(tmp_path: Path) -> None:
    files = {"a/hello.js": NODE_HANDLER, "b/hello.js": NODE_HANDLER}
    bundle = bundle_of(tmp_path, "netlify", '["a/hello.js", "b/hello.js"]', **files)
    with pytest.raises(ConfigError, match=r"b/hello\.js and a/hello\.js would be one function"):
        HOSTS["netlify"].additions(bundle, set(files), {})
    one = bundle_of(tmp_path, "netlify", "a/hello.js")
    with pytest.raises(ConfigError, match="two bundles have a function hello"):
        ship([made(tmp_path, one), made(tmp_path, one)])


def test_two_hosts_never_share_a_folder(tmp_path: Path) -> None:
    packager = "bundles: {netlify: {target: up, src: a.js}, site: {target: netlify, src: a.js}}\n"
    node_project(tmp_path, {"packager.yaml": packager, "a.js": NODE_HANDLER})
    with pytest.raises(ConfigError, match="another host's folder has this name: netlify"):
        ship([made(tmp_path, bundle) for bundle in plan_of(tmp_path).bundles])


@pytest.mark.parametrize("name", ["___netlify-entry-point", "hallo welt", "ü"])
def test_a_name_netlify_forbids_is_refused(tmp_path: Path, name: str) -> None:
    bundle = bundle_of(tmp_path, "netlify", f'"functions/{name}.js"', **{f"functions/{name}.js": NODE_HANDLER})
    with pytest.raises(ConfigError, match="name"):
        HOSTS["netlify"].additions(bundle, set(), {})


def test_netlify_ships_one_folder_with_a_zip_per_function_and_a_manifest_without_paths_of_this_machine(
    tmp_path: Path,
) -> None:
    files = {"functions/a.js": NODE_HANDLER, "functions/b.js": NODE_HANDLER}
    bundle = bundle_of(tmp_path, "netlify", '"functions/*.js"', **files)
    (shipment,) = ship([made(tmp_path, bundle, *files)]).values()
    assert shipment.zips == (("web", "functions/a.zip"), ("web", "functions/b.zip"))
    manifest = json.loads(str(shipment.files["manifest.json"]))
    assert [entry["path"] for entry in manifest["functions"]] == ["functions/a.zip", "functions/b.zip"]
    assert str(tmp_path) not in json.dumps(manifest)


def test_google_and_now_are_sent_sources_and_lock_file_and_no_packages(tmp_path: Path) -> None:
    packager = "bundles: {fn: {target: google-cloud-functions, handler: index.hello}}\n"
    files = {"index.js": "exports.hello = 1\n", "prisma/schema.prisma": "", "packager.yaml": packager}
    node_project(tmp_path, files, dependencies={"@google-cloud/functions-framework": "1.0.0"})
    bundle = plan_of(tmp_path).bundles[0]
    item = made(
        tmp_path, bundle, "index.js", "package.json", "node_modules/x/index.js",
        sources=("package-lock.json", "prisma/schema.prisma", "packager.yaml"),
    )  # fmt: skip
    assert set(ship([item])["fn"].files) == {
        "index.js", "package.json", "package-lock.json", "prisma/schema.prisma", ".gcloudignore",
    }  # fmt: skip


def test_vercel_ships_static_files_and_a_folder_per_entry(tmp_path: Path) -> None:
    files = {"api/a.js": NODE_MODULE, "api/b.js": NODE_MODULE, "public/index.html": "<p>"}
    bundle = bundle_of(tmp_path, "vercel", '"api/*.js"', **files)
    shipment = ship([made(tmp_path, bundle, *files)])["web"]
    assert shipment.unpacked == (
        ("web", ".vercel/output/functions/api/a.func"),
        ("web", ".vercel/output/functions/api/b.func"),
    )
    assert shipment.files[".vercel/output/static/index.html"] == tmp_path / "public/index.html"


def test_limits_keep_their_boundaries(tmp_path: Path) -> None:
    files = {"index.js": NODE_MODULE}
    vercel = bundle_of(tmp_path / "v", "vercel", "index.js", **files).budget
    assert (vercel.unzipped, vercel.zipped) == (250 * 1024 * 1024 - 1, 300 * 1024 * 1024), "its test is >="
    assert bundle_of(tmp_path / "u", "up", "index.js", **files).budget.unzipped == 250 << 20, "its test is >"
    now = bundle_of(tmp_path / "n", "now", "index.js", **files).budget
    assert (now.zipped, now.zipped_is_hard, now.unzipped) == (50 * 1024 * 1024, True, None)


def test_seven_bundles_share_one_install_per_system(tmp_path: Path) -> None:
    packager = """\
bundles:
  now: {target: now, src: index.js}
  vercel: {target: vercel, src: index.js}
  netlify: {target: netlify, src: fn.js}
  up: {target: up, src: index.js}
  lambda: {target: aws-lambda, handler: fn.handler}
  gcf: {target: google-cloud-functions, handler: fn.handler}
  lambda2: {target: aws-lambda, handler: fn.handler}
"""
    node_project(tmp_path, {"packager.yaml": packager, "index.js": NODE_MODULE, "fn.js": NODE_HANDLER})
    plan = plan_of(tmp_path)
    assert len(plan.bundles) == 7
    assert [job.platform.name for job in plan.jobs] == ["amazonlinux2023", "ubuntu-22.04"]
    assert len([note for note in plan.notes if "maxLambdaSize" in note]) == 1


def test_a_folder_appears_whole_repeats_and_refuses_edits_and_strangers(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    shipment = {"web": Shipment(files={"now.json": '{"version": 2}\n', "src/a.js": tmp_path / "a.js"})}
    out = tmp_path / "dist"
    deliver_shipments([], shipment, out)
    first = snapshot(out)
    deliver_shipments([], shipment, out)
    assert snapshot(out) == first
    (out / "web/now.json").write_text('{"version": 2, "alias": "me"}\n')
    with pytest.raises(ConfigError, match=r'-{"version": 2, "alias": "me"}'):
        deliver_shipments([], shipment, out)
    (out / "other").mkdir()
    with pytest.raises(ConfigError, match="was not written by packager"):
        deliver_shipments([], {"other": Shipment()}, out)


def test_a_new_version_of_our_own_text_replaces_the_old_one(tmp_path: Path) -> None:
    deliver_shipments([], {"web": Shipment(files={"a.json": "1\n", "gone": "x"})}, tmp_path)
    deliver_shipments([], {"web": Shipment(files={"a.json": "2\n"})}, tmp_path)
    assert (tmp_path / "web/a.json").read_text() == "2\n"
    assert not (tmp_path / "web/gone").exists()
