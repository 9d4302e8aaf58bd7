"""The doors to the outside as one value: builders, prover, scratch. Tests put fakes behind them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from packager.model.builds import Builder, Tree
    from packager.model.bytecode import FindPython, Python
    from packager.model.options import Options, Prover
    from packager.model.plan import BuilderName, Bundle
    from packager.model.proof import Proof
    from packager.model.selection import Selection
    from packager.model.targets import Arch
    from packager.model.tracing import Bundled, Bundler, Trace, Tracer


def _trace(bundle: Bundle, root: Path, entries: Sequence[str], overlay: Mapping[str, Path], cache: Path) -> Trace:
    from packager.trace.nft import trace

    return trace(bundle, root, entries, overlay, cache)


def _bundle(
    bundle: Bundle, root: Path, entries: Sequence[str], external: Sequence[str], out: Path, cache: Path
) -> Bundled:
    from packager.bundling.esbuild import bundle_code

    return bundle_code(bundle, root, entries, external, out, cache)


def _python(version: str, tree: Tree | None, arch: Arch) -> AbstractContextManager[Python]:
    from packager.compiling.finding import find_python

    return find_python(version, tree, arch)


@dataclass(frozen=True)
class Host:
    """What the pipeline is given of the outside world."""

    builder: Callable[[BuilderName], Builder]
    """Returns the builder of a name; connects to Docker only when asked for it."""
    prover: Prover
    tracer: Tracer = _trace
    """Finds out what entry files reach."""
    bundler: Bundler = _bundle
    """Joins entry files with the code they reach."""
    python: FindPython = _python
    """Finds an interpreter of the target's version, for compiling modules."""


def real_host(cache: Path, *, fresh: bool = False) -> Host:
    """Return the doors of this machine. `fresh`: nothing that an earlier run has installed or generated is reused."""
    from packager.generate.kept import keeping

    def builder(name: BuilderName) -> Builder:
        if name == "docker":
            import os
            from functools import partial

            from packager.containers.docker_engine import connect
            from packager.generate.docker import DockerBuilder
            from packager.toolchains.node_fetched import node_folder

            home = Path.home()
            engine = connect(os.environ, home)
            fetch = partial(node_folder, cache=cache)
            docker = DockerBuilder(engine, environment=os.environ, home=home, node_folder=fetch, cache=cache)
            return keeping(docker, cache, fresh=fresh)
        from packager.generate.host import HostBuilder

        return keeping(HostBuilder(cache), cache, fresh=fresh)

    def prover(bundle: Bundle, selection: Selection, artifact: Path, layers: Sequence[Path], options: Options) -> Proof:
        from packager.prove.prover import prove

        return prove(
            artifact,
            layers,
            target=bundle.target,
            handler=bundle.handler,
            environment=dict(bundle.environment),
            how="auto",
            image=options.prove_image,
            cache=options.cache,
            packages=sorted(_roots(bundle, selection)),
            dropped={choice.file.path: f"{choice.rule}: {choice.reason}" for choice in selection.dropped},
        )

    return Host(builder=builder, prover=prover)


def _roots(bundle: Bundle, selection: Selection) -> set[str]:
    """Return the names of the packages a layer is made for: loading them is what its proof shows."""
    from packager.trim.patterns import compiled

    kept = {choice.file.package.name for choice in selection.kept if choice.file.package and choice.file.package.path}
    return {name for name in kept if any(compiled(glob).match(name) for glob in bundle.packages)}
