"""`opsconsole doctor`: is everything there that a backup needs?"""

from __future__ import annotations

import click

from opsconsole.cli.ending import EXIT_FAILED
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import with_invocation
from opsconsole.cli.states import state_cell
from opsconsole.cli.text import counted
from opsconsole.domain.plain_text import plain


@click.command(short_help="Check everything that a backup needs.")
@with_invocation
def command(invocation: Invocation) -> int:
    """Check configuration, store, files, sign-in, reachability, permissions and clock; exit code 1 where something fails."""
    from opsconsole.cli.diagnosis import Finding
    from opsconsole.cli.doctor import examine

    found = examine(invocation)
    out = invocation.out
    if out.is_json:
        out.document({"ok": found.is_sound, "checks": [line.to_json() for line in found.lines]})
        return 0 if found.is_sound else EXIT_FAILED
    width = max(len(line.name) for line in found.lines)
    for line in found.lines:
        out.line(
            f"{state_cell(line.finding.value).text.ljust(6)}  {plain(line.name).ljust(width)}  {plain(line.detail)}"
        )
        if line.next_step:
            out.line(f"{' ' * 8}{' ' * width}  {plain(line.next_step)}")
    failed = sum(line.finding is Finding.FAIL for line in found.lines)
    warned = sum(line.finding is Finding.WARN for line in found.lines)
    out.note(f"{counted(failed, 'failure')}, {counted(warned, 'warning')}.")
    return 0 if found.is_sound else EXIT_FAILED
