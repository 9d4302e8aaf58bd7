"""What the plan says of a runtime whose days are counted, or have not begun. Pure, and without a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.targets import Target


def runtime_notice(target: Target) -> str | None:
    """Return what to know of the runtime's life before a deploy, with its dates; None where it is supported.

    The same on every day: a build does not depend on its date, so that past and future dates are told alike.
    """
    if target.status == "preview":
        return f"runtime {target.runtime} is a preview: the host offers it for trials, without support"
    if target.status not in ("deprecated", "gone"):
        return None
    since = f" since {target.until}" if target.until else ""
    refused = [
        f"to {what} functions on it from {date}"
        for what, date in (("create", target.block_create), ("update", target.block_update))
        if date
    ]
    blocks = f"; the host refuses {' and '.join(refused)}" if refused else ""
    return f"runtime {target.runtime} is {target.status}{since}{blocks}"
