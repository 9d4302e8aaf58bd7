"""What every deployment tool for AWS Lambda wants to know of our bundles. Pure."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from packager.core.document import read_text
from packager.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from packager.model.configs import ForeignConfig, Order
    from packager.model.plan import Bundle

TARGETS: tuple[str, ...] = ("aws-lambda", "aws-lambda-layer")
MEMORY_MB = 512
"""An engine needs memory to start, and Lambda gives processor time by memory; 128, the default, is too little."""
TIMEOUT_SECONDS = 30


_NAME = re.compile(r"[A-Za-z0-9_-]+")


def first_read(root: Path, files: tuple[str, ...], parse: Callable[[str, str], ForeignConfig]) -> ForeignConfig | None:
    """Return what the first of the files says that describes something to build, else what the first one says.

    `parse` takes text and file name. None where none of the files is there.
    """
    first = None
    for file in files:
        text = read_text(root, file)
        if text is None:
            continue
        found = parse(text, file)
        if found.specs:
            return found
        first = first or found
    return first


def check_distinct(order: Order, spelled: Callable[[str], str]) -> None:
    """Raise ConfigError for two bundles whose names are one as the tool spells them."""
    seen: dict[str, str] = {}
    for bundle in order.bundles:
        other = seen.setdefault(spelled(bundle.name), bundle.name)
        if other != bundle.name:
            msg = f"{other} and {bundle.name} would both be called {spelled(other)}"
            raise ConfigError(msg, where=f"bundles.{bundle.name}", fix="rename one of them")


def aws_name(bundle: Bundle) -> str:
    """Return a bundle's name where it becomes that of a function or layer; raises ConfigError if AWS forbids it.

    Source: Lambda's API reference, FunctionName and LayerName: letters, digits, dashes, underscores.
    """
    if not _NAME.fullmatch(bundle.name):
        msg = f"{bundle.name!r} is not a valid {bundle.kind} name: use letters, digits, dashes and underscores"
        raise ConfigError(msg, where=f"bundles.{bundle.name}", fix="rename the bundle")
    return bundle.name


def zip_path(order: Order, bundle: Bundle) -> str:
    """Return where a bundle's zip will lie, relative to the project."""
    return f"{order.out}/{bundle.name}.zip"


def identifier(name: str) -> str:
    """Return a bundle's name as a CloudFormation logical id: letters and digits.

    >>> identifier("my-api_v2")
    'MyApiV2'
    """
    words = re.split(r"[^A-Za-z0-9]+", name)
    text = "".join(word[:1].upper() + word[1:] for word in words if word)
    return text if text[:1].isalpha() else f"F{text}"


def known_as(order: Order, bundle: Bundle, name: str, handlers: Mapping[str, str]) -> str:
    """Return what the user's file calls a function: `name` if that is there, else the only one with its handler.

    `handlers` is name there → handler. A function that is another bundle's, or fits two of them, is left out.
    """
    if name in handlers:
        return name
    others = {other.name for other in order.bundles} | {identifier(other.name) for other in order.bundles}
    same = [there for there, handler in handlers.items() if handler == bundle.handler and there not in others]
    rivals = [other for other in order.bundles if other.handler == bundle.handler]
    return same[0] if len(same) == len(rivals) == 1 else name


def same_text(order: Order, file: str, text: str) -> str:
    """Return a text that is wholly ours; raises ConfigError with a diff where the file has been edited."""
    there = order.read(file)
    if there is None or there == text or order.force:
        return text
    diff = "".join(difflib.unified_diff(there.splitlines(True), text.splitlines(True), file, f"{file} as needed", n=1))
    msg = f"was edited, or written for another project\n{diff.rstrip()}"
    raise ConfigError(msg, where=file, fix="rename it, or overwrite it with --force")
