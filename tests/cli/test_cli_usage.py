"""Wrong use: each mistake gets its own sentence, a next step and the right exit code, in text and in JSON."""

from __future__ import annotations

import click
import pytest

from opsconsole.cli.app import COMMANDS, root, wants_json

from .program import Program, config_text


def every_command() -> list[tuple[str, ...]]:
    """The path of every command, groups left out."""
    ctx = click.Context(root)
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = root.get_command(ctx, name)
        if isinstance(command, click.Group):
            found += [(name, inner) for inner in command.commands]
        else:
            found.append((name,))
    return found


@pytest.mark.parametrize("path", every_command(), ids=" ".join)
def test_every_command_has_help_and_json(path: tuple[str, ...]) -> None:
    command: click.Command | None = root
    for word in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    assert command.help
    names = {option for param in command.params for option in param.opts}
    assert "--json" in names
    for param in command.params:
        if isinstance(param, click.Option) and not param.hidden:
            assert param.help, f"{path}: {param.opts}"


@pytest.mark.parametrize("path", [p for p in every_command() if p[-1] in ("list", "items")], ids=" ".join)
def test_every_list_takes_limit_and_cursor(path: tuple[str, ...]) -> None:
    command: click.Command | None = root
    for word in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    names = {option for param in command.params for option in param.opts}
    assert {"--limit", "--cursor"} <= names


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (("runz",), "runs"),
        (("runs", "lisst"), "list"),
        (("runs", "list", "--limitt", "3"), "--limit"),
        (("runs", "list", "--limit", "0"), "--limit"),
        (("runs", "list", "--limit", "many"), "--limit"),
        (("runs", "show"), "RUN"),
        (("runs",), "list"),
        (("db", "seed"), "--runs"),
        (("restore", "preview", "latest"), "--tenant"),
        (("simulate", "--exports", "/does/not/exist"), "exist"),
    ],
    ids=" ".join,
)
def test_usage_errors_are_told_in_text_and_in_json(program: Program, args: tuple[str, ...], word: str) -> None:
    text = program.inline(*args)
    assert (text.code, text.out) == (2, "")
    assert word in text.err
    document = program.inline(*args, "--json")
    assert document.code == 2
    assert document.out.count("\n") == 1
    assert document.error["code"] == "usage"
    assert document.error["hint"]
    assert set(document.json) == {"error"}


