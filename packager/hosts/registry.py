"""The hosting services by name, and what is asked of all of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.hosts.aws_lambda import host as aws_lambda
from packager.hosts.google_cloud_functions import host as google_cloud_functions
from packager.hosts.netlify import host as netlify
from packager.hosts.now import host as now
from packager.hosts.up import host as up
from packager.hosts.vercel import host as vercel
from packager.model.inventory import File
from packager.model.results import Made, Placed, Shipment
from packager.model.selection import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packager.model.hosts import Provider
    from packager.model.plan import Bundle


PROVIDERS: dict[str, Provider] = {
    "aws_lambda": aws_lambda,
    "now": now,
    "vercel": vercel,
    "netlify": netlify,
    "google_cloud_functions": google_cloud_functions,
    "up": up,
}


def lay_out(bundle: Bundle, kept: Iterable[Choice]) -> list[Placed]:
    """Return every kept file with its place in the archive, in the order of the places."""
    provider = PROVIDERS[bundle.target.provider]
    placed = [Placed(provider.place(bundle, choice.file.path), choice) for choice in kept]
    added = provider.additions(bundle, {item.path for item in placed}).items()
    for path, text in added:
        file = File(path, len(text.encode()))
        choice = Choice(file, True, "host", f"{bundle.target.name} calls the function by it")
        placed.append(Placed(path, choice, text.encode()))
    return sorted(placed, key=lambda item: item.path.encode())


def ship(made: Sequence[Made]) -> dict[str, Shipment]:
    """Return every folder to deliver beside the zips. Raises ConfigError where two would be one."""
    found: dict[str, Shipment] = {}
    for name, provider in PROVIDERS.items():
        if own := [item for item in made if item.bundle.target.provider == name]:
            for folder, shipment in provider.shipments(own).items():
                if folder in found:
                    msg = f"another host's folder has this name: {folder}"
                    raise ConfigError(msg, where=f"bundles.{folder}", fix="give the bundle another name")
                found[folder] = shipment
    return found
