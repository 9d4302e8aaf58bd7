"""``proof:`` of a bundle in packager.yaml: the events that its proof calls it with, and what these may use."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from packager.core.errors import ConfigError, UsageError
from packager.model.proof import SETTLE_SECONDS, TIMEOUT_SECONDS, ProofEvent, ProofSettings

if TYPE_CHECKING:
    from pathlib import Path

    from packager.core.document import Section

PROOF_KEYS = ("events", "env_file", "allow_network", "settle", "timeout")
EVENT_KEYS = ("event", "expect")
_PLACE = re.compile(r"(?P<host>localhost|127\.0\.0\.1|\[::1\]):(?P<port>\d{1,5})")
_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*?)\s*")


def read_proof(section: Section | None, root: Path) -> ProofSettings:
    """Return what a bundle's ``proof:`` says, files of events and variables read. Raises ConfigError."""
    if section is None:
        return ProofSettings()
    section.only(*PROOF_KEYS)
    env_file = section.get("env_file", str, default="")
    return ProofSettings(
        events=tuple(_events(section, root)),
        env_file=env_file.removeprefix("./"),
        environment=read_variables(env_file, root, section.key("env_file")) if env_file else (),
        allow_network=tuple(_places(section)),
        settle_seconds=_seconds(section, "settle", SETTLE_SECONDS),
        timeout_seconds=_seconds(section, "timeout", TIMEOUT_SECONDS),
    )


def _events(section: Section, root: Path) -> list[ProofEvent]:
    from packager.core.document import Section as Part

    found = []
    for index, item in enumerate(section.get("events", list, default=[])):
        where = section.key(f"events[{index}]")
        entry = Part(item if isinstance(item, dict) else {"event": item}, where)
        entry.only(*EVENT_KEYS)
        event = entry.get("event", (str, dict))
        name = event if isinstance(event, str) else f"event {index + 1}"
        payload = _document(event, root, entry.key("event"))
        if payload is None:
            raise ConfigError("null is not an event", where=entry.key("event"), fix="use the sample event: empty")  # noqa: EM101
        expect = entry.get("expect", (int, str, dict, list), default=None)
        found.append(ProofEvent(name, _text(payload, where), "" if expect is None else _text(expect, where)))
    return found


def _document(event: Any, root: Path, where: str) -> Any:
    """Return the event itself, of the JSON file or the sample that a text names."""
    if not isinstance(event, str):
        return event
    path = root / event
    if path.is_file():
        try:
            return json.loads(path.read_text(encoding="utf-8-sig"))
        except (ValueError, OSError) as error:
            msg = f"{event} is not JSON: {error}"
            raise ConfigError(msg, where=where, fix="write one JSON document into it") from error
    from packager.prove.events import sample_event

    try:
        return sample_event(event)
    except UsageError as error:
        raise ConfigError(error.message, where=where, fix=error.fix) from error


def _text(value: Any, where: str) -> str:
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError) as error:  # YAML has dates and keys that JSON has not
        msg = f"holds what JSON cannot say: {error}"
        raise ConfigError(msg, where=where, fix="write dates and such as text, in quotes") from error


def _places(section: Section) -> list[str]:
    texts = section.strings("allow_network")
    return [checked_place(text, section.key(f"allow_network[{index}]")) for index, text in enumerate(texts)]


def checked_place(text: str, where: str) -> str:
    """Return a text that names a port of this machine (``localhost:5432``). Raises ConfigError for any other."""
    match = _PLACE.fullmatch(text)
    if match is None or not 0 < int(match["port"]) < 65536:
        msg = f"{text!r} is not a port of this machine"
        fix = "write HOST:PORT with localhost or 127.0.0.1, such as localhost:5432; a proof reaches no other machine"
        raise ConfigError(msg, where=where, fix=fix)
    return text


def read_variables(name: str, root: Path, where: str) -> tuple[tuple[str, str], ...]:
    """Return what a file of NAME=VALUE lines sets: comments and empty lines count for nothing, quotes are taken off."""
    try:
        text = (root / name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        msg = f"{name} cannot be read: {said}"
        raise ConfigError(msg, where=where, fix="name a file with lines NAME=VALUE, relative to this one") from error
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            msg = f"line {number} of {name} is not NAME=VALUE"
            raise ConfigError(msg, where=where, fix="write one variable in each line, and comments behind #")
        value = match["value"]
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        found[match["name"]] = value[1:-1] if quoted else value
    return tuple(sorted(found.items()))


def _seconds(section: Section, name: str, default: float) -> float:
    value = float(section.get(name, (int, float), default=default))
    if not 0 < value <= 900:  # nan included
        raise ConfigError("expected more than 0 and at most 900 seconds", where=section.key(name))  # noqa: EM101
    return value
