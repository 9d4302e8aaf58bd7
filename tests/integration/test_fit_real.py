"""Real applications that are too big: from npm, packed over the limit, then brought under it and proved."""

from __future__ import annotations

import json
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import packager
from tests.support.documents import check
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.heavy, pytest.mark.network]

LAMBDA_UNZIPPED = 262_144_000
# One package.json for several functions: what this one never loads is installed, and packed, all the same.
REPORTS = {
    "@aws-sdk/client-s3": "^3.1000.0",
    "@duckdb/node-api": "1.5.6-r.1",
    "@ffmpeg-installer/ffmpeg": "1.1.0",
    "@napi-rs/canvas": "1.1.1",
    "@sparticuz/chromium": "147.0.0",
    "date-fns": "4.4.0",
    "pdfjs-dist": "5.6.205",
    "pg": "8.23.1",
    "sharp": "0.35.5",
}
REPORTS_HANDLER = """\
const { DuckDBInstance } = require('@duckdb/node-api')
const { S3Client } = require('@aws-sdk/client-s3')
const { format } = require('date-fns')
const sharp = require('sharp')

const store = new S3Client({ region: 'eu-west-1' })

exports.handler = async () => {
  const database = await DuckDBInstance.create(':memory:')
  const connection = await database.connect()
  const rows = (await connection.runAndReadAll('select 6 * 7 as answer')).getRows()
  const image = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).png().toBuffer()
  const day = format(new Date(2020, 1, 29), 'yyyy-MM-dd')
  return { answer: Number(rows[0][0]), png: image.length > 60, day, s3: typeof store.send }
}
"""
ANSWER = {"answer": 42, "png": True, "day": "2020-02-29", "s3": "function"}
THUMBS = {
    name: REPORTS[name] for name in ("@duckdb/node-api", "@ffmpeg-installer/ffmpeg", "@napi-rs/canvas", "pg", "sharp")
}
THUMBS_HANDLER = """\
const { createCanvas } = require('@napi-rs/canvas')
const sharp = require('sharp')

module.exports = async (request, response) => {
  const drawn = createCanvas(64, 64).toBuffer('image/png')
  response.setHeader('content-type', 'image/webp')
  response.end(await sharp(drawn).resize(16).webp().toBuffer())
}
"""

MEDIA = {name: THUMBS[name] for name in THUMBS if name != "pg"}
# Two functions of one package.json: DuckDB is in both, each has large packages of its own besides.
ROWS = """\
const { DuckDBInstance } = require('@duckdb/node-api')
const rows = async () => {
  const database = await DuckDBInstance.create(':memory:')
  const found = (await (await database.connect()).runAndReadAll('select 6 * 7 as answer')).getRows()
  return Number(found[0][0])
}
"""
RENDER_HANDLER = (
    ROWS
    + """
const { createCanvas } = require('@napi-rs/canvas')
const sharp = require('sharp')

exports.handler = async () => {
  const image = await sharp(createCanvas(64, 64).toBuffer('image/png')).resize(16).webp().toBuffer()
  return { answer: await rows(), image: image.length > 20 }
}
"""
)
PROBE_HANDLER = (
    ROWS
    + """
const { execFileSync } = require('node:child_process')
const ffmpeg = require('@ffmpeg-installer/ffmpeg')

exports.handler = async () => {
  const version = execFileSync(ffmpeg.path, ['-version'], { encoding: 'utf8' })
  return { answer: await rows(), ffmpeg: version.startsWith('ffmpeg version') }
}
"""
)


def project(folder: Path, dependencies: dict[str, str], handler: str, bundle: str) -> Path:
    """Return an application with a lock file."""
    own = {"name": folder.name, "version": "1.0.0", "private": True, "dependencies": dependencies}
    config = f"version: 1\nbuilder: host\nbundles:\n  {folder.name}: {bundle}\n"
    write_tree(folder, {"package.json": json.dumps(own), "index.js": handler, "packager.yaml": config})
    subprocess.run(["npm", "install", "--package-lock-only"], cwd=folder, check=True, capture_output=True, timeout=600)
    return folder


