"""boto's exceptions → our errors: where, what, and how to fix it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from packager.core.errors import EnvironmentFault, PackagerError, ProviderFault, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.exceptions import ClientError

_CREDENTIALS_FIX = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "or name a profile with --profile (`aws configure`, `aws sso login`)"
)
_RENEW_FIX = "renew the credentials (`aws sso login`, or a new session token) and publish again"

# Error codes as the AWS API reference of Lambda and S3 names them ("Common Errors" of each operation).
_DENIED = {"AccessDenied", "AccessDeniedException", "403", "Forbidden", "UnauthorizedOperation"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_UNKNOWN_KEYS = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "InvalidToken",
    "AuthFailure",
    "MissingAuthenticationToken",
}
_THROTTLED = {"TooManyRequestsException", "Throttling", "ThrottlingException", "SlowDown", "RequestLimitExceeded"}
_FIXES = {
    "CodeStorageExceededException": "delete old layer and function versions, or ask for a higher code storage quota",
    "RequestEntityTooLargeException": "name a bucket with --bucket: the zip then goes through S3",
    "ResourceConflictException": "another deployment is changing it: wait for that one to end and publish again",
    "PreconditionFailedException": "it was changed by another process meanwhile: publish again",
    "NoSuchBucket": "create the bucket in this region, or name another with --bucket",
    "PermanentRedirect": "name a bucket of this region with --bucket; {region} in its name is filled in",
    "ServiceException": "AWS had an error of its own: publish again",
}

# Where the operation's name is not the name of the permission it needs (IAM service authorization reference).
_PERMISSIONS = {
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "CreateFunction": "lambda:CreateFunction and iam:PassRole",
    "GetFunctionConfiguration": "lambda:GetFunctionConfiguration",
}


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn whatever boto raises inside the block into an error of ours about `where`."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error) as error:
        raise translate(error, where) from error


def translate(error: Exception, where: str) -> PackagerError:
    """Return the error to raise for one of boto's.

    EnvironmentFault where this machine has no (usable) credentials or profile, UsageError for a value AWS would never
    take, ProviderFault for everything the other side said or failed to say.
    """
    from boto3.exceptions import S3UploadFailedError
    from botocore import exceptions as boto

    if isinstance(error, S3UploadFailedError) and isinstance(error.__context__, Exception):
        error = error.__context__  # boto3 hides the API's answer in a text
    if isinstance(error, boto.ClientError):
        return _refusal(error, where)
    text = " ".join(str(error).split())
    if isinstance(error, boto.ProfileNotFound):
        return EnvironmentFault(
            text, where=where, fix="name a profile of ~/.aws/config, see `aws configure list-profiles`"
        )
    if isinstance(error, (boto.NoCredentialsError, boto.PartialCredentialsError)):
        return EnvironmentFault("no AWS credentials were found", where=where, fix=_CREDENTIALS_FIX)
    if isinstance(error, (boto.SSOError, boto.TokenRetrievalError, boto.CredentialRetrievalError)):
        return EnvironmentFault(f"the AWS credentials cannot be used: {text}", where=where, fix=_RENEW_FIX)
    if isinstance(error, boto.NoRegionError):
        return EnvironmentFault("no AWS region is set", where=where, fix="give --region, or set AWS_REGION")
    if isinstance(error, (boto.ParamValidationError, boto.InvalidRegionError)):
        return UsageError(text, where=where, fix="correct the option")
    if isinstance(error, boto.WaiterError):
        fix = "look at its last update in the AWS console; publish again when it has settled"
        return ProviderFault(f"did not settle: {text}", where=where, fix=fix)
    if isinstance(error, (boto.HTTPClientError, boto.ConnectionError)):
        fix = "check the network, HTTPS_PROXY, AWS_CA_BUNDLE, and the region or --endpoint-url"
        return ProviderFault(f"AWS cannot be reached: {text}", where=where, fix=fix)
    return ProviderFault(text, where=where)


def error_code(error: ClientError) -> str:
    """Return the API's error code; S3's HEAD requests have no body and give the HTTP status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _refusal(error: ClientError, where: str) -> ProviderFault:
    code = error_code(error)
    operation = error.operation_name
    message = str(error.response.get("Error", {}).get("Message", "")) or code
    permission = _PERMISSIONS.get(operation, f"lambda:{operation}")
    if code in _DENIED:
        fix = f"allow these credentials to call {permission}"
        return ProviderFault(f"AWS denied {operation}: {message}", where=where, fix=fix)
    if code in _EXPIRED:
        return ProviderFault(f"AWS says the credentials have expired ({operation})", where=where, fix=_RENEW_FIX)
    if code in _UNKNOWN_KEYS:
        return ProviderFault(f"AWS does not accept the credentials: {message}", where=where, fix=_CREDENTIALS_FIX)
    if code in _THROTTLED:
        fix = "wait a minute and publish again; regions that are done are skipped"
        return ProviderFault(f"AWS throttled {operation} through all retries: {message}", where=where, fix=fix)
    fix = _FIXES.get(code, "")
    if code == "InvalidParameterValueException" and "cannot be assumed" in message:
        fix = "allow lambda.amazonaws.com to assume the role; a new role can be used only after some seconds"
    return ProviderFault(f"AWS refused {operation}: {message} ({code})", where=where, fix=fix)
