"""Concurrency as serverless.yml and SAM templates say it, and what follows for the count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from packager.connections.concurrency import Function, containers_of, read_functions
from packager.core.errors import ConfigError
from tests.support.cli import packager

if TYPE_CHECKING:
    from pathlib import Path

SERVERLESS = """
service: shop
provider: {name: aws}
functions:
  api: {handler: src/api.handler, reservedConcurrency: 20, provisionedConcurrency: 5}
  jobs: {handler: src/jobs.handler, provisionedConcurrency: 3}
  tuned: {handler: src/tuned.handler, reservedConcurrency: "${param:most}"}
  image: {image: repo/image}
"""
SAM = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: nodejs22.x, ReservedConcurrentExecutions: 7}}
Resources:
  Api: {Type: AWS::Serverless::Function, Properties: {Handler: api.handler}}
  Jobs:
    Type: AWS::Serverless::Function
    Properties:
      Handler: jobs.handler
      ReservedConcurrentExecutions: 2
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 2}
  Tuned: {Type: AWS::Serverless::Function, Properties: {ReservedConcurrentExecutions: !Ref Most}}
  Table: {Type: AWS::DynamoDB::Table}
"""


def test_serverless(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(SERVERLESS)
    place = "serverless.yml: functions.{}.reservedConcurrency"
    found = read_functions(tmp_path)
    assert found == (
        Function("api", "src/api.handler", 20, 5, place.format("api")),
        Function("jobs", "src/jobs.handler", None, 3, place.format("jobs")),
        Function("tuned", "src/tuned.handler", None, None, place.format("tuned")),
    )
    assert containers_of(found) == 1000, "provisioned concurrency limits nothing"


def test_sam(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(SAM)
    found = read_functions(tmp_path)
    assert [(each.name, each.reserved, each.provisioned) for each in found] == [
        ("Api", 7, None),
        ("Jobs", 2, 2),
        ("Tuned", None, None),
    ]
    assert containers_of(found[:2]) == 9


def test_other_files_and_broken_ones(tmp_path: Path) -> None:
    assert read_functions(tmp_path) == ()
    (tmp_path / "template.yaml").write_text("Resources: [1, 2]")
    assert read_functions(tmp_path) == ()
    (tmp_path / "template.yaml").write_text("a: [")
    with pytest.raises(ConfigError, match=r"template\.yaml"):
        read_functions(tmp_path)


def test_the_command_reads_it_and_names_the_setting_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {"pg": "8.0.0"}}))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "jobs.js").write_text("exports.handler = async () => new Pool({ max: 1 })")
    (tmp_path / "serverless.yml").write_text(SERVERLESS)
    ran = packager("connections", tmp_path, "--max-connections", "60", "--json")
    document = ran.json()
    assert (document["containers"], document["connections"]) == (1000, 10000)
    assert [(finding["code"], finding["subject"]) for finding in document["findings"]] == [
        ("CON001", "pg"),
        ("CON006", "serverless.yml: functions.jobs.reservedConcurrency"),
        ("CON006", "serverless.yml: functions.tuned.reservedConcurrency"),
        ("CON002", "src/jobs.js:1"),
        ("CON005", "pg"),
    ]
    ran = packager("connections", tmp_path, "--max-connections", "60", "--concurrency", "6", "--json")
    assert ran.json()["connections"] == 60, "what the command line says goes before"
