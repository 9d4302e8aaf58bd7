"""What a case is: an app of a few files, and what its host makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Truth = Literal["runs", "fails"]
NODE_LEVELS = ("safe", "strict", "trace", "bundle")
PYTHON_LEVELS = ("safe", "strict")
KINDS = (
    "runtime", "entries", "start", "late", "events", "tracing", "sdk", "parts", "told", "links", "python",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One app. `truth` is claimed here, and shown by the witness on the app as a plain `npm ci` lays it out."""

    kind: str
    name: str
    truth: Truth
    files: Mapping[str, str]
    """Path → text. Names that end in .sh are executable."""
    runtime: str = "nodejs22.x"
    target: str = "aws-lambda"
    handler: str = "index.handler"
    """For Google the function's name, for the other hosts of sites unused."""
    starts: tuple[str, ...] = ()
    """What the witness starts, where it is not the handler: entry files of Vercel and Now, functions of Netlify."""
    dependencies: Mapping[str, str] = field(default_factory=dict)
    development: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Packages of the case's own, by name: their files; they come to npm as tar files of the project."""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """More of package.json."""
    missing_in_lock: tuple[str, ...] = ()
    """Packages that package-lock.json lacks."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """More of the bundle in packager.yaml."""
    layers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Layers of the project, as bundles of packager.yaml; the function uses all of them."""
    environment: Mapping[str, str] = field(default_factory=dict)
    event: Any = None
    told: bool = True
    """Whether packager is told of the event, where there is one; else it must know from the code."""
    pause: float = 0
    """Seconds between the end of the start and the event, at the witness."""
    levels: tuple[str, ...] = NODE_LEVELS
    joined: Truth | None = None
    """What is true under `bundle`, where joining changes it."""
    proved: bool = False
    """Whether "it may run" is not enough, where it runs."""
    known: str = ""
    """Why packager is wrong here until it is mended; such a line is told and does not count."""
    first: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the case as it was built before, with the same cache: what is remembered of that must not help."""
    options: tuple[str, ...] = ()
    """More words for the command."""
    command: Literal["build", "pack", "prove"] = "build"
    """How packager meets it: built, packed as a finished folder, or asked about a zip with links in it."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Symbolic links: path → target."""

    def truth_at(self, level: str) -> Truth:
        """Return what is true at a level."""
        return self.joined if level == "bundle" and self.joined else self.truth

    @property
    def quick(self) -> bool:
        """Return whether it takes neither packages from a registry nor a second build nor a Node that is fetched."""
        given = (self.dependencies, self.development, self.first, self.layers)
        return not any(given) and self.pause == 0 and self.runtime in ("nodejs22.x", "python3.11")

    @property
    def python(self) -> bool:
        """Return whether it is a Python app."""
        return self.runtime.startswith("python")
