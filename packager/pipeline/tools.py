"""The programs of this machine, as tools for the stages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packager.model.tools import Tools

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from packager.model.builds import Builder, Tree
    from packager.model.bytecode import Python
    from packager.model.contents import Contents
    from packager.model.plan import BuilderName
    from packager.model.proof import Proof
    from packager.model.stages import ProveInputs
    from packager.model.targets import Arch
    from packager.model.tracing import Bundled, BundleQuestion, Trace, TraceQuestion


def real_tools(cache: Path, *, fresh: bool = False, fetch: bool = True) -> Tools:
    """Return the tools of this machine.

    `fresh`: nothing that an earlier run has installed or generated is reused; without `fetch`, tools that are in
    no cache are not to be had.
    """

    def builder(name: BuilderName) -> Builder:
        from packager.builders.tree_cache import keeping

        if name == "docker":
            import os
            from functools import partial

            from packager.builders.docker import DockerBuilder
            from packager.containers.docker_engine import connect
            from packager.toolchains.node import node_folder

            home = Path.home()
            engine = connect(os.environ, home)
            fetch = partial(node_folder, cache=cache)
            docker = DockerBuilder(engine, environment=os.environ, home=home, node_folder=fetch, cache=cache)
            return keeping(docker, cache, fresh=fresh)
        from packager.builders.local import LocalBuilder

        return keeping(LocalBuilder(cache), cache, fresh=fresh)

    def prover(inputs: ProveInputs, archive: Path, layers: Sequence[Path]) -> Proof:
        from packager.prove.prover import prove

        return prove(
            archive,
            layers,
            target=inputs.target,
            handler=inputs.handler,
            environment=dict(inputs.environment),
            how="auto",
            image=inputs.image,
            cache=cache,
            packages=list(inputs.packages),
            dropped=dict(inputs.dropped),
            fetch=fetch,
        )

    def tracer(question: TraceQuestion, contents: Contents) -> Trace:
        from packager.select.trace.nft import NftTracer
        from packager.toolchains.npm_tools import NpmTools

        return NftTracer(NpmTools(cache, fetch))(question, contents)

    def bundler(question: BundleQuestion, contents: Contents) -> Bundled:
        from packager.select.bundle.esbuild import EsbuildBundler
        from packager.toolchains.npm_tools import NpmTools

        return EsbuildBundler(NpmTools(cache, fetch))(question, contents)

    def interpreters(version: str, tree: Tree | None, arch: Arch) -> AbstractContextManager[Python]:
        from packager.compile.finding import find_python

        return find_python(version, tree, arch)

    return Tools(builder, prover, tracer, bundler, interpreters)


real_host = real_tools
"""The name of `real_tools` until 2026-11."""
