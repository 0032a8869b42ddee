"""The commented example: every setting, and a file that loads."""

from __future__ import annotations


def example_config_text() -> str:
    """Return the commented example: every setting, and a file that loads. ``config.example.toml`` is this text."""
    return _EXAMPLE


_EXAMPLE = """\
# opsconsole: the configuration. Written by `opsconsole init`, looked for at --config FILE, else at
# $OPSCONSOLE_CONFIG, else in the platform's configuration folder. Lines that begin with # say what is
# used where nothing else is said. Secrets are never written here: this file names where they are.

[store]
# Where runs, backups and the audit trail are kept. Without a url: opsconsole.db in the platform's data folder.
# For a team: postgresql://USER@HOST/DATABASE, with the password in PGPASSWORD, PGPASSFILE or ~/.pgpass.
# url = "sqlite:////home/alice/opsconsole.db"

[engine]
concurrency = 4          # runs at a time
graph_concurrency = 8    # Graph requests in flight, per tenant
lease_seconds = 30       # a run whose engine was lost is taken over after this

# One table for each tenant.
[[tenants]]
name = "contoso"
workspace = "main"
tenant_id = "00000000-0000-0000-0000-000000000000"    # the Entra tenant's id
production = true        # restores ask to type the name
cloud = "global"         # global, usgov, usgov_dod or china
# base_url = "http://127.0.0.1:8099"    # loopback only: the simulator (`opsconsole simulate`)

[tenants.auth]
# client_secret     client_id and secret
# certificate       client_id and certificate (PEM or PFX), certificate_password if it has one
# managed_identity  client_id only for a user-assigned one
# azure_cli         whoever `az login` signed in
# device_code       client_id; shows a code to type in a browser
# interactive       client_id; opens a browser
# default           what azure-identity finds: environment, workload identity, managed identity, tools
# static_token      token; only with a loopback base_url
method = "client_secret"
client_id = "00000000-0000-0000-0000-000000000000"
secret = { env = "CONTOSO_SECRET" }    # or { keyring = "opsconsole/contoso" } or { file = "/run/secrets/contoso" }
# certificate = { file = "/run/secrets/contoso.pem" }
# certificate_password = { env = "CONTOSO_CERTIFICATE_PASSWORD" }
# token = { env = "SIMULATOR_TOKEN" }
"""
