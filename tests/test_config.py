"""The configuration loads, and says what is wrong with it without giving a secret away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from opsconsole.config import (
    Config,
    EngineConfig,
    SecretSource,
    default_store_url,
    example_config_text,
    load_config,
    parse_config,
    read_secret,
    read_secret_bytes,
)
from opsconsole.config.settings import AuthConfig, ConfigFile, Method, StoreConfig, TenantConfig
from opsconsole.errors import ConfigError

GUID = "0e6aef2c-5d1f-4ae3-8a57-8e1bd0a2c7aa"
ROOT = Path(__file__).parents[1]

WHOLE = f"""
[store]
url = "sqlite:////tmp/ops.db"
[engine]
concurrency = 2
[[tenants]]
name = "contoso"
workspace = "main"
tenant_id = "{GUID}"
production = true
cloud = "usgov"
[tenants.auth]
method = "client_secret"
client_id = "{GUID}"
secret = {{ env = "CONTOSO_SECRET" }}
"""


def tenant_with(**changes: str) -> str:
    """Return a configuration of one tenant, whose lines ``changes`` replaces or adds (TOML values)."""
    lines = {"name": '"contoso"', "tenant_id": f'"{GUID}"'}
    auth = {"method": '"azure_cli"'}
    for key, value in changes.items():
        (auth if key in AUTH_KEYS else lines)[key] = value
    body = "\n".join(f"{key} = {value}" for key, value in lines.items() if value)
    inner = "\n".join(f"{key} = {value}" for key, value in auth.items() if value)
    return f"[[tenants]]\n{body}\n[tenants.auth]\n{inner}\n"


AUTH_KEYS = {*AuthConfig.__struct_fields__, "client_secret", "pasword"}


def refused(text: str) -> str:
    """Return what the refusal of ``text`` says, hint included."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, Path("ops.toml"))
    return str(caught.value)


def test_everything_that_is_set_arrives():
    config = parse_config(WHOLE)
    assert config.store_url == "sqlite:////tmp/ops.db"
    assert config.engine == EngineConfig(concurrency=2, graph_concurrency=8, lease_seconds=30)
    tenant = config.tenant("contoso")
    assert tenant is not None
    assert (tenant.workspace, tenant.tenant_id, tenant.production, tenant.cloud) == ("main", GUID, True, "usgov")
    assert tenant.auth.secret == SecretSource(env="CONTOSO_SECRET")
    assert config.tenant("fabrikam") is None


