"""packager.yaml → `Project`: the only reader of user configuration. Unknown keys are errors with a guess."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from packager.document import Section, read_yaml
from packager.errors import ConfigError, UsageError
from packager.units import parse_size

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from packager.catalog.records import Arch
    from packager.plan import TrimLevel

CONFIG_NAMES = ("packager.yaml", "packager.yml")
TRIM_LEVELS = ("none", "safe", "strict", "trace", "bundle")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Silence:
    """One accepted finding: it is still listed, but no longer says no."""

    code: str
    reason: str
    path: str = "**"
    """Glob of paths in the artifact."""


@dataclass(frozen=True)
class Generate:
    """The ``generate`` section."""

    command: tuple[str, ...] | None = None
    """Shell lines; None: those of the detected engines, (): none."""
    environment: dict[str, str] = field(default_factory=dict)
    timeout_seconds: float = 1800.0


@dataclass(frozen=True)
class BundleSpec:
    """One entry of ``bundles``, as the user wrote it."""

    name: str
    target: str
    runtime: str = ""
    """Empty: the host's default for the project's language."""
    arches: tuple[Arch, ...] = ("x86_64",)
    handler: str = ""
    src: tuple[str, ...] = ()
    """Entry files for hosts that route to files, or globs of them; empty: detected."""
    include: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    recipe: str = ""
    layers: tuple[str, ...] = ()
    budget_bytes: int | None = None
    environment: dict[str, str] = field(default_factory=dict)
    strip: bool = True
    trim: TrimLevel = "safe"
    external: tuple[str, ...] = ()
    silence: tuple[Silence, ...] = ()


@dataclass(frozen=True)
class Project:
    """A project folder and what its configuration says."""

    root: Path
    bundles: tuple[BundleSpec, ...]
    generate: Generate = field(default_factory=Generate)
    builder: str = "auto"
    image: str = ""
    """A base image in place of the platform's own."""
    prove_image: str = ""
    """An image to prove in, in place of the target's own: a named stand-in."""
    config_file: str = ""
    """Name of the file this came from; empty if all was detected."""
    notes: tuple[str, ...] = ()


def load_project(folder: Path, target: str = "", config: Path | None = None) -> Project:
    """Return the project of a folder. Raises ConfigError pointing at file and key.

    `config` is read in place of the folder's own packager.yaml. The target helps where all has to be detected.
    """
    root = folder.resolve()
    if not root.is_dir():
        what = "is a file, not a project folder" if root.exists() else "no such folder"
        raise UsageError(what, where=str(folder), fix="give the folder that holds package.json or requirements.txt")
    if config is not None:
        return parse_project(read_yaml(config), root, config.name)
    for name in CONFIG_NAMES:
        path = root / name
        if path.is_file():
            return parse_project(read_yaml(path), root, name)
    from packager.detect import detect_project

    return detect_project(root, target)


def parse_project(data: Any, root: Path, file: str = "packager.yaml") -> Project:
    """Return the project a configuration document describes."""
    section = Section(data, file)
    section.only("version", "generate", "builder", "image", "prove_image", "bundles", "silence")
    version = section.get("version", int, default=1)
    if version != 1:
        raise ConfigError(f"version {version} is not known, only 1 is", where=f"{file}: version")  # noqa: EM102
    silence = _silences(section)
    bundles = section.get("bundles", dict, default={})
    if not bundles:
        raise ConfigError("nothing to build", where=f"{file}: bundles", fix="add a bundle, or run `packager init`")  # noqa: EM101
    specs = tuple(_bundle(name, Section(value, f"{file}: bundles.{name}"), silence) for name, value in bundles.items())
    generate = section.sub("generate")
    return Project(
        root=root,
        bundles=specs,
        generate=_generate(generate) if generate else Generate(),
        builder=section.choice("builder", ("auto", "docker", "host"), default="auto"),
        image=section.get("image", str, default=""),
        prove_image=section.get("prove_image", str, default=""),
        config_file=file,
    )


def select(project: Project, names: Iterable[str]) -> Project:
    """Return the project with the named bundles only; their layers are kept by the plan. No names: all."""
    wanted = tuple(names)
    known = [spec.name for spec in project.bundles]
    for name in wanted:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            guess = f", did you mean {close[0]!r}?" if close else ""
            msg = f"no bundle {name!r}{guess}"
            raise UsageError(msg, where="--bundle", fix=f"bundles are: {', '.join(known)}")
    if not wanted:
        return project
    needed = set(wanted)
    for spec in project.bundles:
        if spec.name in wanted:
            needed.update(spec.layers)
    return replace(project, bundles=tuple(spec for spec in project.bundles if spec.name in needed))


