"""The desk: everything the screens may look at or order, as plain calls that run in worker threads, never on the screen's loop.

One file a subject; ``service_desk`` answers each over the service room.
"""
