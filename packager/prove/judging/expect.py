"""Whether a handler's answer is the one that was expected: a status, or a part of the JSON. Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.model.proof import Proof


def as_expected(proof: Proof, expect: object | None, artifact: str) -> Proof:
    """Return the proof, failed if its answer differs from what was expected (None: anything but an error).

    A bare number is a status: that of an HTTP answer. Anything else is compared as a part: objects may hold more
    keys than expected, everything else must be equal. A ``body`` that is JSON in a string is compared as JSON where
    an object or array is expected.
    """
    if proof.status != "proved":
        return proof
    try:
        answer: object = json.loads(proof.answer) if proof.answer else None
    except ValueError:
        return proof if expect is None else _failed(proof, artifact, ["the answer is too long to be compared"])
    if expect is None:
        error = error_of(answer)
        return _error(proof, artifact, error) if error else proof
    wanted = {"statusCode": expect} if isinstance(expect, int) and not isinstance(expect, bool) else expect
    differences = list(_differences(wanted, answer, "answer"))
    return _failed(proof, artifact, differences) if differences else proof


def status_of(answer: object) -> int | None:
    """Return the HTTP status of an answer; None for one that has none."""
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    if isinstance(status, str) and status.isdigit():
        status = int(status)
    return status if isinstance(status, int) and not isinstance(status, bool) else None


def error_of(answer: object) -> str:
    """Return what makes an answer an error: a status of 500 or more, or Lambda's envelope; empty for any other.

    >>> error_of({"statusCode": 503, "body": "no database"}), error_of({"errorType": "Error", "errorMessage": "x"})
    ('status 503: no database', 'Error: x')
    """
    if not isinstance(answer, dict):
        return ""
    status = status_of(answer)
    if status is not None and status >= 500:
        body = answer.get("body")
        said = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        return f"status {status}: {said[:200]}" if said else f"status {status}"
    if "errorMessage" in answer and isinstance(answer.get("errorType"), str):
        return f"{answer['errorType']}: {str(answer['errorMessage'])[:200]}"
    return ""


def _error(proof: Proof, artifact: str, error: str) -> Proof:
    message = f"answers the event with an error ({error})"
    fix = "correct the handler or its event, or say that this answer is right: expect (packager.yaml) or --expect"
    finding = Finding("RUN027", "error", artifact, message, fix)
    return replace(proof, status="failed", detail=f"{artifact} {message}", findings=(*proof.findings, finding))


def _failed(proof: Proof, artifact: str, differences: list[str]) -> Proof:
    more = f" (and {len(differences) - 3} more)" if len(differences) > 3 else ""
    message = f"answers, but not as expected: {'; '.join(differences[:3])}{more}"
    fix = "correct the handler, its event or what is expected of it (--expect)"
    finding = Finding("RUN021", "error", artifact, message, fix)
    return replace(proof, status="failed", detail=f"{artifact} {message}", findings=(*proof.findings, finding))


def _differences(wanted: object, found: object, where: str) -> Iterator[str]:
    if isinstance(wanted, (dict, list)) and isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            yield f"{where} is a text and no JSON: {_short(found)}"
            return
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            if key in found:
                yield from _differences(value, found[key], f"{where}.{key}")
            else:
                yield f"{where}.{key} is missing"
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"{where} has {len(found)} elements, expected {len(wanted)}"
        for index, (one, other) in enumerate(zip(wanted, found, strict=False)):
            yield from _differences(one, other, f"{where}[{index}]")
    # JSON knows booleans apart from numbers; Python's == does not.
    elif wanted != found or isinstance(wanted, bool) != isinstance(found, bool):
        yield f"{where} is {_short(found)}, expected {_short(wanted)}"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
