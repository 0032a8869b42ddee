"""Every benchmark's table: ``python -m tests.benchmarks`` from the root, with names of files or tests to narrow it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    chosen = ["-k", " or ".join(sys.argv[1:])] if sys.argv[1:] else []
    sys.exit(pytest.main([str(Path(__file__).parent), "-m", "bench", "-s", "-q", *chosen]))
