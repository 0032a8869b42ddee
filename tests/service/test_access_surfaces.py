"""Role × action × surface (promise 14): the answer of each cell is worked out from the capability table, and each is tried.

``command`` is a command called as its user would, ``screen`` the desk through which screens ask and order. What the engine
does with a run whose initiator's role has changed stands in ``tests/engine/test_access.py``.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from builders import ALICE, at, make_place
from opsconsole.cli.app import COMMANDS as COMMAND_WORDS
from opsconsole.cli.app import root, run
from opsconsole.console.service_desk import ServiceDesk
from opsconsole.domain.access import Actor, Role, allows
from opsconsole.domain.run import RunType, Status
from opsconsole.domain.schedule import Rule, ScheduleKind
from opsconsole.errors import Conflict, Forbidden, NotFound, OpsError
from opsconsole.service import caller as caller_module
from opsconsole.service import members, runs
from opsconsole.store import access, engines
from opsconsole.store.database import Database
from opsconsole.store.opening import open_store

from .surfaces import CALLS, COMMANDS, DESK_LISTS, LISTS, OF_NO_THING, OF_NOTHING_IN_A_STORE, Said
from .world import ENTRA_ID, OF_ROLE, OUTSIDER, STRANGER, World

Answer = tuple[int, str, str]
"""Exit code, stdout, stderr."""

Ask = Callable[..., Answer]

PEOPLE: dict[str, tuple[Actor, Role | None]] = {
    "stranger": (STRANGER, None),
    "outsider": (OUTSIDER, None),
    **{role.value: (OF_ROLE[role], role) for role in Role},
}
"""Whoever comes: a member of nothing, the owner of another workspace, and a member of each role, weakest first."""

CONFLICT = Conflict("", "").exit_code


@pytest.fixture
def ask(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Calls a command as somebody, on the world's store or another one."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    def call(actor: Actor, *words: str, url: str = world.db.url) -> Answer:
        config = tmp_path / "ops.toml"
        config.write_text(
            f'[store]\nurl = "{url}"\n[[tenants]]\nname = "contoso"\ntenant_id = "{ENTRA_ID}"\n'
            'base_url = "http://127.0.0.1:9"\n[tenants.auth]\nmethod = "static_token"\ntoken = { env = "NO_TOKEN" }\n',
            encoding="utf-8",
        )
        with monkeypatch.context() as patch:
            patch.setattr(caller_module, "actor_at", lambda db: actor)
            capsys.readouterr()
            code = run(["--config", str(config), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def world(store: Database) -> Iterator[World]:
    """A world in which somebody is there to be removed."""
    made = World(store)
    yield made


@pytest.fixture
def empty_url(tmp_path: Path) -> str:
    """The url of a store that has the other workspace and nothing else."""
    url = f"sqlite:///{tmp_path}/empty.db"
    with open_store(url, create=True) as db, db.write() as s:
        other, _ = make_place(s, "other", "fabrikam")
        access.add_member(s, other, OUTSIDER, Role.OWNER, at())
        access.remove_member(s, other, ALICE.key)
    return url


def check_refused(world: World, said: Said, actor: Actor, state: Any, length: int) -> None:
    """Nothing was written but, for an order, the one entry that tells of the attempt."""
    assert world.state() == state, f"{actor.name} changed something"
    new = [(entry["action"], entry["actor"], entry["outcome"]) for entry in world.trail()[length:]]
    assert new == [("access.refused", actor.name, "refused")] * said.act.changes


def of(world: World, said: Said) -> str:
    """Make what the act is about; what was ordered before is ended, since asking again would find it."""
    active = runs.list_runs(world.alice, runs.RunQuery(statuses=(Status.QUEUED,)), limit=100).items
    for run_id in [found.id for found in active]:
        if runs.show_run(world.alice, run_id).is_active:
            runs.cancel_run(world.alice, run_id)
    if said.act.name == "remove_member":
        members.add_member(world.alice, "uid:4000", Role.READONLY)
    return said.act.of(world)


@pytest.mark.parametrize("said", COMMANDS, ids=lambda said: said.name)
def test_a_command_answers_as_the_table_says(world: World, ask: Ask, tmp_path: Path, said: Said) -> None:
    assert said.words is not None
    absent, new = said.act.absent(world), str(tmp_path / "new")
    ref = of(world, said)
    nothing = ask(world.alice.actor, *said.words(absent, new), "--json")
    assert nothing[0] == NotFound("", "").exit_code
    for who, (actor, role) in PEOPLE.items():
        if allows(role, said.act.capability):
            ref = of(world, said)
        state, length = world.state(), len(world.trail())
        answer = ask(actor, *said.words(ref, f"{new}-{who}.jsonl"), "--json")
        if role is None:
            assert hidden(answer, ref) == hidden(nothing, absent), who
            check_refused(world, said, actor, state, length)
            text = ask(actor, *said.words(ref, new))
            assert hidden(text, ref) == hidden(ask(actor, *said.words(absent, new)), absent), who
        elif not allows(role, said.act.capability):
            assert answer[0] == Forbidden(said.act.capability.value).exit_code, (who, answer)
            error = json.loads(answer[1])["error"]
            assert error["code"] == "forbidden"
            assert said.act.capability.value in error["message"]
            check_refused(world, said, actor, state, length)
        else:
            assert answer[0] == (CONFLICT if said.act.ends_in == "conflict" else said.code), (who, answer)
            if not said.act.changes:
                assert world.state() == state
                assert len(world.trail()) == length
            elif not said.act.ends_in:
                assert actor.name in {entry["actor"] for entry in world.trail()[length:]}, who
    assert not list(tmp_path.glob("new")), "nobody who may not wrote a file"


def hidden(answer: Answer, ref: str) -> Answer:
    """An answer without the name of what it is about."""
    code, out, err = answer
    return code, out.replace(ref, "REF"), err.replace(ref, "REF")


@pytest.mark.parametrize("words", LISTS, ids=lambda words: "-".join(words))
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_a_list_shows_to_others_what_a_store_without_the_workspace_shows(
    world: World, ask: Ask, words: tuple[str, ...], form: tuple[str, ...], empty_url: str
) -> None:
    world.executed()
    world.schedule()
    full = ask(world.alice.actor, *words, *form)
    for who, (actor, role) in PEOPLE.items():
        answer = ask(actor, *words, *form)
        if role is not None:
            assert answer == full or words[0] == "members", who
        else:
            assert answer[0] == 0
            assert answer == ask(actor, *words, *form, url=empty_url), who


def test_doctor_tells_others_neither_of_engines_nor_of_bindings(world: World, ask: Ask, empty_url: str) -> None:
    with world.db.write() as s:
        engines.register_engine(
            s, id="engine-1", kind="engine", host="box", pid=1, actor="alice", tenants=[world.contoso], only_runs=None,
            now=at(), expires="2099-01-01T00:00:00.000000Z",
        )  # fmt: skip

    def told(actor: Actor, url: str) -> list[Any]:
        lines = json.loads(ask(actor, "doctor", "--json", url=url)[1])["checks"]
        return [line for line in lines if line["name"] in ("engine", "contoso: binding")]

    assert [line["finding"] for line in told(world.alice.actor, world.db.url)] == ["ok", "ok"]
    for who in ("stranger", "outsider"):
        actor, _ = PEOPLE[who]
        assert told(actor, world.db.url) == told(actor, empty_url), who


@pytest.mark.parametrize("said", CALLS, ids=lambda said: said.name)
def test_a_screen_answers_as_the_table_says(world: World, said: Said) -> None:
    assert said.call is not None
    absent, ref = said.act.absent(world), of(world, said)
    nothing = error_of(said, ServiceDesk(world.alice), absent)
    for who, (actor, role) in PEOPLE.items():
        desk = ServiceDesk(world.caller(actor))
        if allows(role, said.act.capability):
            ref = of(world, said)
        state, length = world.state(), len(world.trail())
        if role is None:
            found = error_of(said, desk, ref)
            assert facts(found, ref) == facts(nothing, absent), who
            assert isinstance(found, NotFound)
            check_refused(world, said, actor, state, length)
        elif not allows(role, said.act.capability):
            found = error_of(said, desk, ref)
            assert isinstance(found, Forbidden), (who, found)
            assert found.capability == said.act.capability.value
            check_refused(world, said, actor, state, length)
        elif said.act.ends_in:
            assert error_of(said, desk, ref).code == said.act.ends_in
        else:
            said.call(desk, ref)
            if said.act.changes:
                assert actor.name in {entry["actor"] for entry in world.trail()[length:]}, who
            else:
                assert world.state() == state
                assert len(world.trail()) == length


def error_of(said: Said, desk: ServiceDesk, ref: str) -> OpsError:
    assert said.call is not None
    with pytest.raises(OpsError) as raised:
        said.call(desk, ref)
    return raised.value


def facts(error: OpsError, ref: str) -> tuple[type, str, str, str]:
    return type(error), error.code, error.message.replace(ref, "REF"), error.hint.replace(ref, "REF")


def test_a_screen_lists_nothing_to_somebody_who_is_no_member(small_world: World) -> None:
    small_world.executed()
    small_world.ended_run(RunType.DRIFT)
    ServiceDesk(small_world.alice).add_schedule(ScheduleKind.BACKUP, "contoso", Rule(every="24h"))
    for name, look in DESK_LISTS.items():
        assert look(ServiceDesk(small_world.alice)), f"{name} shows a member something"
        assert not look(ServiceDesk(small_world.caller(STRANGER))), name


def test_every_command_is_in_the_table_or_names_nothing_of_a_store() -> None:
    ctx = click.Context(root)
    known = set(OF_NOTHING_IN_A_STORE)
    for said in COMMANDS:
        assert said.words is not None
        words = [word for word in said.words("REF", "NEW") if word not in ("--workspace", "REF", "NEW")]
        known |= {words[0], " ".join(words[:2])}
    known |= {" ".join(words) for words in LISTS}
    for name in COMMAND_WORDS:
        command = root.get_command(ctx, name)
        if isinstance(command, click.Group):
            assert {f"{name} {inner}" for inner in command.commands} <= known
        else:
            assert name in known


def test_every_call_of_the_desk_is_in_the_table() -> None:
    """A new one belongs into ``surfaces``: an order or a look at one thing, or a list."""
    source = inspect.getsource(inspect.getmodule(Said) or Said)
    parts = [part for part in ServiceDesk.__mro__ if part is not object]
    methods = {name for part in parts for name in vars(part) if not name.startswith("_")}
    missing = {name for name in methods - OF_NO_THING if f"desk.{name}(" not in source}
    assert missing == set()
