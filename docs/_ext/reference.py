"""The pages that are made from the program: its commands, its configuration's keys, its findings, its targets."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from typing import TYPE_CHECKING, Any

import click

from packager.catalog.current import load_catalog
from packager.catalog.finding_codes.registry import CODES, FAMILIES
from packager.cli.group import COMMANDS, cli
from packager.model import project as models
from packager.model import proof
from packager.model.plan import TRIM_LEVELS
from packager.project import config, proofs

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN_NAMES = {"arches": "arch", "budget_bytes": "budget", "timeout_seconds": "timeout",
    "settle_seconds": "settle", "payload": "event"}  # fmt: skip
"""Field → its key, where they differ: the field has been read already."""
_VALUES = {"trim": TRIM_LEVELS, "builder": tuple(name for name in config.BUILDERS if name != "host")}
_EVERYWHERE = {
    "version": ("number", "1", "The version of this format. There is one."),
    "silence": ("list", "none", "Findings that are accepted in every bundle."),
}
_TYPES = {
    "tuple[str, ...]": "text or list of texts",
    "tuple[str, ...] | None": "text or list of texts",
    "tuple[Arch, ...]": "text or list of texts",
    "dict[str, str]": "mapping",
    "int | None": "number or text",
    "float": "number",
    "bool": "`true` or `false`",
    "str": "text",
    "TrimLevel": "text",
    "tuple[Silence, ...]": "list",
    "Generate": "mapping",
    "ProofSettings": "mapping",
    "tuple[ProofEvent, ...]": "list",
    "tuple[BundleSpec, ...]": "mapping",
}
_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "\\*_<>[]{}|$#~"})


def text_of(text: str) -> str:
    """Return a text so that Markdown shows it as it is, but for what stands in backquotes."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.replace("``", "`").split()))
    return "".join(part.replace("|", "\\|") if part.startswith("`") else part.translate(_SPECIAL) for part in parts)