def _bundle(name: str, section: Section, silence: tuple[Silence, ...]) -> BundleSpec:
    check_name(name, section.where)
    section.only(
        "target", "runtime", "arch", "handler", "include", "packages", "recipe", "layers", "budget", "environment",
        "strip", "silence", "src", "trim", "external",
    )  # fmt: skip
    budget = section.get("budget", (str, int), default=None)
    try:
        budget_bytes = None if budget is None else parse_size(budget)
    except UsageError as error:
        raise ConfigError(error.message, where=f"{section.where}.budget", fix=error.fix) from error
    environment = section.get("environment", dict, default={})
    return BundleSpec(
        name=name,
        target=section.get("target", str),
        runtime=section.get("runtime", str, default=""),
        arches=_arches(section),
        handler=section.get("handler", str, default=""),
        src=tuple(path.removeprefix("./") for path in section.strings("src")),
        include=_patterns(section),
        packages=section.strings("packages"),
        recipe=section.get("recipe", str, default=""),
        layers=section.strings("layers"),
        budget_bytes=budget_bytes,
        environment={str(key): str(value) for key, value in environment.items()},
        strip=section.get("strip", bool, default=True),
        trim=cast("TrimLevel", section.choice("trim", TRIM_LEVELS, default="safe")),
        external=section.strings("external"),
        silence=silence + _silences(section),
    )


def check_name(name: object, where: str) -> None:
    """Raise ConfigError unless a bundle may be called so: its files in the output folder are."""
    if not isinstance(name, str):
        msg = f"YAML reads this name as {name!r}, not as text"
        raise ConfigError(msg, where=where, fix="put it in quotes")
    if not _NAME.fullmatch(name):
        msg = "a bundle's name is a file name: letters, digits, dots, dashes, 64 at most"
        raise ConfigError(msg, where=where)


def _patterns(section: Section) -> tuple[str, ...]:
    patterns = section.strings("include")
    for index, pattern in enumerate(patterns):
        if not pattern.removeprefix("!").removeprefix("./").strip("/"):
            raise ConfigError("is an empty pattern", where=f"{section.key('include')}[{index}]")  # noqa: EM101
    return patterns


def _arches(section: Section) -> tuple[Arch, ...]:
    arches: list[Arch] = []
    for text in section.strings("arch") or ("x86_64",):
        arches.append(parse_arch(text, f"{section.where}.arch"))
    return tuple(dict.fromkeys(arches))


def parse_arch(text: str, where: str) -> Arch:
    """Return the architecture by any of its usual names; raises ConfigError."""
    names: dict[str, Arch] = {
        "x86_64": "x86_64", "x64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64",
    }  # fmt: skip
    if text.lower() not in names:
        msg = f"unknown architecture {text!r}"
        raise ConfigError(msg, where=where, fix="architectures are: x86_64, arm64")
    return names[text.lower()]


def _generate(section: Section) -> Generate:
    section.only("command", "environment", "timeout")
    command: tuple[str, ...] | None = None
    if section.has("command"):
        command = section.strings("command")
    environment = section.get("environment", dict, default={})
    timeout = float(section.get("timeout", (int, float), default=1800))
    if not timeout > 0:  # nan included
        raise ConfigError("a command needs more than 0 seconds", where=section.key("timeout"))  # noqa: EM101
    return Generate(
        command=command,
        environment={str(key): str(value) for key, value in environment.items()},
        timeout_seconds=timeout,
    )


def _silences(section: Section) -> tuple[Silence, ...]:
    found = []
    for index, item in enumerate(section.get("silence", list, default=[])):
        entry = Section(item, section.key(f"silence[{index}]"))
        entry.only("code", "path", "reason")
        found.append(Silence(entry.get("code", str), entry.get("reason", str), entry.get("path", str, default="**")))
    return tuple(found)


def override(
    project: Project,
    *,
    target: str = "",
    runtime: str = "",
    arches: tuple[Arch, ...] = (),
    budget_bytes: int | None = None,
    timeout_seconds: float | None = None,
    trim: TrimLevel | None = None,
) -> Project:
    """Return the project with command-line options laid over every bundle.

    The target is that of the functions: a layer beneath one of them stays a layer.
    """
    beneath = {name for spec in project.bundles for name in spec.layers}
    specs = []
    for spec in project.bundles:
        changes: dict[str, Any] = {}
        if target and spec.name not in beneath:
            changes["target"] = target
        if runtime:
            changes["runtime"] = runtime
        if arches:
            changes["arches"] = arches
        if budget_bytes is not None:
            changes["budget_bytes"] = budget_bytes
        if trim is not None:
            changes["trim"] = trim
        specs.append(replace(spec, **changes))
    generate = project.generate
    if timeout_seconds is not None:
        generate = replace(generate, timeout_seconds=timeout_seconds)
    return replace(project, bundles=tuple(specs), generate=generate)
