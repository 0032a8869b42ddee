"""The change feed: hears of every commit of others, of its own process too, and of nothing else."""

from __future__ import annotations

import time

import pytest

from opsconsole.store.changes import RECONNECT_AFTER_S, ChangeFeed
from opsconsole.store.database import Database
from opsconsole.store.opening import open_store
from opsconsole.store.postgres import open_connection

ADD = "INSERT INTO workspaces (id, name, created_at) VALUES (:id, :id, '')"


def hears(feed: ChangeFeed) -> bool:
    """Tell whether the feed reports a change soon: Postgres delivers a moment after the commit."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if feed.changed():
            return True
    return False


def test_a_commit_is_heard_of_once(store: Database, store_url: str) -> None:
    feed = ChangeFeed(store)
    assert not feed.changed()
    with store.write() as s:
        s.run(ADD, id="a")
        assert not feed.changed()
    assert hears(feed)
    assert not feed.changed()
    with open_store(store_url) as other, other.write() as s:
        s.run(ADD, id="b")
    assert hears(feed)
    feed.close()


def test_what_changes_nothing_is_not_heard_of(store: Database) -> None:
    feed = ChangeFeed(store)
    with store.read() as s:
        s.all("SELECT * FROM workspaces")
    with store.write() as s:
        s.run("UPDATE workspaces SET name = 'x' WHERE id = 'none'")
    with pytest.raises(KeyError), store.write() as s:
        s.run(ADD, id="a")
        raise KeyError
    assert not feed.changed()
    feed.close()


@pytest.mark.postgres
def test_a_feed_that_lost_its_server_reports_a_change_and_comes_back(pg_store_url: str) -> None:
    now = 0.0
    with open_store(pg_store_url) as db:
        feed = ChangeFeed(db, lambda: now)
        assert not feed.changed()
        with open_connection(pg_store_url, "") as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert hears(feed)
        now += RECONNECT_AFTER_S
        assert feed.changed()
        assert not feed.changed()
        with db.write() as s:
            s.run(ADD, id="a")
        assert hears(feed)
        feed.close()
