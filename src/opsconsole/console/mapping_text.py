"""The text of a mapping file, made of what was settled on a screen."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence


def mapping_text(entries: Sequence[Mapping[str, str]]) -> str | None:
    """Return a mapping file's text, or None for no entries."""
    if not entries:
        return None
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("kind", "from", "to"))
    writer.writerows((entry["kind"], entry["from"], entry["to"]) for entry in entries)
    return out.getvalue()
