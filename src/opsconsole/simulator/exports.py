"""A tenant from a folder of real exports: files of IntuneCD, IntuneManagement, the portal, and recorded answers of Graph."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .clock import Clock
from .directory import make_filter, make_group
from .export_file import NotReadable, read_text, read_values
from .export_report import ExportReport
from .export_types import key_of
from .imported_policy import import_policy
from .jsontext import elements, members
from .tenant import Tenant

_REQUEST_FILE = re.compile(r"_request\d*\.json$", re.IGNORECASE)

_GROUP_CONTEXT = re.compile(r"\$metadata#groups\b")
_FILTER_CONTEXT = re.compile(r"\$metadata#deviceManagement/assignmentFilters\b")


def tenant_from_exports(folder: Path, *, clock: Clock | None = None) -> tuple[Tenant, ExportReport]:
    """A tenant of all policies under a folder, and the report on what was passed over; raises NotADirectoryError.

    Policies stay as they stand in their files, less their assignments, which are kept apart. Names in place of ids become
    groups and filters with derived ids; ids of groups and filters become entries with invented names.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder}: not a folder")
    tenant, report = Tenant("Exported tenant", clock=clock), ExportReport()
    for path in _files(folder):
        report.files += 1
        place = path.relative_to(folder).as_posix()
        if path.suffix.lower() != ".json":
            report.skip(place, "not a .json file")
        elif _REQUEST_FILE.search(path.name):
            report.skip(place, "a recorded request")
        else:
            try:
                text = read_text(path)
                values = read_values(text)
            except NotReadable as error:
                report.skip(place, str(error))
                continue
            _take_file(tenant, report, place, text.strip(), values)
    return tenant, report


def _files(folder: Path) -> Iterator[Path]:
    """All files below a folder, in an order that does not depend on the disk."""
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(root, name)


def _take_file(tenant: Tenant, report: ExportReport, place: str, text: str, values: Any) -> None:
    """One file: a policy, an answer with many, or neither."""
    context: object = None
    entries = [(place, text, values)]
    if isinstance(values, dict) and isinstance(values.get("value"), list):
        context = values.get("@odata.context")
        value = next(member for member in members(text) if member.key == "value")
        texts = elements(text[value.value : value.end])
        entries = [
            (f"{place}#{number}", entry, parsed)
            for number, (entry, parsed) in enumerate(zip(texts, values["value"], strict=True))
        ]
        if not entries:
            report.skip(place, "an empty answer")
    elif isinstance(values, list):
        entries = [
            (f"{place}#{number}", entry, parsed)
            for number, (entry, parsed) in enumerate(zip(elements(text), values, strict=True))
        ]
    elif isinstance(values, dict) and "error" in values:
        report.skip(place, "an error answer")
        return
    folder = place.rpartition("/")[0].rpartition("/")[2]
    for name, entry, parsed in entries:
        if not isinstance(parsed, dict):
            report.skip(name, "not an object")
        elif not _take_directory_entry(tenant, parsed, context):
            _take_policy(tenant, report, name, entry, key_of(parsed, folder, context))


def _take_policy(tenant: Tenant, report: ExportReport, place: str, text: str, key: str | None) -> None:
    """One entry; of two with the same type and id the first stays."""
    if key is None:
        report.skip(place, "not a policy of a known type")
        return
    policy_id = read_values(text).get("id")
    if isinstance(policy_id, str) and policy_id in tenant.shelves[key]:
        report.duplicates += 1
        report.skip(place, "its type and id were met before")
        return
    try:
        import_policy(tenant, key, text, origin=place, learn=True)
    except ValueError as error:
        report.skip(place, str(error))
        return
    report.policies += 1


def _take_directory_entry(tenant: Tenant, values: dict[str, Any], context: object) -> bool:
    """Takes a recorded group or filter into the directory; says whether it was one."""
    where = context if isinstance(context, str) else str(values.get("@odata.context", ""))
    entry_id, name = values.get("id"), values.get("displayName")
    if not isinstance(entry_id, str) or not isinstance(name, str):
        return False
    if _GROUP_CONTEXT.search(where) or values.get("@odata.type") == "#microsoft.graph.group":
        if entry_id not in tenant.directory.groups:
            tenant.directory.groups.add(make_group(entry_id, name, rule=values.get("membershipRule")))
        return True
    if _FILTER_CONTEXT.search(where) and entry_id not in tenant.directory.filters:
        tenant.directory.filters.add(
            make_filter(
                entry_id,
                name,
                platform=str(values.get("platform") or "windows10AndLater"),
                rule=str(values.get("rule") or ""),
                kind=str(values.get("assignmentFilterManagementType") or "devices"),
            )
        )
    return bool(_FILTER_CONTEXT.search(where))
