"""Golden screens: every screen in its states at 80×24, with data also wide, light and without colour; one file a subject."""

from .shot import Shot
from .shots_audit import AUDIT_SHOTS
from .shots_backups import BACKUP_SHOTS
from .shots_common import COMMON_SHOTS
from .shots_drift import DRIFT_SHOTS
from .shots_lists import LIST_SHOTS
from .shots_overview import OVERVIEW_SHOTS
from .shots_people import PEOPLE_SHOTS
from .shots_restores import RESTORE_SHOTS
from .shots_run import RUN_DETAIL_SHOTS
from .shots_runs import RUN_SHOTS
from .shots_shell import SHELL_SHOTS

MAX_SHOTS = 150
"""More are looked at by nobody when they change."""

SHOTS: dict[str, Shot] = {
    **RUN_SHOTS,
    **RUN_DETAIL_SHOTS,
    **BACKUP_SHOTS,
    **RESTORE_SHOTS,
    **DRIFT_SHOTS,
    **AUDIT_SHOTS,
    **LIST_SHOTS,
    **OVERVIEW_SHOTS,
    **PEOPLE_SHOTS,
    **COMMON_SHOTS,
    **SHELL_SHOTS,
}
