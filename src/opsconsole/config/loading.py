"""Where the configuration is, and reading it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from opsconsole.config.checks import check
from opsconsole.config.places import FILE_NAME, config_dir
from opsconsole.config.settings import Config
from opsconsole.config.wrong import Wrong
from opsconsole.errors import ConfigError

PATH_VARIABLE = "OPSCONSOLE_CONFIG"
"""Environment variable that names the configuration file, where ``--config`` does not."""


def find_config(path: Path | None, env: Mapping[str, str]) -> Path:
    """Return where the configuration is looked for: the path given, else the environment's, else the platform's folder."""
    if path is not None:
        return path
    named = env.get(PATH_VARIABLE, "")
    return Path(named) if named else config_dir() / FILE_NAME


def load_config(path: Path | None = None, env: Mapping[str, str] = os.environ) -> Config:
    """Read and check the configuration. Raises ConfigError, which names the key, what stands there and what was expected."""
    place = find_config(path, env)
    return parse_config(_read_text(place), place)


def parse_config(text: str, place: Path | None = None) -> Config:
    """Check a configuration given as text; ``place`` is named in errors. Raises ConfigError."""
    where = str(place) if place else "the configuration"
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{where} is not TOML: {error}.",
            "Mend that line; `config.example.toml` shows how each setting is written.",
        ) from None
    try:
        return check(data, place)
    except Wrong as wrong:
        raise ConfigError(f"{where}: {wrong.message}", wrong.hint) from None


def _read_text(place: Path) -> str:
    try:
        return place.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"There is no configuration at {place}.",
            "Run `opsconsole init` to write one, or name one with --config FILE.",
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{place} is not UTF-8 text.", "Save it anew as UTF-8.") from None
    except OSError as error:
        raise ConfigError(
            f"{place} cannot be read: {error.strerror}.", "Check the path and who may read the file."
        ) from None
