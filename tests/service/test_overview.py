"""The overview: what needs somebody is found when it is there, and gone when somebody took care of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opsconsole.config import AuthConfig, Config, SecretSource, TenantConfig
from opsconsole.domain.access import Role
from opsconsole.domain.attention import NEEDS, Need, NeedKind, Urgency, sorted_needs
from opsconsole.domain.clock import to_text
from opsconsole.domain.run import Outcome, RunType
from opsconsole.domain.schedule import Rule, Schedule, ScheduleKind
from opsconsole.service import audit, backups, drift, kept_heads, restores, schedules, tenant_needs, tenants
from opsconsole.service.caller import Caller
from opsconsole.service.overview import overview
from opsconsole.store import drift as stored_drift
from opsconsole.store import engines as stored_engines
from opsconsole.store import runs as stored_runs
from opsconsole.store.drift import DriftItem

from .world import ENTRA_ID, OUTSIDER, STRANGER, World


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def in_(caller: Caller, **later: float) -> Caller:
    """The same caller so much later."""
    moment = datetime.now(UTC) + timedelta(**later)
    return Caller(caller.db, caller.config, caller.actor, caller.workspace, lambda: moment, caller.new_id)


def kinds(caller: Caller) -> list[NeedKind]:
    return [need.kind for need in overview(caller).needs]


def of(caller: Caller, kind: NeedKind) -> Need:
    return next(need for need in overview(caller).needs if need.kind is kind)


def live_engine(world: World) -> None:
    """Note an engine that serves the tenant."""
    with world.db.write() as s:
        stored_engines.register_engine(
            s, id=world.alice.new_id(), kind="engine", host="ops-1", pid=1, actor="alice", tenants=[world.contoso],
            only_runs=None, now=world.alice.now(), expires="2099-01-01T00:00:00.000000Z",
        )  # fmt: skip


def checked(world: World, outcome: Outcome = Outcome.SUCCEEDED, lines: list[dict[str, object]] | None = None) -> str:
    """A check of the tenant that ended."""
    run = tenants.start_check(world.alice, "contoso").runs[0]
    with world.db.write() as s:
        stored_runs.save_context(s, run.id, {**run.context, "checks": lines or []}, world.alice.now())
    return world.complete(run.id, outcome).id


def test_a_fresh_tenant_needs_its_first_backup_and_a_check(world: World) -> None:
    found = overview(world.alice)
    assert [need.kind for need in found.needs] == [NeedKind.NO_BACKUP, NeedKind.NEVER_CHECKED]
    assert not found.is_well and found.sets == {} and found.day.outcomes == {}
    assert found.needs[0].to_json()["command"] == "opsconsole backup contoso"


def test_when_all_is_done_all_is_well(world: World) -> None:
    whole = world.finished_set(5)
    checked(world)
    kept_heads.verify_and_keep(world.alice)
    found = overview(world.alice)
    assert found.needs == () and found.is_well
    assert found.tenants[0].complete_set is not None and found.tenants[0].complete_set.id == whole.id
    assert found.sets["contoso"].count("fetched") == 5
    assert found.day.outcomes == {"succeeded": 3}
    assert found.to_json()["well"] is True


def test_a_backup_grows_stale_by_the_clock_alone_and_a_new_one_mends_it(small_world: World) -> None:
    world = small_world
    world.finished_set()
    assert NeedKind.STALE_BACKUP not in kinds(in_(world.alice, hours=35))
    later = in_(world.alice, hours=37)
    assert NeedKind.STALE_BACKUP in kinds(later)
    started = backups.start_backup(later, "contoso", ["mobileApp"]).backup_set
    assert NeedKind.STALE_BACKUP not in kinds(later), "the next one is on its way"
    assert started is not None
    world.list_and_fetch(started, 2, policy_type="mobileApp")
    world.end_backup(started)
    assert NeedKind.STALE_BACKUP not in kinds(later)


def test_a_schedule_says_how_old_a_backup_may_be() -> None:
    def schedule(
        rule: Rule, *, is_paused: bool = False, last: str | None = None, following: str | None = None
    ) -> Schedule:
        return Schedule(
            "s", "w", "main", "t", "contoso", ScheduleKind.BACKUP, rule, {}, is_paused, "a", "alice", "", following,
            last, None,
        )  # fmt: skip

    assert tenant_needs.stale_after([]) == timedelta(hours=36)
    assert tenant_needs.stale_after([schedule(Rule(every="24h"))]) == timedelta(hours=48)
    assert tenant_needs.stale_after([schedule(Rule(every="15m"))]) == tenant_needs.LEAST_STALE
    assert tenant_needs.stale_after([schedule(Rule(every="24h"), is_paused=True)]) == timedelta(hours=36)
    weekly = schedule(
        Rule(cron="0 3 * * 0"), last="2026-03-01T03:00:00.000000Z", following="2026-03-08T03:00:00.000000Z"
    )
    assert tenant_needs.stale_after([weekly]) == timedelta(days=14)


def test_an_incomplete_set_is_told_once_with_what_it_lacks(world: World) -> None:
    gappy = world.gappy_set(failed=1, skipped=2, policies=6)
    need = of(world.alice, NeedKind.INCOMPLETE_BACKUP)
    assert (need.ref, need.text) == (gappy.id, "newest backup lacks 3 of 6 policies")
    assert NeedKind.RUN_FAILED not in kinds(world.alice), "its fetch is told of the set"
    assert of(world.alice, NeedKind.STALE_BACKUP).text == "no backup was ever complete"
    world.finished_set()
    assert not {NeedKind.INCOMPLETE_BACKUP, NeedKind.STALE_BACKUP, NeedKind.RUN_FAILED} & set(kinds(world.alice))


def test_a_backup_of_some_types_stands_not_for_the_whole_tenant(small_world: World) -> None:
    world = small_world
    world.finished_set(2, types=["mobileApp"])
    whole = world.active_set()
    with world.db.write() as s:
        s.run("UPDATE backup_set_types SET status = 'listed' WHERE set_id = :id", id=whole.id)
    world.end_backup(whole)
    world.finished_set(9, types=["deviceConfiguration"])
    found = overview(world.alice)
    assert found.sets["contoso"].id == whole.id
    assert found.tenants[0].complete_set is not None and found.tenants[0].complete_set.id == whole.id


def test_of_many_sets_the_newest_are_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsconsole.store.overview.RECENT_SETS", 2)
    made = [world.finished_set(1).id for _ in range(3)]
    for _ in range(2):
        made.append(world.gappy_set().id)
    view = overview(world.alice).tenants[0]
    assert view.newest_set is not None and view.newest_set.id == made[-1]
    assert view.complete_set is None, "the complete ones lie too far back"


def test_a_restore_that_left_something_is_open_until_it_is_retried_or_undone(world: World) -> None:
    left = world.executed(failed=1)
    run_id = left.executions[-1].run_id
    assert of(world.alice, NeedKind.RUN_FAILED).ref == run_id
    assert overview(world.alice).day.restores == 1
    restores.retry_restore(world.alice, left.id)
    assert NeedKind.RUN_FAILED not in kinds(world.alice)


def test_a_restore_of_long_ago_is_not_open_any_more(small_world: World) -> None:
    small_world.executed(failed=1)
    assert NeedKind.RUN_FAILED in kinds(in_(small_world.alice, days=13))
    assert NeedKind.RUN_FAILED not in kinds(in_(small_world.alice, days=15))


def test_many_restores_are_told_as_a_number(small_world: World) -> None:
    for _ in range(5):
        small_world.executed(failed=1)
    found = [need for need in overview(small_world.alice).needs if need.info.word == "failed"]
    assert [need.kind for need in found] == [NeedKind.RUN_FAILED] * 3 + [NeedKind.MORE_FAILED]
    assert found[-1].text.startswith("2 more restores")


def test_changes_that_wait_for_approval_are_no_failures(small_world: World) -> None:
    world = small_world
    run_id = world.executing().executions[-1].run_id
    with world.db.write() as s:
        run = stored_runs.get_run(s, run_id)
        assert run is not None
        context = {**run.context, "counters": {"total": 3, "processed": 2, "awaiting": 1}}
        stored_runs.save_context(s, run_id, context, world.alice.now())
    world.complete(run_id, Outcome.PARTIALLY_SUCCEEDED)
    need = of(world.alice, NeedKind.APPROVAL_AWAITED)
    assert need.text.startswith("1 change") and NeedKind.RUN_FAILED not in kinds(world.alice)


def test_the_latest_drift_check_tells_what_differs(world: World) -> None:
    whole = world.finished_set()
    for findings in (("changed", "changed", "new"), ()):
        run = drift.start_drift(world.alice, whole.id).runs[0]
        with world.db.write() as s:
            rows = [DriftItem(kind, "t", str(number), "p") for number, kind in enumerate(findings)]
            stored_drift.add_drift_items(s, run.id, run.workspace_id, rows)
        world.complete(run.id)
        if findings:
            need = of(world.alice, NeedKind.DRIFT_FOUND)
            assert (need.ref, need.text) == (run.id, "the tenant differs from its backup: 2 changed, 1 new")
    assert NeedKind.DRIFT_FOUND not in kinds(world.alice)


def test_a_missing_permission_is_named(world: World) -> None:
    def line(subject: str, reason: str | None) -> dict[str, object]:
        return {
            "subject": subject,
            "permission": "Apps.Read.All",
            "ok": not reason,
            "reason_code": reason,
            "message": "No.",
        }

    lines = [line("mobileApp", "permission_denied"), line("deviceConfiguration", "unsupported_policy_type")]
    checked(world, Outcome.PARTIALLY_SUCCEEDED, lines)
    need = of(world.alice, NeedKind.CHECK_FAILED)
    assert need.text == "1 policy type cannot be read: Apps.Read.All is missing"
    report = tenants.show_tenant(world.alice, "contoso")
    states = {one.subject: one.state.value for one in report.access}
    assert states["mobileApp"] == "missing" and states["deviceConfiguration"] == "not_available"
    assert states["settingsCatalogPolicy"] == "unknown"
    assert next(one for one in report.access if one.subject == "mobileApp").next_step.startswith("Grant Apps.Read.All")
    checked(world)
    assert NeedKind.CHECK_FAILED not in kinds(world.alice)


def test_schedules_that_are_paused_missed_or_failed(small_world: World) -> None:
    world = small_world
    live_engine(world)
    made = world.schedule()
    assert not {NeedKind.SCHEDULE_PAUSED, NeedKind.SCHEDULE_MISSED, NeedKind.SCHEDULE_FAILED} & set(kinds(world.alice))
    assert NeedKind.SCHEDULE_MISSED in kinds(in_(world.alice, hours=25))
    with world.db.write() as s:
        s.run("UPDATE schedules SET last_error = 'It was refused.' WHERE id = :id", id=made.id)
    assert "It was refused." in of(world.alice, NeedKind.SCHEDULE_FAILED).text
    schedules.pause_schedule(world.alice, made.id)
    assert of(world.alice, NeedKind.SCHEDULE_PAUSED).ref == made.id


def test_work_that_no_engine_does(world: World) -> None:
    assert NeedKind.NO_ENGINE not in kinds(world.alice), "nothing waits for one"
    world.schedule()
    world.active_set()
    assert of(world.alice, NeedKind.NO_ENGINE).text == "no engine is live: 2 runs wait, 1 schedule does not fire"
    live_engine(world)
    assert NeedKind.NO_ENGINE not in kinds(world.alice)


def test_the_trail_is_held_against_the_kept_head(small_world: World) -> None:
    world = small_world
    world.finished_set()
    assert NeedKind.AUDIT_UNVERIFIED in kinds(world.alice)
    kept_heads.verify_and_keep(world.alice)
    assert not {NeedKind.AUDIT_UNVERIFIED, NeedKind.AUDIT_BROKEN} & set(kinds(world.alice))
    assert NeedKind.AUDIT_UNVERIFIED in kinds(in_(world.alice, days=31))
    with world.db.write() as s:
        s.run("DROP TRIGGER audit_no_update")
        s.run("UPDATE audit_logs SET actor = 'mallory' WHERE seq = :seq", seq=audit.head(world.alice).seq)
    assert NeedKind.AUDIT_BROKEN in kinds(world.alice)


@pytest.mark.parametrize(
    ("days", "kind"), [(5, NeedKind.CREDENTIAL_EXPIRES), (-1, NeedKind.CREDENTIAL_EXPIRED), (90, None)]
)
def test_a_certificate_file_tells_when_it_ends(
    small_world: World, tmp_path: Path, days: int, kind: NeedKind | None
) -> None:
    file = tmp_path / "contoso.pem"
    file.write_bytes(certificate(datetime.now(UTC) + timedelta(days=days)))
    auth = AuthConfig("certificate", "app", certificate=SecretSource(file=str(file)))
    config = Config(small_world.db.url, tenants=(TenantConfig("contoso", ENTRA_ID, auth),))
    found = set(kinds(Caller(small_world.db, config, small_world.alice.actor)))
    assert found & {NeedKind.CREDENTIAL_EXPIRES, NeedKind.CREDENTIAL_EXPIRED} == ({kind} if kind else set())


def test_a_file_that_is_no_certificate_says_nothing(small_world: World, tmp_path: Path) -> None:
    for content in (b"", b"\x30\x82", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
        file = tmp_path / "odd.pem"
        file.write_bytes(content)
        assert tenant_needs.certificate_end(str(file)) is None
    assert tenant_needs.certificate_end(str(tmp_path / "none.pem")) is None
    assert tenant_needs.certificate_end("~nobody-at-all/none.pem") is None


def test_only_what_the_caller_may_see_is_counted(world: World) -> None:
    world.executed(failed=1)
    stranger = overview(world.caller(STRANGER))
    assert (stranger.tenants, stranger.needs, stranger.day.outcomes) == ((), (), {})
    elsewhere = overview(world.caller(OUTSIDER))
    assert {view.name for view in elsewhere.tenants if view.is_registered} == {"fabrikam"}
    assert elsewhere.day.outcomes == {} and elsewhere.day.failures == {}
    assert NeedKind.RUN_FAILED not in [need.kind for need in elsewhere.needs]
    assert overview(world.member(Role.READONLY)).day.restores == 1


def test_the_days_failures_are_told_by_reason(world: World) -> None:
    run = world.queued_run(RunType.FETCH)
    from builders import make_failure

    with world.db.write() as s:
        stored_runs.add_failures(s, run.id, [make_failure() for _ in range(3)])
    world.complete(run.id, Outcome.PARTIALLY_SUCCEEDED)
    assert overview(world.alice).day.failures == {"permission_denied": 3}
    assert overview(in_(world.alice, hours=25)).day.failures == {}


def test_looking_writes_nothing(small_world: World) -> None:
    small_world.gappy_set()
    before, trail = small_world.state(), small_world.trail()
    overview(small_world.alice)
    tenants.show_tenant(small_world.alice, "contoso")
    assert (small_world.state(), small_world.trail()) == (before, trail)


def test_the_table_of_needs_is_whole() -> None:
    assert set(NEEDS) == set(NeedKind)
    for info in NEEDS.values():
        assert len(info.word) <= 10 and info.next_step.endswith(".") and info.command.startswith("opsconsole ")
    urgencies = [list(Urgency).index(info.urgency) for info in NEEDS.values()]
    assert urgencies == sorted(urgencies), "most urgent first"
    newer, older = (
        Need(NeedKind.RUN_FAILED, "", since=to_text(datetime.now(UTC))),
        Need(NeedKind.RUN_FAILED, "", since="2"),
    )
    assert sorted_needs([older, newer])[0] is newer


def certificate(end: datetime) -> bytes:
    """A self-signed certificate that ends then, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "opsconsole")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=365))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + made.public_bytes(serialization.Encoding.PEM)
