"""How many database connections a function opens, and whether the database has them: N × C against its limit. Pure.

N is the pool of one container, C the number of containers at once, and every function that shares the database adds
its own. A frozen container keeps its connections; the database counts them all the same.
"""

from __future__ import annotations
