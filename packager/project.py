"""packager.yaml → `Project`: the only reader of user configuration. Unknown keys are errors with a guess."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from packager.errors import ConfigError, UsageError
from packager.units import parse_size

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from packager.catalog.records import Arch

CONFIG_NAMES = ("packager.yaml", "packager.yml")
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
    include: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    recipe: str = ""
    layers: tuple[str, ...] = ()
    budget_bytes: int | None = None
    environment: dict[str, str] = field(default_factory=dict)
    strip: bool = True
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


def load_project(folder: Path) -> Project:
    """Return the project of a folder. Raises ConfigError pointing at file and key."""
    root = folder.resolve()
    if not root.is_dir():
        what = "is a file, not a project folder" if root.exists() else "no such folder"
        raise UsageError(what, where=str(folder), fix="give the folder that holds package.json or requirements.txt")
    for name in CONFIG_NAMES:
        path = root / name
        if path.is_file():
            return parse_project(_read_yaml(path), root, name)
    from packager.detect import detect_project

    return detect_project(root)


def parse_project(data: Any, root: Path, file: str = "packager.yaml") -> Project:
    """Return the project a configuration document describes."""
    section = _Section(data, file)
    section.only("version", "generate", "builder", "image", "prove_image", "bundles", "silence")
    version = section.get("version", int, default=1)
    if version != 1:
        raise ConfigError(f"version {version} is not known, only 1 is", where=f"{file}: version")  # noqa: EM102
    silence = _silences(section)
    bundles = section.get("bundles", dict, default={})
    if not bundles:
        raise ConfigError("nothing to build", where=f"{file}: bundles", fix="add a bundle, or run `packager init`")  # noqa: EM101
    specs = tuple(
        _bundle(str(name), _Section(value, f"{file}: bundles.{name}"), silence) for name, value in bundles.items()
    )
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


def _read_yaml(path: Path) -> Any:
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path.name}: line {mark.line + 1}" if mark is not None else path.name
        problem = getattr(error, "problem", None) or str(error)
        hint = "indent with spaces: YAML allows no tabs" if "'\\t'" in str(error) else ""
        raise ConfigError(str(problem), where=where, fix=hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(error), where=path.name) from error
    return data


def _bundle(name: str, section: _Section, silence: tuple[Silence, ...]) -> BundleSpec:
    if not _NAME.fullmatch(name):
        msg = "a bundle's name is a file name: letters, digits, dots, dashes, 64 at most"
        raise ConfigError(msg, where=section.where)
    section.only(
        "target", "runtime", "arch", "handler", "include", "packages", "recipe", "layers", "budget", "environment",
        "strip", "silence",
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
        include=section.strings("include"),
        packages=section.strings("packages"),
        recipe=section.get("recipe", str, default=""),
        layers=section.strings("layers"),
        budget_bytes=budget_bytes,
        environment={str(key): str(value) for key, value in environment.items()},
        strip=section.get("strip", bool, default=True),
        silence=silence + _silences(section),
    )


def _arches(section: _Section) -> tuple[Arch, ...]:
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


def _generate(section: _Section) -> Generate:
    section.only("command", "environment", "timeout")
    command: tuple[str, ...] | None = None
    if section.has("command"):
        command = section.strings("command")
    environment = section.get("environment", dict, default={})
    return Generate(
        command=command,
        environment={str(key): str(value) for key, value in environment.items()},
        timeout_seconds=float(section.get("timeout", (int, float), default=1800)),
    )


def _silences(section: _Section) -> tuple[Silence, ...]:
    found = []
    for index, item in enumerate(section.get("silence", list, default=[])):
        entry = _Section(item, f"{section.where}{'.' if '.' in section.where else ': '}silence[{index}]")
        entry.only("code", "path", "reason")
        found.append(Silence(entry.get("code", str), entry.get("reason", str), entry.get("path", str, default="**")))
    return tuple(found)


class _Section:
    """A mapping of the document with the path that leads to it, for messages that point at the key."""

    def __init__(self, data: Any, where: str) -> None:
        if not isinstance(data, dict):
            msg = f"expected a mapping, found {_kind(data)}"
            raise ConfigError(msg, where=where)
        self.data = data
        self.where = where

    def key(self, name: str) -> str:
        """Return the path of a key, as the user would write it."""
        return f"{self.where}.{name}" if ": " in self.where else f"{self.where}: {name}"

    def has(self, name: str) -> bool:
        """Return whether the key is there and not null."""
        return self.data.get(name) is not None

    def only(self, *known: str) -> None:
        """Refuse keys that are not known, guessing at the misprint."""
        for name in self.data:
            if name not in known:
                close = difflib.get_close_matches(str(name), known, n=1)
                guess = f"did you mean {close[0]!r}? " if close else ""
                raise ConfigError("unknown key", where=self.key(str(name)), fix=f"{guess}keys are: {', '.join(known)}")  # noqa: EM101

    def get(self, name: str, types: Any, **default: Any) -> Any:
        """Return a value of the given type(s); without a default the key is required."""
        value = self.data.get(name)
        if value is None:
            if "default" in default:
                return default["default"]
            raise ConfigError("required key is missing", where=self.key(name))  # noqa: EM101
        # bool is an int to Python but never to a reader of YAML.
        wrong = not isinstance(value, types) or (isinstance(value, bool) and types is not bool)
        if wrong:
            wanted = " or ".join(_NAMES[t] for t in (types if isinstance(types, tuple) else (types,)))
            msg = f"expected {wanted}, found {_kind(value)}"
            raise ConfigError(msg, where=self.key(name))
        return value

    def strings(self, name: str) -> tuple[str, ...]:
        """Return a list of strings; one bare string stands for a list of one."""
        value = self.get(name, (str, list), default=())
        items = [value] if isinstance(value, str) else list(value)
        for index, item in enumerate(items):
            if not isinstance(item, str):
                msg = f"expected text, found {_kind(item)}"
                raise ConfigError(msg, where=f"{self.key(name)}[{index}]")
        return tuple(items)

    def sub(self, name: str) -> _Section | None:
        """Return a mapping below this one; None where the key is absent."""
        return _Section(self.data[name], self.key(name)) if self.has(name) else None

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of a few words."""
        value = str(self.get(name, str, default=default))
        if value not in choices:
            close = difflib.get_close_matches(value, choices, n=1)
            guess = f"did you mean {close[0]!r}? " if close else ""
            msg = f"unknown value {value!r}"
            raise ConfigError(msg, where=self.key(name), fix=f"{guess}values are: {', '.join(choices)}")
        return value


_NAMES: dict[type, str] = {
    str: "text", int: "a number", float: "a number", bool: "true or false", dict: "a mapping", list: "a list",
}  # fmt: skip


def _kind(value: Any) -> str:
    return "nothing" if value is None else _NAMES.get(type(value), type(value).__name__)


def override(
    project: Project,
    *,
    target: str = "",
    runtime: str = "",
    arches: tuple[Arch, ...] = (),
    budget_bytes: int | None = None,
) -> Project:
    """Return the project with command-line options laid over every bundle."""
    specs = []
    for spec in project.bundles:
        changes: dict[str, Any] = {}
        if target and spec.target != target:
            changes["target"] = target
        if runtime:
            changes["runtime"] = runtime
        if arches:
            changes["arches"] = arches
        if budget_bytes is not None:
            changes["budget_bytes"] = budget_bytes
        specs.append(replace(spec, **changes))
    return replace(project, bundles=tuple(specs))
