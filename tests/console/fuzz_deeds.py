"""What the fuzz does to the console: deeds without end, made by a seed alone out of the tables of keys and places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from opsconsole.console.keys import KEYS, Key, keys_of
from opsconsole.console.places import TOPS

from .test_hostile_names import NAMES


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that is done: what, and with what. It depends on the seed, never on what is on the screen."""

    what: str
    value: Any = None

    def __str__(self) -> str:
        return self.what if self.value is None else f"{self.what} {self.value!r}"


Deeds = list[Deed]

WRITES: tuple[Key, ...] = tuple(key for key in KEYS if key.is_write)

TABLE_KEYS: tuple[str, ...] = tuple(sorted({name for key in KEYS for name in key.keys.split(",")}))
"""Every key of the tables, those that write among them."""

OTHER_KEYS: tuple[str, ...] = (
    "tab", "tab", "shift+tab", "left", "right", "up", "down", "enter", "enter", "space", "escape", "backspace", "delete",
    "ctrl+a", "ctrl+e", "ctrl+k", "ctrl+u", "ctrl+w", "ctrl+n", "ctrl+z", "ctrl+l", "ctrl+v", "ctrl+o", "insert",
    "f2", "f12", "shift+left", "ctrl+right", *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    *"0123456789*-+.,;!? äß日👩",
)  # fmt: skip
"""Those of text fields, of dialogs, and some that nothing listens to."""

TEXTS: tuple[str, ...] = (
    "contoso", "uid:4242", "nobody", "2", "6h", "0 3 * * *", "Group 5", "outcome:failed", "type:restore since:1d",
    "by:nobody -tenant:contoso", "since:yesterday reason:throttled", "outcome:", ":::", '"half', "x" * 600, *NAMES.values(),
)  # fmt: skip
"""What is typed and pasted into fields: what they ask for, what they refuse, and hostile text."""

SIZES: tuple[tuple[int, int], ...] = ((40, 10), (1, 1), (59, 14), (60, 15), (80, 24), (133, 41), (250, 70))

ANSWERS: tuple[tuple[str, ...], ...] = (
    ("enter",), ("enter",), ("enter",), ("down", "enter"), ("tab", "enter"), ("tab", "tab", "enter"),
    ("enter", "tab", "tab", "enter"), ("enter", "enter", "right", "enter"), ("down", "down", "enter"), ("escape",),
)  # fmt: skip
"""Keys that answer a dialog which is no confirmation."""

INTO: dict[str, tuple[str, int]] = {
    "run": ("runs", 1), "failures": ("runs", 2), "set": ("backups", 1), "item": ("backups", 2), "plan": ("restores", 1),
    "tenant": ("tenants", 1),
}  # fmt: skip
"""Behind which main screen a place lies, and how many times Enter leads into it; another one is looked for anywhere."""

ACTIONS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 403, "code": "Forbidden"},
    {"kind": "status", "status": 401, "code": "InvalidAuthenticationToken"},
    {"kind": "status", "status": 404, "code": "ResourceNotFound"},
    {"kind": "status", "status": 429, "retry_after": 1},
    {"kind": "status", "status": 429, "shape": "plain"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "shape": "plain"},
    {"kind": "status", "status": 504, "apply": True},
    {"kind": "html"},
    {"kind": "empty", "status": 504},
    {"kind": "reset"},
    {"kind": "reset", "when": "after"},
    {"kind": "truncate"},
    {"kind": "malformed"},
    {"kind": "delay_ms", "ms": 60},
    {"kind": "drop_target"},
    {"kind": "stale_read", "reads": 2},
    {"kind": "missing_assignments_key"},
)
"""What goes wrong at Graph."""

ROLES = ("owner", "manager", "operator", "readonly", "")
"""What a member's role becomes; nothing: no member any more."""


def key(name: str) -> Deed:
    """A key."""
    return Deed("key", name)


def look() -> Deed:
    """Waiting until the screen is calm, not for long."""
    return Deed("look", 0.25)


