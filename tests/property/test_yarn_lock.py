"""yarn.lock of Yarn 1: what its writer would write is read back, and nothing else does more than be refused."""

from __future__ import annotations

import json
import re

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from packager.core.errors import ConfigError
from packager.package_managers.lock_shape import is_inside
from packager.package_managers.yarn_classic import parse_yarn_lock, split_pattern

_WORD = st.from_regex(r"[a-z][a-z0-9._-]{0,8}", fullmatch=True)
_NAME = st.one_of(_WORD, st.builds("@{}/{}".format, _WORD, _WORD))
_RANGE = st.one_of(
    st.from_regex(r"[~^]?[0-9]{1,2}\.[0-9]\.[0-9](-[a-z]{1,4})?", fullmatch=True),
    st.sampled_from(
        [">=1.0.0 <3 || ^4", "*", "", "latest", "npm:real@^1", "git+ssh://git@x.example/a.git#b", "true", "1"]
    ),
)
_VERSION = st.from_regex(r"[0-9]{1,2}\.[0-9]\.[0-9]", fullmatch=True)
_DEPENDENCIES = st.dictionaries(_NAME, _RANGE, max_size=3)
_ENTRIES = st.dictionaries(
    _NAME,
    st.tuples(st.sets(_RANGE, min_size=1, max_size=3), _VERSION, _DEPENDENCIES, st.booleans()),
    max_size=5,
)


def written(text: str) -> str:
    """Return a text as Yarn writes it; source: shouldWrapKey of src/lockfile/stringify.js."""
    wrapped = (
        text.startswith(("true", "false")) or re.search(r'[:\s\n\\",\[\]]', text) or not re.match("[a-zA-Z]", text)
    )
    return json.dumps(text) if wrapped else text


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a busy machine it is
@given(_ENTRIES)
def test_what_yarn_writes_is_read_back(entries: dict[str, tuple[set[str], str, dict[str, str], bool]]) -> None:
    text, expected = "# yarn lockfile v1\n\n", dict[str, str]()
    for name, (ranges, version, dependencies, optional) in sorted(entries.items()):
        patterns = sorted(f"{name}@{one}" for one in ranges)
        text += f'\n{", ".join(map(written, patterns))}:\n  version "{version}"\n  integrity sha512-AA==\n'
        if dependencies:
            text += f"  {'optionalDependencies' if optional else 'dependencies'}:\n"
            text += "".join(f"    {written(key)} {json.dumps(value)}\n" for key, value in dependencies.items())
        expected |= dict.fromkeys(patterns, version)

    lock = parse_yarn_lock(text)

    assert {pattern: entry.version for pattern, entry in lock.items()} == expected
    assert all(split_pattern(pattern)[0] in entries for pattern in lock)


@given(st.text(alphabet=st.sampled_from('a@1/.:"\\ \n\t#,-_{}[]<=é\0\ud800'), max_size=80))
@example('"a@1":\n  version "\\ud800"\n')
def test_any_text_is_read_or_refused_and_names_stay_inside(text: str) -> None:
    try:
        lock = parse_yarn_lock(text)
    except ConfigError as error:
        assert error.fix
        return
    for pattern in lock:
        name = split_pattern(pattern)[0]
        assert is_inside(f"node_modules/{name}")
        assert not name.startswith(".")
