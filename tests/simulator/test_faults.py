"""Each kind of fault, against the running service; and the rules' own rules."""

import http.client
import json
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from opsconsole.simulator import PROFILES, fault_profile, load_faults, parse_faults, seeded_tenant

from .client import Client
from .conftest import GROUPS, Start, entries_for, id_of, path_of, targeted

DEVICES = "/beta/deviceManagement/deviceConfigurations"
ASSIGN = f"{path_of('deviceConfiguration')}/assign"
LOST = (OSError, http.client.HTTPException)


def assign(client: Client, *groups: str) -> int:
    return client.post(ASSIGN, {"assignments": entries_for("", *groups)}).status


def kept(client: Client) -> list[str]:
    return targeted(client.get(f"{path_of('deviceConfiguration')}/assignments").json["value"])


def with_rule(start: Start, action: dict[str, Any], **rule: Any) -> Client:
    client, _ = start(faults=[{"action": action, **rule}])
    return client


def test_a_status_with_every_form_of_retry_after(start: Start) -> None:
    forms = [{"retry_after": 2}, {"retry_after": 2.128}, {"retry_after": 3, "as_date": True}, {}, {"retry_after": 0}]
    client, _ = start(
        faults=[{"action": {"kind": "status", "status": 429, "message": "Slow down", **form}} for form in forms]
    )
    replies = [client.get(DEVICES) for _ in forms]
    assert {reply.status for reply in replies} == {429}
    assert {reply.error["code"] for reply in replies} == {"TooManyRequests"}
    assert {reply.innermost for reply in replies} == {"Slow down"}
    headers = [reply.headers["Retry-After"] for reply in replies]
    assert (headers[0], headers[1], headers[3], headers[4]) == ("2", "2.128", None, "0")
    assert parsedate_to_datetime(headers[2]).tzinfo is not None
    assert client.get(DEVICES).status == 200


def test_a_connection_that_drops_before_the_write(start: Start) -> None:
    client = with_rule(start, {"kind": "reset"}, match={"method": "POST"})
    with pytest.raises(LOST):
        assign(client, GROUPS[0])
    assert kept(client) == []
    assert [(line["status"], line["applied"]) for line in client.control("GET", "writes")] == [(0, False)]
    assert assign(client, GROUPS[0]) == 200


def test_a_connection_that_drops_after_the_write(start: Start) -> None:
    client = with_rule(start, {"kind": "reset", "when": "after"}, match={"method": "POST"})
    with pytest.raises(LOST):
        assign(client, GROUPS[0])
    assert kept(client) == [GROUPS[0]]
    assert [(line["status"], line["applied"]) for line in client.control("GET", "writes")] == [(0, True)]


def test_an_answer_that_ends_in_the_middle(start: Start) -> None:
    client = with_rule(start, {"kind": "truncate"})
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.get(DEVICES)
    assert caught.value.partial.startswith(b'{"@odata.context"')
    assert client.get(DEVICES).status == 200


def test_a_drop_inside_a_batch_drops_all_of_it(start: Start) -> None:
    client = with_rule(start, {"kind": "reset"}, match={"batch_inner": True}, skip=1)
    requests = [{"id": str(number), "method": "GET", "url": "/groups"} for number in range(3)]
    with pytest.raises(LOST):
        client.post("/beta/$batch", {"requests": requests})
    assert client.post("/beta/$batch", {"requests": requests}).status == 200


@pytest.mark.parametrize(
    ("action", "status", "body"),
    [
        ({"kind": "html"}, 503, b"<!DOCTYPE"),
        ({"kind": "html", "status": 200}, 200, b"<!DOCTYPE"),
        ({"kind": "empty"}, 504, b""),
        ({"kind": "malformed"}, 200, b'{"@odata.context"'),
    ],
)
def test_bodies_that_are_no_json(start: Start, action: dict[str, Any], status: int, body: bytes) -> None:
    client = with_rule(start, action)
    reply = client.get(DEVICES)
    assert reply.status == status
    assert reply.body.startswith(body)
    assert ("html" in (reply.headers["Content-Type"] or "")) == (action["kind"] == "html")
    with pytest.raises(ValueError):
        json.loads(reply.body)


