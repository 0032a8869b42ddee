"""Check: whether a tenant can be reached and each policy type read, and which permission is missing where not."""

from __future__ import annotations

import asyncio

from opsconsole.domain.failure import Failure, Reason
from opsconsole.domain.run import Counters
from opsconsole.graph.checking import AccessCheck, check_directory, check_type
from opsconsole.graph.policy_types import supported_types
from opsconsole.operations.context import RunContext


async def tenant_check(ctx: RunContext) -> None:
    """Ask for one policy of each type, and for the directory; ``context.checks`` holds a line for each."""
    keys = [policy_type.key for policy_type in supported_types()]
    await ctx.restart()
    ctx.counters = Counters(total=len(keys))
    ctx.phase("Asking for each policy type")
    await ctx.flush(is_due=True)
    lines: dict[str, dict[str, object]] = {}
    failures: list[Failure] = []

    async def one(key: str) -> None:
        await ctx.checkpoint()
        answer = await check_type(ctx.client, key)
        failure = answer.failure
        lines[key] = _line(answer)
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
    for answer in await check_directory(ctx.client):
        checks.append(_line(answer))
        ctx.count(total=1, **{"failed" if answer.failure else "processed": 1})
        if answer.failure:
            failures.append(answer.failure)
    ctx.extra["checks"] = checks
    await ctx.commit(lambda _: None, failures=failures)


def _line(answer: AccessCheck) -> dict[str, object]:
    failure = answer.failure
    return {
        "subject": answer.name,
        "permission": answer.permission,
        "ok": failure is None,
        "reason_code": failure.reason.value if failure else None,
        "message": failure.message if failure else None,
    }
