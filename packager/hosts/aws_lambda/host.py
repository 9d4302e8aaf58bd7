"""AWS Lambda: a function's zip is unpacked to /var/task, layers are merged into /opt.

Source: the layer packaging page of the developer guide; paths come from ``catalog/targets/aws-lambda.yaml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.model.builds import PYTHON_PACKAGES_DIR

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from packager.model.hosts import Placeable
    from packager.model.results import Made, Shipment

_NODE = "node_modules/"
_PYTHON = f"{PYTHON_PACKAGES_DIR}/"


def place(bundle: Placeable, path: str) -> str:
    """Return the name in the archive of a file of the tree.

    A function keeps its paths, Python packages go to its root. A layer's packages go where the runtime looks; its
    ``bin`` and ``lib`` stay.
    """
    if path.startswith(_PYTHON):
        inner = path[len(_PYTHON) :]
        return f"{bundle.target.layer_paths.packages}/{inner}" if bundle.kind == "layer" else inner
    if bundle.kind == "layer" and path.startswith(_NODE):
        return f"{bundle.target.layer_paths.packages}/{path[len(_NODE) :]}"
    return path


def additions(bundle: Placeable, paths: Collection[str], types: Mapping[str, str]) -> Mapping[str, str]:
    """Return nothing: Lambda starts what the handler names."""
    return {}


def starts(handler: str, entries: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the handler: it is what the host starts."""
    return ((handler, ""),)


def shipments(made: Sequence[Made]) -> Mapping[str, Shipment]:
    """Return nothing: the zip is what is uploaded; see ``packager emit`` for the deployment tools."""
    return {}
