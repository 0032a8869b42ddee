"""What callers did not ask for: one base error, thin subclasses, each with an exit code and a next step."""

from __future__ import annotations


class OpsError(Exception):
    """Base of every error shown to an operator: a sentence that says what is wrong, a hint that says what to do next.

    ``message`` and ``hint`` must already be clean text (promise 13): no secret, no personal data.
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(OpsError):
    """The command or key was used in a way that makes no sense."""

    code = "usage"
    exit_code = 2


class ConfigError(OpsError):
    """The configuration does not load, or does not fit the store."""

    code = "configuration"
    exit_code = 2


class NotFound(OpsError):
    """No such thing, or the actor is not a member of its workspace: deliberately the same (promise 14)."""

    code = "not_found"
    exit_code = 4


class Forbidden(OpsError):
    """The actor is a member, but lacks a capability, which the message names."""

    code = "forbidden"
    exit_code = 5

    def __init__(self, capability: str, hint: str = "") -> None:
        super().__init__(
            f"This needs the capability {capability}, which your role does not have.",
            hint or "Ask an owner of the workspace to run it, or to raise your role with `opsconsole members add`.",
        )
        self.capability = capability


class Conflict(OpsError):
    """The thing is not in a state in which this can be done."""

    code = "conflict"
    exit_code = 6


class PlanOutdated(Conflict):
    """The tenant, or the plan, is not what was looked at. Preview again, then run."""

    code = "plan_outdated"


class Unreachable(OpsError):
    """The store or Graph cannot be reached."""

    code = "unreachable"
    exit_code = 7


class StoreUnavailable(Unreachable):
    """The store cannot be opened, read or written."""

    code = "store_unavailable"


class CommitUnknown(StoreUnavailable):
    """The connection was lost in the middle of a commit: nobody here knows whether it holds. Look first."""


class StoreNewer(StoreUnavailable):
    """The store was written by a newer version of opsconsole."""

    code = "store_newer"


class LeaseLost(OpsError):
    """Another engine took this run over: whatever was about to be written is not."""

    code = "lease_lost"