def _table(*rows: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of a table; the first row is its head."""
    for index, row in enumerate(rows):
        yield f"| {' | '.join(row)} |"
        if index == 0:
            yield f"|{'---|' * len(row)}"


# ---- commands ----


def commands() -> str:
    """Return the page of all commands, from click's own objects."""
    context = click.Context(cli, info_name="packager")
    lines = ["# Commands", "", text_of(cli.help or ""), "", "```text", cli.get_usage(context), "```", ""]
    lines += [text_of(cli.epilog or ""), ""]
    lines += _table(
        ("command", ""), *((f"[`{name}`](#packager-{name})", text_of(text)) for name, (_, text) in COMMANDS.items())
    )
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        lines += ["", *_command(command, context, name)]
    return "\n".join(lines) + "\n"


def _command(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    level = context.command_path.count(" ") + 1
    yield from (f"{'#' * level} {context.command_path}", "")
    yield from _help(inspect.cleandoc(command.help or ""))
    yield from ("```text", " ".join(command.get_usage(context).split()), "```", "")
    rows = [_parameter(each, context) for each in command.get_params(context)]
    if rows:
        yield from _table(("argument or option", ""), *rows)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            assert below is not None
            yield ""
            yield from _command(below, context, each)


def _help(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text; one that click leaves as it is stays so here."""
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b"):
            yield from ("```text", *paragraph.splitlines()[1:], "```", "")
        else:
            yield from (text_of(paragraph), "")


def _parameter(parameter: click.Parameter, context: click.Context) -> tuple[str, str]:
    record = parameter.get_help_record(context)
    if record is None:  # an argument, or a hidden option
        required = "" if parameter.required else " Optional."
        return (
            f"`{parameter.make_metavar(context)}`",
            f"{text_of(getattr(parameter, 'help', '') or '')}{required}".strip(),
        )
    return f"`{record[0]}`".replace("|", "\\|"), text_of(record[1])


# ---- packager.yaml ----


def keys() -> str:
    """Return the page of packager.yaml, from the records it is read into."""
    lines = [
        "# packager.yaml",
        "",
        "The file is optional: what can be detected is, and `packager init` writes a first one. Unknown keys are",
        "errors with a guess. `--config FILE` names another file. Lists of one text may be written as the text alone.",
    ]
    for title, record, known in (
        ("The file", models.Project, config.PROJECT_KEYS),
        ("bundles.NAME", models.BundleSpec, config.BUNDLE_KEYS),
        ("generate", models.Generate, config.GENERATE_KEYS),
        ("bundles.NAME.proof", proof.ProofSettings, proofs.PROOF_KEYS),
        ("bundles.NAME.proof.events", proof.ProofEvent, proofs.EVENT_KEYS),
        ("silence", models.Silence, config.SILENCE_KEYS),
    ):
        rows = dict(key_rows(record, known))
        lines += [
            "",
            f"## {title}",
            "",
            *_table(("key", "value", "default", "meaning"), *(rows[name] for name in known)),
        ]
    return "\n".join(lines) + "\n"


def key_rows(record: type[Any], known: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    """Yield key → its row. Raises ValueError for a key whose field has no docstring: it would be left unexplained."""
    meanings = dict(_docstrings(record))
    fields = {_OWN_NAMES.get(field.name, field.name): field for field in dataclasses.fields(record)}
    for name in known:
        if name not in fields:
            kind, default, meaning = _EVERYWHERE[name]
            yield name, (f"`{name}`", kind, default, meaning)
            continue
        field = fields[name]
        meaning = meanings.get(field.name, "")
        if not meaning:
            msg = f"{record.__name__}.{field.name} has no docstring to explain the key {name!r} with"
            raise ValueError(msg)
        kind = _TYPES[str(field.type)]
        if name in _VALUES:
            kind = ", ".join(f"`{value}`" for value in _VALUES[name])
        yield name, (f"`{name}`", kind, _default(field), text_of(meaning))


def _docstrings(record: type[Any]) -> Iterator[tuple[str, str]]:
    """Yield field → the text that stands beneath it."""
    (tree,) = ast.parse(inspect.getsource(record)).body
    assert isinstance(tree, ast.ClassDef)
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            yield field.target.id, str(text.value.value)


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is dataclasses.MISSING:
        return "required" if field.default_factory is dataclasses.MISSING else "none"
    value = field.default
    if isinstance(value, tuple):
        value = ", ".join(value)
    if isinstance(value, bool):
        value = str(value).lower()
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`" if value not in ("", None) else "none"


# ---- findings and targets ----


def findings() -> str:
    """Return the page of all finding codes, from the registry."""
    lines = [
        "# Findings",
        "",
        "What packager can say about an artifact. Codes are stable; `packager explain CODE` prints the same text.",
        "Accept one with a reason under [`silence`](packager-yaml.md). The severity is the usual one: some checks",
        "report the same code more mildly, or more strictly, where the loader would.",
    ]
    family = ""
    for code, row in CODES.items():
        prefix = code.rstrip("0123456789")
        if prefix != family:
            family = prefix
            lines += ["", f"## {prefix}: {FAMILIES[prefix]}"]
        lines += ["", f"### {code} {text_of(row.title)} ({row.severity})", "", text_of(row.meaning), ""]
        lines += [f"**Fix.** {text_of(row.fix)}"]
    return "\n".join(lines) + "\n"


def targets() -> str:
    """Return the page of hosts, runtimes and limits, from the catalog."""
    catalog = load_catalog()
    lines = ["# Targets and runtimes", "", "The output of `packager targets`, as this version knows the hosts."]
    for host in catalog.hosts.values():
        lines += ["", f"## {text_of(host.title)}", "", f"Targets: {', '.join(f'`{name}`' for name in host.kinds)}. "]
        lines += [f"Architectures: {', '.join(f'`{arch}`' for arch in host.arches)}. Checked on {host.checked}.", ""]
        rows = []
        for name, runtime in host.runtimes.items():
            baseline = catalog.baselines[catalog.platforms[runtime.platform].baseline]
            rows.append((f"`{name}`", text_of(baseline.title), _status(runtime.status, runtime.until)))
        lines += _table(("runtime", "system", "status"), *rows)
    return "\n".join(lines) + "\n"


def _status(status: str, until: str) -> str:
    if status == "check":
        return "sources disagree on the date"
    return f"{status} {'until' if status == 'supported' else 'since'} {until}" if until else status


PAGES = {
    "reference/cli": commands,
    "reference/packager-yaml": keys,
    "reference/findings": findings,
    "reference/targets": targets,
}
