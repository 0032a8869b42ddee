"""A running simulator for each test that asks for one, and the folder of real exports."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opsconsole.simulator import BY_KEY, SimulatorThread, Tenant
from opsconsole.simulator.directory import make_group

from .client import Client

GROUPS = [f"00000000-0000-4000-8000-{number:012}" for number in range(1, 30)]

Start = Callable[..., tuple[Client, SimulatorThread]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts simulators with the options given; stops them all at the end."""
    running: list[tuple[Client, SimulatorThread]] = []

    def begin(tenant: Tenant | None = None, **options: Any) -> tuple[Client, SimulatorThread]:
        sim = SimulatorThread(small_tenant() if tenant is None else tenant, **options).start()
        client = Client(sim.base_url, options.get("token", "simulator"))
        running.append((client, sim))
        return client, sim

    yield begin
    for client, sim in running:
        client.close()
        sim.stop()


@pytest.fixture
def exports() -> Path:
    """The folder of real exports, read where it lies."""
    root = os.environ.get("OPSCONSOLE_FIXTURES") or Path(__file__).parents[2].parent / "shared" / "fixtures"
    folder = Path(root) / "intune-exports"
    if not folder.is_dir():
        pytest.skip(f"the folder of real exports is missing: {folder}")
    return folder


def small_tenant() -> Tenant:
    """Two plain policies of every type in the table, no assignments, 29 groups."""
    tenant = Tenant()
    for number, group_id in enumerate(GROUPS):
        tenant.directory.groups.add(make_group(group_id, f"Group {number}"))
    for key, row in BY_KEY.items():
        for number in (1, 2):
            policy_id = id_of(key, number)
            body = f'{{"id":"{policy_id}","{row.name_field}":"{key} {number}","version":1.0}}'
            tenant.add_policy(key, policy_id, f"{key} {number}", body.encode())
    return tenant


def id_of(key: str, number: int = 1) -> str:
    """The id of a policy of the small tenant."""
    return f"{BY_KEY[key].id_prefix}{list(BY_KEY).index(key):08}-0000-4000-8000-{number:012}"


def path_of(key: str, number: int = 1) -> str:
    """The address of a policy of the small tenant."""
    return f"/beta/{BY_KEY[key].path}/{id_of(key, number)}"


def entry(group: str, kind: str = "group", **members: Any) -> dict[str, Any]:
    """An assignment as a client would post it."""
    odata_type = {"group": "groupAssignmentTarget", "exclusion": "exclusionGroupAssignmentTarget"}.get(kind, kind)
    target: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{odata_type}"}
    if group:
        target["groupId"] = group
    target |= members.pop("filter", {})
    return {**members, "target": target}


def entries_for(key: str, *groups: str) -> list[dict[str, Any]]:
    """Plain group assignments in the form the type wants."""
    intent = {"mobileApp": {"intent": "required"}, "managedEBook": {"installIntent": "required"}}.get(key, {})
    return [entry(group, **intent) for group in groups]


def targeted(assignments: list[dict[str, Any]]) -> list[str]:
    """The groups that assignments name, in order."""
    return [assignment["target"]["groupId"] for assignment in assignments]
