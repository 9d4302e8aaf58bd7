"""What a target asks of a project's schemas: the engine to have, the text to build from, the commands to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import ConfigError
from packager.planning.supply import at_hand, generate_lines, plan_supply
from packager.project.survey import survey
from tests.support.mounts import target
from tests.support.trees import lock_json, package_json, snapshot, write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.project import Survey
    from packager.planning.supply import Supply

COMMIT = "605197351a3c8bdd595af2d2a9bc3025bca48ea2"
DATASOURCE = 'datasource db {\n  provider = "postgresql"\n  url = env("URL")\n}\n'


def schema(*settings: str, provider: str = "prisma-client-js", name: str = "client") -> str:
    lines = "\n".join(f"  {line}" for line in (f'provider = "{provider}"', *settings))
    return f"generator {name} {{\n{lines}\n}}\n"


def app(root: Path, text: str, version: str = "5.22.0", **more: str) -> Path:
    versions = {"@prisma/client": version, "prisma": version}
    installed = {**versions, "@prisma/engines-version": f"5.22.0-44.{COMMIT}"}
    package = {"name": "app", "version": "1.0.0", "dependencies": versions}
    files: dict[str, Any] = {
        "package.json": package_json(dependencies=versions),
        "package-lock.json": lock_json(package, installed),
        "prisma/schema.prisma": text,
        **more,
    }
    return write_tree(root / "app", files)


def surveyed(root: Path, *commands: str, **environment: str) -> Survey:
    return survey(root, load_catalog(), commands=commands, environment=environment)


def supplied(root: Path, *, runtime: str = "nodejs22.x", fix: bool = False, **given: str) -> Supply:
    return plan_supply(surveyed(root), target(runtime), given=given, fix=fix)


LISTED = 'binaryTargets = ["native", "rhel-openssl-3.0.x", "darwin"]'


def test_the_copy_is_built_with_the_targets_engine_alone(tmp_path: Path) -> None:
    root = app(tmp_path, schema(LISTED) + DATASOURCE)
    before = snapshot(root)

    supply = supplied(root)

    assert supply.binary_targets == (("node_modules/.prisma/client", "rhel-openssl-3.0.x"),)
    assert supply.rewritten == (
        ("prisma/schema.prisma", schema('binaryTargets = ["rhel-openssl-3.0.x"]') + DATASOURCE),
    )
    (file,) = supply.files
    assert (file.file, file.commit) == ("libquery_engine-rhel-openssl-3.0.x.so.node", COMMIT)
    assert snapshot(root) == before


def test_a_schema_that_lacks_the_target_is_told_the_line_to_write(tmp_path: Path) -> None:
    root = app(tmp_path, schema() + DATASOURCE)

    with pytest.raises(ConfigError) as raised:
        supplied(root)

    assert raised.value.where == "prisma/schema.prisma: generator client"
    assert 'binaryTargets = ["native", "rhel-openssl-3.0.x"]' in raised.value.fix
    assert "--fix-schema" in raised.value.fix


def test_fix_schema_builds_with_the_right_one_and_leaves_the_file(tmp_path: Path) -> None:
    root = app(tmp_path, schema('binaryTargets = ["debian-openssl-1.1.x"]') + DATASOURCE)
    before = snapshot(root)

    supply = supplied(root, fix=True, runtime="nodejs18.x")

    assert dict(supply.rewritten)["prisma/schema.prisma"].startswith(schema('binaryTargets = ["rhel-openssl-1.0.x"]'))
    assert any("your file is not changed" in note for note in supply.notes)
    assert snapshot(root) == before


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("rhel-openssl-3.0", "did you mean rhel-openssl-3.0.x?"),
        ("linux-glibc-libssl1.0.2", "write debian-openssl-1.0.x instead"),
        ("linux-glibc-libssl1.1.0", "write debian-openssl-1.1.x instead"),
    ],
)
def test_unknown_and_deprecated_names(tmp_path: Path, name: str, fix: str) -> None:
    root = app(tmp_path, schema(f'binaryTargets = ["{name}"]') + DATASOURCE)

    with pytest.raises(ConfigError) as raised:
        supplied(root, fix=True)

    assert fix in raised.value.fix
    assert raised.value.where.endswith("binaryTargets")


def test_two_generators_are_two_engines_folders_and_one_text(tmp_path: Path) -> None:
    text = schema(LISTED) + schema(LISTED, 'output = "../src/other"', name="other") + DATASOURCE

    supply = supplied(app(tmp_path, text))

    assert [folder for folder, _ in supply.binary_targets] == ["node_modules/.prisma/client", "src/other"]
    (rewritten,) = supply.rewritten
    assert rewritten[1].count('binaryTargets = ["rhel-openssl-3.0.x"]') == 2
    assert len(supply.files) == 1


def test_an_engine_the_user_has_is_taken_and_nothing_is_fetched(tmp_path: Path) -> None:
    supply = supplied(app(tmp_path, schema(LISTED)), PRISMA_QUERY_ENGINE_LIBRARY="engines/mine.node")

    assert [file.local for file in supply.files] == ["engines/mine.node"]


def test_webassembly_needs_no_engine_and_no_rewriting(tmp_path: Path) -> None:
    supply = supplied(app(tmp_path, schema('engineType = "client"'), version="6.19.0"))

    assert (supply.files, supply.rewritten, supply.binary_targets) == ((), (), ())


def test_a_schema_without_generator_has_no_client(tmp_path: Path) -> None:
    root = app(tmp_path, DATASOURCE)

    assert surveyed(root).clients == ()
    assert supplied(root).files == ()
    assert generate_lines(surveyed(root)) == ("npx --no-install prisma generate",)


def test_schemas_named_by_commands_count_and_each_is_a_client(tmp_path: Path) -> None:
    more = {"db/a.prisma": schema(LISTED, 'output = "./a"'), "db/b.prisma": schema(LISTED, 'output = "./b"')}
    root = app(tmp_path, schema(), **more)

    facts = surveyed(root, "npx prisma generate --schema=db/a.prisma && npx prisma generate --schema db/b.prisma")

    assert [client.folder for client in facts.clients] == ["db/a", "db/b"]


def test_a_schema_that_is_named_but_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such schema"):
        surveyed(app(tmp_path, schema()), "prisma generate --schema=nowhere.prisma")


def test_a_workspaces_schema_is_found_and_named_to_the_generator(tmp_path: Path) -> None:
    root = app(tmp_path, "", **{"packages/db/prisma/schema.prisma": schema(LISTED) + DATASOURCE})
    (root / "prisma" / "schema.prisma").unlink()

    facts = surveyed(root)

    assert facts.schema_file == "packages/db/prisma/schema.prisma"
    assert generate_lines(facts) == ("npx --no-install prisma generate --schema=packages/db/prisma/schema.prisma",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("prisma.config.ts", "export default defineConfig({ schema: 'db/main.prisma' })"),
        ("prisma.config.mjs", 'export default { schema: path.join("db", "main.prisma") }'),
    ],
)
def test_the_configured_schema_counts_and_needs_no_option(tmp_path: Path, name: str, text: str) -> None:
    facts = surveyed(app(tmp_path, schema(), **{name: text, "db/main.prisma": schema(LISTED)}))

    assert facts.schema_file == "db/main.prisma"
    assert generate_lines(facts) == ("npx --no-install prisma generate",)


def test_a_schema_in_parts_finds_its_database_in_another_part(tmp_path: Path) -> None:
    parts = {"prisma/schema/client.prisma": schema(LISTED), "prisma/schema/db.prisma": DATASOURCE}
    root = app(tmp_path, "", **parts)
    (root / "prisma" / "schema.prisma").unlink()

    (client,) = surveyed(root).clients

    assert (client.schema_file, client.facts["provider"]) == ("prisma/schema/client.prisma", "postgresql")


def test_the_environment_decides_the_engine_type(tmp_path: Path) -> None:
    root = app(tmp_path, schema(LISTED))

    assert surveyed(root, PRISMA_CLIENT_ENGINE_TYPE="binary").engines[0].name == "prisma-5-binary"
    assert surveyed(root, PRISMA_CLIENT_FORCE_WASM="true").engines[0].name == "prisma-6-wasm-engine"


def test_no_engine_for_the_runtime_at_all(tmp_path: Path) -> None:
    versions = {"prisma2": "2.0.0-preview010"}
    package = {"name": "app", "version": "1.0.0", "dependencies": versions}
    files = {
        "package.json": package_json(dependencies=versions),
        "package-lock.json": lock_json(package, versions),
        "prisma/schema.prisma": schema(provider="photonjs"),
    }

    with pytest.raises(ConfigError, match="no engine for Amazon Linux 2023 x86_64"):
        supplied(write_tree(tmp_path / "photon", files))


PNPM = f"""\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      '@prisma/client':
        specifier: 5.22.0
        version: 5.22.0(prisma@5.22.0)