def test_json_is_noticed_wherever_it_stands() -> None:
    assert wants_json(["--json", "runs", "list"])
    assert wants_json(["runs", "--json", "nonsense"])
    assert not wants_json(["runs", "show", "--", "--json"])


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (("runs", "list", "--status", "queud"), "queued"),
        (("runs", "list", "--outcome", "fine"), "partially_succeeded"),
        (("runs", "list", "--type", "restor"), "restore"),
        (("runs", "list", "--reason", "throtled"), "throttled"),
        (("runs", "list", "--since", "yesterday"), "7d"),
        (("audit", "list", "--action", "nothing"), "assignments.restore.executed"),
        (("audit", "list", "--action", "executed"), "assignments.restore.executed"),
        (("audit", "verify", "--head", "12:abc"), "audit head"),
        (("members", "add", "uid:5", "boss"), "manager"),
        (("members", "add", "nobody-of-this-name", "owner"), "uid:1000"),
        (("members", "list", "--cursor", "x"), "next_cursor"),
        (("backup", "contoso", "--types", "settingsCatalogPolicyy"), "settingsCatalogPolicy"),
        (("backup", "contoso", "--types", "roleAssignment"), "policy-types"),
        (("backup", "contoso", "--types", ","), "policy-types"),
        (("schedules", "add", "contoso", "--every", "24h"), "--backup"),
        (("schedules", "add", "contoso", "--backup"), "--cron"),
        (("schedules", "add", "contoso", "--backup", "--every", "soon"), "24h"),
        (("schedules", "add", "contoso", "--backup", "--cron", "0 3 * *"), "fields"),
        (("schedules", "add", "contoso", "--backup", "--cron", "0 3 * * *", "--timezone", "Mars/Base"), "Mars/Base"),
        (("schedules", "add", "contoso", "--drift", "latest", "--types", "mobileApp", "--every", "1h"), "--backup"),
        (("restore", "run", "abcdef", "--plan", "xyz"), "hash"),
        (("restore", "preview", "latest", "--tenant", "contoso", "--mode", "exakt"), "exact"),
        (("restore", "preview", "latest", "--tenant", "contoso", "--items", "nonsense"), "TYPE:ID"),
        (("console",), "terminal"),
        ((), "terminal"),
        (("demo",), "terminal"),
        (("simulate", "--faults", "/does/not/exist"), "profiles"),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_exits_2_and_says_what_would(ready: Program, args: tuple[str, ...], word: str) -> None:
    answer = ready.inline(*args)
    assert answer.code == 2, answer
    assert word in answer.err
    assert "Traceback" not in answer.err
    document = ready.inline(*args, "--json")
    assert document.code == 2
    assert document.error["code"] == "usage"
    assert document.error["hint"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[enigne]\nconcurrency = 2\n", ("enigne", "engine")),
        ("[engine]\nconcurrency = 'two'\n", ("engine.concurrency", "'two'", "a whole number")),
        ("[engine]\nconcurrency = 900\n", ("engine.concurrency", "900")),
        ("[engine\n", ("TOML",)),
        ("", ("tenants",)),
    ],
)
def test_a_wrong_configuration_names_the_key_and_exits_2(program: Program, text: str, words: tuple[str, ...]) -> None:
    program.configure(text)
    answer = program.inline("runs", "list", "--json")
    assert answer.code == 2
    assert answer.error["code"] == "configuration"
    for word in words:
        assert word in answer.error["message"] + answer.error["hint"]


def test_no_configuration_at_all_says_how_to_get_one(program: Program) -> None:
    answer = program.inline("runs", "list")
    assert answer.code == 2
    assert "opsconsole init" in answer.err


def test_a_static_token_without_loopback_is_refused(program: Program) -> None:
    program.configure(config_text(program.folder, "https://graph.example.com"))
    answer = program.inline("runs", "list", "--json")
    assert answer.code == 2
    assert "base_url" in answer.error["message"]


def test_no_store_yet_exits_7_and_says_init(program: Program) -> None:
    program.configure(config_text(program.folder, "http://127.0.0.1:9"))
    answer = program.inline("runs", "list", "--json")
    assert answer.code == 7
    assert answer.error["code"] == "store_unavailable"
    assert "opsconsole init" in answer.error["hint"]


@pytest.mark.parametrize(
    "args",
    [
        ("backup", "fabrikam"),
        ("tenants", "check", "fabrikam"),
        ("backups", "show", "latest"),
        ("backups", "show", "0badc0de"),
        ("backups", "show", "no such thing"),
        ("runs", "show", "0badc0de"),
        ("runs", "watch", "0badc0de"),
        ("runs", "cancel", "0badc0de"),
        ("runs", "list", "--tenant", "fabrikam"),
        ("restore", "show", "0badc0de"),
        ("restore", "run", "0badc0de", "--yes"),
        ("restore", "preview", "latest", "--tenant", "fabrikam"),
        ("drift", "0badc0de"),
        ("audit", "show", "999999"),
        ("schedules", "pause", "0badc0de"),
        ("members", "remove", "uid:64999"),
    ],
    ids=" ".join,
)
def test_what_is_not_there_exits_4(ready: Program, args: tuple[str, ...]) -> None:
    answer = ready.inline(*args, "--json")
    assert answer.code == 4, answer
    assert answer.error["code"] == "not_found"
    assert answer.error["hint"]


def test_an_unknown_workspace_exits_4(ready: Program) -> None:
    answer = ready.inline("--workspace", "elsewhere", "runs", "list", "--json")
    assert answer.code == 4


def test_the_version_is_told_in_text_and_in_json(program: Program) -> None:
    assert program.inline("--version").out.startswith("opsconsole ")
    assert program.inline("--version", "--json").json["version"]
