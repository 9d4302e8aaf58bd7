"""Project × survey × catalog × machine → plan. Decides everything, does nothing."""

from __future__ import annotations
