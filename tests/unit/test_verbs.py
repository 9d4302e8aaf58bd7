"""Messages are sentences and fixes are instructions: those without a verb are listed as reviewed, or rewritten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import packager
from tests.support.messages import Text, texts

ROOT = Path(packager.__file__).parent
REVIEWED = Path(__file__).parents[1] / "support/reviewed.txt"
JUDGED = ("msg", "message", "fix", "note")
"""And every text that is handed to a finding or an error; `why`, `reason` and `more` are parts of a sentence."""
PARTS = ("more", "why", "reason", "help", "meaning", "cause")
VERBS, IMPERATIVES = (
    frozenset(part.split())
    for part in (REVIEWED.parent / "verbs.txt").read_text(encoding="utf-8").partition("\n")[2].split("\n\n")
)


def has_verb(text: Text) -> bool:
    """Return whether a message has a verb; of a fix, and of what may be one, whether it starts with an instruction."""
    begin = re.sub(r"^(\{…\}[;,:?. ]*)+(or )?", "", text.text).lstrip("`")
    first = re.match(r"[a-z]+", begin.lower())
    instructs = first is not None and first[0] in IMPERATIVES
    if text.kind == "fix":
        return instructs
    words = re.findall(r"[a-z]+", text.text.lower())
    return not VERBS.isdisjoint(words) or (text.kind not in JUDGED and instructs)


def reviewed() -> list[str]:
    """Return the texts on the list."""
    lines = REVIEWED.read_text(encoding="utf-8").split("\n")
    return [line for line in lines if line and not line.startswith("#")]


def verbless() -> dict[str, str]:
    """Return each text of the package that has no verb → where it is."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        for text in texts(path.read_text(encoding="utf-8")):
            if text.kind not in PARTS and not has_verb(text):
                found[text.text] = f"{path.relative_to(ROOT.parent)}:{text.line}: {text.kind}: {text.text!r}"
    return found


def test_messages_and_fixes_have_a_verb() -> None:
    known = reviewed()

    assert [where for text, where in verbless().items() if text not in known] == []


def test_the_list_of_reviewed_texts_holds_no_other() -> None:
    assert sorted(set(reviewed()) - set(verbless())) == []
    assert len(reviewed()) == len(set(reviewed()))


@pytest.mark.parametrize(
    "code",
    [
        'msg = f"no file {name} here"',
        'Finding("X1", "error", where, "another host\'s folder")',
        'raise UsageError("impossible combination")',
        'raise UsageError(msg, fix=f"architectures are: {names}")',
        'fix = "the folder of the project"',
        'message = "gone for good" if gone else "is there"',
        'steps.notes.append(f"engine for {name}")',
    ],
)
def test_each_place_of_a_text_is_read(code: str) -> None:
    assert [text for text in texts(code) if not has_verb(text)]


@pytest.mark.parametrize(
    "code",
    [
        'msg = f"{name} is not a folder"',
        'msg = f"expected {this}, found {that}"',
        'raise UsageError(msg, fix=f"use one of: {names}")',
        'raise UsageError(msg, fix="`npm install` it" if x else "run `npm install`")',
        'fix = f"{guess}list all codes"',
        'name = "no message at all"',
    ],
)
def test_sentences_and_instructions_pass(code: str) -> None:
    found = [text for text in texts(code) if not has_verb(text)]

    assert [text.text for text in found if not text.text.startswith("`npm")] == []
