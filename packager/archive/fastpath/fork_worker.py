"""Work in a process of its own, beside this one: two threads would only take the interpreter's lock from each other."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Protocol

    class Asking(Protocol):
        """A caller that can still withdraw its request."""

        def __call__(self, *, complete: bool) -> None:
            """Raise an error if the work is not wanted. Called now and then, and once before what it made stays."""


_WANTED = b"w"
_LENGTH_BYTES = 8


def can_work_aside() -> bool:
    """Return whether this process may be forked: not with threads, whose locks the copy would wait for without end."""
    threading = sys.modules.get("threading")
    return sys.platform == "linux" and (threading is None or threading.active_count() == 1)


class Aside:
    """A call in a copy of this process, on approval: left without `finish`, the block has it give up.

    `work` returns bytes. Its process ends with this one, whatever ends this one. Where no process can be had, there is
    no answer.
    """

    def __init__(self, work: Callable[[Asking], bytes]) -> None:
        self._work = work
        self._process = 0
        self._answer = self._decision = -1

    def __enter__(self) -> Aside:
        parent = os.getpid()
        self._answer, answering = os.pipe()
        asking, self._decision = os.pipe()
        try:
            if sys.platform == "win32":
                raise OSError
            self._process = os.fork()
            if not self._process:
                os.close(self._answer)
                os.close(self._decision)
                _run(self._work, asking, answering)
        except OSError:
            pass  # no more processes: the caller is told that there is no answer
        finally:
            # Whatever happens to the copy, from its first moment on: nothing of the parent's may go on in it.
            if os.getpid() != parent:
                os._exit(0)
            os.close(answering)
            os.close(asking)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._decision)
        os.close(self._answer)
        if self._process:
            try:  # noqa: SIM105 (contextlib takes as long to load as all of this)
                os.waitpid(self._process, 0)
            except ChildProcessError:
                pass  # another caller has asked for it

    def finish(self) -> bytes | None:
        """Have the work done to its end, and return what it returns; None if it failed, for whatever reason."""
        try:  # noqa: SIM105
            os.write(self._decision, _WANTED)
        except BrokenPipeError:
            pass  # it has failed already
        found = bytearray()
        while piece := os.read(self._answer, 1 << 16):
            found += piece
        answer = bytes(found[_LENGTH_BYTES:])
        return answer if found[:_LENGTH_BYTES] == len(answer).to_bytes(_LENGTH_BYTES, "big") else None


class UnwantedError(Exception):
    """The work is not wanted."""


def _run(work: Callable[[Asking], bytes], asking: int, answering: int) -> None:
    """Do the work and send what it returns, its length first."""
    decided = False

    def ask(*, complete: bool) -> None:
        nonlocal decided
        if decided:
            return
        if not complete:
            import select

            if not select.select([asking], [], [], 0)[0]:
                return
        # Nothing to read: the parent has gone on without, or is no more.
        if os.read(asking, 1) != _WANTED:
            raise UnwantedError
        decided = True

    answer = work(ask)
    view = memoryview(len(answer).to_bytes(_LENGTH_BYTES, "big") + answer)
    while view:
        view = view[os.write(answering, view) :]