@pytest.mark.parametrize("kind", ["status", "html", "empty", "malformed"])
@pytest.mark.parametrize("apply", [False, True])
def test_an_error_may_hide_a_write_that_happened(start: Start, kind: str, apply: bool) -> None:
    action = {"kind": kind, "apply": apply} | ({"status": 504} if kind == "status" else {})
    client = with_rule(start, action, match={"method": "POST"})
    client.post(ASSIGN, {"assignments": entries_for("", GROUPS[0])})
    assert kept(client) == ([GROUPS[0]] if apply else [])


def test_assignments_left_out_of_some_entries(start: Start) -> None:
    hidden = id_of("deviceConfiguration", 2)
    client = with_rule(start, {"kind": "missing_assignments_key", "policy_ids": [hidden.upper()]}, times=2)
    entries = client.get(f"{DEVICES}?$expand=assignments").json["value"]
    assert ["assignments" in one for one in entries] == [True, False]
    assert "assignments" not in client.get(f"{DEVICES}/{hidden}?$expand=assignments").json
    assert "assignments" in client.get(f"{DEVICES}/{hidden}?$expand=assignments").json


def test_a_page_sent_twice(start: Start) -> None:
    client, _ = start(seeded_tenant(60), page_size=5, faults=[{"action": {"kind": "duplicate_page"}, "skip": 1}])
    replies = client.pages("/beta/deviceManagement/configurationPolicies")
    ids = [[one["id"] for one in reply.json["value"]] for reply in replies]
    assert ids[1] == ids[2]
    assert len({reply.json.get("@odata.nextLink") for reply in replies}) == len(replies)
    everything = [one for page in ids for one in page]
    assert len(everything) - len(set(everything)) == 5


def test_a_link_to_itself(start: Start) -> None:
    client = with_rule(start, {"kind": "looping_nextlink"}, times="forever")
    link = client.get(f"{DEVICES}?$top=1").json["@odata.nextLink"]
    assert link == f"{client.base_url}{DEVICES}?$top=1"
    assert client.get(link).json["@odata.nextLink"] == link


def test_a_link_to_another_host(start: Start) -> None:
    client = with_rule(start, {"kind": "foreign_nextlink", "host": "https://evil.example"})
    assert client.get(DEVICES).json["@odata.nextLink"].startswith(f"https://evil.example{DEVICES}?$skiptoken=")


def test_a_write_that_loses_a_target(start: Start) -> None:
    client = with_rule(start, {"kind": "drop_target"})
    assert assign(client, *GROUPS[:3]) == 200
    assert kept(client) == GROUPS[:2]
    assert assign(client, *GROUPS[:3]) == 200
    assert kept(client) == GROUPS[:3]


def test_old_state_read_back_a_few_times(start: Start) -> None:
    client = with_rule(start, {"kind": "stale_read", "reads": 2})
    assert assign(client, GROUPS[0]) == 200
    assert kept(client) == []
    assert client.get(f"{path_of('deviceConfiguration')}?$expand=assignments").json["assignments"] == []
    assert kept(client) == [GROUPS[0]]


def test_rules_match_on_everything_at_once(start: Start) -> None:
    rule = {
        "match": {
            "method": "get",
            "path_regex": r"deviceConfigurations/.*\$top=5",
            "type": "deviceConfiguration",
            "policy_id": id_of("deviceConfiguration"),
            "operation": "assignments",
            "batch_inner": False,
        },
        "times": "forever",
        "action": {"kind": "status", "status": 500},
    }
    client, _ = start(faults=[rule])
    path = f"{path_of('deviceConfiguration')}/assignments"
    assert client.get(f"{path}?%24top=5").status == 500
    assert client.get(path).status == 200
    assert client.get(f"{path_of('deviceConfiguration', 2)}/assignments?$top=5").status == 200
    inner = {"id": "1", "method": "GET", "url": f"{path.removeprefix('/beta')}?$top=5"}
    assert client.post("/beta/$batch", {"requests": [inner]}).json["responses"][0]["status"] == 200


def test_counting_skipping_and_chance(start: Start) -> None:
    client, _ = start(faults=[{"action": {"kind": "status", "status": 503}, "times": 2, "skip": 1}])
    assert [client.get(DEVICES).status for _ in range(5)] == [200, 503, 503, 200, 200]
    statuses = []
    for _ in range(2):
        client, _ = start(faults=[{"action": {"kind": "status", "status": 503}, "probability": 0.3}], seed=4)
        statuses.append([client.get(DEVICES).status for _ in range(60)])
    assert statuses[0] == statuses[1]
    assert 5 < statuses[0].count(503) < 35


