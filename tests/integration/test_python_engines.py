"""Native Python packages from PyPI: recognised, trimmed of their own tests, whole with what lies beside them."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.core.resources import default_cache
from packager.model.machine import Machine
from packager.model.options import BuildOptions
from packager.pipeline.run import package
from packager.pipeline.tools import real_host
from packager.planning.planner import make_plan
from packager.project.loading import load_project
from packager.prove.prover import prove
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.network, pytest.mark.heavy]

HANDLER = """\
import json
import numpy
import pandas
import psycopg2
import scipy.linalg, scipy.ndimage, scipy.special, scipy.optimize, scipy.sparse.csgraph, scipy.stats, scipy.signal
from PIL import Image

def handler(event, context):
    frame = pandas.DataFrame({"a": numpy.arange(4)})
    solved = scipy.linalg.solve(numpy.eye(2), numpy.ones(2)).tolist()
    image = len(Image.new("RGB", (2, 2)).tobytes())
    libpq = psycopg2.__libpq_version__ > 0
    return {"sum": int(frame["a"].sum()), "solved": solved, "bytes": image, "libpq": libpq}
"""
CONFIG = """\
version: 1
bundles:
  api: {target: aws-lambda, runtime: python3.11, handler: app.handler}
"""


def test_numpy_pandas_scipy_pillow_and_psycopg_compute_without_their_tests(tmp_path: Path) -> None:
    requirements = "numpy==2.2.6\npandas==2.3.3\nscipy==1.15.3\npillow==11.3.0\npsycopg2-binary==2.9.11\n"
    root = write_tree(tmp_path, {"app.py": HANDLER, "requirements.txt": requirements, "packager.yaml": CONFIG})
    plan = make_plan(load_project(root), load_catalog(), Machine(), BuildOptions(builder="local"))
    assert [engine.name for engine in plan.jobs[0].engines] == ["numpy", "pandas", "pillow", "psycopg", "scipy"]
    options = BuildOptions(out=root / "dist", prove="skip")

    with package(plan, load_catalog(), real_host(tmp_path / "cache"), options) as (result,):
        assert [str(one) for one in result.findings if one.severity == "error"] == []
        proof = prove(
            result.artifact.path,
            target=result.bundle.target,
            handler="app.handler",
            environment={},
            how="local",
            timeout_seconds=120,
            event={},
            cache=default_cache(),
        )
        with zipfile.ZipFile(result.artifact.path) as archive:
            names = archive.namelist()
        engines = {choice.rule for choice in result.selection.dropped if choice.rule.startswith("engine:")}

    assert proof.status == "proved", proof
    assert json.loads(proof.answer) == {"sum": 6, "solved": [1.0, 1.0], "bytes": 12, "libpq": True}
    assert engines == {"engine:numpy", "engine:scipy"}
    assert not [name for name in names if "_simd." in name or "_ctest." in name]
    folders = {name.partition("/")[0] for name in names}
    assert {"numpy.libs", "scipy.libs", "psycopg2_binary.libs", "pillow.libs"} <= folders
