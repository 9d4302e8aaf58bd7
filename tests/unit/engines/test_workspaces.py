"""A client inside a workspace is there once, by the way code imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.inventory.tree import scan_tree
from packager.model.clients import Client
from tests.support.fakes import make_bundle, make_job
from tests.support.stages import ruled
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = next(engine for engine in load_catalog().engines if engine.name == "prisma-5-library")
ENGINE = "libquery_engine-rhel-openssl-3.0.x.so.node"
OWN, LINKED = "packages/db/generated", "node_modules/@app/db/generated"


@pytest.mark.parametrize(
    ("handler", "include", "kept"),
    [
        ("src/handler.handler", (), [LINKED]),
        # Its own code asks for the client by a relative path.
        ("packages/db/handler.handler", (), [LINKED, OWN]),
        ("src/handler.handler", ("**", "packages/db/generated/**"), [LINKED, OWN]),
    ],
)
def test_the_engine_is_kept_where_the_link_leads_from(
    tmp_path: Path, handler: str, include: tuple[str, ...], kept: list[str]
) -> None:
    files = {
        "package.json": package_json(dependencies={"@app/db": "1.0.0"}, workspaces=["packages/*"]),
        "src/handler.js": "",
        "packages/db/package.json": package_json("@app/db"),
        "packages/db/handler.js": "",
        f"{OWN}/index.js": "",
        f"{OWN}/edge.js": "",
        f"{OWN}/{ENGINE}": "",
        f"{OWN}/libquery_engine-darwin.dylib.node": "",
    }
    write_tree(tmp_path, files, {"node_modules/@app/db": "../../packages/db"})
    facts = {"generator": "prisma-client-js", "provider": "postgresql", "binary_target": "rhel-openssl-3.0.x"}
    client = Client("packages/db/prisma/schema.prisma", "client", OWN, facts, engine=LIBRARY)
    bundle = make_bundle(handler=handler, include=include, job=make_job(engines=(LIBRARY,)))

    inventory, graph = scan_tree(tmp_path, {}, [OWN])
    selection = ruled(inventory, graph, bundle, clients=(client,))

    paths = [choice.file.path for choice in selection.kept]
    assert [path for path in paths if path.endswith(ENGINE)] == [f"{folder}/{ENGINE}" for folder in kept]
    assert f"{LINKED}/index.js" in paths
    assert f"{LINKED}/edge.js" not in paths
