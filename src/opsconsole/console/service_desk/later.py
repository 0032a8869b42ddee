"""A room's module that is imported when the first call goes through it: the first rows wait for no other."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Later:
    """Stands for the module of that name; its names are looked up there."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)
