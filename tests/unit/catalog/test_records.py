"""Each key of a catalog file is spelled once, in its record; records can be hashed, copied, and told in JSON."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import packager
from packager.catalog.current import load_catalog
from packager.catalog.node_releases import node_release
from packager.catalog.trim_rules import trim_rules
from packager.model.records import CatalogRecord, Conditions, DottedVersion, Pairs, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(packager.__file__).parent
ROOMS = ("catalog", "model")
LINKED = "Target"
"""The one value that records are linked to; no file says it."""
MANY = 4
"""So many names in common are no chance."""
CATALOG = load_catalog()
VALUES = [
    *CATALOG.baselines.values(),
    *CATALOG.platforms.values(),
    *CATALOG.engines,
    *(offered for host in CATALOG.hosts.values() for offered in host.kinds.values()),
    *(runtime for host in CATALOG.hosts.values() for runtime in host.runtimes.values()),
    *(host.system for host in CATALOG.hosts.values()),
    node_release("22"),
]


def trees() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def own_fields() -> dict[str, frozenset[str]]:
    """Return class → the fields written in its body."""
    return {
        node.name: frozenset(
            each.target.id
            for each in node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        )
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }


def records(base: type[CatalogRecord] = CatalogRecord) -> Iterator[type[CatalogRecord]]:
    for record in base.__subclasses__():
        yield record
        yield from records(record)


def same_names(call: ast.Call) -> int:
    """Return how many arguments of a call are `name=value.name`, of one value."""
    of: dict[str, int] = {}
    for keyword in call.keywords:
        if isinstance(keyword.value, ast.Attribute) and keyword.value.attr == keyword.arg:
            value = ast.dump(keyword.value.value)
            of[value] = of.get(value, 0) + 1
    return max(of.values(), default=0)


def test_there_are_records_to_look_at() -> None:
    names = {record.__name__ for record in records()}

    assert names >= {"Baseline", "Platform", "HostRecord", "Engine", "BinaryTargets", "TrimRules", "NodeReleases"}
    assert names <= own_fields().keys()
    assert sum(map(len, own_fields().values())) > 300


def twins(fields: dict[str, frozenset[str]], record: str) -> dict[str, list[str]]:
    """Return class → names it has in common with a record, where they are too many for chance.

    That is a third of the record's, but at least four: a job has an environment and a language, too.
    """
    own = fields[record]
    many = min(len(own), max(MANY, len(own) // 3))
    return {
        name: sorted(own & others)
        for name, others in fields.items()
        if own and name not in (record, LINKED) and len(own & others) >= many
    }


@pytest.mark.parametrize("record", sorted({record.__name__ for record in records()}))
def test_no_other_class_has_a_records_keys(record: str) -> None:
    assert twins(own_fields(), record) == {}


def test_a_second_class_would_be_seen() -> None:
    fields = own_fields()
    fields["BudgetFile"] = fields["Budget"] - {"zipped_by_user"}

    assert list(twins(fields, "Budget")) == ["BudgetFile"]


def test_nothing_is_copied_key_by_key() -> None:
    copies = [
        f"{file}:{node.lineno}"
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) != LINKED and same_names(node) >= MANY - 1
    ]
    unpacked = [
        f"{file}:{node.lineno}"
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("asdict")
    ]

    assert (copies, unpacked) == ([], [])


def test_copies_would_be_seen() -> None:
    (call,) = (
        node for node in ast.walk(ast.parse("X(a=raw.a, b=raw.b, c=raw.c, d=other.d)")) if type(node) is ast.Call
    )

    assert same_names(call) == 3


@pytest.mark.parametrize("record", list(records()), ids=lambda record: record.__name__)
def test_every_record_is_frozen_and_strict(record: type[CatalogRecord]) -> None:
    assert record.__struct_config__.frozen
    assert record.__struct_config__.forbid_unknown_fields


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{type(value).__name__}-{getattr(value, 'name', '')}")
def test_a_record_comes_back_equal(value: CatalogRecord) -> None:
    said = msgspec.json.encode(value, order="deterministic")
    back = msgspec.json.decode(said, type=type(value), dec_hook=decode)

    assert back == value
    assert hash(back) == hash(value)
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value
    assert msgspec.json.encode(back, order="deterministic") == said


def test_rules_come_back_equal() -> None:
    for file in trim_rules():
        assert msgspec.json.decode(msgspec.json.encode(file), type=type(file), dec_hook=decode) == file


def test_targets_can_be_keys() -> None:
    target, again = (CATALOG.target("aws-lambda", "nodejs22.x", "arm64") for _ in range(2))

    assert {target: 1}[again] == 1
    assert dict(target.system.environment)["AWS_EXECUTION_ENV"] == "AWS_Lambda_nodejs22.x"
    assert "nodejs/node22/" in dict(target.system.environment)["NODE_PATH"]
    assert target.system.language_environment == ()


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        (DottedVersion, "2.34", (2, 34)),
        (DottedVersion, "", ()),
        (DottedVersion, [3, 4], (3, 4)),
        (Pairs[str, str], {"b": "1", "a": "2"}, (("b", "1"), ("a", "2"))),
        (Pairs[str, str], [["b", "1"]], (("b", "1"),)),
        (Pairs[str, DottedVersion], {"Z": "1.2"}, (("Z", (1, 2)),)),
        (Conditions, {"b": "x", "a": ["y", "z"]}, (("a", ("y", "z")), ("b", ("x",)))),
    ],
)
def test_shapes_yaml_has_no_word_for(type_: Any, value: object, expected: object) -> None:
    assert decode(type_, value) == expected


@pytest.mark.parametrize(
    ("type_", "value", "message"),
    [
        (DottedVersion, "2.x", "'2.x' is not a dotted version"),
        (DottedVersion, {"a": 1}, "is not a dotted version"),
        (Pairs[str, str], "x", "expected a mapping, found str"),
        (Pairs[str, str], ["xy"], "expected a mapping, found list"),
        (Pairs[str, str], {"a": ["b"]}, "a: Expected `str`, got `array`"),
        (Conditions, {"a": {"b": "c"}}, "a: Expected `array`, got `object`"),
    ],
)
def test_other_shapes_are_refused_by_key(type_: Any, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        decode(type_, value)


def test_no_other_type_is_made_up() -> None:
    with pytest.raises(NotImplementedError, match="no field of"):
        decode(Path, "x")
