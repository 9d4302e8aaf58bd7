"""The contract of a language: all that the rest of the tool asks about one. Plain modules satisfy it.

`packager.languages.registry.LANGUAGES` holds them by the name that the catalog, plans and documents use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from packager.model.findings import Severity
    from packager.model.inventory import ElfFacts
    from packager.model.targets import Arch, Libc, RuntimeFlag, Target

PackageLayout = Literal["folders", "shared", "none"]
"""How packages are installed: each in a folder of its own, all together in one folder, or not at all."""


@dataclass(frozen=True)
class HandlerFault:
    """Why the file of a handler cannot be loaded as the runtime would: a clause that continues its name."""

    message: str
    severity: Severity


@dataclass(frozen=True)
class ProofProgram:
    """What loads a bundle in a proof. Files are names in ``prove/loaders``."""

    program: str
    """The interpreter's name in an image: ``node``."""
    loader: str
    """The script it runs."""
    beside: tuple[str, ...] = ()
    """Files the loader needs in its folder."""
    image_flags: tuple[str, ...] = ()
    """The interpreter's options in an image."""
    tracer: str = ""
    """A script, among `beside`, that takes a start apart; empty: starts of this language are not measured."""
    preload: str = ""
    """The interpreter's option that loads a script before all others: ``--require``."""


class InterpreterSearch(Protocol):
    """What this machine offers to a language that looks for its interpreter."""

    def on_path(self, name: str) -> Path | None:
        """Return the program that PATH has under a name."""

    def version_of(self, executable: Path) -> str:
        """Return what ``--version`` prints, as far as it is a version: ``22.1.0``; empty if it does not start."""

    def node_folder(self, major: str) -> Path:
        """Return a folder with ``bin/node`` of a major version, fetched if need be. Raises CannotProve."""

    def python(self, version: str) -> tuple[Path, str] | None:
        """Return a Python of a version such as ``3.12`` with its title, ``Python 3.12.1``."""


class ProjectRules(Protocol):
    """How a project in the language is recognised, and where its code starts."""

    title: str
    """For people: ``Node``."""
    manifest: str
    """The file that names a project's packages: ``package.json``; empty where there is none."""
    bootstrap: str
    """The program a runtime starts instead of a handler: ``bootstrap``; empty where handlers are loaded."""
    usual_handlers: tuple[str, ...]
    """Where a handler is looked for, without suffix, in order: ``src/handler``."""
    source_suffixes: tuple[str, ...]
    """Of files the runtime loads as they are: ``.js``."""
    compiled_suffixes: tuple[str, ...]
    """Of files that ``trim: bundle`` compiles into such files: ``.ts``."""

    marks: tuple[str, ...]
    """Globs of files in a project's folder that speak of the language: ``package.json``."""
    weak_marks: tuple[str, ...]
    """Globs of files that do where no language's plain marks are there: ``Pipfile``."""

    def check_project(self, root: Path) -> None:
        """Raise ConfigError for dependencies that are declared where no tool reads them."""

    def is_installed_in(self, folder: Path) -> bool:
        """Return whether packages of the language lie in a folder that is packed as it is."""

    def find_handler(self, root: Path, *, compiles: bool) -> str:
        """Return a handler such as ``src/handler.handler`` found in the usual files; empty if none fits.

        Files with `compiled_suffixes` count where the build `compiles` them.
        """

    def check_handler(self, root: Path, handler: str, where: str, *, compiles: bool) -> None:
        """Raise ConfigError, for the key `where`, for a handler whose file is not there, before anything is built."""

    def usual_entries(self, root: Path, launcher: str) -> tuple[str, ...]:
        """Return the files, or globs of them, that a host which routes to files would start."""

    def framework_handler(self, root: Path) -> str | None:
        """Return what a functions framework serves here, such as ``index.hello``; empty if that is not said.

        None where no functions framework of the language is known.
        """


class HandlerRules(Protocol):
    """Where the runtime looks for a handler in a finished archive, and what the text of its file shows."""

    handler_endings: tuple[str, ...]
    """For people: what may follow the handler's name."""
    handlers_in_layers: bool
    """Whether the packages of layers are searched for a handler, too."""

    def split_handler(self, handler: str) -> tuple[str, str]:
        """Return (file without ending, export): ("src/api", "handler"); ("", "") for what is not a handler."""

    def handler_files(self, stem: str) -> tuple[str, ...]:
        """Return the files the runtime tries for a handler's file without ending, in its order."""

    def handler_fault(
        self, path: str, texts: Mapping[str, str], version: str, flags: Sequence[RuntimeFlag]
    ) -> HandlerFault | None:
        """Return why the file at `path` is not a module of the kind it must be.

        `texts` are the contents known by their paths, those of manifests in the folders around it among them.
        """

    def is_own_source(self, path: str) -> bool:
        """Return whether a file is source code of the function itself, not of an installed package."""

    def relative_imports(self, text: str) -> Iterable[str]:
        """Return the relative names of files that source code asks for, each once: ``./lib/db``."""

    def import_candidates(self, path: str) -> tuple[str, ...]:
        """Return the paths that the runtime tries for a path that was asked for."""


