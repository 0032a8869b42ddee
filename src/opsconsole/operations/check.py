"""Check: whether a tenant can be reached and each policy type read, and which permission is missing where not."""

from __future__ import annotations

import asyncio

from opsconsole.domain.failure import Failure, Reason
from opsconsole.domain.run import Counters
from opsconsole.graph.checks import check_directory, check_type
from opsconsole.graph.policy_types import POLICY_TYPES, supported_types
from opsconsole.operations.context import RunContext


async def tenant_check(ctx: RunContext) -> None:
    """Ask for one policy of each type, and for the directory; ``context.checks`` holds a line for each."""
    keys = [policy_type.key for policy_type in supported_types()]
    await ctx.restart()
    ctx.counters = Counters(total=len(keys))
    await ctx.flush(is_due=True)
    lines: dict[str, dict[str, object]] = {}
    failures: list[Failure] = []

    async def one(key: str) -> None:
        await ctx.checkpoint()
        policy_type = POLICY_TYPES[key]
        failure = await check_type(ctx.graph, policy_type)
        lines[key] = _line(key, policy_type.permission_read, failure)
        if failure is None:
            ctx.count(processed=1)
        elif failure.reason is Reason.UNSUPPORTED_POLICY_TYPE:
            ctx.count(skipped=1)
        else:
            ctx.count(failed=1)
            failures.append(failure)

    async with asyncio.TaskGroup() as group:
        for key in keys:
            group.create_task(one(key))
    checks = [lines[key] for key in keys]
    for subject, permission, failure in await check_directory(ctx.graph):
        checks.append(_line(subject, permission, failure))
        ctx.count(total=1, **{"failed" if failure else "processed": 1})
        if failure:
            failures.append(failure)
    ctx.extra["checks"] = checks
    await ctx.commit(lambda _: None, failures=failures)


def _line(subject: str, permission: str, failure: Failure | None) -> dict[str, object]:
    return {
        "subject": subject,
        "permission": permission,
        "ok": failure is None,
        "reason_code": failure.reason.value if failure else None,
        "message": failure.message if failure else None,
    }
