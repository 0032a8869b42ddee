"""The assignments of invented policies: who is targeted, in proportions seen in real tenants."""

import random
from collections.abc import Sequence

from .assignment import invented
from .policy import Assignment
from .policy_types import PolicyType
from .targets import ALL_DEVICES, ALL_USERS, Target

COUNTS = (0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 7)
"""How many targets a policy has, drawn evenly from these."""

NO_FILTERS = frozenset(
    {
        "deviceManagementScript",
        "deviceEnrollmentConfiguration",
        "windowsAutopilotDeploymentProfile",
        "windowsFeatureUpdateProfile",
    }
)
"""Types for which Intune offers no filters."""

INTENTS = ("required", "required", "available", "uninstall", "availableWithoutEnrollment")
SETTINGS = (
    "null",
    "null",
    '{"@odata.type":"#microsoft.graph.win32LobAppAssignmentSettings","notifications":"showAll","restartSettings":null,'
    '"installTimeSettings":null,"deliveryOptimizationPriority":"notConfigured","autoUpdateSettings":null}',
    '{"@odata.type":"#microsoft.graph.iosVppAppAssignmentSettings","vpnConfigurationId":null,"useDeviceLicensing":true,'
    '"uninstallOnDeviceRemoval":false,"isRemovable":true,"preventManagedAppBackup":null,"preventAutoAppUpdate":null}',
)
SCHEDULES = (
    '{"@odata.type":"#microsoft.graph.deviceHealthScriptDailySchedule","interval":1,"useUtc":false,"time":"01:00:00.0000000"}',
    '{"@odata.type":"#microsoft.graph.deviceHealthScriptHourlySchedule","interval":4}',
    '{"@odata.type":"#microsoft.graph.deviceHealthScriptRunOnceSchedule","interval":1,"date":"2026-03-01",'
    '"time":"09:30:00.0000000","useUtc":true}',
)


class Aim:
    """Draws targets from a tenant's groups and filters; every set it draws is one that the service would accept."""

    def __init__(
        self, rng: random.Random, groups: Sequence[str], filters: Sequence[str], app_filters: Sequence[str], when: str
    ) -> None:
        self._rng = rng
        self._groups = groups
        self._filters = filters
        self._app_filters = app_filters
        self._when = when
        self._autopilot_for_all = False

    def draw(self, policy_type: PolicyType, policy_id: str) -> list[Assignment]:
        """The assignments of one policy."""
        rng = self._rng
        count = rng.choice(COUNTS)
        if not count:
            return []
        targets = [Target("group", group, None, "none") for group in rng.sample(self._groups, count)]
        if len(targets) > 1 and rng.random() < 0.45:
            targets[-1] = targets[-1]._replace(kind="exclusion")
        everyone = self._everyone(policy_type, has_exclusion=targets[-1].kind == "exclusion")
        if everyone is not None:
            targets[0] = everyone
        return [self._assignment(policy_type, policy_id, self._filtered(policy_type, target)) for target in targets]

    def aimed_at(self, policy_type: PolicyType, policy_id: str, groups: Sequence[str]) -> list[Assignment]:
        """Plain assignments to these groups."""
        return [self._assignment(policy_type, policy_id, Target("group", group, None, "none")) for group in groups]

    def of_policy_set(self, policy_type: PolicyType, policy_id: str, policy_set: str) -> Assignment:
        """One assignment that a policy set made."""
        target = Target("group", self._rng.choice(self._groups), None, "none")
        return self._assignment(policy_type, policy_id, target, policy_set)

    def _everyone(self, policy_type: PolicyType, *, has_exclusion: bool) -> Target | None:
        """A built-in target now and then, in the way the type expresses it."""
        chance = self._rng.random()
        if chance > 0.4 or policy_type.area == "updates":
            return None
        if policy_type.only_groups:
            return Target("group", ALL_USERS, None, "none") if chance < 0.15 else None
        if policy_type.write == "steps":
            # One profile for all devices at most, and never with exclusions.
            if self._autopilot_for_all or has_exclusion:
                return None
            self._autopilot_for_all = True
            return Target("all_devices", ALL_DEVICES, None, "none")
        if chance < 0.28:
            return Target("all_devices", ALL_DEVICES, None, "none")
        return Target("all_users", ALL_USERS, None, "none")

    def _filtered(self, policy_type: PolicyType, target: Target) -> Target:
        """The target, with a filter now and then."""
        if target.kind == "exclusion" or policy_type.key in NO_FILTERS or self._rng.random() > 0.2:
            return target
        filters = self._app_filters if policy_type.area == "managed_apps" else self._filters
        mode = "include" if self._rng.random() < 0.7 else "exclude"
        return target._replace(filter_id=self._rng.choice(filters), filter_type=mode)

    def _assignment(self, policy_type: PolicyType, policy_id: str, target: Target, policy_set: str = "") -> Assignment:
        rng = self._rng
        extra = intent = ""
        if policy_type.key == "mobileApp":
            intent = rng.choice(INTENTS)
            settings = "null" if target.kind == "exclusion" else rng.choice(SETTINGS)
            extra = f',"intent":"{intent}","settings":{settings}'
        elif policy_type.key == "deviceHealthScript":
            extra = f',"runRemediationScript":{"true" if rng.random() < 0.6 else "false"},"runSchedule":{rng.choice(SCHEDULES)}'
        elif policy_type.key == "deviceConfiguration":
            extra = ',"intent":"apply"'
        return invented(policy_type, policy_id, target, self._when, extra=extra, intent=intent, policy_set=policy_set)
