"""Schemas as people write them: comments, odd formatting, mistakes. Nothing raises, nothing is misread."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packager.inventory.schema import parse_schema, read_schema, with_setting

TRICKY = """\
// generator no { provider = "prisma-client-js" }
/* datasource no { provider = "mysql" } */
datasource db {
  url      = env("URL") // } not the end
  provider = "postgres"
}

generator client
{
  provider="prisma-client-js"
  binaryTargets = [ "native", // a comment with ]
      "rhel-openssl-1.0.x" ]
  output = "../gen}erated"   // "quoted"
}

generator erd { provider = "prisma-erd-generator" }
"""


def test_comments_braces_in_strings_and_lists_over_lines() -> None:
    schema = parse_schema(TRICKY)
    (client,) = schema.clients

    assert client.settings["binaryTargets"].values == ("native", "rhel-openssl-1.0.x")
    assert client.text("output") == "../gen}erated"
    assert [block.provider for block in schema.generators] == ["prisma-client-js", "prisma-erd-generator"]
    assert schema.datasource is not None
    assert schema.datasource.settings["url"].env == "URL"
    assert read_schema(TRICKY)["provider"] == "postgresql"


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("", {}),
        ("model A { id Int @id }", {}),
        ("generator client {", {}),
        ('datasource db { provider = "sqlite" }', {}),
        ('generator c { provider = "another-tools" }', {}),
        ('generator c { provider = env("X") }', {}),
        ('generator c { provider = "prisma-client-js" }', {"generator": "prisma-client-js"}),
        ('\ufeffgenerator c {\r\n provider = "photonjs"\r\n}\r\n', {"generator": "photonjs"}),
        (
            (
                'datasource d {\n provider = "oracle"\n}\n'
                'generator c {\n provider = "prisma-client"\n engineType = "client"\n}'
            ),
            {"generator": "prisma-client", "provider": "oracle", "engine_type": "client"},
        ),
    ],
    ids=[
        "empty",
        "no generator",
        "unclosed",
        "no client",
        "foreign",
        "env",
        "plain",
        "BOM and CRLF",
        "unknown provider",
    ],
)
def test_odd_schemas(text: str, facts: dict[str, str]) -> None:
    assert read_schema(text) == facts


def test_two_generators_are_two_clients_and_the_first_counts() -> None:
    text = "\n".join(
        f'generator {name} {{\n provider = "prisma-client-js"\n output = "./{name}"\n}}' for name in ("one", "two")
    )

    assert [block.name for block in parse_schema(text).clients] == ["one", "two"]
    assert read_schema(text)["output"] == "./one"


def test_rewriting_one_setting_leaves_everything_else_as_it_is() -> None:
    schema = parse_schema(TRICKY)
    changed = with_setting(schema, schema.clients[0], "binaryTargets", '["x"]')

    assert parse_schema(changed).clients[0].settings["binaryTargets"].values == ("x",)
    start, end = (schema.clients[0].settings["binaryTargets"].start, schema.clients[0].settings["binaryTargets"].end)
    assert changed == TRICKY[:start] + '["x"]' + TRICKY[end:]


def test_a_setting_is_added_in_the_files_own_line_ends() -> None:
    schema = parse_schema('generator c {\r\n  provider = "prisma-client-js"\r\n}')

    assert with_setting(schema, schema.clients[0], "binaryTargets", '["x"]') == (
        'generator c {\r\n  binaryTargets = ["x"]\r\n  provider = "prisma-client-js"\r\n}'
    )


@settings(deadline=None)
@given(st.text(alphabet='generatodsc {}[]=",/*\n\\x', max_size=200))
def test_any_text_is_read_without_raising(text: str) -> None:
    for block in parse_schema(text).generators:
        assert text[block.inside - 1] == "{"
