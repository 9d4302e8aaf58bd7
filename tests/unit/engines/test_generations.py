"""Which generation a project uses, and which engine its target needs: the catalog's data against the record."""

from __future__ import annotations

import pytest

from packager.catalog.current import load_catalog
from packager.engines.generations import generation
from packager.engines.targets import binary_target
from tests.support.mounts import target

CLIENT = "@prisma/client"


@pytest.mark.parametrize(
    ("packages", "facts", "name"),
    [
        ({"prisma2": "0.0.156"}, {"generator": "photonjs"}, "photon-generated"),
        (
            {"prisma2": "2.0.0-preview019", "@prisma/photon": "2.0.0-preview019"},
            {"generator": "photonjs"},
            "photon-at-prisma",
        ),
        (
            {"prisma2": "2.0.0-preview025", CLIENT: "2.0.0-preview025"},
            {"generator": "prisma-client-js"},
            "prisma-2-preview",
        ),
        ({CLIENT: "2.0.0-beta.3", "@prisma/cli": "2.0.0-beta.3"}, {}, "prisma-2-preview"),
        ({CLIENT: "2.0.0-beta.9", "@prisma/cli": "2.0.0-beta.9"}, {}, "prisma-2-beta"),
        ({CLIENT: "2.27.0-dev.58"}, {}, "prisma-2-beta"),
        ({CLIENT: "2.0.0"}, {}, "prisma-2"),
        ({CLIENT: "2.30.3"}, {}, "prisma-2"),
        ({CLIENT: "3.0.1"}, {}, "prisma-3-library"),
        ({CLIENT: "4.16.2"}, {"engine_type": "binary"}, "prisma-3-binary"),
        ({CLIENT: "5.22.0"}, {"engine_type": "library"}, "prisma-5-library"),
        ({CLIENT: "5.22.0"}, {"engine_type": "binary"}, "prisma-5-binary"),
        ({CLIENT: "5.22.0"}, {"force_wasm": "true"}, "prisma-6-wasm-engine"),
        ({CLIENT: "6.19.0"}, {}, "prisma-5-library"),
        ({CLIENT: "6.19.0"}, {"generator": "prisma-client"}, "prisma-5-library"),
        ({CLIENT: "6.19.0"}, {"engine_type": "client"}, "prisma-6-client"),
        ({CLIENT: "7.10.0"}, {"engine_type": "library"}, "prisma-7"),
    ],
)
def test_each_generation_is_told_by_packages_and_schema(
    packages: dict[str, str], facts: dict[str, str], name: str
) -> None:
    found = generation(load_catalog().engines, packages, facts)

    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "packages", [{}, {CLIENT: "8.0.0"}, {CLIENT: "1.0.0"}, {CLIENT: "unknown"}, {"sharp": "1.0.0"}]
)
def test_others_are_none(packages: dict[str, str]) -> None:
    assert generation(load_catalog().engines, packages, {}) is None


@pytest.mark.parametrize(
    ("runtime", "arch", "wanted"),
    [
        ("nodejs18.x", "x86_64", "rhel-openssl-1.0.x"),
        ("nodejs20.x", "x86_64", "rhel-openssl-3.0.x"),
        ("nodejs24.x", "x86_64", "rhel-openssl-3.0.x"),
        ("nodejs18.x", "arm64", "linux-arm64-openssl-1.0.x"),
        ("nodejs22.x", "arm64", "linux-arm64-openssl-3.0.x"),
    ],
)
def test_the_binary_target_follows_from_the_runtime(runtime: str, arch: str, wanted: str) -> None:
    engine = next(engine for engine in load_catalog().engines if engine.name == "prisma-5-library")

    assert engine.binary_targets is not None
    assert binary_target(engine.binary_targets, target(runtime, arch)) == wanted  # type: ignore[arg-type]


def test_photons_first_names_have_nothing_for_openssl_3() -> None:
    engine = next(engine for engine in load_catalog().engines if engine.name == "photon-generated")

    assert engine.binary_targets is not None
    assert binary_target(engine.binary_targets, target("nodejs18.x")) == "linux-glibc-libssl1.0.2"
    assert binary_target(engine.binary_targets, target("nodejs22.x")) == ""
