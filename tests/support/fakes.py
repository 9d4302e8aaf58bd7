"""What the pipeline asks of the outside world, answered from memory: builders, provers, machines."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from packager.builders.source import copy_source
from packager.catalog.current import load_catalog
from packager.compile.finding import find_python
from packager.core.errors import EnvironmentFault
from packager.model.builds import Tree
from packager.model.machine import Machine
from packager.model.plan import Bundle, Job
from packager.model.proof import Proof
from packager.model.tools import Tools
from packager.model.tracing import Trace
from packager.planning.planner import make_plan
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from packager.core.progress import Stopwatch
    from packager.model.contents import Contents
    from packager.model.options import BuildOptions
    from packager.model.plan import BuilderName, Plan
    from packager.model.project import Project
    from packager.model.stages import ProveInputs
    from packager.model.targets import Arch, Language
    from packager.model.tracing import Bundled, BundleQuestion, TraceQuestion
    from tests.support.trees import Content

NO_DOCKER = Machine(docker_problem="no Docker engine answers")
DOCKER = Machine(docker="Docker 20.10.24 at unix:///fake.sock", image_problem=lambda image, arch: "")
PROVED = Proof("proved", "local", "a made-up runtime", "loaded everything")


@dataclass
class FakeBuilder:
    """Leaves the project's own files, and what an install and a generator would have added to them."""

    adds: Mapping[str, Content] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    """What was asked for, in order."""
    fault: BaseException | None = None
    """Raised in place of an answer."""
    name: BuilderName = "local"

    def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
        """Copy the sources as a real builder does, then add the files."""
        self.jobs.append(job)
        with watch.step("install", job.source.name):
            if self.fault is not None:
                raise self.fault
            root = scratch / "tree"
            root.mkdir()
            copy_source(job, root)
            write_tree(root, self.adds, self.links)
        return Tree(root, self.name, toolchain=(("node", "22.0.0"),))


@dataclass
class FakeProver:
    """Gives one answer, and remembers what it was asked to prove: (bundle, artifact's bytes, layer names)."""

    proof: Proof = PROVED
    asked: list[tuple[str, bytes, list[str]]] = field(default_factory=list)

    def __call__(self, inputs: ProveInputs, archive: Path, layers: Sequence[Path]) -> Proof:
        """Return the answer."""
        self.asked.append((archive.stem, archive.read_bytes(), [path.name for path in layers]))
        return self.proof


@dataclass
class FakeTracer:
    """Finds the same files each time, all asked for by the entry; without any, it cannot be had."""

    files: tuple[str, ...] = ()

    def __call__(self, question: TraceQuestion, contents: Contents) -> Trace:
        """Return the files."""
        if not self.files:
            raise EnvironmentFault("the tracer cannot be had here")  # noqa: EM101
        return Trace({**dict.fromkeys(self.files, question.entries[0]), **dict.fromkeys(question.entries, "")})


def no_bundler(question: BundleQuestion, contents: Contents) -> Bundled:
    """Be a machine that cannot get esbuild."""
    raise EnvironmentFault("the bundler cannot be had here")  # noqa: EM101


def fake_tools(
    builder: FakeBuilder | None = None, prover: FakeProver | None = None, tracer: FakeTracer | None = None
) -> Tools:
    """Return the tools of a made-up machine; every builder's name gives the same builder."""
    chosen = builder or FakeBuilder()
    return Tools(
        builders=lambda name: chosen,
        prover=prover or FakeProver(),
        tracer=tracer or FakeTracer(),
        bundler=no_bundler,
        interpreters=find_python,
    )


def plan_for(project: Project, machine: Machine = NO_DOCKER, options: BuildOptions | None = None) -> Plan:
    """Return a project's plan by the real catalog, on a machine without Docker."""
    return make_plan(project, load_catalog(), machine, options)


def make_job(source: Path = Path("/nowhere"), **changes: object) -> Job:
    """Return a job that installs nothing, for nodejs22.x on x86_64."""
    language: Language = "nodejs"
    arch: Arch = "x86_64"
    values: dict[str, object] = {
        "source": source,
        "builder": "local",
        "platform": load_catalog().platforms["amazonlinux2023"],
        "arch": arch,
        "libc": "glibc",
        "language": language,
        "language_version": "22",
        "manager": None,
        "lock_file": "",
    }
    make: Callable[..., Job] = Job
    return make(**{**values, **changes})


def make_bundle(**changes: object) -> Bundle:
    """Return a function for nodejs22.x on x86_64, by default; with ``target="aws-lambda-layer"`` a layer."""
    name, runtime, arch = (
        changes.pop(key, default)
        for key, default in (("target", "aws-lambda"), ("runtime", "nodejs22.x"), ("arch", "x86_64"))
    )
    target = load_catalog().target(str(name), str(runtime), arch)  # type: ignore[arg-type]
    values: dict[str, object] = {
        "name": "api",
        "kind": target.kind,
        "target": target,
        "job": make_job(arch=arch, language=target.language, platform=target.platform),
        "budget": target.budget,
        "handler": "" if target.kind == "layer" else "index.handler",
    }
    make: Callable[..., Bundle] = Bundle
    return make(**{**values, **changes})
