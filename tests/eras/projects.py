"""All rows of the era matrix, the oldest generation first."""

from __future__ import annotations

from tests.eras.era import STANDIN, Era
from tests.eras.layouts import LAYOUTS
from tests.eras.native import NATIVE
from tests.eras.photon import PHOTON
from tests.eras.webassembly import WEBASSEMBLY

__all__ = ["ERAS", "STANDIN", "Era"]

ERAS: tuple[Era, ...] = (*PHOTON, *NATIVE, *WEBASSEMBLY, *LAYOUTS)
