"""How each host starts a function, stated apart from packager's catalog so that a mistake there shows.

Sources, read 2026-11-28: Lambda developer guide ("Building with Node.js", "Defined runtime environment variables"), the
test script of aws-lambda-ric 4.0.2, issue 138 of aws/aws-lambda-nodejs-runtime-interface-client, process.execArgv of
projects in production at Vercel and Netlify, vercel/vercel issue 11102. Where a source says nothing, the stricter way
is taken: what runs with an option switched off is what can be promised.
"""

from __future__ import annotations

NO_REQUIRE_OF_ES = "--no-experimental-require-module"
NO_DETECTION = "--no-experimental-detect-module"
_LIBRARIES = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
SWITCHED_OFF: dict[str, tuple[str, ...]] = {
    "aws-lambda": (NO_REQUIRE_OF_ES, NO_DETECTION),
    "netlify": (NO_REQUIRE_OF_ES, NO_DETECTION),
    "vercel": (NO_REQUIRE_OF_ES, NO_DETECTION),
    "now": (NO_REQUIRE_OF_ES, NO_DETECTION),
    "google-cloud-functions": (NO_REQUIRE_OF_ES, NO_DETECTION),
}


def node_options(host: str, own: str) -> list[str]:
    """Return what a host starts Node with. NODE_OPTIONS of the function switch on again what the host switches off."""
    lifted = own.split()
    return [flag for flag in SWITCHED_OFF[host] if flag.replace("--no-", "--") not in lifted]


def node_path(major: str) -> str:
    """Return the NODE_PATH that Lambda's start script sets where the function sets none."""
    folders = [f"/opt/nodejs/node{major}/node_modules", "/opt/nodejs/node_modules", "/var/runtime/node_modules"]
    return ":".join([*folders, "/var/runtime", "/var/task"])


def lambda_environment(runtime: str, handler: str, port: int) -> dict[str, str]:
    """Return the variables that Lambda sets in a function, with the runtime API on a port of this machine."""
    return {
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "LD_LIBRARY_PATH": _LIBRARIES,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "_HANDLER": handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_LAMBDA_FUNCTION_NAME": "witness",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/witness",
        "AWS_LAMBDA_LOG_STREAM_NAME": "witness",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
    }


def module_path(version: str) -> str:
    """Return the PYTHONPATH of a function: its own folder, then its layers."""
    return f"/var/task:/opt/python/lib/python{version}/site-packages:/opt/python"
