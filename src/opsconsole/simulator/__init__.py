"""A tenant and its Graph on loopback: a reading of Microsoft's facts of its own, for the demo, rehearsal and tests."""

from .clock import Clock
from .export_report import ExportReport
from .exports import tenant_from_exports
from .fault_profiles import PROFILES, fault_profile
from .faults import FaultRule, load_faults, parse_faults
from .policy_types import BY_KEY, POLICY_TYPES, PolicyType
from .seed import seeded_tenant
from .serve import serve
from .server import Simulator
from .tenant import Tenant
from .thread import SimulatorThread

__all__ = [
    "BY_KEY",
    "POLICY_TYPES",
    "PROFILES",
    "Clock",
    "ExportReport",
    "FaultRule",
    "PolicyType",
    "Simulator",
    "SimulatorThread",
    "Tenant",
    "fault_profile",
    "load_faults",
    "parse_faults",
    "seeded_tenant",
    "serve",
    "tenant_from_exports",
]
