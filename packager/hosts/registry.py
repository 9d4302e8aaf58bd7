"""The hosting services and the configuration formats by name, and what is asked of all of them. Pure.

Importing it loads no format's library: those are imported where a file is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ConfigError, UsageError
from packager.deploy_tools import cdk, sam, terraform
from packager.deploy_tools.serverless import config as serverless
from packager.hosts.aws_lambda import host as aws_lambda
from packager.hosts.google_cloud_functions import config as google_config
from packager.hosts.google_cloud_functions import host as google_cloud_functions
from packager.hosts.netlify import config as netlify_config
from packager.hosts.netlify import host as netlify
from packager.hosts.now import config as now_config
from packager.hosts.now import host as now
from packager.hosts.up import config as up_config
from packager.hosts.up import host as up
from packager.hosts.vercel import config as vercel_config
from packager.hosts.vercel import host as vercel
from packager.model.inventory import File
from packager.model.results import Made, Placed, Shipment
from packager.model.selection import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packager.model.configs import ConfigFormat
    from packager.model.hosts import Host, Placeable


HOSTS: dict[str, Host] = {
    "aws_lambda": aws_lambda,
    "now": now,
    "vercel": vercel,
    "netlify": netlify,
    "google_cloud_functions": google_cloud_functions,
    "up": up,
}
"""What a target's YAML in the catalog calls its provider → the hosting service."""
CONFIG_FORMATS: dict[str, ConfigFormat] = {
    "now": now_config,
    "vercel": vercel_config,
    "netlify": netlify_config,
    "google-cloud-functions": google_config,
    "up": up_config,
    "serverless": serverless,
    "sam": sam,
    "terraform": terraform,
    "cdk": cdk,
}
"""Name on the command line → format, hosts' and tools' alike. In this order a project is searched for their files."""

NO_TYPES: Mapping[str, str] = {}


def lay_out(bundle: Placeable, kept: Iterable[Choice], types: Mapping[str, str] = NO_TYPES) -> list[Placed]:
    """Return every kept file with its place in the archive, in the order of the places.

    `types` are the kinds of module that package.json files set: folder → ``module``.
    """
    host = HOSTS[bundle.target.provider]
    placed = [Placed(host.place(bundle, choice.file.path), choice) for choice in kept]
    added = host.additions(bundle, {item.path for item in placed}, types).items()
    for path, text in added:
        file = File(path, len(text.encode()))
        choice = Choice(file, True, "host", f"{bundle.target.name} calls the function by it")
        placed.append(Placed(path, choice, text.encode()))
    return sorted(placed, key=lambda item: item.path.encode())


def ship(made: Sequence[Made]) -> dict[str, Shipment]:
    """Return every folder to deliver beside the zips. Raises ConfigError where two would be one."""
    found: dict[str, Shipment] = {}
    for name, host in HOSTS.items():
        if own := [item for item in made if item.bundle.target.provider == name]:
            for folder, shipment in host.shipments(own).items():
                if folder in found:
                    msg = f"another host's folder has this name: {folder}"
                    raise ConfigError(msg, where=f"bundles.{folder}", fix="give the bundle another name")
                found[folder] = shipment
    return found


def config_format(name: str) -> ConfigFormat:
    """Return the format of a name; raises UsageError with a guess."""
    import difflib

    if name not in CONFIG_FORMATS:
        close = difflib.get_close_matches(name, CONFIG_FORMATS, n=1)
        guess = f", did you mean {close[0]!r}?" if close else ""
        msg = f"there is no host or tool {name!r} to emit for{guess}"
        raise UsageError(msg, fix=f"use one of: {', '.join(CONFIG_FORMATS)}")
    return CONFIG_FORMATS[name]
