"""How many containers of each function may run at once, as serverless.yml or a SAM template says it.

Reserved concurrency is a limit. Provisioned concurrency is none: those are kept warm, and more come when they are busy.
Source: AWS Lambda developer guide, "Configuring reserved concurrency" and "Configuring provisioned concurrency".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packager.connections.usage import UNRESERVED_CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILES = ("serverless.yml", "serverless.yaml", "template.yaml", "template.yml")
_SAM_FUNCTION = "AWS::Serverless::Function"


@dataclass(frozen=True)
class Function:
    """One function of the project's configuration."""

    name: str
    handler: str
    """Empty where it is not written out."""
    reserved: int | None
    """None: not limited, or known only to the framework (a variable)."""
    provisioned: int | None
    place: str
    """Where to write the limit: ``serverless.yml: functions.api.reservedConcurrency``."""


def read_functions(project: Path) -> tuple[Function, ...]:
    """Return the functions of the first configuration there is; none where there is none.

    Raises ConfigError for a file that cannot be read.
    """
    from packager.core.yamltext import read_yaml_text

    for name in _FILES:
        path = project / name
        if path.is_file():
            data = read_yaml_text(path.read_text(encoding="utf-8"), name)
            found = tuple(_serverless(data, name) if "serverless" in name else _sam(data, name))
            if found:
                return found
    return ()


def containers_of(functions: tuple[Function, ...]) -> int:
    """Return how many containers all of them together may have: those without a limit share the account's.

    >>> two = Function("api", "", 20, None, ""), Function("jobs", "", 5, 2, "")
    >>> containers_of(two), containers_of((*two, Function("free", "", None, 10, "")))
    (25, 1000)
    """
    limits = [function.reserved for function in functions]
    known = [limit for limit in limits if limit is not None]
    return max(UNRESERVED_CONCURRENCY, sum(known)) if len(known) < len(limits) else sum(known)


def _serverless(data: Any, file: str) -> Iterator[Function]:
    functions = data.get("functions") or {}
    for name, function in functions.items() if isinstance(functions, dict) else ():
        if isinstance(function, dict) and "image" not in function:
            yield Function(
                str(name),
                str(function.get("handler") or ""),
                _number(function.get("reservedConcurrency")),
                _number(function.get("provisionedConcurrency")),
                f"{file}: functions.{name}.reservedConcurrency",
            )


def _sam(data: Any, file: str) -> Iterator[Function]:
    common = (data.get("Globals") or {}).get("Function") or {}
    resources = data.get("Resources") or {}
    for name, resource in resources.items() if isinstance(resources, dict) else ():
        if isinstance(resource, dict) and resource.get("Type") == _SAM_FUNCTION:
            properties = {**common, **(resource.get("Properties") or {})}
            provisioned = properties.get("ProvisionedConcurrencyConfig") or {}
            yield Function(
                str(name),
                str(properties.get("Handler") or ""),
                _number(properties.get("ReservedConcurrentExecutions")),
                _number(provisioned.get("ProvisionedConcurrentExecutions") if isinstance(provisioned, dict) else None),
                f"{file}: Resources.{name}.Properties.ReservedConcurrentExecutions",
            )


def _number(value: Any) -> int | None:
    """Return a number written as one, or as text; None for variables and functions, which only the framework knows."""
    text = str(value).strip() if value is not None else ""
    return int(text) if text.isdigit() else None
