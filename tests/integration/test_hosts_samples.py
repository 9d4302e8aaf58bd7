"""Each host's sample is built, delivered as its shipped.json says, accepted by the host's own tool, and answers."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pathspec
import pytest

from tests.support.cli import SAMPLES, packager, sample
from tests.support.hosts import (
    HANDLER_SERVER,
    NO_DOWNLOAD,
    digest,
    folder_digests,
    get,
    npm_tool,
    run,
    serving,
    unzipped,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.network
NAMES = sorted(path.parent.name for path in SAMPLES.glob("*/shipped.json"))
USERS = [{"email": "ada@example.com", "name": "Ada"}]


@dataclass
class Built:
    """A sample after its build."""

    folder: Path
    document: dict[str, Any]
    expected: dict[str, Any]

    @property
    def dist(self) -> Path:
        """Return the output folder."""
        return self.folder / "dist"


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """Return the builds made so far: each sample is built once for all tests."""
    return {}


def built(name: str, builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a sample, built by the host builder."""
    if name not in builds:
        folder = sample(name, tmp_path_factory.mktemp("host"))
        ran = packager("build", folder, "--builder", "host", "--json")
        assert ran.code == 0, ran.stderr + ran.stdout
        builds[name] = Built(folder, ran.json(), json.loads((folder / "shipped.json").read_text()))
    return builds[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_is_proved_clean_within_its_limits_and_shipped_as_it_says(
    name: str, builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = built(name, builds, tmp_path_factory)
    for bundle in made.document["bundles"]:
        assert bundle["proof"]["status"] == "proved", bundle["proof"]
        assert [finding for finding in bundle["findings"] if finding["severity"] == "error"] == []
        limit = bundle["budget"]["zipped_bytes"]
        assert limit is None or bundle["artifact"]["zipped_bytes"] < limit
    shipped = {
        path.relative_to(made.dist).as_posix()
        for path in made.dist.rglob("*")
        if path.is_file() and "node_modules" not in path.parts
    }
    assert shipped == set(made.expected["files"])
    for archive, natives in made.expected["natives"].items():
        with zipfile.ZipFile(made.dist / archive) as opened:
            found = [path for path in opened.namelist() if opened.read(path)[:4] == b"\x7fELF"]
        assert sorted(found) == natives


@pytest.mark.parametrize("name", NAMES)
def test_building_again_gives_the_same_bytes(
    name: str, builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = built(name, builds, tmp_path_factory)
    before = folder_digests(made.dist)
    ran = packager("build", made.folder, "--builder", "host", "--no-prove", "-q")
    assert ran.code == 0, ran.stderr
    # The manifests differ in one thing, the proof that was left out.
    assert {path: sha for path, sha in folder_digests(made.dist).items() if not path.endswith(".manifest.json")} == {
        path: sha for path, sha in before.items() if not path.endswith(".manifest.json")
    }


def test_now_answers_and_its_own_builder_takes_the_folder(
    builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    made = built("zeit-now", builds, tmp_path_factory)
    function = unzipped(made.dist / "web.zip", tmp_path / "function")
    with serving(["node", "-e", HANDLER_SERVER, str(function / "index.js")], function) as address:
        assert json.loads(get(address)[1]) == USERS
    # 1.8.5 knows no syntax after 2019, so what it traces is not asked; that it runs our build script and packs our
    # entry is.
    tool = npm_tool("@now/node@1.8.5", "@now/build-utils@2.7.0")
    folder = tmp_path / "web"
    shutil.copytree(made.dist / "web", folder)
    script = """
const { build } = require('@now/node'), { glob } = require('@now/build-utils'), fs = require('fs')
;(async () => {
  const folder = process.argv[1]
  const [{ src, config }] = JSON.parse(fs.readFileSync(`${folder}/now.json`)).builds
  const files = await glob('**', folder)
  const { output } = await build({ files, entrypoint: src, workPath: folder, config, meta: {} })
  console.log(JSON.stringify({ size: output.zipBuffer.length }))
})().catch((error) => { console.error(error); process.exit(1) })
"""
    done = run(["node", "-e", script, str(folder)], tool, NO_DOWNLOAD)
    assert "now-build" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["size"] > 0
    assert (folder / "node_modules/.prisma/client/index.js").is_file(), "generated over there"


def test_vercel_answers_and_its_own_build_has_the_same_shape(
    builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    made = built("vercel", builds, tmp_path_factory)
    ours = made.dist / "site/.vercel/output"
    function = ours / "functions/api/thumbnail.func"
    entry = json.loads((function / ".vc-config.json").read_text())["handler"]
    with serving(["node", "-e", HANDLER_SERVER, str(function / entry)], function) as address:
        kind, body = get(f"{address}/api/thumbnail?colour=%23ff0000")
    assert (kind, body[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    tool = npm_tool("vercel@50.44.0")
    yardstick = sample("vercel", tmp_path)
    (yardstick / ".vercel").mkdir()
    settings = {"projectId": "prj_x", "orgId": "org_x", "settings": {"framework": None, "nodeVersion": "22.x"}}
    (yardstick / ".vercel/project.json").write_text(json.dumps(settings))
    run(["npm", "ci", "--ignore-scripts"], yardstick)
    run([str(tool / "node_modules/.bin/vercel"), "build", "--yes", "--token", "x"], yardstick)
    theirs = yardstick / ".vercel/output"
    assert _functions(ours) == _functions(theirs)
    for path in _functions(ours):
        mine = json.loads((ours / path / ".vc-config.json").read_text())
        reference = json.loads((theirs / path / ".vc-config.json").read_text())
        assert mine.items() <= reference.items()
    assert _statics(ours) == _statics(theirs)
    assert json.loads((ours / "config.json").read_text())["version"] == 3


def _functions(output: Path) -> set[str]:
    return {path.parent.relative_to(output).as_posix() for path in output.rglob(".vc-config.json")}


def _statics(output: Path) -> dict[str, str]:
    return folder_digests(output / "static")


def test_netlify_takes_the_zip_byte_for_byte_and_its_manifest_is_ours(
    builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    made = built("netlify", builds, tmp_path_factory)
    functions = made.dist / "netlify/functions"
    tool = npm_tool("@netlify/zip-it-and-ship-it@14.7.1")
    script = """
import('@netlify/zip-it-and-ship-it').then(async ({ zipFunctions }) => {
  const [from, to] = process.argv.slice(1)
  await zipFunctions([from], to, { manifest: `${to}/manifest.json` })
})
"""
    out = tmp_path / "out"
    out.mkdir()
    run(["node", "-e", script, str(functions), str(out)], tool)
    names = ["count.zip", "report-background.zip"]
    assert [digest(out / name) for name in names] == [digest(functions / name) for name in names]
    theirs = (out / "manifest.json").read_text().replace(str(functions), "functions").replace(str(out), "functions")
    document = json.loads((made.dist / "netlify/manifest.json").read_text())
    for function in document["functions"]:
        del function["runtimeVersion"]
    assert {**json.loads(theirs), "timestamp": 0} == document
    ran = packager(
        "prove",
        made.dist / "functions.zip",
        "--handler",
        "count.handler",
        "--event",
        made.folder / "event.json",
        "--json",
    )
    assert ran.code == 0, ran.stdout + ran.stderr
    assert json.loads(ran.json()["response"]["body"]) == {"visits": 1}


def test_google_installs_generates_and_serves_the_folder(
    builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    made = built("google-cloud-functions", builds, tmp_path_factory)
    folder = tmp_path / "workspace"
    shutil.copytree(made.dist / "users", folder)
    # As Google's buildpack does it: everything, the script, then production only.
    run(["npm", "ci", "--ignore-scripts"], folder)
    run(["npm", "run", "gcp-build"], folder, NO_DOWNLOAD)
    run(["npm", "prune", "--omit=dev", "--ignore-scripts"], folder)
    framework = str(folder / "node_modules/.bin/functions-framework")
    with serving([framework, "--target=users"], folder, DATABASE_URL=f"file:{tmp_path}/app.db") as address:
        assert json.loads(get(address)[1]) == USERS


def test_up_keeps_what_is_needed_by_its_own_rules_and_the_rest_still_serves(
    builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    made = built("up", builds, tmp_path_factory)
    folder = made.dist / "server"
    # The order of apex/up: its defaults, the user's file, then what it never gives up. Last match wins.
    lines = [".*", "!vendor", "!node_modules/**", "!.pypath/**", *(folder / ".upignore").read_text().splitlines()]
    lines += [
        "!main",
        "!server",
        "!_proxy.js",
        "!up.json",
        "!pom.xml",
        "!build.gradle",
        "!project.clj",
        "gin-bin",
        "up",
    ]
    rules = pathspec.GitIgnoreSpec.from_lines(lines)
    kept = tmp_path / "kept"
    for path in folder.rglob("*"):
        inside = path.relative_to(folder).as_posix()
        if path.is_file() and not rules.match_file(inside):
            (kept / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, kept / inside)
    with zipfile.ZipFile(made.dist / "server.zip") as archive:
        wanted = set(archive.namelist())
    assert wanted <= set(folder_digests(kept))
    assert not (kept / ".packager.json").exists()
    command = json.loads((kept / "up.json").read_text())["proxy"]["command"]
    with serving(command.split(), kept) as address:
        assert json.loads(get(address)[1])["greeting"] == "hello from behind the proxy"
