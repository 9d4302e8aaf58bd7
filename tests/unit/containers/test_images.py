"""Images are named by everything they are made of."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from packager.containers.images import build_context, content_tag
from packager.core.errors import ConfigError
from packager.core.resources import bundled
from packager.model.containers import BuildArguments

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def arguments(tmp_path: Path) -> BuildArguments:
    folder = tmp_path / "debian"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM x\n")
    return BuildArguments(folder / "Dockerfile", "x:1", (("A", "1"), ("B", "2")), (("f", b"1"),))


def test_the_tag_is_the_family_and_a_hash(arguments: BuildArguments) -> None:
    tag = content_tag(arguments, "sha256:1", "x86_64")

    assert tag.startswith("packager/debian:")
    assert len(tag) == len("packager/debian:") + 16


def test_order_and_proxies_do_not_change_the_tag(arguments: BuildArguments) -> None:
    same = replace(arguments, arguments=arguments.arguments[::-1], unnamed=(("HTTP_PROXY", "http://p"),))

    assert content_tag(same, "sha256:1", "x86_64") == content_tag(arguments, "sha256:1", "x86_64")


def test_all_else_does(arguments: BuildArguments) -> None:
    variants = [
        content_tag(arguments, "sha256:1", "x86_64"),
        content_tag(arguments, "sha256:2", "x86_64"),
        content_tag(arguments, "sha256:1", "arm64"),
        content_tag(replace(arguments, arguments=()), "sha256:1", "x86_64"),
        content_tag(replace(arguments, arguments=(("A", "1B"), ("", "2"))), "sha256:1", "x86_64"),
        content_tag(replace(arguments, files=()), "sha256:1", "x86_64"),
        content_tag(replace(arguments, files=(("f", b"2"),)), "sha256:1", "x86_64"),
    ]
    arguments.dockerfile.write_text("FROM y\n")
    variants.append(content_tag(arguments, "sha256:1", "x86_64"))

    assert len(set(variants)) == len(variants)


def test_the_context_holds_the_named_files_only(arguments: BuildArguments) -> None:
    (arguments.dockerfile.parent / "secret").write_text("s")

    with tarfile.open(fileobj=io.BytesIO(build_context(arguments))) as tar:
        assert tar.getnames() == ["Dockerfile", "f"]


def test_a_missing_dockerfile_is_named(arguments: BuildArguments) -> None:
    arguments.dockerfile.unlink()

    with pytest.raises(ConfigError, match="No such file"):
        content_tag(arguments, "", "x86_64")


@pytest.mark.parametrize("family", ["amazonlinux", "debian"])
def test_our_dockerfiles_need_the_classic_builder_only(family: str) -> None:
    text = (bundled("dockerfiles") / family / "Dockerfile").read_text()
    instructions = [line.split()[0] for line in text.replace("\\\n", " ").splitlines() if line and line[0] not in "# "]

    assert instructions[:3] == ["ARG", "FROM", "ARG"]
    assert set(instructions) <= {"ARG", "FROM", "COPY", "RUN", "ENTRYPOINT", "WORKDIR"}
    assert "--mount" not in text
    assert "<<" not in text
