"""`opsconsole drift`: compare a set with its tenant as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from opsconsole.cli.differences import tell_differences
from opsconsole.cli.ending import EXIT_PARTLY
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import wait_option, with_invocation
from opsconsole.cli.starting import tell_started
from opsconsole.domain.run import OperationRun
from opsconsole.service import drift


@click.command(short_help="Compare a set with the tenant as it is.")
@click.argument("set_ref", metavar="SET")
@wait_option
@with_invocation
def command(invocation: Invocation, set_ref: str, wait: bool) -> int:
    """Compare a set with the tenant as it is; with --wait, exit code 0 means the same.

    3 means that it differs or that not everything could be compared, 1 that nothing could.
    """
    started = drift.start_drift(invocation.caller(), set_ref)
    is_same = True

    def with_differences(ended: Sequence[OperationRun]) -> dict[str, Any]:
        nonlocal is_same
        found = drift.drift_result(invocation.caller(), ended[0].id)
        is_same = not found.differs and not found.unknown
        if not invocation.out.is_json:
            tell_differences(invocation.out, found, ended[0].failures)
        return found.to_json()

    code = tell_started(invocation, started, wait=wait, addition=with_differences)
    return EXIT_PARTLY if code == 0 and not is_same else code
