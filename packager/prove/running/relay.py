"""Ports of this machine for code that has a network of its own: each connection goes through a socket in a folder."""

from __future__ import annotations

import socket
import sys
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING

from packager.model.proof import CannotProve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_PIECE = 1 << 16


@contextmanager
def relayed(ports: Sequence[int], folder: Path) -> Iterator[None]:
    """Listen on ``FOLDER/PORT`` for each port, and pass what comes there on to that port of this machine.

    The folder's sockets may be used by every user. Raises CannotProve where nothing listens on a port.
    """
    if sys.platform == "win32":
        msg = "proof.allow_network needs sockets in folders, which Windows lacks"
        raise CannotProve(msg)
    for port in ports:
        _answers(port)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    listening = []
    try:
        for port in ports:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(folder / str(port)))
            (folder / str(port)).chmod(0o666)
            listener.listen(64)
            listening.append(listener)
            Thread(target=_serve, args=(listener, port), daemon=True).start()
        yield
    finally:
        for listener in listening:
            # A thread that waits in accept() is not woken by close() alone.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()


def _answers(port: int) -> None:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError as error:
        msg = f"nothing listens on localhost:{port}, which proof.allow_network names; start it, or remove the line"
        raise CannotProve(msg) from error


def _serve(listener: socket.socket, port: int) -> None:
    while True:
        try:
            inside, _ = listener.accept()
        except OSError:
            return
        try:
            outside = socket.create_connection(("127.0.0.1", port), timeout=10)
        except OSError:
            inside.close()
            continue
        outside.settimeout(None)
        for source, sink in ((inside, outside), (outside, inside)):
            Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    """Copy until one side ends; then tell the other, which may still have something to say."""
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
