"""From what a failed command printed to why it failed and what to do, for the causes people meet again and again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.model.package_managers import KnownCause


@dataclass(frozen=True)
class CommandCause:
    """Why a command failed."""

    message: str
    fix: str


_CA_FIX = "let PACKAGER_CA_BUNDLE name a PEM file with the CA of your network's proxy"

# Linux says ENOSPC of its limits on watched files, too.
_DISK_FULL = r"ENOSPC(?!: System limit)|No space left on device|EDQUOT|Disk quota exceeded"

_OF_THE_MACHINE: tuple[tuple[str, str, str], ...] = (
    (
        _DISK_FULL,
        "the disk is full",
        "free some space where the command ran",
    ),
    (
        (
            r"SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
            r"|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERTIFICATE_VERIFY_FAILED"
            r"|self[- ]signed certificate in certificate chain"
        ),
        "TLS on this network is re-signed by a certificate authority the command does not trust",
        _CA_FIX,
    ),
)
"""Said before all others: tools repeat these in errors of their own."""
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        r"npm (?:ERR!|error) code EUSAGE[\s\S]*?(?P<detail>(?:Missing|Invalid): .*)",
        "package.json and package-lock.json disagree: {detail}",
        "run `npm install` in the project and commit package-lock.json",
    ),
    (
        r"npm (?:ERR!|error).*`npm ci` can only install packages when your package\.json and package-lock\.json",
        "package.json and package-lock.json disagree",
        "run `npm install` in the project and commit package-lock.json",
    ),
    (
        r"npm (?:ERR!|error) code E401|npm (?:ERR!|error) code E403|ERR_PNPM_FETCH_40[13]|401 Unauthorized",
        "the registry refused access",
        "check the credentials in ~/.npmrc, or the variable it refers to",
    ),
    (
        r"npm (?:ERR!|error) code E404[\s\S]*?'(?P<detail>[^'\s]+)' (?:is not in|could not be found)",
        "the registry does not have {detail}",
        "correct name and version, or set the registry of its scope in .npmrc",
    ),
    (
        r"npm (?:ERR!|error) code (?:E404|ETARGET)|ERR_PNPM_(?:FETCH_404|NO_MATCHING_VERSION)",
        "the registry has no such package or version",
        "check the registry in .npmrc, or run `npm install` to renew the lock file",
    ),
    (
        r"npm (?:ERR!|error) code EBADPLATFORM(?:[\s\S]*?Unsupported platform for (?P<detail>[^:\s]+))?",
        "a package does not exist for the target's system: {detail}",
        "make it an optional dependency, or choose another architecture",
    ),
    (
        r"npm (?:ERR!|error) code EINTEGRITY",
        "a downloaded package differs from what the lock file says",
        "run `npm cache verify`; if it stays, find out who changed the package",
    ),
    (
        r"Failed to fetch (?:the engine file|sha256 checksum)(?: at (?P<detail>\S+))?|binaries\.prisma\.sh",
        "Prisma could not download an engine: {detail}",
        "check the network and proxy, set PRISMA_ENGINES_MIRROR, or PRISMA_SCHEMA_ENGINE_BINARY to any existing file",
    ),
    (
        r"P1012|Prisma schema validation",
        "the Prisma schema is not valid",
        "run `npx prisma validate` in the project",
    ),
    (
        r"Unknown binary ?[tT]argets? (?P<detail>\S+)",
        "Prisma does not know the binary target {detail}",
        "correct binaryTargets in the schema",
    ),
    (
        r"Could not find (?:a )?(?:Prisma Schema|schema)|Could not load `--schema`",
        "Prisma finds no schema",
        "put it in prisma/schema.prisma, or name it in prisma.config.ts",
    ),
    (
        (
            r"gyp ERR! (?:find Python|stack Error: not found: make)|g\+\+: (?:command )?not found|make: not found"
            r"|error: command '(?:gcc|x86_64-linux-gnu-gcc)' failed: No such file"
        ),
        "a package has to be compiled, and the compiler is not there",
        "use --builder docker, whose images have one, or a version of the package with prebuilt files",
    ),
    (
        r"gyp ERR! (?:build error|not ok)",
        "a package could not be compiled",
        "see its first error in the output; --builder docker compiles for the target",
    ),
    (
        (
            r"npx canceled due to missing packages[^\[]*\[?\"?(?P<detail>[^\"\]\n]*)"
            r"|could not determine executable to run"
        ),
        "the generator is not among the project's packages: {detail}",
        "add it to them (`npm install --save-dev prisma`)",
    ),
    (
        r"sh: (?:\d+: )?(?:line \d+: )?(?P<detail>[\w./@-]+): (?:command )?not found",
        "there is no command {detail}",
        "add the package that brings it as a development dependency, or correct generate.command",
    ),
    (
        r"ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ENETUNREACH|Temporary failure in name resolution",
        "the registry or download server cannot be reached",
        "check the network; behind a proxy set HTTPS_PROXY and NO_PROXY",
    ),
    (
        r"Log files were not written due to an error writing to the directory: (?P<detail>.+?)/_logs",
        "npm's cache cannot be written: {detail}",
        "let npm_config_cache name a folder that can be written to",
    ),
    (
        r"npm (?:ERR!|error) Exit handler never called!",
        "npm gave up without a reason; most often the registry cannot be reached",
        "check the network; behind a proxy set HTTPS_PROXY and NO_PROXY; with everything in caches, use --offline",
    ),
    (
        r"JavaScript heap out of memory|\bKilled\b",
        "it ran out of memory",
        "give it more memory, or set NODE_OPTIONS=--max-old-space-size=4096 in the generate command",
    ),
)


def explain(output: str, more: Iterable[KnownCause] = ()) -> CommandCause | None:
    """Return the first known cause that a failed command's last output shows; None if it is a new one.

    `more` are those that package managers know of themselves. A pattern's group ``detail`` (a package, a target) is
    named in the message.

    >>> explain("npm error code SELF_SIGNED_CERT_IN_CHAIN").fix
    "let PACKAGER_CA_BUNDLE name a PEM file with the CA of your network's proxy"
    """
    for pattern, message, fix in (*_OF_THE_MACHINE, *more, *_CAUSES):
        match = re.search(pattern, output)
        if match:
            detail = (match.groupdict().get("detail") or "").strip().rstrip(".,:'\"")
            return CommandCause(message.replace("{detail}", detail).removesuffix(": "), fix)
    return None


def disk_full(output: str) -> str:
    """Return the first line in which a command says that its disk or the user's share of it is full; else "".

    >>> disk_full("a\\ncp: x: No space left on device\\nb")
    'cp: x: No space left on device'
    """
    return next((line.strip() for line in output.splitlines() if re.search(_DISK_FULL, line)), "")