packages:
  '@prisma/client@5.22.0': {{}}
  '@prisma/engines-version@5.22.0-44.{COMMIT}': {{}}
"""


def test_pnpms_lock_file_tells_the_versions_too(tmp_path: Path) -> None:
    files = {
        "package.json": package_json(dependencies={"@prisma/client": "5.22.0"}),
        "pnpm-lock.yaml": PNPM,
        "prisma/schema.prisma": schema(LISTED),
    }

    supply = supplied(write_tree(tmp_path / "pnpm", files))

    assert [file.commit for file in supply.files] == [COMMIT]


@pytest.mark.parametrize(
    ("version", "builder", "offline", "ours"),
    [
        ("4.16.2", "local", False, False),
        ("4.16.2", "local", True, True),
        ("4.16.2", "docker", False, True),
        ("5.22.0", "local", False, True),
    ],
)
def test_where_generating_runs_an_engine_of_this_machine_the_generator_fetches_both(
    tmp_path: Path, version: str, builder: str, offline: bool, ours: bool
) -> None:
    root = app(tmp_path, schema('binaryTargets = ["rhel-openssl-3.0.x"]') + DATASOURCE, version)
    files = supplied(root).files

    ready, notes = at_hand(files, all_of_them=builder == "docker" or offline)

    assert [file.file for file in files] == ["libquery_engine-rhel-openssl-3.0.x.so.node"]
    assert ready == (files if ours else ())
    assert bool(notes) is not ours


def test_an_engine_the_user_names_is_his_to_answer_for(tmp_path: Path) -> None:
    root = app(tmp_path, schema('binaryTargets = ["rhel-openssl-3.0.x"]') + DATASOURCE, "4.16.2")
    files = supplied(root, PRISMA_QUERY_ENGINE_LIBRARY="own.node").files

    assert at_hand(files, all_of_them=False) == (files, ())
