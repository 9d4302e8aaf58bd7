"""The configurations of deployment tools that are no hosts. What every format keeps, hosts' own included, stands here.

Pure; nothing is written. A format reads a file of the project through `Order.read`, adds what is missing, and leaves
comments, order and unknown keys as they are. A value of the user's that contradicts what is needed is a conflict:
refused with a diff, or with `Order.force` replaced. What would say the same is returned byte for byte, so writing twice
changes nothing.
"""

from __future__ import annotations
