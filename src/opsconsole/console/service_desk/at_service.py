"""What every part of the desk over the service room holds: the caller who sits at this console."""

from __future__ import annotations

from opsconsole.service.caller import Caller


class AtService:
    """``caller`` asks: what they may see and do is decided by the service."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