def built(app: Path, *arguments: str) -> dict[str, Any]:
    """Return the document of a build of the only bundle."""
    document = packager("build", app, "--json", *arguments, timeout=1800).json()
    check("build", document)
    bundle: dict[str, Any] = document["bundles"][-1]
    return bundle


def show(what: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Print the figures (seen with -s)."""
    sizes = [f"{one['artifact']['zipped_bytes']:,} zipped, {one['artifact']['unzipped_bytes']:,} unzipped"
             for one in (before, after)]  # fmt: skip
    print(f"\n{what}: {sizes[0]} → {sizes[1]}; {after['fit']['trials'][-1]['what']}; {after['proof']['detail']}")  # noqa: T201 (figures)


def test_an_application_of_320_mb_comes_under_the_limits_of_lambda(tmp_path: Path) -> None:
    app = project(
        tmp_path / "reports",
        REPORTS,
        REPORTS_HANDLER,
        "{target: aws-lambda, runtime: nodejs22.x, handler: index.handler}",
    )

    before = built(app)
    after = built(app, "--fit")
    show("reports", before, after)

    assert before["artifact"]["unzipped_bytes"] > 315_000_000
    assert "SIZE002" in {finding["code"] for finding in before["findings"]}
    assert before["path"] is None
    (trace,) = [measure for measure in before["fit"]["measures"] if measure["name"] == "trace"]
    assert after["ok"]
    assert after["artifact"]["unzipped_bytes"] <= LAMBDA_UNZIPPED
    assert after["fit"]["fits"]
    assert after["proof"]["status"] == "proved"
    # The estimate was of the files' own sizes; a proof may have put some back.
    expected = before["artifact"]["unzipped_bytes"] - trace["saves_unzipped_bytes"]
    assert abs(after["artifact"]["unzipped_bytes"] - expected) < expected / 50
    write_tree(tmp_path, {"event.json": "{}", "answer.json": json.dumps(ANSWER)})
    asked = ("--event", tmp_path / "event.json", "--expect", tmp_path / "answer.json", "--json")
    called = packager("prove", after["path"], *asked).json()
    assert called["proof"]["status"] == "proved", called


def test_a_now_bundle_of_60_mb_comes_under_25_mb(tmp_path: Path) -> None:
    app = project(
        tmp_path / "thumbs", THUMBS, THUMBS_HANDLER, "{target: now, runtime: nodejs22.x, src: index.js, budget: 25mb}"
    )

    before = built(app)
    after = built(app, "--fit")
    show("thumbs", before, after)

    assert before["artifact"]["zipped_bytes"] > 60_000_000
    assert after["ok"]
    assert after["artifact"]["zipped_bytes"] <= 25 << 20
    assert after["proof"]["status"] == "proved"
    names = zipfile.ZipFile(after["path"]).namelist()
    assert not [name for name in names if "ffmpeg" in name or "duckdb" in name]


def test_what_the_fit_says_to_write_gives_the_same_bytes(tmp_path: Path) -> None:
    app = project(
        tmp_path / "thumbs", THUMBS, THUMBS_HANDLER, "{target: now, runtime: nodejs22.x, src: index.js, budget: 25mb}"
    )
    fitted = built(app, "--fit")
    assert fitted["fit"]["permanent"] == ["bundles:", "  thumbs:", "    trim: trace"]

    text = (app / "packager.yaml").read_text()
    (app / "packager.yaml").write_text(text.replace("budget: 25mb", "budget: 25mb, trim: trace"))

    assert built(app)["artifact"]["sha256"] == fitted["artifact"]["sha256"]


def test_what_all_is_needed_goes_into_layers_that_load_together(tmp_path: Path) -> None:
    names = ", ".join(f"'{name}'" for name in THUMBS)
    handler = f"const loaded = [{names}].map((name) => require(name))\nexports.handler = async () => loaded.length\n"
    app = project(
        tmp_path / "all",
        THUMBS,
        handler,
        "{target: aws-lambda, runtime: nodejs22.x, handler: index.handler, budget: 5mb}",
    )

    document = packager("build", app, "--fit", "--json", timeout=1800).json()

    check("build", document)
    *layers, function = document["bundles"]
    assert function["fit"]["applied"] == ["layers"]
    assert [layer["bundle"] for layer in layers] == ["all-layer-1", "all-layer-2"]
    assert all(layer["artifact"]["zipped_bytes"] <= 50 << 20 for layer in layers)
    assert function["artifact"]["zipped_bytes"] <= 5 << 20
    assert function["budget"]["used_with_layers_bytes"] <= LAMBDA_UNZIPPED
    assert function["proof"]["status"] == "proved"


@pytest.mark.parametrize("trim", ["safe", "trace"])
def test_two_functions_share_a_large_package_in_one_layer(tmp_path: Path, trim: str) -> None:
    own = {"name": "media", "version": "1.0.0", "private": True, "dependencies": MEDIA}
    common = f"target: aws-lambda, runtime: nodejs22.x, trim: {trim}, budget: 5mb"
    # What is not traced is left out by hand: one function's packages are of no use to the other.
    render = "include: [render.js, '!node_modules/@ffmpeg-installer/**']"
    probe = "include: [probe.js, '!node_modules/@napi-rs/**', '!node_modules/sharp/**', '!node_modules/@img/**']"
    config = (
        "version: 1\nbuilder: host\nbundles:\n"
        f"  render: {{{common}, handler: render.handler, {render}}}\n"
        f"  probe: {{{common}, handler: probe.handler, {probe}}}\n"
    )
    app = write_tree(
        tmp_path / "media",
        {
            "package.json": json.dumps(own),
            "render.js": RENDER_HANDLER,
            "probe.js": PROBE_HANDLER,
            "packager.yaml": config,
            "event.json": "{}",
            "render.json": json.dumps({"answer": 42, "image": True}),
            "probe.json": json.dumps({"answer": 42, "ffmpeg": True}),
        },
    )
    subprocess.run(["npm", "install", "--package-lock-only"], cwd=app, check=True, capture_output=True, timeout=600)

    document = packager("build", app, "--fit", "--json", timeout=1800).json()

    check("build", document)
    made = {bundle["bundle"]: bundle for bundle in document["bundles"]}
    for name, bundle in made.items():
        print(f"\n{trim} {name}: {bundle['artifact']['zipped_bytes']:,} zipped,", end=" ")  # noqa: T201 (figures)
        print(f"{bundle['budget']['used_with_layers_bytes']:,} unzipped with layers; {bundle['proof']['detail']}")  # noqa: T201
    assert document["ok"], made
    assert made["probe-shared-1"]["artifact"]["zipped_bytes"] > 15_000_000
    held = {name: zipfile.ZipFile(bundle["path"]).namelist() for name, bundle in made.items()}
    for name in ("render", "probe"):
        function = made[name]
        layers = [layer["name"] for layer in function["layers"]]
        assert (layers[0], function["fit"]["layers"]) == ("probe-shared-1", layers)
        assert len(layers) <= 5
        assert function["artifact"]["zipped_bytes"] <= 5 << 20
        assert all(made[layer]["artifact"]["zipped_bytes"] <= 50 << 20 for layer in layers)
        assert function["budget"]["used_with_layers_bytes"] <= LAMBDA_UNZIPPED
        assert function["proof"]["status"] == "proved"
        seen = [path.removeprefix("nodejs/") for each in (*layers, name) for path in held[each]]
        assert len(seen) == len(set(seen))
        below = [word for layer in layers for word in ("--layer", made[layer]["path"])]
        asked = ("--event", app / "event.json", "--expect", app / f"{name}.json", "--json")
        called = packager("prove", function["path"], *below, *asked).json()
        assert called["proof"]["status"] == "proved", called
    template = packager("emit", "sam", app, "--stdout").stdout
    assert template.count("- Ref: ProbeShared1") == 2
    assert template.count("Type: AWS::Serverless::LayerVersion") == len(made) - 2
