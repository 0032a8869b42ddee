"""Work beside the loop's own: in a worker of Textual's, or in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from textual.dom import DOMNode

T = TypeVar("T")


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


async def in_thread(pool: Executor, call: Callable[..., T], *values: Any, **named: Any) -> T:
    """Run ``call`` in a thread of ``pool``, in the context of whoever asks; raises what it raises.

    A screen that reads in a thread may be left meanwhile: from then on only the context tells whose app it is of.
    """
    there = partial(copy_context().run, call, *values, **named)
    return await asyncio.get_running_loop().run_in_executor(pool, there)
