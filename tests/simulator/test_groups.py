"""The directory: many ids at once, one group, names with quotes, filters."""

from urllib.parse import quote

import pytest

from opsconsole.simulator import seeded_tenant
from opsconsole.simulator.odata_filter import TooManyClauses, parse_filter

from .conftest import GROUPS, Start


@pytest.mark.parametrize("version", ["beta", "v1.0"])
def test_get_by_ids_leaves_out_what_is_gone(start: Start, version: str) -> None:
    client, _ = start()
    ids = [GROUPS[0].upper(), "99999999-0000-4000-8000-000000000000", GROUPS[1], GROUPS[1]]
    path = f"/{version}/directoryObjects/getByIds"
    found = client.post(path, {"ids": ids, "types": ["group"]}).json["value"]
    assert [one["id"] for one in found] == GROUPS[:2]
    assert found[0]["@odata.type"] == "#microsoft.graph.group"
    assert {"displayName", "groupTypes", "mailNickname", "membershipRule", "securityEnabled"} <= set(found[0])
    assert client.post(path, {"ids": ids, "types": ["user"]}).json["value"] == []
    assert client.post(path, {"ids": GROUPS * 40}).status == 400
    assert client.post(path, {"ids": GROUPS[:1] * 1000}).status == 200
    assert client.post(path, {}).status == 400
    assert client.post(path, {"ids": []}).status == 400


def test_a_group_that_is_gone(start: Start) -> None:
    client, _ = start()
    assert client.get(f"/beta/groups/{GROUPS[0]}?$select=id,displayName").json["displayName"] == "Group 0"
    client.control("DELETE", f"groups/{GROUPS[0]}")
    reply = client.get(f"/v1.0/groups/{GROUPS[0]}")
    assert (reply.status, reply.error["code"]) == (404, "Request_ResourceNotFound")
    assert reply.error["message"] == (
        f"Resource '{GROUPS[0]}' does not exist or one of its queried reference-property objects are not present."
    )


def test_names_are_found_with_quotes_doubled(start: Start) -> None:
    client, sim = start(seeded_tenant(200))
    for name in dict.fromkeys(group.name for group in list(sim.tenant.directory.groups)[:90]):
        doubled = name.replace("'", "''")
        wanted = quote(f"displayName eq '{doubled}'")
        found = client.get(f"/v1.0/groups?$filter={wanted}&$select=id,displayName").json["value"]
        assert [one["displayName"] for one in found] == [name] * (2 if name == "All Staff" else 1)
        assert set(found[0]) == {"id", "displayName"}
    assert client.get("/beta/groups?$filter=displayName%20eq%20'O'Brien'").status == 400


def test_fifteen_clauses_are_the_most(start: Start) -> None:
    client, _ = start()
    for joined in (
        lambda ids: " or ".join(f"id eq '{one}'" for one in ids),
        lambda ids: "id in (" + ",".join(f"'{one}'" for one in ids) + ")",
    ):
        ok = client.get(f"/beta/groups?$filter={quote(joined(GROUPS[:15]))}")
        assert [one["id"] for one in ok.json["value"]] == GROUPS[:15]
        bad = client.get(f"/beta/groups?$filter={quote(joined(GROUPS[:16]))}")
        assert bad.status == 400
        assert bad.error["message"] == (
            "Too many child clauses specified in search filter expression containing 'OR' operators: 16. Max allowed: 15"
        )


def test_groups_come_in_pages(start: Start) -> None:
    client, sim = start(seeded_tenant(200))
    assert len(client.entries("/beta/groups")) == len(sim.tenant.directory.groups) == 520
    assert len(client.get("/beta/groups?$top=999").json["value"]) == 520
    assert client.get("/beta/groups?$top=1000").status == 400
    link = client.get("/v1.0/groups?$top=5&$select=id").json["@odata.nextLink"]
    assert "/v1.0/groups?" in link
    assert list(client.get(link).json["value"][0]) == ["id"]


def test_filters_are_listed_and_read(start: Start) -> None:
    client, sim = start(seeded_tenant(20))
    path = "/beta/deviceManagement/assignmentFilters"
    listed = client.entries(f"{path}?$top=4")
    assert [one["id"] for one in listed] == [one.id for one in sim.tenant.directory.filters]
    assert {one["assignmentFilterManagementType"] for one in listed} == {"devices", "apps"}
    assert client.get(f"{path}/{listed[0]['id']}").json["displayName"] == listed[0]["displayName"]
    client.control("DELETE", f"filters/{listed[0]['id']}")
    assert client.get(f"{path}/{listed[0]['id']}").error["code"] == "ResourceNotFound"


def test_the_filter_language() -> None:
    test = parse_filter("displayName eq 'a' or startswith(displayName,'B') or id in ('X', 'y')")
    assert [name for name in ("a", "A", "bc", "c") if test({"displayName": name})] == ["a", "bc"]
    assert test({"id": "x"})
    for text in ("", "displayName eq", "displayName eq 'a' and id eq 'b'", "displayName eq 'a' or ", "x eq 'a'b'"):
        with pytest.raises(ValueError, match="not understood"):
            parse_filter(text)
    with pytest.raises(TooManyClauses):
        parse_filter("id in (" + ",".join("'x'" for _ in range(16)) + ")")
