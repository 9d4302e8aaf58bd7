"""``packager report`` and ``packager diff``: where the bytes go, and what sets two artifacts apart."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from packager.cli.closing import done
from packager.cli.plain import say
from packager.core.units import counted

if TYPE_CHECKING:
    from packager.report.zipbytes import ByteDifference


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The page to write. Default: PATH.report.html.")
@click.option("--against", "--vs", type=click.Path(path_type=Path), help="Earlier zip or folder to compare with.")
@click.option(
    "--sbom",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a CycloneDX bill of materials to FILE; - is stdout.",
)
@click.option(
    "--licences",
    "--licenses",
    is_flag=True,
    help="Print the licences of the packages, and the names of those without a known one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the data as one JSON document, and write no page.")
def report(
    path: Path, output: Path | None, against: Path | None, sbom: Path | None, licences: bool, as_json: bool
) -> int:
    """Write a page that shows where the bytes of a zip or folder go.

    One HTML file that needs no other file and no network: a map to zoom into, packages and why they are there (from
    the manifest beside a zip that packager built), files that are there twice. With --sbom or --licences no page is
    written unless -o names one.
    """
    from packager.cli.artifacts import require_file

    require_file(path)
    if sbom is not None or licences:
        _materials(path, sbom, licences, as_json)
        if output is None:
            return 0
    return _page(path, output, against, as_json and not licences)


def _materials(path: Path, sbom: Path | None, licences: bool, as_json: bool) -> None:
    """Write the bill of materials and print the licences, as far as asked for."""
    from packager.sbom.licences import licence_lines, licence_shares, licences_json
    from packager.sbom.reading import read_materials

    materials = read_materials(path)
    if sbom is not None:
        from packager.sbom.cyclonedx import cyclonedx_text

        text = cyclonedx_text(materials)
        if not _place(sbom, text) and not as_json:
            say(f"{sbom}: {counted(len(materials.parts), 'package')} of {materials.name}")
    if licences and as_json:
        import json

        click.echo(json.dumps(licences_json(materials), indent=1))
    elif licences:
        lines = list(licence_lines(licence_shares(materials)))
        for line in lines or [f"{materials.name}: no packages are recognised in it"]:
            say(line)


def _page(path: Path, output: Path | None, against: Path | None, as_json: bool) -> int:
    from packager.cli.artifacts import require_file
    from packager.report.contents import read_contents
    from packager.report.difference import compare
    from packager.report.page import document, page

    start = time.monotonic()
    contents = read_contents(path)
    other = difference = None
    if against is not None:
        require_file(against)
        other = read_contents(against)
        difference = compare(other, contents)
    if as_json:
        import json

        click.echo(json.dumps({"version": 1, "ok": True, **document(contents, difference, other)}))
        return 0
    target = output or _beside(path)
    if not _place(target, page(contents, difference, other)):
        say(f"{target}: {counted(len(contents.items), 'file')} of {contents.name}")
        say(done(time.monotonic() - start, "1 page written"))
    return 0


def _place(target: Path, text: str) -> bool:
    """Write a text to its place and return False, or to stdout for "-" and return True."""
    if str(target) == "-":
        click.echo(text, nl=False)
        return True
    from packager.core.atomic import replacing

    with replacing(target) as file:
        file.write(text.encode())
    return False


def _beside(path: Path) -> Path:
    """Return the page's default place: not in the folder it tells of, even if that is called "." or ".."."""
    real = path.resolve()
    folder = path.parent if path.name not in ("", "..") else real.parent
    return folder / f"{real.name or 'root'}.report.html"


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def diff(before: Path, after: Path, as_json: bool) -> int:
    """Compare two zips or folders; exits 0 if they are identical, 1 otherwise.

    Packages by version, files by content. Where two zips hold the same and are not the same: the
    first byte that differs, and why (order, dates, modes, compression).
    """
    from packager.cli.artifacts import require_file
    from packager.report.contents import read_contents
    from packager.report.difference import compare
    from packager.report.texts import diff_json, diff_lines
    from packager.report.zipbytes import first_difference

    for path in (before, after):
        require_file(path)
    old, new = read_contents(before), read_contents(after)
    difference = compare(old, new)
    in_bytes: ByteDifference | None = None
    if before.is_file() and after.is_file():
        in_bytes = first_difference(before, after)
    identical = difference.same and in_bytes is None
    if as_json:
        import json

        click.echo(json.dumps(diff_json(old, new, difference, in_bytes, identical), indent=1))
        return int(not identical)
    if identical:
        kind = "identical, byte for byte" if before.is_file() and after.is_file() else "identical"
        click.echo(f"{kind}: {counted(len(new.items), 'file')}")
        return 0
    for line in diff_lines(old, new, difference, in_bytes):
        say(line)
    return 1
