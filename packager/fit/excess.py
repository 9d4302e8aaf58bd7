"""How far an artifact is over its limits. Pure; the findings are the audit's (``SIZE001`` to ``SIZE003``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.fit import Excess

if TYPE_CHECKING:
    from packager.catalog.records import Budget


def excess_of(zipped_bytes: int, unzipped_bytes: int, layers_unzipped_bytes: int, budget: Budget) -> Excess:
    """Return what is over, in bytes; the limit itself is fine.

    >>> from packager.catalog.records import Budget
    >>> excess_of(60, 100, 30, Budget(zipped=50, unzipped_with_layers=120))
    Excess(zipped=10, unzipped=10, zipped_limit=50, unzipped_limit=120, soft=False)
    """
    total = unzipped_bytes + layers_unzipped_bytes
    zipped = _over(zipped_bytes, budget.zipped)
    unzipped = max(_over(unzipped_bytes, budget.unzipped), _over(total, budget.unzipped_with_layers))
    return Excess(
        zipped=zipped,
        unzipped=unzipped,
        zipped_limit=budget.zipped,
        unzipped_limit=budget.unzipped_with_layers or budget.unzipped,
        soft=bool(zipped) and not unzipped and not (budget.zipped_by_user or budget.zipped_is_hard),
    )


def _over(size: int, limit: int | None) -> int:
    return max(0, size - limit) if limit is not None else 0
