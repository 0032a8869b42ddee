"""Work beside the loop's own: a coroutine function as a worker of Textual's, its coroutine made when the worker begins."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.dom import DOMNode


def begin(
    node: DOMNode,
    call: Callable[..., Coroutine[Any, Any, None]],
    *values: Any,
    group: str,
    is_newest_only: bool = False,
    **named: Any,
) -> None:
    """Run ``call`` with what it takes; with ``is_newest_only`` in place of all others of its group.

    A worker that is replaced before it began would leave a coroutine that nobody awaits: so none is made before.
    """
    work: Any = partial(call, *values, **named)  # Textual's own type for work fits nothing that returns None
    node.run_worker(work, group=group, exclusive=is_newest_only)