class NativeRules(Protocol):
    """Native code: what the interpreter loads, what it has loaded already, and for which release it was built."""

    extension_suffix: str
    """Of native modules that are imported by name, for any version and system: ``.so``; empty if there are none."""
    preloaded: tuple[str, ...]
    """Libraries the interpreter has loaded before any addon, besides the C library: never searched for again."""

    def opens_native(self, path: str, version: str) -> bool:
        """Return whether the runtime of that version would load a file of this path as native code."""

    def is_own_library(self, soname: str, version: str) -> bool:
        """Return whether a library is the interpreter's own: loaded already, or in a folder of the runtime."""

    def addon_fault(self, elf: ElfFacts, version: str) -> tuple[str, str] | None:
        """Return (code, message) for an addon that needs another release of the interpreter."""

    def unimportable(self, paths: Sequence[str], version: str) -> Iterable[tuple[str, str]]:
        """Yield (path, what it is for) of native modules that the runtime does not look at, and none replaces."""

    def tag_suits(self, tag: str, version: str, arch: Arch) -> bool:
        """Return whether a package built for `tag`, such as ``cp312-cp312-linux_x86_64``, may be installed."""


class PackageRules(Protocol):
    """How packages are laid out, in a tree and in layers, and what can be done to code."""

    package_layout: PackageLayout
    traceable: bool
    """Whether code is traced from its entries, and bundled (``trim: trace`` and ``bundle``)."""
    compilable: bool
    """Whether modules are compiled to bytecode ahead (``compile: true``)."""
    has_module_twins: bool
    """Whether packages carry the same code for two module systems, of which a bundle may need one."""
    layer_folder: str
    """The folder of a layer that runtimes of the language read; empty: they read what they please."""
    layer_packages: str
    """Where packages lie in a layer: ``nodejs/node_modules``."""
    layer_pattern: re.Pattern[str]
    """The beginning of a path in a layer below which packages lie; ``version``: for which runtime alone, if any."""
    layer_misplaced: tuple[str, ...]
    """Names directly in a layer that are meant to lie in `layer_packages`."""

    def reads_in_layer(self, path: str) -> bool:
        """Return whether runtimes of the language read a file that lies in `layer_folder`."""


class ProofRules(Protocol):
    """What runs the code in a proof and on the target."""

    proof: ProofProgram

    def commands(self, version: str) -> tuple[str, ...]:
        """Return the names under which a script finds the runtime's interpreter."""

    def interpreter_flags(self, memory_bytes: int, environment: Mapping[str, str]) -> tuple[str, ...]:
        """Return the interpreter's options on this machine: memory like the function's, nothing of the machine's."""

    def find_interpreter(self, version: str, search: InterpreterSearch) -> tuple[Path, str]:
        """Return an interpreter of that version and its title, ``node 22.1.0``. Raises CannotProve."""

    def portable_interpreter(self, version: str, search: InterpreterSearch) -> Path | None:
        """Return a folder with ``bin/`` to bring into an image that lacks the interpreter; None where there is none.

        Raises CannotProve where there is one and it cannot be had.
        """


class BuildRules(Protocol):
    """What builds are made with."""

    build_programs: tuple[tuple[str, ...], ...]
    """Commands that print the versions of the programs that install and generate: ("node", "--version")."""
    cdk_family: str
    """Name of the runtime family in the AWS CDK: ``NODEJS``."""

    def build_environment(self, arch: Arch, libc: Libc) -> tuple[tuple[str, str], ...]:
        """Return variables that select the target in the tools that install scripts call."""


class AdviceRules(Protocol):
    """What the maintainer of a package would answer."""

    image_install: str
    """Line of a Dockerfile that installs production packages; empty where there is none."""

    def claims(self, path: str, *, at_home: bool) -> bool:
        """Return whether a native file is one of the language's packages; `at_home`: in a bundle of the language."""

    def install_advice(self, package: str, target: Target) -> str:
        """Return how to install a package, or "" for all of them, for the target rather than for this machine."""

    def reinstall_advice(self, package: str, target: Target) -> str:
        """Return how to install a package for the target's version of the language; empty: no advice."""

    def library_advice(self, soname: str, target: Target) -> str:
        """Return how to come by a missing library that packages of the language bring; empty for any other."""


class LanguagePlugin(
    ProjectRules, HandlerRules, NativeRules, PackageRules, ProofRules, BuildRules, AdviceRules, Protocol
):
    """A language; plain modules satisfy it. `packager.languages.neutral` has answers for what one need not know."""
