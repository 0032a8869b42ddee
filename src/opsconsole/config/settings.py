"""What can be set: the tables of the configuration file, and where secrets are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

Cloud = Literal["global", "usgov", "usgov_dod", "china"]
Method = Literal[
    "client_secret",
    "certificate",
    "managed_identity",
    "azure_cli",
    "device_code",
    "interactive",
    "default",
    "static_token",
]
Count = Annotated[int, msgspec.Meta(ge=1, le=64)]


class SecretSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret is kept: exactly one of an environment variable, a keyring entry (``service/name``) or a file."""

    env: str | None = None
    keyring: str | None = None
    file: str | None = None

    @property
    def text(self) -> str:
        """Return the source as messages name it, never the secret."""
        if self.env is not None:
            return f"environment variable {self.env}"
        if self.keyring is not None:
            return f"keyring entry {self.keyring}"
        return f"file {self.file}"


class AuthConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to sign in to a tenant."""

    method: Method
    client_id: str = ""
    secret: SecretSource | None = None
    certificate: SecretSource | None = None
    certificate_password: SecretSource | None = None
    token: SecretSource | None = None


class TenantConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tenant, and the workspace it belongs to. ``base_url`` is a loopback address: the simulator."""

    name: str
    tenant_id: str
    auth: AuthConfig
    workspace: str = "main"
    production: bool = False
    cloud: Cloud = "global"
    base_url: str | None = None


class EngineConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much the engine does at a time."""

    concurrency: Count = 4
    graph_concurrency: Count = 8
    lease_seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 30


class StoreConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the store is; nothing for the platform's data folder."""

    url: str = ""


class ConfigFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as a whole."""

    store: StoreConfig = StoreConfig()
    engine: EngineConfig = EngineConfig()
    tenants: tuple[TenantConfig, ...] = ()


class Config(msgspec.Struct, frozen=True):
    """A configuration that was checked whole. ``path`` is the file it came from, None for one made by the program."""

    store_url: str
    engine: EngineConfig = EngineConfig()
    tenants: tuple[TenantConfig, ...] = ()
    path: Path | None = None

    def tenant(self, name: str) -> TenantConfig | None:
        """Return the tenant of that name, or None."""
        return next((tenant for tenant in self.tenants if tenant.name == name), None)
