"""Answers to questions about policies: lists, one policy, its assignments."""

from .call import Call
from .errors import GraphError, bad_request, not_found
from .messages import Answer
from .odata_filter import Test, TooManyClauses, parse_filter
from .pages import page_of
from .policy import METADATA, Assignment, Policy
from .policy_types import PolicyType
from .query import select
from .shelf import Shelf

NO_FILTERING = frozenset({"deviceHealthScript", "deviceComplianceScript"})
"""Types whose list refuses `$filter`."""


def policy_type(call: Call) -> PolicyType:
    """The type that the address names; asked only where the route has one."""
    if call.route.type is None:
        raise LookupError("this address names no policy type")
    return call.route.type


def found_policy(call: Call) -> Policy:
    """The policy that the address names; refuses with 404."""
    policy = call.tenant.shelves[policy_type(call).key].get(call.route.object_id)
    if policy is None:
        raise not_found()
    return policy


def list_policies(call: Call) -> Answer:
    """A page of a type; refuses `$expand=assignments` where the type's list does not take it."""
    kind, query = policy_type(call), call.query
    expand = query.expands_assignments
    if expand and kind.expand == "no":
        raise bad_request()
    shelf = call.tenant.shelves[kind.key]
    if query.filter:
        shelf = _filtered(shelf, kind, filter_test(query.filter))

    def render(policy: Policy) -> bytes:
        assignments = [] if kind.expand == "empty" else policy.assignments
        return _shown(call, policy, assignments if expand else None)

    return page_of(call, shelf, render, context=kind.path + _selection(call))


def read_policy(call: Call) -> Answer:
    """One policy; here every type takes `$expand=assignments`."""
    policy = found_policy(call)
    expand = call.query.expands_assignments
    entry = _shown(call, policy, call.faults.seen(policy) if expand else None)
    if b'"@odata.context"' in entry[:200]:
        return Answer(200, entry)
    context = f'{{"@odata.context":"{METADATA}{policy.type.path}{_selection(call)}/$entity",'
    return Answer(200, context.encode() + entry[1:])


def read_assignments(call: Call) -> Answer:
    """A page of one policy's assignments."""
    policy = found_policy(call)
    shelf: Shelf[Assignment] = Shelf()
    for assignment in call.faults.seen(policy):
        # Exports hold the same id twice now and then; both are shown, so the second is filed under another name.
        shelf.add(
            assignment if assignment.id not in shelf else Assignment(f"{assignment.id}#{len(shelf)}", assignment.text)
        )
    return page_of(call, shelf, lambda assignment: assignment.text, context=policy.assignments_path())


def read_assignment(call: Call) -> Answer:
    """One assignment of a policy."""
    policy = found_policy(call)
    assignment = policy.assignment(call.route.assignment_id)
    if assignment is None:
        raise not_found()
    context = f'{{"@odata.context":"{METADATA}{policy.assignments_path()}/$entity",'
    return Answer(200, context.encode() + assignment.text[1:])


def filter_test(text: str) -> Test:
    """The test that a `$filter` stands for; refuses, as Graph does, what it cannot read and more clauses than it takes."""
    try:
        return parse_filter(text)
    except TooManyClauses as error:
        raise GraphError(
            400,
            "BadRequest",
            "Too many child clauses specified in search filter expression containing 'OR' operators: "
            f"{error.count}. Max allowed: 15",
            shape="plain",
        ) from error
    except ValueError as error:
        raise GraphError(400, "BadRequest", "Invalid filter clause", shape="plain") from error


def _shown(call: Call, policy: Policy, assignments: list[Assignment] | None) -> bytes:
    """An entry with what was selected, and with assignments unless a fault hides them."""
    if call.hides_assignments(policy.id):
        assignments = None
    return policy.entry(assignments, select(policy.body, call.query.select) if call.query.select else None)


def _selection(call: Call) -> str:
    """What stands in brackets in the context of a selected or expanded answer."""
    names = [*call.query.select, *(f"{name.partition('(')[0]}()" for name in call.query.expand)]
    return f"({','.join(names)})" if names else ""


def _filtered(shelf: Shelf[Policy], kind: PolicyType, test: Test) -> Shelf[Policy]:
    """The policies that a filter on id or name leaves."""
    if kind.key in NO_FILTERING:
        raise bad_request()
    left: Shelf[Policy] = Shelf()
    for policy in shelf:
        if test({"id": policy.id, kind.name_field: policy.name}):
            left.add(policy)
    return left
