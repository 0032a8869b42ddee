"""The table of policy types held against Microsoft's description of the beta API, where a copy of it is installed.

The package is of some 400 MB, so it is no test dependency: `pip install --group beta-description`, then run this file. The
generated files are read as text, by path; importing them would take minutes.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from opsconsole.domain.assignment import FILTER_ID_FIELD, FILTER_TYPE_FIELD
from opsconsole.graph.policy_type import PolicyType, Write
from opsconsole.graph.policy_types import POLICY_TYPES, supported_types

PACKAGE = importlib.util.find_spec("msgraph_beta")

pytestmark = pytest.mark.skipif(
    PACKAGE is None,
    reason="msgraph_beta is not installed: `pip install --group beta-description` to compare with Microsoft's beta API",
)

ROOT = Path(next(iter(PACKAGE.submodule_search_locations or ()))) / "generated" if PACKAGE else Path()

NOT_DESCRIBED = {
    "androidManagedAppProtection": "documented as managedAppPolicies/{id}/assign; every tool posts to this path",
    "iosManagedAppProtection": "documented as managedAppPolicies/{id}/assign; every tool posts to this path",
    "mdmWindowsInformationProtectionPolicy": "documented as {id}/assign; the product is retired",
    "windowsInformationProtectionPolicy": "documented as {id}/assign; the product is retired",
}
"""Types whose write the description does not hold, and what is known of it."""


def snake(name: str) -> str:
    """The name that the generator gives a file or folder."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def item_folder(row: PolicyType) -> Path:
    """What is described of one policy of a type."""
    return ROOT.joinpath(*map(snake, row.path.strip("/").split("/"))) / "item"


def template(builder: Path) -> str:
    """The path of a request, up to its parameters' names."""
    (found,) = re.findall(r'"\{\+baseurl\}([^"]+)"', builder.read_text())
    return re.sub(r"\{[^?}][^}]*\}", "{id}", found.partition("{?")[0])


def model(name: str) -> str:
    """The text of a model."""
    return (ROOT / "models" / f"{snake(name)}.py").read_text()


def members(name: str) -> set[str]:
    """The members of a model, those it inherits included."""
    text = model(name)
    found = set(re.findall(r'^ +"([^"]+)": lambda', text, re.M))
    bases = re.findall(r"^class \w+\(([^)]*)\)", text, re.M)[0].split(", ")
    kept = [one for one in bases if (ROOT / "models" / f"{snake(one)}.py").is_file()]
    return found.union(*map(members, kept))


@pytest.mark.parametrize("row", supported_types(), ids=lambda row: row.key)
def test_path_and_name_of_every_type_are_described(row: PolicyType) -> None:
    folder = item_folder(row)
    (builder,) = folder.glob("*_item_request_builder.py")
    assert template(builder) == f"{row.path}/{{id}}"
    (entity,) = re.findall(r"-> Optional\[(\w+)\]:", builder.read_text().partition("async def get(")[2])[:1]
    assert row.name_field in members(entity)
    assert "assignments" in members(entity)


@pytest.mark.parametrize("row", supported_types(), ids=lambda row: row.key)
def test_write_of_every_type_is_the_described_one(row: PolicyType) -> None:
    folder = item_folder(row)
    if row.key in NOT_DESCRIBED:
        assert not (folder / "assign").exists(), "it is described by now: compare it"
        assert (folder / "assignments").is_dir()
        return
    if row.write is Write.STEPS:
        steps = (folder / "assignments" / "assignments_request_builder.py").read_text()
        assert template(folder / "assignments" / "assignments_request_builder.py") == row.assign_path
        assert re.findall(r"async def post\(self,body: (\w+)", steps) == [_class(row)]
        (one,) = (folder / "assignments" / "item").glob("*_item_request_builder.py")
        assert "async def delete(" in one.read_text()
        assert row.answer == 201
        return
    action = "update" if row.write is Write.UPDATE else "assign"
    builder = folder / action / f"{action}_request_builder.py"
    assert template(builder) == row.assign_path
    body = (folder / action / f"{action}_post_request_body.py").read_text()
    described = dict(
        re.findall(r'"(\w+)": lambda n : setattr\(self, \'\w+\', n\.get_collection_of_object_values\((\w+)\)', body)
    )
    assert described.get(row.body_key) == _class(row), described
    (answered,) = re.findall(r"async def post\(.*?\) -> (\S+):", builder.read_text())
    assert (answered != "None") is (row.answer == 200), answered


@pytest.mark.parametrize("row", supported_types(), ids=lambda row: row.key)
def test_what_an_assignment_holds_beside_its_target_is_kept(row: PolicyType) -> None:
    described = members(_class(row))
    assert "target" in described
    answered_only = {"id", "@odata.type", "target", "source", "sourceId", "lastModifiedDateTime"}
    assert described - answered_only == set(row.kept_fields)
    odata = re.findall(r'odata_type: Optional\[str\] = "#microsoft\.graph\.(\w+)"', model(_class(row)))
    assert odata in ([], [row.assignment_type])


def test_whatever_can_be_assigned_by_the_description_stands_in_the_table() -> None:
    described = {
        item.parent
        for area in ("device_management", "device_app_management")
        for item in (ROOT / area).glob("*/item")
        if (item / "assign").is_dir() or (item / "assignments").is_dir()
    }
    assert len(described) > 30
    assert described <= {item_folder(row).parent for row in POLICY_TYPES.values()}


def test_filters_are_described_on_every_target() -> None:
    assert {FILTER_ID_FIELD, FILTER_TYPE_FIELD} <= members("DeviceAndAppManagementAssignmentTarget")


def _class(row: PolicyType) -> str:
    return row.assignment_type[0].upper() + row.assignment_type[1:]
