"""What a backup set lacks, in words, and whether a restore from it was asked for knowing that."""

from __future__ import annotations

from typing import Any

from opsconsole.domain.backup import BackupSet, ItemStatus
from opsconsole.errors import Conflict
from opsconsole.service.guard import nothing_there
from opsconsole.store import backups
from opsconsole.store.database import Session


def gap_words(found: BackupSet) -> str:
    """Return what a set lacks, in words: a type without its list may lack any number of policies."""
    unlisted = [key for key, counts in found.by_type.items() if counts.missing > counts.listed - counts.fetched]
    policies = found.count("listed") - found.count("fetched")
    parts = [f"the assignments of {policies} policies"] if policies else []
    if unlisted:
        parts.append(f"the whole list of {', '.join(sorted(unlisted))}")
    return " and ".join(parts)


def check_gaps(session: Session, found: BackupSet, chosen: list[tuple[str, str]], inputs: dict[str, Any]) -> None:
    """Raise Conflict unless what is missing was accepted exactly, or the chosen policies are all there (promise 3)."""
    missing = found.missing
    if chosen:
        there = {(item.policy_type, item.policy_id): item for item in backups.find_items(session, found.id, chosen)}
        for key, policy_id in chosen:
            item = there.get((key, policy_id))
            if item is None:
                raise nothing_there("backup item", f"{key}:{policy_id}")
            if item.status is not ItemStatus.FETCHED:
                raise Conflict(
                    f"The set does not hold the assignments of {key}:{policy_id} ({item.status.value}).",
                    "Run `opsconsole backups fetch SET --failed` first, or leave the policy out.",
                )
    elif missing and inputs.get("accept_missing") != missing:
        raise Conflict(
            f"The set is incomplete: it lacks {gap_words(found)}.",
            "Fetch them with `opsconsole backups fetch SET --failed`, name policies with --items, "
            f"or accept the gap with --accept-missing {missing}.",
        )
    elif not missing and inputs.get("accept_missing"):
        raise Conflict("The set is complete: nothing is missing.", "Leave --accept-missing out.")


def check_left_out(session: Session, found: BackupSet, without: list[tuple[str, str]]) -> None:
    """Raise NotFound for a policy that is to be left out and is not in the set: a slip of the pen would go unseen."""
    there = {(item.policy_type, item.policy_id) for item in backups.find_items(session, found.id, without)}
    for key, policy_id in without:
        if (key, policy_id) not in there:
            raise nothing_there("backup item", f"{key}:{policy_id}")
