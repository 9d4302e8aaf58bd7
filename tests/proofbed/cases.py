"""All cases, in the order of their kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proofbed import cases_code as code
from tests.proofbed import cases_packages as packages
from tests.proofbed import cases_runtime as runtime

if TYPE_CHECKING:
    from tests.proofbed.case import Case

CASES: tuple[Case, ...] = (
    *runtime.RUNTIME, *runtime.ENTRIES, *runtime.START, *code.LATE, *code.EVENTS, *code.TRACING,
    *packages.SDK, *packages.PARTS, *packages.TOLD, *packages.LINKS, *packages.PYTHON,
)  # fmt: skip
