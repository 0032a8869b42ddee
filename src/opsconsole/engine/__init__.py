"""How runs get done: claimed by lease, carried out, kept alive, taken over, and started on schedule."""

from opsconsole.engine.engine import Engine
from opsconsole.engine.thread import EngineThread

__all__ = ["Engine", "EngineThread"]
