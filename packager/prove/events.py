"""Sample events by name: what each source really sends, as small as a handler needs it. Pure.

Source: AWS Lambda developer guide, the "example event" of each service's page; fields kept are those handlers read.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from packager.core.errors import UsageError

if TYPE_CHECKING:
    from packager.model.targets import Target

_HTTP_HEADERS = {"accept": "application/json", "content-type": "application/json", "host": "example.com"}

EVENTS: dict[str, tuple[str, Any]] = {
    "empty": ("an empty object", {}),
    "http": (
        "API Gateway HTTP API and function URLs, payload 2.0",
        {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/",
            "rawQueryString": "",
            "headers": _HTTP_HEADERS,
            "requestContext": {
                "http": {"method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
                "requestId": "packager-proof",
                "stage": "$default",
                "timeEpoch": 0,
            },
            "isBase64Encoded": False,
        },
    ),
    "url": (
        "a Lambda function URL, payload 2.0",
        {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/",
            "rawQueryString": "",
            "headers": _HTTP_HEADERS,
            "requestContext": {
                "domainName": "packager-proof.lambda-url.us-east-1.on.aws",
                "http": {"method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
                "requestId": "packager-proof",
                "stage": "$default",
                "timeEpoch": 0,
            },
            "isBase64Encoded": False,
        },
    ),
    "request": (
        "an HTTP request to Vercel, Now, Google Cloud Functions or Apex Up",
        {"method": "GET", "path": "/", "headers": _HTTP_HEADERS},
    ),
    "rest": (
        "API Gateway REST API (and Netlify functions), payload 1.0",
        {
            "resource": "/",
            "path": "/",
            "httpMethod": "GET",
            "headers": _HTTP_HEADERS,
            "multiValueHeaders": {key: [value] for key, value in _HTTP_HEADERS.items()},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "pathParameters": None,
            "stageVariables": None,
            "requestContext": {"stage": "test", "requestId": "packager-proof", "identity": {"sourceIp": "192.0.2.1"}},
            "body": None,
            "isBase64Encoded": False,
        },
    ),
    "sqs": (
        "one SQS message",
        {
            "Records": [
                {
                    "messageId": "00000000-0000-4000-8000-000000000000",
                    "receiptHandle": "packager-proof",
                    "body": "{}",
                    "attributes": {"ApproximateReceiveCount": "1"},
                    "messageAttributes": {},
                    "eventSource": "aws:sqs",
                    "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:packager-proof",
                    "awsRegion": "us-east-1",
                }
            ]
        },
    ),
    "s3": (
        "one object created in S3",
        {
            "Records": [
                {
                    "eventVersion": "2.1",
                    "eventSource": "aws:s3",
                    "awsRegion": "us-east-1",
                    "eventTime": "1970-01-01T00:00:00.000Z",
                    "eventName": "ObjectCreated:Put",
                    "s3": {"bucket": {"name": "packager-proof"}, "object": {"key": "a.txt", "size": 1}},
                }
            ]
        },
    ),
    "schedule": (
        "EventBridge, once a minute",
        {
            "version": "0",
            "id": "00000000-0000-4000-8000-000000000000",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "000000000000",
            "time": "1970-01-01T00:00:00Z",
            "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:000000000000:rule/packager-proof"],
            "detail": {},
        },
    ),
}
"""Name → (what sends it, the event)."""


_OF_HOSTS = {
    "aws_lambda": ("http", "url", "rest", "sqs", "s3", "schedule", "empty"),
    "netlify": ("rest", "empty"),
}


def fitting(target: Target) -> str:
    """Return the samples that a target's functions are called with, for people; empty for a layer."""
    if target.kind == "layer":
        return ""
    return ", ".join(_OF_HOSTS.get(target.provider, ("request",)))


def sample_event(name: str) -> Any:
    """Return a sample event; raises UsageError with a guess."""
    if name in EVENTS:
        return EVENTS[name][1]
    close = difflib.get_close_matches(name, EVENTS, n=1)
    guess = f", did you mean {close[0]!r}?" if close else ""
    msg = f"there is no file and no sample event of that name{guess}"
    raise UsageError(msg, where=f"--event {name}", fix=f"use a JSON file or one of: {', '.join(EVENTS)}")
