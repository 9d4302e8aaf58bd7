"""The plugin that makes packager a build step of the Serverless Framework, and serverless.yml naming it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.core.merge import Merge
from packager.core.yamltext import read_yaml_text, write_yaml_text
from packager.deploy_tools.functions import same_text
from packager.deploy_tools.serverless.config import FILES, PLUGIN, keep_esbuild_away

if TYPE_CHECKING:
    from packager.model.configs import Order

_SOURCE = Path(__file__).with_name("serverless_plugin.cjs")


def write_plugin(order: Order) -> dict[str, str]:
    """Return the plugin file, and serverless.yml with the plugin in its list unless it is there.

    A configuration that is a program is left alone: the user adds the line. Raises ConfigError for an edited plugin.
    """
    files = {PLUGIN: same_text(order, PLUGIN, _SOURCE.read_text(encoding="utf-8"))}
    file = next((name for name in FILES if order.read(name) is not None), "")
    text = order.read(file) if file else None
    if text is None:
        return files
    data = read_yaml_text(text, file)
    merge = Merge(file, order.force)
    plugins = data.get("plugins")
    holder, key = (plugins, "modules") if isinstance(plugins, dict) else (data, "plugins")
    listed = holder.get(key)
    if listed is not None and not isinstance(listed, list):
        msg = f"is not a list ({listed}), so the plugin cannot be added"
        raise ConfigError(msg, where=f"{file}: {key}", fix=f"add ./{PLUGIN} yourself")
    if not any(str(item).removeprefix("./") == PLUGIN for item in listed or []):
        if listed:
            listed.append(f"./{PLUGIN}")
        else:
            holder[key] = [f"./{PLUGIN}"]
        merge.changed = True
    keep_esbuild_away(order, data, merge)
    merge.finish()
    return {**files, file: write_yaml_text(data, text) if merge.changed else text}
