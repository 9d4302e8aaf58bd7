"""What a container takes along, and what stays here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.builders import registry_settings as module
from packager.builders.registry_settings import surroundings
from packager.core.errors import EnvironmentFault

if TYPE_CHECKING:
    from pathlib import Path


def _certificate(text: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"


@pytest.fixture(autouse=True)
def _bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no file of the real machine speak: only the system bundle made here."""
    (tmp_path / "system.pem").write_text(_certificate("SYSTEM"))
    monkeypatch.setattr(module, "_SYSTEM_BUNDLES", (str(tmp_path / "system.pem"), str(tmp_path / "absent.pem")))
    monkeypatch.setattr(module, "_GLOBAL_NPMRC", ())
    monkeypatch.setattr(module, "_SYSTEM_PIP", ())


def test_certificates_are_merged_once_the_named_ones_first(tmp_path: Path) -> None:
    (tmp_path / "company.pem").write_text("# ours\n" + _certificate("COMPANY") + _certificate("SYSTEM"))

    found = surroundings({"NODE_EXTRA_CA_CERTS": str(tmp_path / "company.pem")}, tmp_path)

    assert found.certificates.decode() == _certificate("COMPANY") + _certificate("SYSTEM")


def test_a_cafile_of_npm_counts(tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_text(_certificate("NPM"))
    (tmp_path / ".npmrc").write_text(f'cafile = "{tmp_path}/c.pem"\n')

    found = surroundings({}, tmp_path)

    assert found.certificates.decode() == _certificate("NPM") + _certificate("SYSTEM")
    assert found.npmrc == ""


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_wrong_bundle_is_named(tmp_path: Path, content: str | None) -> None:
    bundle = tmp_path / "b.pem"
    if content is not None:
        bundle.write_text(content)

    with pytest.raises(EnvironmentFault, match="PACKAGER_CA_BUNDLE"):
        surroundings({"PACKAGER_CA_BUNDLE": str(bundle)}, tmp_path)


def test_every_tool_is_told_where_the_certificates_are(tmp_path: Path) -> None:
    told = surroundings({}, tmp_path).environment("/c.pem", "/npmrc")

    for name in ("NODE_EXTRA_CA_CERTS", "npm_config_cafile", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"):
        assert told[name] == "/c.pem"
    assert told["npm_config_userconfig"] == "/npmrc"


def test_proxies_go_in_both_spellings(tmp_path: Path) -> None:
    found = dict(surroundings({"https_proxy": "http://p:3128", "NO_PROXY": "localhost"}, tmp_path).proxies)

    assert found == {
        "https_proxy": "http://p:3128",
        "HTTPS_PROXY": "http://p:3128",
        "no_proxy": "localhost",
        "NO_PROXY": "localhost",
    }


def test_npm_configuration_without_what_holds_here_only(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(
        "; comment\nregistry=https://npm.example/\nnodedir=/usr\ncache=/home/x/.npm\nprefix = ~/.local\n"
        "@ours:registry=https://ours.example/\n//ours.example/:_authToken=${OUR_TOKEN}\nscript-shell=/bin/zsh\n"
        "//npm.example/:_auth=/looks/like/a/path==\nstrict-ssl=true\nsome-file=./local\n"
    )
    found = surroundings({"OUR_TOKEN": "t0ken", "OTHER_TOKEN": "no"}, tmp_path)

    assert found.npmrc.splitlines() == [
        "registry=https://npm.example/",
        "@ours:registry=https://ours.example/",
        "//ours.example/:_authToken=${OUR_TOKEN}",
        "//npm.example/:_auth=/looks/like/a/path==",
        "strict-ssl=true",
    ]
    assert dict(found.registries) == {"OUR_TOKEN": "t0ken"}


def test_variables_a_projects_npmrc_refers_to(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / ".npmrc").write_text("//r.example/:_authToken=${CI_TOKEN?}\n")

    assert dict(surroundings({"CI_TOKEN": "1234"}, tmp_path, project).registries) == {"CI_TOKEN": "1234"}


def test_variables_of_npm_and_pip(tmp_path: Path) -> None:
    environment = {
        "npm_config_registry": "https://npm.example/",
        "NPM_CONFIG_STRICT_SSL": "true",
        "npm_config_cache": "/home/x/.npm",
        "npm_config_userconfig": str(tmp_path / "mine.npmrc"),
        "npm_config_node_gyp": "/usr/lib/node-gyp.js",
        "npm_config_//r.example/:_authToken": "abc",
        "PIP_INDEX_URL": "https://pip.example/simple",
        "PIP_EXTRA_INDEX_URL": "file:///srv/pip https://more.example/simple",
        "PIP_FIND_LINKS": "/opt/wheels",
        "PIP_TARGET": "elsewhere",
        "PIP_CERT": "/etc/ssl/x.pem",
    }
    (tmp_path / "mine.npmrc").write_text("fund=false\n")

    found = surroundings(environment, tmp_path)

    assert dict(found.registries) == {
        "npm_config_registry": "https://npm.example/",
        "NPM_CONFIG_STRICT_SSL": "true",
        "npm_config_//r.example/:_authToken": "abc",
        "PIP_INDEX_URL": "https://pip.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://more.example/simple",
    }
    assert found.npmrc == "fund=false\n"


def test_pip_configuration_files(tmp_path: Path) -> None:
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").write_text(
        "[global]\nindex-url = https://u:%40@pip.example/simple\ncert = /x.pem\n[install]\nextra-index-url =\n  https://a.example\n"
        "  https://b.example\n"
    )
    found = dict(surroundings({"PIP_INDEX_URL": "https://env.example"}, tmp_path).registries)

    assert found == {
        "PIP_INDEX_URL": "https://env.example",
        "PIP_EXTRA_INDEX_URL": "https://a.example https://b.example",
    }


def test_nothing_secret_shows_in_a_repr(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text("//r.example/:_authToken=abc-secret\n")

    found = surroundings({"PIP_INDEX_URL": "https://u:pw-secret@h/", "HTTP_PROXY": "http://u:px-secret@h"}, tmp_path)

    assert "secret" not in repr(found)
