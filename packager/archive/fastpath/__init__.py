"""Telling in the blink of an eye that nothing has changed: one walk, one comparison, and next to nothing imported.

Only what every Python has loaded anyway may be imported here at the top, and `packager.core.errors`: `typing`,
`dataclasses` and `pathlib` alone take longer than Python itself, hence also ``TYPE_CHECKING = False``, which type
checkers know.
"""
