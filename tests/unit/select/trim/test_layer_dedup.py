"""What a layer carries is left out of the function: whole packages, and only if they are the same."""

from __future__ import annotations

from packager.model.inventory import File, Package
from packager.model.selection import Choice, Selection
from packager.model.stages import LayerBeneath
from packager.select.trim.layer_dedup import provided_by


def selection(*files: tuple[str, str], dropped: tuple[str, ...] = ()) -> Selection:
    """Return a selection of (path, version) files, each in the package of its folder."""
    choices = []
    for path, version in files:
        folder = path.rpartition("/")[0]
        package = Package(folder.rpartition("node_modules/")[2], version, folder) if "node_modules" in path else None
        choices.append(Choice(File(path, 1, package=package), path not in dropped, "test", ""))
    return Selection(tuple(choices))


A = ("node_modules/a/index.js", "1.0.0")
A_NATIVE = ("node_modules/a/a.node", "1.0.0")
OWN = ("src/index.js", "")


def provided(function: Selection, layer: Selection, *, same_tree: bool) -> dict[str, str]:
    return provided_by(function, [LayerBeneath("base", layer, same_tree)], file_by_file=False)[0]


def test_a_package_the_layer_has_is_left_out() -> None:
    assert provided(selection(A, OWN), selection(A), same_tree=True) == {"node_modules/a": "base"}


def test_half_a_package_would_hide_the_layers() -> None:
    function = selection(A, A_NATIVE)

    assert provided(function, selection(A), same_tree=True) == {}
    assert provided(function, selection(A, A_NATIVE, dropped=(A_NATIVE[0],)), same_tree=True) == {}
    assert provided(selection(A), selection(A, A_NATIVE), same_tree=True) == {"node_modules/a": "base"}


def test_from_another_tree_the_version_must_agree() -> None:
    newer = selection((A[0], "2.0.0"))

    assert provided(selection(A), newer, same_tree=False) == {}
    assert provided(selection(A), selection(A), same_tree=False) == {"node_modules/a": "base"}


def test_the_first_layer_that_has_it_is_named() -> None:
    layers = [
        LayerBeneath(*row, same_tree=True)
        for row in (("one", selection()), ("two", selection(A)), ("three", selection(A)))
    ]

    assert provided_by(selection(A), layers, file_by_file=False)[0] == {"node_modules/a": "two"}


def test_python_files_are_left_out_one_by_one() -> None:
    layer = selection((".packager-python/numpy/__init__.py", ""), ("app.py", ""), dropped=("app.py",))

    same, other = (LayerBeneath("base", layer, same_tree) for same_tree in (True, False))
    assert provided_by(layer, [same], file_by_file=True)[1] == {".packager-python/numpy/__init__.py": "base"}
    assert provided_by(layer, [other], file_by_file=True)[1] == {}
    assert provided_by(layer, [same], file_by_file=False)[1] == {}