def test_what_is_not_set_has_the_defaults_of_the_contract():
    config = parse_config(tenant_with())
    assert config.store_url == default_store_url()
    assert config.engine == EngineConfig(4, 8, 30)
    assert (config.tenants[0].workspace, config.tenants[0].production, config.tenants[0].cloud) == (
        "main",
        False,
        "global",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[store]\nurl = 5\n" + tenant_with(), ["store.url", "5 stands there", "a text"]),
        ("[engine]\nconcurrency = 0\n" + tenant_with(), ["engine.concurrency", "0 stands there", ">= 1"]),
        ("[engine]\nconcurrency = true\n" + tenant_with(), ["engine.concurrency", "true stands there", "whole number"]),
        ("[engine]\nconcurency = 3\n" + tenant_with(), ["engine.concurency", "not known", "Did you mean concurrency?"]),
        ("[enigne]\n" + tenant_with(), ["enigne", "not known", "Did you mean engine?"]),
        (tenant_with(name=""), ["tenants[0].name", "nothing stands there"]),
        (tenant_with(method=""), ["tenants[0].auth.method", "nothing stands there"]),
        (tenant_with(tenant_id=""), ["tenants[0].tenant_id", "nothing stands there"]),
        (tenant_with(tenant_id='"contoso.com"'), ["tenants[0].tenant_id", "'contoso.com' stands there", "GUID"]),
        (tenant_with(production='"yes"'), ["tenants[0].production", "'yes' stands there", "true or false"]),
        (
            tenant_with(cloud='"us_gov"'),
            ["tenants[0].cloud", "'us_gov' stands there", "global, usgov", "Did you mean 'usgov'?"],
        ),
        (tenant_with(method='"client_secrt"'), ["tenants[0].auth.method", "Did you mean 'client_secret'?"]),
        (
            tenant_with(method='"client_secret"'),
            ["tenants[0].auth.client_id", "nothing stands there", "client_secret needs it"],
        ),
        (tenant_with(client_id='"my app"'), ["tenants[0].auth.client_id", "GUID"]),
        (tenant_with(name='" contoso"'), ["tenants[0].name", "no blank at the ends"]),
        (tenant_with(workspace='""'), ["tenants[0].workspace", "1 to 64 characters"]),
        (tenant_with(secret="{}"), ["tenants[0].auth.secret", "exactly one of env, keyring and file"]),
        (tenant_with(secret='{ env = "A", file = "b" }'), ["tenants[0].auth.secret", "env and file stands there"]),
        (tenant_with(secret='{ env = "" }'), ["tenants[0].auth.secret.env", "empty"]),
        (tenant_with(secret='{ keyring = "contoso" }'), ["tenants[0].auth.secret.keyring", "opsconsole/contoso"]),
        (tenant_with(secret='{ enw = "A" }'), ["tenants[0].auth.secret.enw", "Did you mean env?"]),
        (tenant_with() + tenant_with(), ["tenants[1].name", "'contoso' stands there", "tenants[0]"]),
        ("tenants = 3", ["tenants", "3 stands there", "a list"]),
        ("[store]\n", ["tenants", "no tenant stands there", "at least one [[tenants]]"]),
        (tenant_with(base_url='"https://graph.microsoft.com"'), ["tenants[0].base_url", "loopback"]),
        (tenant_with(base_url='"http://127.0.0.1.example.com"'), ["tenants[0].base_url", "loopback"]),
        (tenant_with(base_url='"ftp://127.0.0.1"'), ["tenants[0].base_url", "loopback"]),
        (tenant_with(base_url='"http://127.0.0.1:99999"'), ["tenants[0].base_url", "no URL"]),
        (tenant_with(base_url='"http://127.0.0.1/beta"'), ["tenants[0].base_url", "without a path"]),
        (
            tenant_with(method='"static_token"', token='{ env = "T" }'),
            ["static_token", "without a loopback base_url", "simulator"],
        ),
        ('[store]\nurl = "mysql://x"\n' + tenant_with(), ["store.url", "sqlite:///PATH or postgresql://"]),
        ('[store]\nurl = "sqlite:///data/ops.db"\n' + tenant_with(), ["store.url", "'data/ops.db'", "sqlite:////"]),
        ('[store]\nurl = "ops.db"\n' + tenant_with(), ["store.url", "sqlite:///PATH or postgresql://"]),
    ],
)
def test_a_mistake_is_named_with_its_key_what_stands_there_and_what_was_expected(text, words):
    said = refused(text)
    assert [word for word in words if word not in said] == [], said
    assert said.startswith("ops.toml: ")


SECRET = "hunter2-very-secret"


