"""Reading a secret from where the configuration says it is, only when it is needed."""

from __future__ import annotations

import os
from collections.abc import Mapping

from opsconsole.config.places import expanded
from opsconsole.config.settings import SecretSource
from opsconsole.errors import ConfigError


def read_secret(source: SecretSource, env: Mapping[str, str] = os.environ) -> str:
    """Return the secret that ``source`` names, without the line end. Raises ConfigError, which names the source, never the value."""
    try:
        text = read_secret_bytes(source, env).decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        raise ConfigError(
            f"The {source.text} does not hold text.", "Write the secret there as plain UTF-8 text."
        ) from None
    if not text:
        raise ConfigError(f"The {source.text} is empty.", "Put the secret there, then try again.")
    return text


def read_secret_bytes(source: SecretSource, env: Mapping[str, str] = os.environ) -> bytes:
    """Return the secret as it is kept: certificates may be binary. Raises ConfigError, which names the source, never the value."""
    if source.env is not None:
        if not env.get(source.env):
            raise ConfigError(f"The {source.text} is not set.", "Set it where opsconsole is started, then try again.")
        return env[source.env].encode()
    if source.keyring is not None:
        return _read_keyring(source).encode()
    try:
        return expanded(source.file or "").read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The {source.text} cannot be read: {error.strerror or type(error).__name__}.",
            "Check the path, and that only you may read it.",
        ) from None


def _read_keyring(source: SecretSource) -> str:
    import keyring
    from keyring.errors import KeyringError

    service, _, name = (source.keyring or "").rpartition("/")
    try:
        value = keyring.get_password(service, name)
    except KeyringError as error:
        raise ConfigError(
            f"The {source.text} cannot be read: the keyring does not answer ({type(error).__name__}).",
            "Unlock the keyring, or keep the secret in an environment variable or a file.",
        ) from None
    if not value:
        raise ConfigError(f"The {source.text} does not exist.", f"Store it with `keyring set {service} {name}`.")
    return value