class Generator:
    """Chance, and the keys that write in an order of chance: none comes again before each was pressed."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self._bag: list[Key] = []

    def write(self) -> Key:
        """Return the next key that writes."""
        if not self._bag:
            self._bag = self.chance.sample(WRITES, len(WRITES))
        return self._bag.pop()


def deeds_of(seed: int, *, disturbs: bool) -> Iterator[Deed]:
    """Yield deeds without end: the same for the same seed. ``disturbs``: Graph, the members and the clock change too."""
    made = Generator(seed)
    kinds = [*ANYBODY, *(MISHAPS if disturbs else ())]
    yield from journey_to(made, next(one for one in WRITES if one.action == "apply"), rests_s=1.0, strays=False)
    while True:
        (phrase,) = made.chance.choices([phrase for phrase, _ in kinds], [weight for _, weight in kinds])
        yield from phrase(made)


def journey_to(made: Generator, write: Key, *, rests_s: float, strays: bool = True) -> Deeds:
    """To a place where a key writes, that key, and yes to all that is asked. ``strays``: not always by the first row."""
    chance = made.chance
    place = chance.choice(sorted(write.places))
    top, enters = INTO.get(place, (place, 0))
    if top not in {one.name for one in TOPS}:
        top, enters = chance.choice(TOPS).name, chance.choice((1, 2))
    deeds = [key("escape"), key("escape"), key(next(one.key for one in TOPS if one.name == top)), look()]
    for _ in range(enters):
        deeds += [
            key(step)
            for step in chance.choices(("j", "down", "G", "space"), k=chance.choice((0, 0, 0, 1, 2)) if strays else 0)
        ]
        deeds += [key("enter"), look()]
    deeds += [key(step) for step in chance.choices(("j", "G", "space"), k=chance.choice((0, 0, 1)) if strays else 0)]
    return [*deeds, *_order(chance, write, is_read=not strays), Deed("rest", rests_s)]


def _order(chance: Random, write: Key, *, is_read: bool = False) -> Deeds:
    deeds = [key(write.keys.split(",")[0]), look()]
    if not is_read and chance.random() < 0.25:
        deeds += [key("enter"), look()]  # unread
    for _ in range(chance.randint(2, 6)):
        deeds += [Deed("yes", (chance.choice(ANSWERS), chance.choice(TEXTS[:6]))), look()]
    return deeds


def journey(made: Generator) -> Deeds:
    """To a key that writes; what it started has other keys that write."""
    chance = made.chance
    deeds = journey_to(made, made.write(), rests_s=chance.choice((0.0, 0.0, 0.2, 0.6)))
    return [*deeds, *(_order(chance, chance.choice(WRITES)) if chance.random() < 0.3 else ())]


def stroll(made: Generator) -> Deeds:
    """Through places, with the keys that each has."""
    chance = made.chance
    deeds = []
    for top in chance.choices(TOPS, k=chance.randint(1, 4)):
        deeds.append(key(top.key))
        names = [name for one in keys_of(top.name) for name in one.keys.split(",")]
        for name in chance.choices(["j", "G", "enter", *names], k=chance.randint(0, 4)):
            deeds += [look(), key(name)] if chance.random() < 0.5 else [key(name)]
    return deeds


def hammer(made: Generator) -> Deeds:
    """Keys as fast as they come."""
    chance = made.chance
    return [key(chance.choice(chance.choice((TABLE_KEYS, OTHER_KEYS)))) for _ in range(chance.randint(1, 20))]


def hold(made: Generator) -> Deeds:
    """One key that is held down."""
    chance = made.chance
    return [key(chance.choice((*TABLE_KEYS, "tab", "enter", "escape", "down")))] * chance.randint(2, 12)


def text(made: Generator) -> Deeds:
    """Text into whatever has the focus: a filter most of the time."""
    chance = made.chance
    way = [key("slash")] if chance.random() < 0.7 else []
    put = Deed(chance.choice(("type", "paste")), chance.choice(TEXTS))
    return [
        *way,
        put,
        *([look()] if chance.random() < 0.5 else []),
        key(chance.choice(("enter", "escape", "down", "tab"))),
    ]


def mouse(made: Generator) -> Deeds:
    """Clicks, double clicks and the wheel, anywhere."""
    chance = made.chance
    deeds = []
    for _ in range(chance.randint(1, 5)):
        where = (round(chance.random(), 3), round(chance.random(), 3))
        what = chance.choice(("click", "click", "double click", "right click", "wheel up", "wheel down", "answer"))
        deeds += [Deed(what, where)] * (chance.randint(1, 5) if "wheel" in what else 1)
    return deeds


def resize(made: Generator) -> Deeds:
    """Another size of the terminal, some keys, and perhaps back."""
    chance = made.chance
    deeds = [Deed("size", chance.choice(SIZES)), *hammer(made)[:4]]
    if chance.random() < 0.7:
        deeds.append(Deed("size", (80, 24)))
    return deeds


def unfocus(made: Generator) -> Deeds:
    """The terminal out of focus for a while."""
    chance = made.chance
    return [Deed("blur"), *(hammer(made)[:3] if chance.random() < 0.4 else [Deed("rest", 0.2)]), Deed("focus")]


def locked(made: Generator) -> Deeds:
    """The store locked for a moment, and an order given meanwhile."""
    return [Deed("lock"), *journey(made), Deed("unlock")]


def away(made: Generator) -> Deeds:
    """The store gone for a moment."""
    return [Deed("away"), *stroll(made), Deed("rest", 0.3), Deed("back")]


def fault(made: Generator) -> Deeds:
    """Something goes wrong at Graph."""
    chance = made.chance
    rule: dict[str, Any] = {
        "action": chance.choice(ACTIONS),
        "times": chance.randint(1, 3),
        "skip": chance.randint(0, 4),
    }
    if chance.random() < 0.5:
        rule["match"] = {"operation": chance.choice(("list", "assignments", "assign", "batch"))}
    return [Deed("fault", rule), *([Deed("mend")] if chance.random() < 0.2 else [])]


def tenant(made: Generator) -> Deeds:
    """Somebody changes assignments in the tenant."""
    chance = made.chance
    return [Deed("shake", {"count": chance.randint(1, 5), "seed": chance.randint(0, 99)})]


def role(made: Generator) -> Deeds:
    """The role of who sits here changes, and comes back."""
    chance = made.chance
    return [Deed("role", chance.choice(ROLES)), *journey(made), Deed("role", "owner")]


def clock(made: Generator) -> Deeds:
    """The clock is set, forward or back."""
    chance = made.chance
    return [Deed("clock", chance.choice((-7200, -60, 0, 0, 45)))]


Phrase = Callable[[Generator], Deeds]

ANYBODY: tuple[tuple[Phrase, int], ...] = (
    (journey, 12), (stroll, 3), (hammer, 4), (hold, 1), (text, 2), (mouse, 3), (resize, 1), (unfocus, 1), (locked, 1), (away, 1),
)  # fmt: skip
"""What people and machines do, and how often."""

MISHAPS: tuple[tuple[Phrase, int], ...] = ((fault, 2), (tenant, 2), (role, 1), (clock, 1))
"""What changes the tenant, the members or the clock."""
