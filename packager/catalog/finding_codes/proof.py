"""What a proof sees when it loads a bundle as its host would."""

from __future__ import annotations

from packager.catalog.finding_codes.row import Code

_FIX = "Follow the finding's own fix, which names the file; `packager prove` tries it again."


def _row(code: str, meaning: str, *, mild: bool = False) -> Code:
    """Return a row; a mild one does not say no, since the handler loads all the same."""
    text = f"When it was loaded as its host would: {meaning}."
    return Code(code, meaning, "warning" if mild else "error", text, _FIX)


ROWS: tuple[Code, ...] = (
    _row("RUN000", "a proof was required and could not be had here"),
    _row("RUN001", "a module, package or file the code asks for is not in the bundle"),
    _row("RUN002", "a native file is not one this system can load at all"),
    _row("RUN003", "a native file needs a newer libc or libstdc++ than the system has"),
    _row("RUN004", "a shared library a native file needs is missing"),
    _row("RUN005", "the process crashed"),
    _row("RUN006", "the generated client does not find its engine"),
    _row("RUN007", "permission denied"),
    _row("RUN008", "a write outside /tmp"),
    _row("RUN009", "still busy when the time was up"),
    _row("RUN010", "out of memory"),
    _row("RUN011", "the handler is not there or not a function"),
    _row("RUN012", "ES module and CommonJS mixed up"),
    _row("RUN013", "syntax the runtime does not understand"),
    _row("RUN014", "the code throws while loading"),
    _row("RUN015", "the code ends the process while loading"),
    _row("RUN016", "the handler fails on the event"),
    _row("RUN017", "a native file was built for another version of the language"),
    _row("RUN018", "the custom runtime's bootstrap cannot be started"),
    _row("RUN019", "a native file refers to a symbol nobody defines"),
    _row("RUN020", "loading needs the network, which a proof does not give"),
    _row("RUN021", "the answer to the event is not the expected one"),
    _row("RUN022", "a write outside /tmp was tried, and given up without a word", mild=True),
    _row("RUN023", "another host was to be reached, and it went on without", mild=True),
    _row("RUN024", "processes without end", mild=True),
    _row("RUN025", "more memory used than the function has", mild=True),
)