def test_delays_add_up_with_what_follows(start: Start) -> None:
    delay = {"action": {"kind": "delay_ms", "ms": 5}, "name": "slow"}
    client, _ = start(faults=[delay, delay, {"action": {"kind": "empty"}, "name": "gone"}])
    assert client.get(DEVICES).status == 504
    assert client.control("GET", "log")[0]["fault"] == "slow, slow, gone"
    assert [one["fired"] for one in client.control("GET", "faults")] == [1, 1, 1]


def test_rules_come_and_go_while_it_runs(start: Start) -> None:
    client, _ = start()
    client.control("POST", "faults", {"rules": [{"times": "forever", "action": {"kind": "empty"}}]})
    assert client.get(DEVICES).status == 504
    client.control("DELETE", "faults")
    assert client.get(DEVICES).status == 200
    bad = client.request("POST", "/_simulator/faults", [{"action": {"kind": "empty", "stauts": 1}}])
    assert bad.status == 400
    assert bad.json["error"].startswith("rule 1: ")


GOOD = {"action": {"kind": "empty"}}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "missing required field `action`"),
        ({"action": {"kind": "explode"}}, "$.action"),
        ({"action": {"kind": "status"}}, "missing required field `status`"),
        ({"action": {"kind": "status", "status": 200}}, "$.action.status"),
        ({"action": {"kind": "delay_ms", "ms": -1}}, "$.action.ms"),
        ({"action": {"kind": "reset", "when": "never"}}, "$.action.when"),
        ({**GOOD, "tiems": 2}, "unknown field `tiems`"),
        ({**GOOD, "times": 0}, "$.times"),
        ({**GOOD, "times": "always"}, "$.times"),
        ({**GOOD, "probability": 2}, "$.probability"),
        ({**GOOD, "match": {"polcy_id": "x"}}, "unknown field `polcy_id`"),
        ({**GOOD, "match": {"type": "gizmo"}}, "match.type"),
        ({**GOOD, "match": {"path_regex": "("}}, "match.path_regex"),
        ({**GOOD, "match": {"operation": "sing"}}, "$.match.operation"),
        ("reset", "Expected `object`"),
    ],
)
def test_a_faulty_rule_is_named_by_number_and_key(tmp_path: Path, rule: Any, words: str) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([GOOD, rule]))
    with pytest.raises(ValueError, match="rule 2") as caught:
        load_faults(file)
    assert words in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("content", ["{", "3", '{"rules": [], "more": 1}', '{"rules": {}}'])
def test_a_file_that_holds_no_rules(tmp_path: Path, content: str) -> None:
    file = tmp_path / "faults.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"faults\.json"):
        load_faults(file)


def test_a_file_of_rules(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps({"rules": [GOOD]}))
    assert load_faults(file) == parse_faults([GOOD])


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_are_the_same_for_one_seed(name: str) -> None:
    first, second = (fault_profile(name, seeded_tenant(100), seed=3) for _ in range(2))
    assert first == second
    assert bool(first) == (name != "none")


def test_the_profile_some_leaves_a_few_policies_unreadable(start: Start) -> None:
    tenant = seeded_tenant(200)
    groups = len(tenant.directory.groups)
    client, _ = start(tenant, faults=fault_profile("some", tenant, seed=1))
    assert len(tenant.directory.groups) == groups - 3
    unread: list[int] = []
    throttled = 0
    for key, shelf in tenant.shelves.items():
        if not len(shelf):
            continue
        row = next(iter(shelf)).type
        url: str | None = f"/beta/{row.path}" + ("?$expand=assignments" if row.expand == "yes" else "")
        while url:
            reply = client.get(url)
            if reply.status in (429, 503):
                throttled += 1
                continue
            for one in reply.json["value"]:
                if "assignments" not in one:
                    unread.append(client.get(f"/beta/{row.path}/{one['id']}/assignments").status)
            url = reply.json.get("@odata.nextLink")
        assert key in tenant.shelves
    assert throttled == 4
    assert (unread.count(403), unread.count(404)) == (4, 4)


def test_an_unknown_profile() -> None:
    with pytest.raises(ValueError, match="none, some, throttled, hostile"):
        fault_profile("nasty", seeded_tenant(0))