@pytest.mark.parametrize(
    "text",
    [
        tenant_with(secret=f'"{SECRET}"'),
        tenant_with(token=f'"{SECRET}"'),
        tenant_with(certificate=f'["{SECRET}"]'),
        tenant_with(client_secret=f'"{SECRET}"'),
        tenant_with(pasword=f'"{SECRET}"'),
        tenant_with(secret=f'{{ value = "{SECRET}" }}'),
        tenant_with(base_url=f'"http://admin:{SECRET}@127.0.0.1:80"'),
        f'[store]\nurl = "postgresql://ops:{SECRET}@db/ops"\n' + tenant_with(),
        f'[store]\nurl = "postgresql://ops@db/ops?password={SECRET}"\n' + tenant_with(),
        f'[store]\nurl = "postgres:ops:{SECRET}@db"\n' + tenant_with(),
        f'[store]\nurl = ["postgresql://ops:{SECRET}@db/ops"]\n' + tenant_with(),
        f'[store]\npassword = "{SECRET}"\n' + tenant_with(),
        f'[store]\nurl = "{SECRET}\n' + tenant_with(),
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_shown(text):
    said = refused(text)
    assert SECRET not in said
    assert "hunter2" not in said


def test_a_plain_secret_is_told_where_to_go():
    said = refused(tenant_with(secret=f'"{SECRET}"'))
    assert "tenants[0].auth.secret" in said
    assert 'secret = { env = "NAME" }' in said
    assert "PGPASSWORD" in refused(f'[store]\nurl = "postgresql://ops:{SECRET}@db/ops"\n' + tenant_with())


def test_the_simulators_address_is_kept_without_a_trailing_slash():
    for written, kept in (
        ("http://127.0.0.1:8099/", "http://127.0.0.1:8099"),
        ("http://localhost:1", "http://localhost:1"),
        ("https://[::1]:8099", "https://[::1]:8099"),
    ):
        text = tenant_with(method='"static_token"', token='{ env = "T" }', base_url=f'"{written}"')
        assert parse_config(text).tenants[0].base_url == kept


def test_a_file_that_is_not_toml_is_refused_with_its_line(tmp_path):
    place = tmp_path / "ops.toml"
    place.write_text("[store]\nurl = \n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"ops\.toml is not TOML: .*line 2"):
        load_config(place, {})


@pytest.mark.parametrize(("content", "said"), [(None, "opsconsole init"), (b"\xff\xfe[\x00", "UTF-8")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, said):
    place = tmp_path / "ops.toml"
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(place, {})
    assert str(place) in str(caught.value)
    assert said in str(caught.value)


def test_the_file_is_found_by_path_then_environment_then_folder(tmp_path, monkeypatch):
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(tenant_with(name='"one"'), encoding="utf-8-sig")
    second.write_text(tenant_with(name='"two"'), encoding="utf-8")
    env = {"OPSCONSOLE_CONFIG": str(second)}
    assert load_config(first, env).tenants[0].name == "one"
    assert load_config(None, env).tenants[0].name == "two"
    monkeypatch.setattr("opsconsole.config.loading.config_dir", lambda: tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="nowhere"):
        load_config(None, {})


def test_the_example_loads_names_every_setting_and_is_the_file_at_the_top():
    text = example_config_text()
    assert (ROOT / "config.example.toml").read_text(encoding="utf-8") == text
    config = parse_config(text)
    assert config.tenants[0].production is True
    assert config.engine == EngineConfig()
    for struct in (ConfigFile, StoreConfig, EngineConfig, TenantConfig, AuthConfig, SecretSource):
        for name in struct.__struct_fields__:
            assert name in text, name
    for method in get_args(Method):
        assert method in text


def test_the_example_loads_with_its_commented_settings_too():
    lines = [
        line.removeprefix("# ") if " = " in line and line.startswith("# ") else line
        for line in example_config_text().splitlines()
    ]
    assert isinstance(parse_config("\n".join(lines)), Config)


def test_secrets_are_read_from_where_they_are(tmp_path):
    place = tmp_path / "secret"
    place.write_bytes("gehäuse\r\n".encode())
    assert read_secret(SecretSource(env="A"), {"A": "x y "}) == "x y "
    assert read_secret(SecretSource(file=str(place)), {}) == "gehäuse"
    place.write_bytes(b"\x00\xff\x80")
    assert read_secret_bytes(SecretSource(file=str(place)), {}) == b"\x00\xff\x80"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b"", "is empty"), (b"\xff" + SECRET.encode(), "does not hold text")],
)
def test_a_secret_that_is_not_there_is_named_by_its_source(tmp_path, content, said):
    place = tmp_path / "where"
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_secret(SecretSource(file=str(place)), {})
    assert said in str(caught.value)
    assert str(place) in str(caught.value)
    assert SECRET not in str(caught.value)
    with pytest.raises(ConfigError, match="nobody-at-all/secret cannot be read"):
        read_secret(SecretSource(file="~nobody-at-all/secret"), {})
    with pytest.raises(ConfigError, match="environment variable NOPE is not set"):
        read_secret(SecretSource(env="NOPE"), {"NOPE": ""})


def test_a_keyring_entry_is_asked_for_by_service_and_name(monkeypatch):
    import keyring
    from keyring.errors import KeyringLocked

    asked = []

    def answer(service: str, name: str) -> str | None:
        asked.append((service, name))
        return {"contoso": "from the ring"}.get(name)

    monkeypatch.setattr(keyring, "get_password", answer)
    assert read_secret(SecretSource(keyring="opsconsole/contoso"), {}) == "from the ring"
    assert asked == [("opsconsole", "contoso")]
    with pytest.raises(ConfigError, match="keyring entry opsconsole/other does not exist"):
        read_secret(SecretSource(keyring="opsconsole/other"), {})

    def locked(service: str, name: str) -> str:
        raise KeyringLocked(SECRET)

    monkeypatch.setattr(keyring, "get_password", locked)
    with pytest.raises(ConfigError) as caught:
        read_secret(SecretSource(keyring="opsconsole/contoso"), {})
    assert SECRET not in str(caught.value)


def test_loading_does_not_load_a_keyring_or_the_sdk(tmp_path):
    place = tmp_path / "ops.toml"
    place.write_text(tenant_with(secret='{ keyring = "opsconsole/contoso" }'), encoding="utf-8")
    code = (
        "import sys, pathlib; from opsconsole.config import load_config;"
        "load_config(pathlib.Path(sys.argv[1]), {});"
        "print([m for m in ('keyring', 'msgraph', 'azure', 'httpx', 'textual') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(place)], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"
