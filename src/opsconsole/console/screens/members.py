"""Members: who may what in a workspace, and what each role may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console import member_orders
from opsconsole.console.desk.members import MembersReport
from opsconsole.console.figures import at_length
from opsconsole.console.folding import wrapped
from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.role_words import role_lines, role_table
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.beside import WIDE_FROM, Beside, about_width
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.access import Member
from opsconsole.domain.plain_text import cell_width, cut

BOUNDARY = "The store is a file: its owner is the boundary, roles guard against mistakes. Between people, use Postgres."
"""What roles are worth on SQLite (promise 14)."""

ROLES_WIDTH = 58
"""Columns of the table of roles on a wide terminal: the roles' names stand whole at its head."""

LAST_OWNER = "This is the last owner of the workspace: make somebody else an owner first."


def _key(member: Member) -> str:
    return f"{member.workspace}\0{member.actor.key}"


class MembersScreen(LiveScreen):
    """Members by workspace and name; roles beside or below them."""

    place = "members"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = """
    MembersScreen Beside { margin-top: 1; }
    MembersScreen Beside > .about { height: 10; }
    MembersScreen Beside.-wide > .about { width: 58; height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._report: MembersReport | None = None

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("members")
        yield Banner()
        with Beside():
            yield WindowTable(self._columns(), empty=_empty)
            yield Facts(id="about", classes="about")
        yield FooterLine(self.place)

    def _columns(self) -> tuple[Column[Member], ...]:
        members = self._report.members if self._report else ()
        space = Column[Member]("Workspace", 12, lambda row, pen, width: pen.cell(row.workspace, width, "dim"))
        return (
            *((space,) if len({one.workspace for one in members}) > 1 else ()),
            Column("Name", 12, self._name_cell, flex=1),
            Column("Key", 14, lambda row, pen, width: pen.cell(row.actor.key, width, "dim"), flex=1),
            Column("Role", 8, lambda row, pen, width: pen.cell(row.role.value, width, "strong")),
            Column(
                "Since", 10, lambda row, pen, width: pen.cell(at_length(row.created_at, pen.zone)[:10], width, "dim")
            ),
        )

    def _name_cell(self, row: Member, pen: Pen, width: int) -> list[Span]:
        is_own = self._report is not None and row.actor.key == self._report.own_key
        if not is_own:
            return pen.cell(row.actor.name, width)
        name = cut(row.actor.name, width - 6)
        return [(name, pen.ink("text")), *pen.cell(" (you)", width - cell_width(name), "good")]

    # What it fetches and shows

    def fetch(self) -> MembersReport:
        """Read the members of every workspace of the actor."""
        return self.desk.members()

    def receive(self, data: MembersReport) -> None:
        """Show them, and what each role may do."""
        self._report = data
        table = self.query_one(WindowTable)
        table.name_columns(self._columns())
        table.put(sorted(data.members, key=lambda one: (one.workspace, one.actor.name, one.actor.key)), _key)
        facts = self.query_one("#about", Facts)
        facts.show(about_roles(facts.pen, self.size.width, is_one_file=data.is_one_file))

    # What is done to it

    def why_not(self, key_id: str) -> str | None:
        """Say that the last owner stays, before anybody is asked."""
        member = self._current()
        if key_id in ("member_role", "member_remove") and self._report is not None and member is not None:
            return LAST_OWNER if member_orders.is_last_owner(member, self._report.members) else None
        return None

    def action_new(self) -> None:
        """Ask for an account and a role, then make it a member."""
        if self._report is not None and not self.refuses("member_new"):
            member_orders.ask_add(self, self._report)

    def action_role(self) -> None:
        """Ask for another role, then change it."""
        self._ask("member_role", member_orders.ask_role)

    def action_remove(self) -> None:
        """Ask, then remove the member."""
        self._ask("member_remove", member_orders.ask_remove)

    def _ask(self, key_id: str, ask: Callable[[LiveScreen, Member, MembersReport], None]) -> None:
        member = self._current()
        if member is not None and self._report is not None and not self.refuses(key_id):
            ask(self, member, self._report)

    def copied(self) -> str:
        """Return the account's key."""
        member = self._current()
        return member.actor.key if member else ""

    def _current(self) -> Member | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, Member) else None


def about_roles(pen: Pen, screen_width: int, *, is_one_file: bool) -> list[list[Span]]:
    """Return what each role may do, as a table where there is room for one, and what roles are worth in this store."""
    is_wide = screen_width >= WIDE_FROM
    lines: list[list[Span]] = [[("What each role may do", pen.ink("title"))]]
    if is_wide:
        lines += [[], *role_table(pen)]
    else:
        lines += role_lines(pen)
    if is_one_file:
        lines += [[], *([(part, pen.ink("dim"))] for part in wrapped(BOUNDARY, about_width(screen_width, ROLES_WIDTH)))]
    return lines


def _empty(pen: Pen) -> list[list[Span]]:
    return [
        [("You are a member of no workspace.", pen.ink("strong"))],
        [("Members stand here with their roles.", pen.ink("dim"))],
        [],
        [("An owner can add you: ", pen.ink("text")), ("opsconsole members add", pen.ink("key"))],
    ]
