"""One request on its way through the service: address, options and the fault that it meets."""

from dataclasses import dataclass

from .fault_book import FaultBook
from .faults import Action, DropTarget, MissingAssignmentsKey, StaleRead
from .messages import GraphRequest
from .query import Query
from .routes import Route
from .tenant import Tenant


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler gets: the tenant, the request read, and what is to go wrong while answering."""

    tenant: Tenant
    faults: FaultBook
    request: GraphRequest
    route: Route
    query: Query
    page_size: int
    action: Action | None = None

    @property
    def drops_target(self) -> bool:
        """Whether the write loses its last target."""
        return isinstance(self.action, DropTarget)

    @property
    def stale_reads(self) -> int:
        """How many reads after this write still see the state before it."""
        return self.action.reads if isinstance(self.action, StaleRead) else 0

    def hides_assignments(self, policy_id: str) -> bool:
        """Whether this entry comes without the assignments that were asked for."""
        action = self.action
        if not isinstance(action, MissingAssignmentsKey):
            return False
        return not action.policy_ids or policy_id.lower() in {wanted.lower() for wanted in action.policy_ids}
