"""packager.yaml, parsed → `Project`: the only reader of user configuration. Unknown keys are errors with a guess."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, cast

from packager.catalog.arches import parse_arch
from packager.core.document import Section
from packager.core.errors import ConfigError, UsageError
from packager.core.units import parse_size
from packager.model.plan import TRIM_LEVELS
from packager.model.project import BundleSpec, Generate, Project, Silence
from packager.project.names import check_name
from packager.project.proofs import read_proof
from packager.project.spelling import check_spelling

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.plan import TrimLevel
    from packager.model.targets import Arch


PROJECT_KEYS = ("version", "generate", "builder", "image", "prove_image", "bundles", "silence")
BUNDLE_KEYS = (
    "target", "runtime", "arch", "handler", "include", "packages", "recipe", "layers", "budget", "environment",
    "strip", "silence", "src", "trim", "external", "compile", "proof",
)  # fmt: skip
GENERATE_KEYS = ("command", "environment", "timeout")
SILENCE_KEYS = ("code", "path", "reason")
BUILDERS = ("auto", "docker", "local", "host")


def parse_project(data: Any, root: Path, file: str = "packager.yaml") -> Project:
    """Return the project a configuration document describes."""
    section = Section(data, file)
    section.only(*PROJECT_KEYS)
    version = section.get("version", int, default=1)
    if version != 1:
        raise ConfigError(f"version {version} is not supported, only 1 is", where=f"{file}: version")  # noqa: EM102
    silence = _silences(section)
    bundles = section.get("bundles", dict, default={})
    if not bundles:
        msg = "there is nothing to build"
        raise ConfigError(msg, where=f"{file}: bundles", fix="add a bundle, or run `packager init`")
    specs = tuple(
        _bundle(name, Section(value, f"{file}: bundles.{name}"), silence, root) for name, value in bundles.items()
    )
    generate = section.sub("generate")
    builder = section.choice("builder", BUILDERS, default="auto")
    return Project(
        root=root,
        bundles=specs,
        generate=_generate(generate) if generate else Generate(),
        builder="local" if builder == "host" else builder,  # its name until 2026-11
        image=section.get("image", str, default=""),
        prove_image=section.get("prove_image", str, default=""),
        config_file=file,
    )


def _bundle(name: str, section: Section, silence: tuple[Silence, ...], root: Path) -> BundleSpec:
    check_name(name, section.where)
    section.only(*BUNDLE_KEYS)
    budget = section.get("budget", (str, int), default=None)
    try:
        budget_bytes = None if budget is None else parse_size(budget)
    except UsageError as error:
        raise ConfigError(error.message, where=f"{section.where}.budget", fix=error.fix) from error
    environment = section.get("environment", dict, default={})
    spec = BundleSpec(
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
        compile=section.get("compile", bool, default=False),
        trim=cast("TrimLevel", section.choice("trim", TRIM_LEVELS, default="safe")),
        external=section.strings("external"),
        silence=silence + _silences(section),
        proof=read_proof(section.sub("proof"), root),
    )
    check_spelling(spec, section.where)
    return spec


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


def _generate(section: Section) -> Generate:
    section.only(*GENERATE_KEYS)
    command: tuple[str, ...] | None = None
    if section.has("command"):
        command = section.strings("command")
    environment = section.get("environment", dict, default={})
    timeout = float(section.get("timeout", (int, float), default=1800))
    if not timeout > 0:  # nan included
        raise ConfigError("the time limit must be more than 0 seconds", where=section.key("timeout"))  # noqa: EM101
    return Generate(
        command=command,
        environment={str(key): str(value) for key, value in environment.items()},
        timeout_seconds=timeout,
    )


def _silences(section: Section) -> tuple[Silence, ...]:
    """Return what is accepted. A code that no finding has would never be missed: it is refused."""
    items = section.get("silence", list, default=[])
    if not items:
        return ()
    from packager.catalog.finding_codes.registry import CODES  # few projects accept anything

    found = []
    for index, item in enumerate(items):
        entry = Section(item, section.key(f"silence[{index}]"))
        entry.only(*SILENCE_KEYS)
        silence = Silence(entry.get("code", str), entry.get("reason", str), entry.get("path", str, default="**"))
        if silence.code not in CODES:
            msg = f"no finding has the code {silence.code!r}"
            close = difflib.get_close_matches(silence.code.upper(), CODES, n=1)
            guess = f"did you mean {close[0]!r}? " if close else ""
            raise ConfigError(msg, where=entry.key("code"), fix=f"{guess}see FINDINGS.md for all codes, such as LIB002")
        found.append(silence)
    return tuple(found)
