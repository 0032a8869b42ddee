"""Is the file whole and consistent? Raises at the first thing that is not."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from opsconsole.config.places import default_store_url
from opsconsole.config.settings import Config, ConfigFile, SecretSource, TenantConfig
from opsconsole.config.wrong import SECRET_KEYS, WHERE_TO_PUT_IT, Wrong, explain, kind, refuse_unknown, secrets, stands


def check(data: dict[str, Any], place: Path | None) -> Config:
    """Return the configuration that the file's ``data`` says. Raises Wrong."""
    refuse_unknown(data, ConfigFile, "")
    for key, value in secrets(data):
        if not isinstance(value, dict):
            name = key.rpartition(".")[2]
            raise Wrong(
                key,
                f"{kind(value)} stands there (not shown)",
                "where the secret is kept, never the secret",
                WHERE_TO_PUT_IT.format(key=name),
            )
    try:
        parsed = msgspec.convert(data, type=ConfigFile, strict=True)
    except msgspec.ValidationError as error:
        raise explain(str(error), data) from None
    if not parsed.tenants:
        raise Wrong("tenants", "no tenant stands there", "at least one [[tenants]] table")
    names: dict[str, int] = {}
    tenants = []
    for index, tenant in enumerate(parsed.tenants):
        key = f"tenants[{index}]"
        tenants.append(_check_tenant(tenant, key))
        if tenant.name in names:
            raise Wrong(
                f"{key}.name",
                f"{tenant.name!r} stands there",
                f"a name that tenants[{names[tenant.name]}] does not have",
            )
        names[tenant.name] = index
    return Config(_check_store_url(parsed.store.url), parsed.engine, tuple(tenants), place)


_NAME = re.compile(r"[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,62}[^\s\x00-\x1f\x7f])?")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NEEDS: dict[str, tuple[str, ...]] = {
    "client_secret": ("client_id", "secret"),
    "certificate": ("client_id", "certificate"),
    "device_code": ("client_id",),
    "interactive": ("client_id",),
    "static_token": ("token",),
}
"""What each sign-in method must be told; the others find out for themselves."""


def _check_tenant(tenant: TenantConfig, key: str) -> TenantConfig:
    for name in ("name", "workspace"):
        if not _NAME.fullmatch(getattr(tenant, name)):
            raise Wrong(
                f"{key}.{name}",
                stands(name, getattr(tenant, name)),
                "1 to 64 characters on one line, no blank at the ends",
            )
    if not _GUID.fullmatch(tenant.tenant_id):
        raise Wrong(
            f"{key}.tenant_id",
            stands("tenant_id", tenant.tenant_id),
            "a GUID such as 00000000-0000-0000-0000-000000000000",
        )
    base_url = _check_base_url(tenant.base_url, f"{key}.base_url") if tenant.base_url is not None else None
    auth = tenant.auth
    for name in _NEEDS.get(auth.method, ()):
        if not getattr(auth, name):
            raise Wrong(f"{key}.auth.{name}", "nothing stands there", f"a value: the method {auth.method} needs it")
    if auth.client_id and not _GUID.fullmatch(auth.client_id):
        raise Wrong(f"{key}.auth.client_id", stands("client_id", auth.client_id), "the application's id, a GUID")
    for name in SECRET_KEYS:
        source = getattr(auth, name)
        if source is not None:
            _check_source(source, f"{key}.auth.{name}")
    if auth.method == "static_token" and base_url is None:
        raise Wrong(
            f"{key}.auth.method",
            "'static_token' stands there without a loopback base_url",
            "another method, or the simulator's address in base_url",
            "A fixed token is for the simulator only; sign in to a real tenant with another method.",
        )
    return msgspec.structs.replace(tenant, base_url=base_url, tenant_id=tenant.tenant_id.lower())


def _check_source(source: SecretSource, key: str) -> None:
    named = [name for name in ("env", "keyring", "file") if getattr(source, name) is not None]
    if len(named) != 1:
        raise Wrong(
            key, f"{' and '.join(named) or 'an empty table'} stands there", "exactly one of env, keyring and file"
        )
    value = getattr(source, named[0])
    if not value.strip():
        raise Wrong(f"{key}.{named[0]}", "an empty text stands there", "the name of the place")
    if source.keyring is not None:
        service, _, name = source.keyring.rpartition("/")
        if not service or not name:
            raise Wrong(
                f"{key}.keyring",
                "a text without service or name stands there",
                'service and name, as in "opsconsole/contoso"',
            )


def _check_base_url(url: str, key: str) -> str:
    expected = "http or https on loopback, such as http://127.0.0.1:8099"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Wrong(key, "no URL stands there", expected) from None
    if parts.username is not None or parts.password is not None:
        raise Wrong(key, "a URL with a user or password stands there (not shown)", expected)
    if parts.scheme not in ("http", "https") or not is_loopback(parts.hostname or ""):
        raise Wrong(
            key,
            stands("base_url", url),
            expected,
            "It is the simulator's address only; a real tenant is reached through its `cloud`.",
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise Wrong(key, stands("base_url", url), expected + ", without a path")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` is this machine's own loopback, by name or address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_WHOLE_PATH = re.compile(r"/|~|[A-Za-z]:[/\\]")
"""How a path begins that means the same from every folder."""


def _check_store_url(url: str) -> str:
    expected = "sqlite:///PATH or postgresql://USER@HOST/DATABASE"
    if not url:
        return default_store_url()
    scheme, separator, rest = url.partition("://")
    if scheme == "sqlite" and separator and rest.startswith("/") and len(rest) > 1:
        if not _WHOLE_PATH.match(rest[1:]):
            raise Wrong(
                "store.url",
                f"the relative path {rest[1:]!r} stands there",
                "an absolute one, such as sqlite:////home/alice/opsconsole.db (four slashes)",
                "A relative path would name another store in each folder that opsconsole is started in.",
            )
        return url
    if scheme not in ("postgresql", "postgres") or not separator:
        raise Wrong("store.url", "an address of another form stands there (not shown)", expected)
    try:
        parts = urlsplit(url)
        has_password = bool(parts.password) or any(
            name.lower() in ("password", "sslpassword") for name in parse_qs(parts.query, keep_blank_values=True)
        )
    except ValueError:
        raise Wrong("store.url", "an address that cannot be read stands there (not shown)", expected) from None
    if has_password:
        raise Wrong(
            "store.url",
            "an address with a password stands there (not shown)",
            "one without",
            "Leave the password out and set PGPASSWORD or PGPASSFILE, or use ~/.pgpass. If it was real, change it: it stood in a file.",
        )
    return url
