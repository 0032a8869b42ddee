"""The background engine that does not come, or may not: told with its reason, and nobody is left behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from msgspec.structs import replace

from opsconsole.config import AuthConfig, load_config
from opsconsole.console import background_engine
from opsconsole.console.background_engine import BackgroundEngine, HandOverFailed
from opsconsole.service.caller import Caller
from opsconsole.service.setup import init_store, open_caller

from .test_service_desk import CONFIG


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Caller]:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(url=f"sqlite:///{tmp_path}/ops.db"))
    path.chmod(0o600)
    made = open_caller(load_config(path, {}), create=True)
    init_store(made)
    yield made
    made.db.close()


def engine_that(caller: Caller, folder: Path, script: str, *, limit_s: float = 20) -> BackgroundEngine:
    engine = BackgroundEngine(caller, os.environ, folder=folder / "logs", limit_s=limit_s)
    engine._order = lambda: [sys.executable, "-c", script]  # type: ignore[method-assign]
    return engine


def test_one_that_is_never_live_is_ended_and_told(caller: Caller, tmp_path: Path) -> None:
    script = "import sys, time; print('warming up', flush=True); time.sleep(60)"
    with pytest.raises(HandOverFailed, match="not live within 1 s") as told:
        engine_that(caller, tmp_path, script, limit_s=1).start()
    assert "Nothing was handed over" in str(told.value)
    assert not [child for child in psutil.Process().children() if script in child.cmdline()]


def test_one_that_ends_with_an_error_is_told_in_its_own_words_without_secrets(caller: Caller, tmp_path: Path) -> None:
    words = "opsconsole: The secret of contoso is not set: client_secret=Abc123~verysecret."
    with pytest.raises(HandOverFailed) as told:
        engine_that(caller, tmp_path, f"import sys; print({words!r}, file=sys.stderr); sys.exit(2)").start()
    assert "ended at once: The secret of contoso is not set" in str(told.value)
    assert "verysecret" not in str(told.value)


def test_one_that_found_nothing_left_to_do_is_no_failure(caller: Caller, tmp_path: Path) -> None:
    assert engine_that(caller, tmp_path, "").start() > 0


def test_what_it_says_is_for_its_owner_alone_and_does_not_grow_for_ever(
    caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background_engine, "MAX_LOG_BYTES", 10)
    engine = engine_that(caller, tmp_path, "print('x' * 20)")
    for _ in range(3):
        engine.start()
    assert engine.log.read_text().split() == ["x" * 20]
    if sys.platform != "win32":
        assert engine.log.stat().st_mode & 0o077 == 0
        assert engine.log.parent.stat().st_mode & 0o077 == 0


def test_its_command_line_names_configuration_and_workspace_and_no_secret(caller: Caller) -> None:
    order = BackgroundEngine(replace(caller, workspace="main"), os.environ)._order()
    path = str(caller.config.path)
    assert order[1:] == ["-m", "opsconsole", "--config", path, "--workspace", "main", "engine", "--drain"]


@pytest.mark.parametrize("method", ["device_code", "interactive"])
def test_a_tenant_that_needs_a_person_cannot_be_handed_over(caller: Caller, method: str) -> None:
    tenant = msgspec.structs.replace(caller.config.tenants[0], auth=AuthConfig(method=method))  # type: ignore[arg-type]
    config = msgspec.structs.replace(caller.config, tenants=(tenant,))
    engine = BackgroundEngine(replace(caller, config=config), {})
    assert engine.why_not({"contoso"}) == "contoso signs in with a person at this terminal"
    assert engine.why_not({"fabrikam"}) == ""
    assert BackgroundEngine(caller, {}).why_not({"contoso"}) == ""
    nowhere = msgspec.structs.replace(caller.config, path=None)
    assert "no configuration file" in BackgroundEngine(replace(caller, config=nowhere), {}).why_not(set())
