"""Portions: a tenant taken a few policy types at a time, so that memory does not grow with the tenant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

PORTION_POLICIES = 2_000
"""Most tenants fit into one portion and are read all at once; planned, this many policies take some 20 MB."""


def portions(policies: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield policy types, given with how many policies each has, in portions of at most that many policies, in order.

    A type with more than that is a portion of its own: what is compared is matched within its type.
    """
    portion: list[str] = []
    held = 0
    for key, count in policies.items():
        if portion and held + count > PORTION_POLICIES:
            yield portion
            portion, held = [], 0
        portion.append(key)
        held += count
    if portion:
        yield portion
