"""Documents that cannot drift: every command has help and stands in the README, and the example configuration is whole."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import click
import msgspec
import pytest

from opsconsole.cli.app import COMMANDS, root
from opsconsole.config import example_config_text, parse_config
from opsconsole.config.settings import (
    AuthConfig,
    Cloud,
    ConfigFile,
    EngineConfig,
    Method,
    SecretSource,
    StoreConfig,
    TenantConfig,
)
from opsconsole.domain.audit import ACTIONS, AuditOutcome

ROOT = Path(__file__).resolve().parents[2]


def command_paths() -> list[str]:
    """Every command as it is typed, groups left out."""
    ctx = click.Context(root)
    paths: list[str] = []
    for name in COMMANDS:
        command = root.get_command(ctx, name)
        if isinstance(command, click.Group):
            paths += [f"{name} {inner}" for inner in command.commands]
        else:
            paths.append(name)
    return paths


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def table_of_commands() -> str:
    """The rows of the README's tables that name a command."""
    return "\n".join(line for line in text_of("README.md").splitlines() if line.startswith("|"))


@pytest.mark.parametrize("path", command_paths())
def test_every_command_stands_in_the_table_of_the_readme(path: str) -> None:
    group, _, word = path.partition(" ")
    rows = [row for row in table_of_commands().splitlines() if re.search(rf"`[^`]*\b{re.escape(group)}\b", row)]
    assert rows, f"no row of README.md's tables names `{group}`"
    if word:
        assert any(re.search(rf"\b{re.escape(word)}\b", row) for row in rows), f"no row names `{path}`"


def test_every_command_that_the_documents_show_exists() -> None:
    known = command_paths()
    groups = {path.partition(" ")[0] for path in known if " " in path}
    alone = {path for path in known if " " not in path}
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for shown in re.findall(
            r"opsconsole ((?:--\w+ \S+ )*)([a-z-]+)(?: ([a-z-]+))?", _code(file.read_text(encoding="utf-8"))
        ):
            _, first, second = shown
            assert first in groups | alone, f"{file.name}: opsconsole {first}"
            if first in groups and second:
                assert f"{first} {second}" in known, f"{file.name}: opsconsole {first} {second}"


def _code(text: str) -> str:
    """What stands between backticks, in a line or a block."""
    return "\n".join(re.findall(r"```[^\n]*\n(.*?)```", text, re.S) + re.findall(r"`([^`\n]+)`", text))


def test_the_example_is_what_the_program_writes_and_it_loads() -> None:
    text = text_of("config.example.toml")
    assert text == example_config_text()
    config = parse_config(text)
    assert [tenant.name for tenant in config.tenants] == ["contoso"]


@pytest.mark.parametrize(
    "struct",
    [ConfigFile, StoreConfig, EngineConfig, TenantConfig, AuthConfig, SecretSource],
    ids=lambda struct: struct.__name__,
)
def test_the_example_names_every_setting(struct: type[msgspec.Struct]) -> None:
    text = text_of("config.example.toml")
    for field in msgspec.structs.fields(struct):
        assert re.search(rf"(^|[\s#{{\[.]){field.name}(\s*=|\]|\])", text, re.M), f"{struct.__name__}.{field.name}"


def test_the_example_names_every_choice() -> None:
    text = text_of("config.example.toml")
    for word in (*get_args(Method), *get_args(Cloud)):
        assert re.search(rf"\b{word}\b", text), word


def test_the_example_with_every_comment_taken_off_names_only_known_settings() -> None:
    lines = [re.sub(r"^# (\w+ = )", r"\1", line) for line in text_of("config.example.toml").splitlines()]
    data = tomllib.loads("\n".join(lines))
    auth = data["tenants"][0]["auth"]
    assert set(auth) == {field.name for field in msgspec.structs.fields(AuthConfig)}
    assert set(data["tenants"][0]) == {field.name for field in msgspec.structs.fields(TenantConfig)}


def test_no_secret_comes_in_by_an_argument() -> None:
    """Arguments stand in the process list and in the shell's history: secrets come from environment, keyring or file."""
    ctx = click.Context(root)
    commands: list[tuple[str, click.Command]] = [("opsconsole", root)]
    for name in COMMANDS:
        command = root.get_command(ctx, name)
        assert command is not None
        commands.append((name, command))
        if isinstance(command, click.Group):
            commands += [(f"{name} {inner}", one) for inner, one in command.commands.items()]
    secret = re.compile(r"secret|passw|token|credential|certificate|api.?key", re.I)
    found = [
        (name, option)
        for name, command in commands
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts, parameter.name or "")
        if secret.search(option)
    ]
    assert found == []


def test_the_document_lists_every_audit_action_with_what_it_records() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.+) \|$", text_of("docs/audit.md"), re.M)
    assert rows == [(action.value, info.meaning) for action, info in ACTIONS.items()]


def test_the_document_names_every_outcome_and_every_kind_of_break() -> None:
    text = text_of("docs/audit.md")
    for word in (*(outcome.value for outcome in AuditOutcome), "changed", "missing", "inserted", "reordered"):
        assert f"`{word}`" in text, word


def test_the_picture_of_the_readme_is_a_golden_screen() -> None:
    shown = (ROOT / "docs" / "console.svg").read_bytes()
    assert shown == (ROOT / "snapshots" / "test_screen[run_wide].svg").read_bytes(), "copy the golden screen over it"
