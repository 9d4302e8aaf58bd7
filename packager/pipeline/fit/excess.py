"""How far an artifact is over its limits. Pure; the findings are the audit's (``SIZE001`` to ``SIZE003``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.model.fitting import Excess

if TYPE_CHECKING:
    from packager.model.targets import Budget


def excess_of(zipped_bytes: int, unzipped_bytes: int, layers_unzipped_bytes: int, budget: Budget) -> Excess:
    """Return what is over, in bytes, and the limits to meet; a size equal to the limit is allowed.

    A limit of direct uploads counts where it is all that is broken.

    >>> from packager.model.targets import Budget
    >>> excess_of(60, 100, 30, Budget(zipped=50, zipped_is_hard=True, unzipped_with_layers=120))
    Excess(zipped=10, unzipped=10, zipped_limit=50, unzipped_limit=120)
    >>> excess_of(60, 100, 30, Budget(zipped=50, unzipped_with_layers=120))
    Excess(zipped=0, unzipped=10, zipped_limit=None, unzipped_limit=120)
    """
    total = unzipped_bytes + layers_unzipped_bytes
    unzipped = max(_over(unzipped_bytes, budget.unzipped), _over(total, budget.unzipped_with_layers))
    hard = budget.zipped_by_user or budget.zipped_is_hard
    limit = budget.zipped if hard or not unzipped else None
    return Excess(
        zipped=_over(zipped_bytes, limit),
        unzipped=unzipped,
        zipped_limit=limit,
        unzipped_limit=budget.unzipped_with_layers or budget.unzipped,
    )


def meets(excess: Excess, zipped_bytes: int, unzipped_bytes: int) -> bool:
    """Return whether sizes, unzipped with layers, are within the limits that were to be met."""
    return not (_over(zipped_bytes, excess.zipped_limit) or _over(unzipped_bytes, excess.unzipped_limit))


def _over(size: int, limit: int | None) -> int:
    return max(0, size - limit) if limit is not None else 0
