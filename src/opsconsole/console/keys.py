"""The keys table: every binding has an id, says where it works and what it needs; footers and help are made from it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

from opsconsole.domain.access import Capability

LISTS = frozenset({"runs", "failures", "backups", "set", "restores", "plan", "audit"})
"""Places that hold a list with a row under the cursor."""

DETAILS = frozenset({"run", "failures", "set", "item", "plan", "entry", "help"})
"""Places that Esc leaves."""

TOPS = frozenset({"runs", "backups", "restores", "audit"})
"""Places reached by a digit from anywhere."""

EVERYWHERE = LISTS | DETAILS | TOPS


@dataclass(frozen=True, slots=True)
class Key:
    """One key: ``id`` never changes, ``keys`` are Textual's names, ``shown`` is what a footer prints."""

    id: str
    keys: str
    shown: str
    label: str
    help: str
    action: str
    places: frozenset[str]
    capability: Capability | None = None
    is_write: bool = False
    in_footer: bool = True


def _in(*places: str) -> frozenset[str]:
    return frozenset(places)


KEYS: tuple[Key, ...] = (
    Key("up", "up,k", "↑ k", "up", "One row up.", "cursor_up", _in("table"), in_footer=False),
    Key("down", "down,j", "↓ j", "down", "One row down.", "cursor_down", _in("table"), in_footer=False),
    Key("page_up", "pageup", "PgUp", "page up", "One screen up.", "page_up", _in("table"), in_footer=False),
    Key(
        "page_down",
        "pagedown,space",
        "PgDn",
        "page down",
        "One screen down; more is loaded as you go.",
        "page_down",
        _in("table"),
        in_footer=False,
    ),
    Key("open", "enter", "↵", "open", "Open what is under the cursor.", "open", LISTS - {"plan", "failures"} | {"run"}),
    Key(
        "filter",
        "slash",
        "/",
        "filter",
        "Search the whole history; Enter keeps the filter, Esc clears it.",
        "filter",
        _in("runs", "set", "audit"),
    ),
    Key(
        "top",
        "g,home",
        "g",
        "jump up",
        "Go to the newest entry, and take in those that wait behind “newer”.",
        "top",
        LISTS | {"run"},
        in_footer=False,
    ),
    Key(
        "bottom",
        "G,end",
        "G",
        "last",
        "Go to the last entry loaded; going on loads more.",
        "bottom",
        LISTS | {"run"},
        in_footer=False,
    ),
    Key(
        "retry",
        "r",
        "r",
        "retry failed",
        "Start again what the run left undone. Asks first.",
        "retry",
        _in("runs", "run"),
        Capability.FETCH_START,
        is_write=True,
    ),
    Key(
        "cancel",
        "x",
        "x",
        "cancel",
        "Cancel the run: a queued one at once, a running one after the policy in hand. Asks first.",
        "cancel",
        _in("runs", "run"),
        Capability.FETCH_START,
        is_write=True,
    ),
    Key(
        "backup",
        "b",
        "b",
        "backup",
        "Back up a tenant: list its policies and read their assignments. Asks first.",
        "backup",
        _in("runs", "backups"),
        Capability.FETCH_START,
        is_write=True,
    ),
    Key("plan", "p", "p", "plan", "Open the restore plan that this run made or executes.", "plan", _in("run")),
    Key(
        "preview",
        "p",
        "p",
        "restore…",
        "Work out what restoring this set would change. Writes nothing to the tenant. Asks first.",
        "preview",
        _in("backups", "set"),
        Capability.PREVIEW_CREATE,
        is_write=True,
    ),
    Key(
        "only",
        "m",
        "m",
        "missing only",
        "Show only the policies that failed or were left out, or all again.",
        "only",
        _in("set"),
    ),
    Key(
        "fetch",
        "f",
        "f",
        "fetch missing",
        "Fetch the items that the set lacks once more. Asks first.",
        "fetch",
        _in("backups", "set"),
        Capability.FETCH_START,
        is_write=True,
    ),
    Key(
        "changes",
        "c",
        "c",
        "changes only",
        "Show only the policies that change or are blocked, or all again.",
        "changes",
        _in("plan"),
    ),
    Key(
        "settle",
        "s",
        "s",
        "settle",
        "Settle the targets of a blocked policy: map them, drop them, or leave the policy "
        "out. Makes a new preview; asks first.",
        "settle",
        _in("plan"),
        Capability.PREVIEW_CREATE,
        is_write=True,
    ),
    Key(
        "apply",
        "a",
        "a",
        "apply…",
        "Run this plan. Says what changes and asks first.",
        "apply",
        _in("plan"),
        Capability.RESTORE_EXECUTE,
        is_write=True,
    ),
    Key(
        "again",
        "r",
        "r",
        "retry",
        "Run again what failed, waits for approval or was left out. Asks first.",
        "again",
        _in("plan"),
        Capability.RESTORE_EXECUTE,
        is_write=True,
    ),
    Key(
        "undo",
        "u",
        "u",
        "undo…",
        "Preview the way back to what was there before this restore. Asks first.",
        "undo",
        _in("plan"),
        Capability.RESTORE_EXECUTE,
        is_write=True,
    ),
    Key("runs_of", "o", "o", "last run", "Open the newest run of this restore.", "run_of", _in("plan")),
    Key("raw", "v", "v", "raw JSON", "Show the JSON as Graph sent it, or the list again.", "raw", _in("item", "entry")),
    Key(
        "verify",
        "v",
        "v",
        "verify",
        "Walk the whole chain and show the first broken entry, if there is one.",
        "verify",
        _in("audit"),
    ),
    Key(
        "copy",
        "y",
        "y",
        "copy id",
        "Copy the id (or the request id of a failure) to the clipboard.",
        "copy",
        EVERYWHERE - {"help"},
    ),
    Key(
        "back", "escape", "Esc", "back", "Go back to where you came from; in a list, clear the filter.", "back", DETAILS
    ),
    Key("clear", "escape", "Esc", "clear filter", "Clear the filter.", "clear", _in("runs", "audit"), in_footer=False),
    Key(
        "tabs",
        "1,2,3,4,5,6",
        "1–6",
        "runs by state",
        "Go to Runs: all, queued, running, succeeded, partial, failed.",
        "app.tab",
        EVERYWHERE,
        in_footer=False,
    ),
    Key("go_backups", "7", "7", "backups", "Go to Backups.", "app.go('backups')", EVERYWHERE),
    Key("go_restores", "8", "8", "restores", "Go to Restores.", "app.go('restores')", EVERYWHERE, in_footer=False),
    Key("go_audit", "9", "9", "audit", "Go to the audit trail.", "app.go('audit')", EVERYWHERE),
    Key("help", "question_mark,f1", "?", "help", "Show the keys of this screen.", "app.help", EVERYWHERE - {"help"}),
    Key(
        "palette",
        "ctrl+p,colon",
        "^p",
        "palette",
        "Search everything that can be done here.",
        "app.palette",
        EVERYWHERE - {"help"},
    ),
    Key(
        "quit",
        "q,ctrl+q,ctrl+c",
        "q",
        "quit",
        "Quit. With runs in hand: asks what becomes of them.",
        "app.leave",
        EVERYWHERE,
        in_footer=False,
    ),
)
"""In the order in which footers show them."""


KEY_BY_ID: dict[str, Key] = {key.id: key for key in KEYS}


def keys_of(place: str) -> list[Key]:
    """Return the keys that work in a place, in table order."""
    return [key for key in KEYS if place in key.places]


def bindings_of(place: str) -> list[BindingType]:
    """Return a screen's bindings; keys that carry their own value (the tabs) become one binding each."""
    bindings: list[BindingType] = []
    for key in keys_of(place):
        if key.id == "tabs":
            bindings += [
                Binding(digit, f"{key.action}({digit})", key.label, show=False, id=f"tab_{digit}")
                for digit in key.keys.split(",")
            ]
        else:
            bindings.append(Binding(key.keys, key.action, key.label, show=False, id=key.id))
    return bindings
