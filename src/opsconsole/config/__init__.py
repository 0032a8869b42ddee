"""The configuration file: found, read, checked, and explained where it is wrong. It names secrets, it never holds them."""

from opsconsole.config.checks import is_loopback
from opsconsole.config.example import example_config_text
from opsconsole.config.loading import PATH_VARIABLE, find_config, load_config, parse_config
from opsconsole.config.places import (
    config_dir,
    data_dir,
    default_store_url,
    expanded,
    log_dir,
    make_private_folder,
    state_dir,
)
from opsconsole.config.secrets import read_secret, read_secret_bytes
from opsconsole.config.settings import AuthConfig, Config, EngineConfig, SecretSource, TenantConfig

__all__ = [
    "PATH_VARIABLE",
    "AuthConfig",
    "Config",
    "EngineConfig",
    "SecretSource",
    "TenantConfig",
    "config_dir",
    "data_dir",
    "default_store_url",
    "example_config_text",
    "expanded",
    "find_config",
    "is_loopback",
    "load_config",
    "log_dir",
    "make_private_folder",
    "parse_config",
    "read_secret",
    "read_secret_bytes",
    "state_dir",
]
