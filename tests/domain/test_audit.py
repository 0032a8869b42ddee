"""The audit chain: a changed, missing, inserted or reordered entry is found and named; so is a cut end and a chain made anew."""

from __future__ import annotations

from typing import Any

import pytest

from opsconsole.domain.audit import Action, AuditEntry, ChainHead, ChainWalk, Verdict, entry_hash

Row = dict[str, Any]


def chain(length: int = 8, *, salt: str = "") -> list[Row]:
    """Rows as the store keeps them."""
    rows: list[Row] = []
    head = ChainHead()
    for seq in range(1, length + 1):
        entry = AuditEntry(
            id=f"id-{seq}",
            seq=seq,
            workspace_id="w",
            tenant_id=None,
            actor="alice",
            action=Action.BACKUP_STARTED.value,
            resource_type="backup_set",
            resource_id=f"set-{seq}",
            outcome="succeeded",
            details=f'{{"n":{seq},"salt":"{salt}"}}',
            created_at="2026-03-02T08:00:00.000000Z",
            prev_hash=head.hash,
        )
        rows.append(sealed(entry.columns()))
        head = ChainHead(seq, rows[-1]["hash"])
    return rows


def sealed(columns: Row) -> Row:
    """The row with its hash."""
    return columns | {"hash": entry_hash({key: value for key, value in columns.items() if key != "hash"})}


def head_of(rows: list[Row]) -> ChainHead:
    """The chain's end."""
    return ChainHead(rows[-1]["seq"], rows[-1]["hash"])


def walked(rows: list[Row], *, recorded: ChainHead | None = None, kept: ChainHead | None = None) -> Verdict:
    """What the walk says about rows in the order of their numbers."""
    walk = ChainWalk()
    for row in sorted(rows, key=lambda row: row["seq"]):
        columns = {key: value for key, value in row.items() if key != "hash"}
        if not walk.step(columns, row["hash"]):
            break
    return walk.finish(recorded, *([kept] if kept else []))


def test_an_untouched_chain_is_whole() -> None:
    rows = chain()
    verdict = walked(rows, recorded=head_of(rows), kept=head_of(rows))
    assert (verdict.ok, verdict.entries, verdict.head) == (True, 8, head_of(rows))
    assert walked([]).ok


@pytest.mark.parametrize("column", [name for name in chain(1)[0] if name not in ("seq", "hash")])
@pytest.mark.parametrize("seq", [1, 4, 8])
def test_a_change_of_any_column_is_found_at_its_entry(column: str, seq: int) -> None:
    rows = chain()
    rows[seq - 1][column] = "tampered"
    verdict = walked(rows)
    assert not verdict.ok
    assert verdict.first_bad is not None
    assert verdict.first_bad.to_json() == {"seq": seq, "kind": "changed"}


def test_a_change_with_a_hash_made_anew_is_found_at_the_next_entry() -> None:
    rows = chain()
    rows[3] = sealed(rows[3] | {"actor": "mallory"})
    verdict = walked(rows)
    assert verdict.first_bad is not None
    assert verdict.first_bad.seq == 5


@pytest.mark.parametrize("seq", [1, 4, 7])
def test_a_missing_entry_is_found_at_its_place(seq: int) -> None:
    rows = [row for row in chain() if row["seq"] != seq]
    verdict = walked(rows)
    assert verdict.first_bad is not None
    assert verdict.first_bad.to_json() == {"seq": seq, "kind": "missing"}


def test_an_inserted_entry_is_found() -> None:
    rows = chain()
    rows.append(sealed(rows[3] | {"id": "other"}))
    verdict = walked(rows)
    assert verdict.first_bad is not None
    assert verdict.first_bad.kind == "inserted"
    assert verdict.first_bad.seq == 5


def test_two_entries_that_changed_places_are_found_at_the_first() -> None:
    rows = chain()
    third, fifth = dict(rows[2]), dict(rows[4])
    rows[2] = sealed(fifth | {"seq": 3})
    rows[4] = sealed(third | {"seq": 5})
    verdict = walked(rows)
    assert verdict.first_bad is not None
    assert verdict.first_bad.to_json() == {"seq": 3, "kind": "reordered"}


def test_a_cut_end_is_found_against_the_stores_head_and_against_one_kept_elsewhere() -> None:
    rows = chain()
    for heads in ({"recorded": head_of(rows)}, {"kept": head_of(rows)}):
        verdict = walked(rows[:6], **heads)
        assert verdict.first_bad is not None
        assert verdict.first_bad.to_json() == {"seq": 7, "kind": "missing"}


def test_entries_beyond_the_stores_head_are_found() -> None:
    rows = chain()
    verdict = walked(rows, recorded=head_of(rows[:6]))
    assert verdict.first_bad is not None
    assert verdict.first_bad.to_json() == {"seq": 7, "kind": "inserted"}


def test_a_chain_computed_anew_is_found_against_a_kept_head_only() -> None:
    rows, forged = chain(), chain(salt="forged")
    assert walked(forged, recorded=head_of(forged)).ok
    verdict = walked(forged, recorded=head_of(forged), kept=head_of(rows))
    assert verdict.first_bad is not None
    assert verdict.first_bad.seq == 8


def test_every_column_is_hashed() -> None:
    row = chain(1)[0]
    columns = {key: value for key, value in row.items() if key != "hash"}
    hashes = {entry_hash(columns | {name: "other"}) for name in columns} | {entry_hash(columns)}
    assert len(hashes) == len(columns) + 1
