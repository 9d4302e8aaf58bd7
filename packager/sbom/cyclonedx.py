"""`Materials` → CycloneDX JSON, through the project's own library. The only importer of ``cyclonedx``.

Nothing random and no date: the serial number follows from the artifact's SHA-256.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from typing import TYPE_CHECKING, Any

from packager import __version__
from packager.core.errors import EnvironmentFault
from packager.sbom.licences import spdx

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cyclonedx.model import HashType
    from cyclonedx.model.component import Component
    from cyclonedx.model.license import License

    from packager.sbom.materials import BomEntry, Materials, Native

_NAMESPACE = uuid.UUID("6f6bdb0e-0a53-5a0c-8f3c-5f0b9c0f6a41")
"""Of serial numbers; made once."""


def cyclonedx_text(materials: Materials) -> str:
    """Return the bill of materials as CycloneDX 1.6 JSON: the same materials give the same text.

    Raises EnvironmentFault if the library is not installed.
    """
    try:
        from cyclonedx.model.bom import Bom, BomMetaData
        from cyclonedx.model.component import Component, ComponentType
        from cyclonedx.model.tool import ToolRepository
        from cyclonedx.output.json import JsonV1Dot6
    except ImportError as error:
        msg = "the Python package 'cyclonedx-python-lib', which writes bills of materials, cannot be imported"
        raise EnvironmentFault(msg, fix="install it: python -m pip install cyclonedx-python-lib") from error

    root = Component(
        name=materials.name,
        type=ComponentType.APPLICATION,
        version=materials.version or None,
        bom_ref="artifact",
        hashes=[_sha256(materials.sha256)],
        licenses=_licences(materials.licence),
        components=[_native(native) for native in materials.own_natives],
    )
    tool = Component(name="packager", version=__version__, type=ComponentType.APPLICATION, bom_ref="packager")
    components = {part.key: _component(part) for part in materials.parts}
    bom = Bom(
        serial_number=uuid.uuid5(_NAMESPACE, materials.sha256),
        metadata=BomMetaData(component=root, tools=ToolRepository(components=[tool])),
        components=components.values(),
    )
    bom.register_dependency(root, [components[key] for key in _direct(materials) if key in components])
    for part in materials.parts:
        bom.register_dependency(components[part.key], [components[key] for key in part.needs if key in components])
    document: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"]  # the library always sets one; the format does not ask for it
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _direct(materials: Materials) -> tuple[str, ...]:
    """Return the keys of what the artifact itself needs: as declared, else (layers, Python) what nothing else needs."""
    if materials.needs:
        return materials.needs
    below = {key for part in materials.parts for key in part.needs}
    return tuple(part.key for part in materials.parts if part.key not in below) or tuple(
        part.key for part in materials.parts
    )


def _component(part: BomEntry) -> Component:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    group, _, name = part.name.rpartition("/") if part.ecosystem == "npm" else ("", "", part.name)
    purl = PackageURL(part.ecosystem, group or None, name, part.version or None) if part.ecosystem else None
    properties = [
        *(Property(name="packager:path", value=folder) for folder in part.contents),
        *(Property(name="packager:content-sha256", value=digest) for digest in sorted({*part.contents.values()})),
        *([Property(name="packager:inlined", value="true")] if part.inlined else []),
    ]
    return Component(
        name=name,
        group=group or None,
        version=part.version or None,
        type=ComponentType.LIBRARY,
        bom_ref=part.key,
        purl=purl,
        hashes=_integrity(part.integrity),
        licenses=_licences(part.licence),
        properties=properties,
        components=[_native(native) for native in part.natives],
    )


def _native(native: Native) -> Component:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType

    size = Property(name="packager:size-bytes", value=str(native.size_bytes))
    return Component(
        name=native.path,
        type=ComponentType.FILE,
        bom_ref=f"file:{native.path}",
        hashes=[_sha256(native.sha256)],
        properties=[size],
    )


def _licences(text: str) -> Iterable[License]:
    """Return the declaration as the format wants it: an expression, or a name for what is none."""
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression

    if not text:
        return []
    expression = spdx(text)
    if not expression:
        return [DisjunctiveLicense(name=text)]
    single = not any(word in expression.split() for word in ("AND", "OR", "WITH"))
    return [DisjunctiveLicense(id=expression) if single else LicenseExpression(expression)]


def _sha256(digest: str) -> HashType:
    from cyclonedx.model import HashAlgorithm, HashType

    return HashType(alg=HashAlgorithm.SHA_256, content=digest)


def _integrity(text: str) -> list[HashType]:
    """Return npm's integrity (``sha512-<base64>``, several parted by spaces) as hashes, as ``npm sbom`` does."""
    from cyclonedx.model import HashAlgorithm, HashType

    known = {"sha1": (HashAlgorithm.SHA_1, 20), "sha256": (HashAlgorithm.SHA_256, 32),
             "sha384": (HashAlgorithm.SHA_384, 48), "sha512": (HashAlgorithm.SHA_512, 64)}  # fmt: skip
    found = []
    for word in text.split():
        name, _, digest = word.partition("-")
        algorithm, length = known.get(name, (None, 0))
        try:
            content = base64.b64decode(digest.partition("?")[0], validate=True)
        except (binascii.Error, ValueError):
            continue  # a lock file edited by hand; the rest of the bill stands
        if algorithm is not None and len(content) == length:
            found.append(HashType(alg=algorithm, content=content.hex()))
    return found
