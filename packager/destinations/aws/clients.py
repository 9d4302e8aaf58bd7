"""The door to AWS: sessions, clients and uploads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packager import __version__
from packager.core.errors import EnvironmentFault, UsageError
from packager.destinations.aws.faults import translated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from packager.model.publishing import Access

Client = Any
"""A boto3 client. boto3 makes its methods at run time from the service's model, so there is no type to name."""

_PART_BYTES = 8 << 20
_READ_TIMEOUT_SECONDS = 300
"""A direct upload of 50 MB is one request: on a slow line the answer takes longer than boto's 60 s."""


@dataclass(frozen=True)
class Aws:
    """One region's doors. Tests hand in clients of their own."""

    region: str
    lambda_client: Client
    s3_client: Callable[[], Client]
    """Made on first use: most uploads need no bucket."""
    upload: Callable[[Client, Path, str, str, dict[str, str], Callable[[int], None]], None]
    """Client, file, bucket, key, metadata, and what is told the bytes sent since the last call."""


def connect(access: Access) -> Aws:
    """Return the doors to one region. Sends nothing yet.

    Raises EnvironmentFault without credentials, region or profile; UsageError for an endpoint that is not a URL.
    """
    import boto3
    from botocore.config import Config

    where = f"AWS profile {access.profile}" if access.profile else "AWS"
    with translated(where):
        session = boto3.Session(profile_name=access.profile or None)
        # boto3 itself only reads AWS_DEFAULT_REGION; AWS_REGION is what every other SDK and Lambda itself use.
        region = access.region or os.environ.get("AWS_REGION") or session.region_name
        if not region:
            msg = "no AWS region is set"
            raise EnvironmentFault(msg, where=where, fix="give --region, or set AWS_REGION")
        if session.get_credentials() is None:
            msg = "no AWS credentials were found"
            fix = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile"
            raise EnvironmentFault(msg, where=where, fix=fix)
        config = Config(
            retries={"mode": "adaptive", "total_max_attempts": access.attempts},
            connect_timeout=15,
            read_timeout=_READ_TIMEOUT_SECONDS,
            user_agent_extra=f"packager/{__version__}",
            # An endpoint of one's own rarely has a DNS name per bucket.
            s3={"addressing_style": "path"} if access.endpoint_url else None,
        )

        def client(service: str) -> Client:
            make: Callable[..., Client] = session.client
            return make(service, region_name=region, endpoint_url=access.endpoint_url or None, config=config)

        try:
            functions = client("lambda")
        except ValueError as error:
            msg = f"is not a usable endpoint: {error}"
            raise UsageError(
                msg, where=f"--endpoint-url {access.endpoint_url}", fix="give a URL: http://host:port"
            ) from error
    return Aws(region=region, lambda_client=functions, s3_client=lambda: client("s3"), upload=upload_file)


def upload_file(
    client: Client, path: Path, bucket: str, key: str, metadata: dict[str, str], sent: Callable[[int], None]
) -> None:
    """Upload in parts, several at once, each checked and retried on its own; an interrupt leaves no parts behind."""
    from boto3.s3.transfer import TransferConfig

    client.upload_file(
        str(path),
        bucket,
        key,
        ExtraArgs={"Metadata": metadata, "ContentType": "application/zip"},
        Callback=sent,
        Config=TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES),
    )
