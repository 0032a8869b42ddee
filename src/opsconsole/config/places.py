"""The platform's folders for this program."""

from __future__ import annotations

from pathlib import Path

import platformdirs

APP_NAME = "opsconsole"
FILE_NAME = "config.toml"


def config_dir() -> Path:
    """Return the platform's folder for this user's configuration."""
    return platformdirs.user_config_path(APP_NAME, appauthor=False)


def data_dir() -> Path:
    """Return the platform's folder for this user's store."""
    return platformdirs.user_data_path(APP_NAME, appauthor=False)


def state_dir() -> Path:
    """Return the platform's folder for what may be lost: window state, kept heads."""
    return platformdirs.user_state_path(APP_NAME, appauthor=False)


def log_dir() -> Path:
    """Return the platform's folder for logs."""
    return platformdirs.user_log_path(APP_NAME, appauthor=False)


def default_store_url() -> str:
    """Return the store that is used where the configuration names none."""
    return f"sqlite:///{(data_dir() / 'opsconsole.db').as_posix()}"


def expanded(text: str) -> Path:
    """Return the path that a person wrote, ``~`` as their home; as it stands where nobody has that home: nothing is there."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def make_private_folder(folder: Path) -> None:
    """Make a folder, and each that is missing above it, for its owner alone (0700). Raises OSError."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)
