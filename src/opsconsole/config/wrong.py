"""One thing that is wrong in the file, said so that it can be mended: the key, what stands there, what was expected."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from opsconsole.config.settings import AuthConfig, Cloud, Method


class Wrong(Exception):
    """One thing that is wrong in the file: the key, what stands there, what was expected."""

    def __init__(self, key: str, stands: str, expected: str, hint: str = "") -> None:
        self.message = f"{key}: {stands}; expected {expected}."
        self.hint = hint or "`config.example.toml` shows how each setting is written."
        super().__init__(self.message)


_SECRET_WORDS = ("secret", "password", "token", "certificate", "assertion", "key")
SECRET_KEYS = ("secret", "certificate", "certificate_password", "token")
WHERE_TO_PUT_IT = (
    "Put it into an environment variable, a keyring or a file of its own, and write here only where it is: "
    '{key} = {{ env = "NAME" }}, {{ keyring = "opsconsole/NAME" }} or {{ file = "/run/secrets/NAME" }}. '
    "If it was real, replace it: it stood in a file."
)
_PATH_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_WRONG_TYPE = re.compile(r"Expected `([^`]+)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_TYPE_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


def refuse_unknown(value: object, expected: type[msgspec.Struct], path: str) -> None:
    """Raise for the first key that ``expected`` does not know; its value is never shown: it may be a misplaced secret."""
    if not isinstance(value, dict):
        return
    known = {field.name: field for field in msgspec.structs.fields(expected)}
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
            hint = f"Did you mean {close[0]}?" if close else ""
            if expected is AuthConfig and any(word in key.lower() for word in _SECRET_WORDS):
                target = close[0] if close and close[0] in SECRET_KEYS else "secret"
                hint = f"Did you mean {target}? " + WHERE_TO_PUT_IT.format(key=target)
            raise Wrong(here, "this key is not known", f"one of {', '.join(known)}", hint)
        for child, at in _children(known[key].type, inner, here):
            refuse_unknown(at[0], child, at[1])


def _children(annotation: Any, value: object, here: str) -> Iterator[tuple[type[msgspec.Struct], tuple[object, str]]]:
    candidates = [annotation, *get_args(annotation)]
    struct = next((c for c in candidates if isinstance(c, type) and issubclass(c, msgspec.Struct)), None)
    if struct is None:
        return
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield struct, (inner, f"{here}[{index}]")
    else:
        yield struct, (value, here)


def secrets(data: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield what stands at each key that names a place of a secret."""
    tenants = data.get("tenants")
    for index, tenant in enumerate(tenants if isinstance(tenants, list) else []):
        auth = tenant.get("auth") if isinstance(tenant, dict) else None
        if isinstance(auth, dict):
            yield from ((f"tenants[{index}].auth.{name}", auth[name]) for name in SECRET_KEYS if name in auth)


def explain(message: str, data: dict[str, Any]) -> Wrong:
    """Return msgspec's refusal with the key as the file spells it, and what stands there."""
    text, _, path = message.partition(" - at `$")
    key, value = _at(data, path.rstrip("`"))
    if missing := _MISSING.search(text):
        return Wrong(f"{key}.{missing[1]}" if key else missing[1], "nothing stands there", "a value: it has no default")
    if unknown := _UNKNOWN.search(text):
        return Wrong(f"{key}.{unknown[1]}", "this key is not known", "a known one")
    options = _options(key)
    if wrong := _WRONG_TYPE.match(text):
        words = [_TYPE_WORDS.get(word.strip(), word.strip()) for word in wrong[1].split("|") if word.strip() != "null"]
        expected = options or " or ".join(words)
        if ">=" in text or "<=" in text:
            expected = "a whole number " + text.partition("`int` ")[2]
    else:
        expected = options or "another value"
    hint = ""
    if options and isinstance(value, str) and (close := difflib.get_close_matches(value, options.split(", "), n=1)):
        hint = f"Did you mean {close[0]!r}?"
    return Wrong(key or "the file", stands(key, value), expected, hint)


def _options(key: str) -> str:
    if key.endswith(".cloud"):
        return ", ".join(get_args(Cloud))
    return ", ".join(get_args(Method)) if key.endswith(".auth.method") else ""


def _at(data: Any, path: str) -> tuple[str, Any]:
    key, value = "", data
    for match in _PATH_PART.finditer(path):
        if match[2] is not None:
            key += f"[{match[2]}]"
            value = value[int(match[2])] if isinstance(value, list) else None
        else:
            key += f".{match[1]}" if key else match[1]
            value = value.get(match[1]) if isinstance(value, dict) else None
    return key, value


def kind(value: object) -> str:
    """Return what sort of value this is, in words."""
    if isinstance(value, bool):
        return "true or false"
    names = ((str, "a text"), (int, "a number"), (float, "a number"), (list, "a list"), (dict, "a table"))
    return next((name for kind, name in names if isinstance(value, kind)), "a value")


def stands(key: str, value: object) -> str:
    """Say what stands at ``key``, unless it may be a secret or hold one."""
    if any(word in key.lower() for word in _SECRET_WORDS) or "@" in str(value):
        return f"{kind(value)} stands there (not shown)"
    if isinstance(value, bool):
        return f"{str(value).lower()} stands there"
    if isinstance(value, str | int | float):
        return f"{value if not isinstance(value, str) else repr(value[:80])} stands there"
    return f"{kind(value)} stands there"
