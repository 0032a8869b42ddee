"""The control API: looking at the tenant, and changing it behind everyone's back."""

import pytest

from opsconsole.simulator import control, seeded_tenant
from opsconsole.simulator.control import ORDERS
from opsconsole.simulator.shake import CHANGES

from .conftest import GROUPS, Start, entries_for, entry, id_of, path_of, targeted


def test_it_needs_no_token_and_knows_its_own_state(start: Start) -> None:
    client, sim = start(seeded_tenant(40), token="secret")
    client.token = None
    state = client.control("GET", "state")
    assert state["total"] == sum(state["policies"].values()) == 40
    assert state["policies"] == sim.tenant.counts()
    assert state["groups"] == len(sim.tenant.directory.groups)


def test_every_order_stands_in_the_docstring() -> None:
    lines = " ".join((control.__doc__ or "").split())
    for method, *path in ORDERS:
        names = iter(["{type}", "{id}"] if path[0] == "policies" else ["{id}"])
        words = "/".join(next(names) if part == "*" else part for part in path)
        assert f"{method} {words}" in lines


def test_assignments_are_read_and_put_as_they_are(start: Start) -> None:
    client, _ = start()
    path = f"/_simulator/policies/settingsCatalogPolicy/{id_of('settingsCatalogPolicy')}/assignments"
    text = (
        b'[ {"id":"one","target":{"@odata.type":"#microsoft.graph.allDevicesAssignmentTarget"},"x":1.0},{"target":{}} ]'
    )
    assert client.request("PUT", path, text).json == {"assignments": 2}
    kept = client.get(path)
    assert kept.body.startswith(text[2:80].join([b"[", b""]))
    assert kept.json[1]["id"]
    served = client.get(f"{path_of('settingsCatalogPolicy')}/assignments").body
    assert kept.body[1:-1] in served
    assert client.request("PUT", path, {}).status == 400
    assert client.request("PUT", path, [3]).status == 400


def test_policies_come_and_go(start: Start) -> None:
    client, _ = start()
    listed = client.control("GET", "policies/intent")
    assert [one["id"] for one in listed] == [id_of("intent", 1), id_of("intent", 2)]
    client.control("DELETE", f"policies/intent/{id_of('intent')}")
    made = client.control("POST", "policies/intent", {"displayName": "new", "assignments": [entry(GROUPS[0])]})
    assert [one["name"] for one in client.control("GET", "policies/intent")] == ["intent 2", "new"]
    assert targeted(client.get(f"/beta/deviceManagement/intents/{made['id']}/assignments").json["value"]) == [GROUPS[0]]
    assert client.request("POST", "/_simulator/policies/intent", {"id": made["id"]}).status == 400


def test_groups_come_and_go(start: Start) -> None:
    client, _ = start()
    made = client.control("POST", "groups", {"displayName": "Ünï\ud83d", "membershipRule": "(x)"})
    assert client.get(f"/beta/groups/{made['id']}").json["membershipRule"] == "(x)"
    client.control("DELETE", f"groups/{made['id']}")
    assert made["id"] not in {one["id"] for one in client.control("GET", "groups")}
    assert client.request("POST", "/_simulator/groups", {"id": GROUPS[0], "displayName": "x"}).status == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("GET", "policies/gizmo", None, 404),
        ("DELETE", "policies/intent/none", None, 404),
        ("DELETE", "groups/none", None, 404),
        ("DELETE", "filters/none", None, 404),
        ("POST", "groups", {}, 400),
        ("POST", "groups", {"displayName": "x", "color": "red"}, 400),
        ("POST", "groups", [], 400),
        ("POST", "groups", b"{", 400),
        ("POST", "shake", {"count": -1}, 400),
        ("POST", "latency", {"ms": "fast"}, 400),
        ("POST", "faults", {"rule": []}, 400),
        ("PUT", "settings", {"denied": []}, 400),
        ("PUT", "settings", {"denied_types": "all"}, 400),
        ("PUT", "settings", {"unknown_targets": "maybe"}, 400),
        ("GET", "log?since=x", None, 400),
    ],
)
def test_nonsense_is_refused_in_words(start: Start, method: str, path: str, body: object, status: int) -> None:
    client, _ = start()
    reply = client.request(method, f"/_simulator/{path}", body)
    assert reply.status == status
    assert reply.json["error"]


def test_the_log_tells_every_request_and_the_writes_their_body(start: Start) -> None:
    client, _ = start()
    client.get("/beta/groups?$top=1")
    body = {"mobileAppAssignments": entries_for("mobileApp", GROUPS[0])}
    client.post(f"{path_of('mobileApp')}/assign", body, {"x-msft-approval-code": "c"})
    first, second = client.control("GET", "log")
    assert (first["seq"], first["method"], first["path"], first["status"]) == (1, "GET", "/beta/groups?$top=1", 200)
    assert first["bytes"] > 100
    assert (second["status"], second["bytes"], second["batch"], second["fault"]) == (204, 0, False, "")
    assert first["time"] <= second["time"]
    [write] = client.control("GET", "writes")
    assert '"mobileAppAssignments"' in write["body"]
    assert write["headers"] == {"x-msft-approval-code": "c"}
    assert client.control("GET", "log?since=1") == [second]
    client.control("DELETE", "log")
    client.get("/beta/groups")
    assert [line["seq"] for line in client.control("GET", "log")] == [3]


def test_the_snapshot_sees_through_spellings(start: Start) -> None:
    client, _ = start()
    key = f"policies/deviceConfiguration/{id_of('deviceConfiguration')}/assignments"
    name = f"deviceConfiguration/{id_of('deviceConfiguration')}"
    zero = "00000000-0000-0000-0000-000000000000"
    spellings = [
        {"id": "1", **entry(GROUPS[0])},
        {"id": "2", "source": "direct", **entry(GROUPS[0].upper(), settings=None)},
        entry(GROUPS[0], filter={"deviceAndAppManagementAssignmentFilterId": zero}),
        entry(GROUPS[0], filter={"deviceAndAppManagementAssignmentFilterType": "none"}),
    ]
    seen = []
    for spelling in spellings:
        client.control("PUT", key, [spelling, entry(GROUPS[1], "exclusion")])
        seen.append(client.control("GET", "snapshot")[name])
        client.control("PUT", key, [entry(GROUPS[1], "exclusion"), spelling])
        seen.append(client.control("GET", "snapshot")[name])
    assert all(one == seen[0] for one in seen)
    client.control("PUT", key, [entry(GROUPS[0], intent="remove"), entry(GROUPS[1], "exclusion")])
    assert client.control("GET", "snapshot")[name] != seen[0]


def test_shaking_changes_as_many_as_asked_and_says_which(start: Start) -> None:
    client, sim = start(seeded_tenant(150))
    before = client.control("GET", "snapshot")
    shaken = client.control("POST", "shake", {"count": 25, "seed": 3})
    after = client.control("GET", "snapshot")
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {f"{one['type']}/{one['id']}" for one in shaken}
    assert len(changed) == 25
    assert {one["change"] for one in shaken} == set(CHANGES)
    assert not any(sim.tenant.policy(one["type"], one["id"]).built_in for one in shaken)
    again, _ = start(seeded_tenant(150))
    assert again.control("POST", "shake", {"count": 25, "seed": 3}) == shaken


def test_shaking_a_tenant_without_policies(start: Start) -> None:
    client, _ = start(seeded_tenant(0))
    assert client.control("POST", "shake", {"count": 5}) == []
