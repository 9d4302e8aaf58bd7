"""``packager prove``: load a finished zip as its target would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--target", default="aws-lambda", show_default=True, metavar="NAME", help="Target that PATH is for.")
@click.option(
    "--runtime", default="", metavar="NAME", help="Runtime, such as nodejs22.x. Default: from the manifest beside PATH."
)
@click.option(
    "--arch", default="", metavar="ARCH", help="Architecture: x86_64 or arm64. Default: from the manifest, else x86_64."
)
@click.option(
    "--handler", default="", metavar="NAME", help="Handler, such as src/handler.handler. Default: from the manifest."
)
@click.option(
    "--layer", "layers", multiple=True, type=click.Path(path_type=Path), help="Layer that PATH uses; may be repeated."
)
@click.option(
    "--event",
    default="",
    metavar="FILE",
    help="Also call the handler with this event: a JSON file, or a sample such as http or sqs.",
)
@click.option(
    "--expect",
    default="",
    metavar="WORD",
    help="Expected answer: a status, JSON that it contains, or a file with that JSON.",
)
@click.option(
    "--how", type=click.Choice(["auto", "docker", "local"]), default="auto", show_default=True, help="Where to prove."
)
@click.option("--image", default="", metavar="NAME", help="Image to prove in, in place of the target's own.")
@click.option(
    "--env",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="Environment variable of the function; may be repeated.",
)
@click.option(
    "--env-file", default="", metavar="FILE", help="File of NAME=VALUE lines: environment variables of the function."
)
@click.option(
    "--allow-network",
    "places",
    multiple=True,
    metavar="HOST:PORT",
    help="Port of this machine that the code may reach, such as localhost:5432; may be repeated.",
)
@click.option("--timeout", default=30.0, show_default=True, help="Seconds after which it counts as hanging.")
@click.option(
    "--cold-start", default=0, metavar="N", type=click.IntRange(0, 1000), help="Measure N cold starts instead."
)
@click.option("--vs", type=click.Path(path_type=Path), metavar="ZIP", help="With --cold-start: compare with this zip.")
@click.option(
    "--vs-layer",
    "vs_layers",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Layer that the --vs zip uses; may be repeated.",
)
@click.option(
    "--chart",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --cold-start: write a chart to this SVG file.",
)
@click.option("--cache", envvar="PACKAGER_CACHE", type=click.Path(path_type=Path), help="Cache folder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def prove(
    path: Path,
    layers: tuple[Path, ...],
    event: str,
    expect: str,
    variables: tuple[str, ...],
    cache: Path | None,
    as_json: bool,
    timeout: float,
    cold_start: int,
    **words: Any,
) -> int:
    """Load a finished zip as its target would.

    PATH is unpacked read-only into a clean root, its layers under /opt, and the handler is loaded with the runtime's
    environment and nothing of yours. With --cold-start it is timed instead.
    """
    import json
    import time

    from packager.cli.artifacts import manifest_beside, require_file, target_of
    from packager.core.errors import UsageError
    from packager.core.resources import default_cache
    from packager.project.proofs import checked_place, read_variables
    from packager.prove.prover import prove as run_proof

    start = time.monotonic()
    require_file(path)
    for layer in layers:
        require_file(layer)
    target = target_of(path, words["target"], words["runtime"], words["arch"])
    handler = words["handler"] or str(manifest_beside(path).get("handler", ""))
    if target.kind == "function" and not handler:
        msg = "no handler is given, and no manifest beside it names one"
        raise UsageError(msg, where="--handler", fix="write it as path/to/module.exportedName")
    environment = dict(read_variables(words["env_file"], Path(), "--env-file")) if words["env_file"] else {}
    for pair in variables:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            msg = f"expected NAME=VALUE, found {pair!r}"
            raise UsageError(msg, where="--env")
        environment[name] = value
    if expect and not event:
        msg = "--expect requires --event"
        raise UsageError(msg, fix="add --event with the JSON that the handler gets, or remove --expect")
    payload = _event(event) if event else None
    if cold_start:
        from packager.cli.coldstart import print_cold_starts
        from packager.prove.cold.coldstart import TimedBundle, measure
        from packager.prove.running.request import ProofRequest

        bundles = [TimedBundle(path, layers)]
        if words["vs"] is not None:
            require_file(words["vs"])
            bundles.append(TimedBundle(words["vs"], words["vs_layers"]))
        measured = measure(
            bundles,
            cold_start,
            ProofRequest(handler, target, environment, event=payload, timeout_seconds=60),
            how=words["how"],
            image=words["image"],
            cache=cache or default_cache(),
        )
        print_cold_starts(measured, words["chart"], time.monotonic() - start, as_json)
        return 0
    proof = run_proof(
        path,
        layers,
        target=target,
        handler=handler,
        environment=environment,
        how=words["how"],
        timeout_seconds=timeout,
        event=payload,
        event_name=event or "the event",
        allow_network=[checked_place(place, "--allow-network") for place in words["places"]],
        expect=_expected(expect) if expect else None,
        image=words["image"],
        cache=cache or default_cache(),
        fresh=True,
    )
    if as_json:
        document = {
            "version": 1,
            "ok": proof.status != "failed",
            "path": str(path),
            "proof": proof.to_json(),
            "findings": [finding.to_json() for finding in proof.findings],
            "output": proof.output,
            "response": _response(proof.answer),
        }
        click.echo(json.dumps(document, indent=1))
        return int(proof.status == "failed")
    from packager.cli.closing import done, failed, proof_counts
    from packager.cli.console import print_findings, print_row, stdout
    from packager.cli.plain import plain
    from packager.prove.events import fitting

    console = stdout()
    print_findings(console, proof.findings)
    if proof.output and proof.status == "failed":
        for line in proof.output.splitlines()[-20:]:
            console.print(f"  │ {plain(line)}", style="dim")
    detail = proof.detail if proof.status == "skipped" else f"{proof.status}: {proof.detail}"
    print_row(console, "", f"{path}: {detail}")
    if proof.answer:
        print_row(console, "answer", proof.answer[:4000])
    elif proof.status == "proved" and not event and (samples := fitting(target)):
        print_row(
            console, "event", f"loaded, not called: to call the handler, add --event FILE, or a sample: {samples}"
        )
    spent = time.monotonic() - start
    print_row(console, "", failed("Proof") if proof.status == "failed" else done(spent, *proof_counts([proof])))
    return int(proof.status == "failed")


def _event(word: str) -> Any:
    """Return the event of a file, else the sample event of that name."""
    from packager.prove.events import sample_event

    return _read(Path(word)) if Path(word).exists() or "." in word else sample_event(word)


def _expected(word: str) -> Any:
    """Return what is expected: a status, JSON on the command line, else the JSON of a file."""
    import json

    try:
        return json.loads(word)
    except ValueError:
        return _read(Path(word))


def _read(path: Path) -> Any:
    import json

    from packager.core.errors import ArtifactError

    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(str(error), where=str(path)) from error


def _response(answer: str) -> Any:
    """Return the answer as a value; as text where it was cut."""
    import json

    try:
        return json.loads(answer) if answer else None
    except ValueError:
        return answer
