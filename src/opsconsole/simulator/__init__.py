"""A tenant and its Graph on loopback: a reading of Microsoft's facts of its own, for the demo, rehearsal and tests."""
