"""Which way a zip travels: in the request itself, or through a bucket; and whether AWS would take it at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from packager.core.errors import ArtifactError, ProviderFault
from packager.core.units import format_size
from packager.destinations.aws.faults import error_code, translated
from packager.publish.limits import over_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.core.progress import Progress, Stopwatch
    from packager.destinations.aws.clients import Aws, Client
    from packager.model.findings import Finding
    from packager.model.publishing import FinishedZip
    from packager.model.targets import Budget

_MISSING = {"404", "NoSuchKey", "NotFound"}
_THROUGH_BUCKET = "name a bucket of the region with --bucket: through S3 this limit does not count"
_LINES = 10
"""Of progress, for one upload."""


@dataclass(frozen=True)
class Route:
    """Direct if there is no bucket."""

    bucket: str = ""
    key: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}" if self.bucket else "direct"


@dataclass(frozen=True)
class Upload:
    """A zip, its way, and the doors it goes through."""

    package: FinishedZip
    route: Route
    aws: Aws
    watch: Stopwatch


def choose_route(package: FinishedZip, budget: Budget, bucket: str, region: str) -> Route:
    """Return direct for what fits into one request, else the bucket if one is named.

    The key is the zip's own hash, so an upload is never repeated and never overwrites anything else. ``{region}`` in
    the bucket's name is filled in: Lambda only reads buckets of its own region.
    """
    fits = budget.zipped is None or package.zipped_bytes <= budget.zipped
    if fits or not bucket:
        return Route()
    return Route(bucket.replace("{region}", region), f"packager/{package.sha256}.zip")


def check_limits(
    package: FinishedZip, layers_bytes: Sequence[int], budget: Budget, route: Route, target: str
) -> list[Finding]:
    """Return what AWS would refuse, before a byte is sent. `layers_bytes` are unzipped sizes, one for each layer."""
    if route.bucket:
        budget = msgspec.structs.replace(budget, zipped=None)
    return over_limits(package, layers_bytes, budget, target, _THROUGH_BUCKET)


def send(upload: Upload) -> dict[str, Any]:
    """Return what the API's ``Content`` or code arguments take, uploading to the bucket first where it is the route."""
    package, route, aws = upload.package, upload.route, upload.aws
    if not route.bucket:
        data = package.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != package.sha256:
            msg = "changed while it was being published"
            raise ArtifactError(msg, where=str(package.path), fix="publish again when no build is running")
        return {"ZipFile": data}
    with translated(f"bucket {route.bucket}"):
        client = aws.s3_client()
        _check_bucket(client, route.bucket, aws.region)
        if not _is_there(client, route, package):
            with upload.watch.step("upload", str(route)):
                sent = _Sent(package.zipped_bytes, upload.watch.progress)
                aws.upload(client, package.path, route.bucket, route.key, {"sha256": package.sha256}, sent)
    return {"S3Bucket": route.bucket, "S3Key": route.key}


def verify(package: FinishedZip, stated: str, where: str) -> None:
    """Raise ProviderFault unless AWS states the zip's own CodeSha256: what arrived is then what was built."""
    if stated != package.code_sha256:
        msg = f"AWS states CodeSha256 {stated or '(none)'}, the zip has {package.code_sha256}: other bytes arrived"
        fix = "do not use this version; publish again, and if a bucket was used, delete its object first"
        raise ProviderFault(msg, where=where, fix=fix)


def _check_bucket(client: Client, bucket: str, region: str) -> None:
    """Raise ProviderFault for a bucket that is not there or in another region."""
    from botocore.exceptions import ClientError

    where = f"bucket {bucket}"
    try:
        answer = client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) in _MISSING:
            msg = "there is no such bucket"
            raise ProviderFault(msg, where=where, fix="create it, or name another with --bucket") from error
        if error_code(error) == "403":
            return  # s3:ListBucket is not needed to upload: let the upload itself find out
        raise
    home = answer.get("BucketRegion") or region
    if home != region:
        msg = f"is in {home}, and Lambda in {region} reads buckets of its own region only"
        raise ProviderFault(msg, where=where, fix="name a bucket there; {region} in the name is filled in")


def _is_there(client: Client, route: Route, package: FinishedZip) -> bool:
    """Return whether the object is there already, whole and with our own hash on it."""
    from botocore.exceptions import ClientError

    try:
        head = client.head_object(Bucket=route.bucket, Key=route.key)
    except ClientError as error:
        # Without s3:ListBucket, S3 answers 403 for a key that does not exist.
        if error_code(error) in _MISSING | {"403"}:
            return False
        raise
    stated = head.get("Metadata", {}).get("sha256")
    return bool(head["ContentLength"] == package.zipped_bytes and stated == package.sha256)


class _Sent:
    """Turns boto's "so many more bytes" into a few lines of progress."""

    def __init__(self, total_bytes: int, progress: Progress) -> None:
        self.total_bytes = total_bytes
        self.progress = progress
        self.sent_bytes = 0
        self.lines = 0

    def __call__(self, more_bytes: int) -> None:
        self.sent_bytes += more_bytes
        reached = self.sent_bytes * _LINES // self.total_bytes
        if reached > self.lines:
            self.lines = reached
            self.progress.line(f"{format_size(self.sent_bytes)} of {format_size(self.total_bytes)} uploaded")
