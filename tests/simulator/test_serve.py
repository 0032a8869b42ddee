"""Starting and stopping: in a loop, in a thread, as a process; and that nothing but loopback is bound."""

import asyncio
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from opsconsole.simulator import Simulator, SimulatorThread, seeded_tenant
from opsconsole.simulator.serve import fault_rules

SERVE = "from pathlib import Path; from opsconsole.simulator import serve; raise SystemExit(serve({}))"


def test_as_an_asynchronous_context_manager() -> None:
    async def run() -> int:
        async with Simulator(seeded_tenant(5)) as sim:
            assert sim.base_url.startswith("http://127.0.0.1:")
            reader, writer = await asyncio.open_connection("127.0.0.1", int(sim.base_url.rpartition(":")[2]))
            writer.write(b"GET /beta/groups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer simulator\r\n\r\n")
            line = await reader.readline()
            writer.close()
            return int(line.split()[1])

    assert asyncio.run(run()) == 200


def test_a_port_in_use_is_told_in_words() -> None:
    with SimulatorThread(seeded_tenant(0)) as sim:
        port = int(sim.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match=f"port {port} on 127.0.0.1 cannot be used"):
            SimulatorThread(seeded_tenant(0), port=port).start()
    with pytest.raises(OSError, match="expected 0 to 65535"):
        SimulatorThread(seeded_tenant(0), port=70_000).start()
    with SimulatorThread(seeded_tenant(0), port=port) as again:
        assert again.base_url.endswith(f":{port}")


def test_stopping_twice_and_without_a_start() -> None:
    sim = SimulatorThread(seeded_tenant(0))
    sim.stop()
    sim.start()
    sim.stop()
    sim.stop()


def test_only_loopback_is_bound() -> None:
    with SimulatorThread(seeded_tenant(0)) as sim:
        port = int(sim.base_url.rpartition(":")[2])
        with socket.socket() as elsewhere, pytest.raises(OSError):
            elsewhere.settimeout(1)
            elsewhere.connect(("127.0.0.2", port))


def spawn(options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVE.format(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def first_line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    assert line.startswith("listening on http://127.0.0.1:"), (line, process.stderr and process.stderr.read())
    return line.split()[-1]


def test_as_a_process_until_a_signal_comes() -> None:
    with spawn("policies=7, faults='throttled'") as process:
        url = first_line(process)
        with urllib.request.urlopen(f"{url}/_simulator/state", timeout=10) as reply:
            assert b'"total": 7' in reply.read()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_as_a_process_until_its_parent_closes_stdin() -> None:
    with spawn("policies=0, exit_with_parent=True") as process:
        first_line(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


def test_as_a_process_on_a_folder_of_exports(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"@odata.type": "#microsoft.graph.win32LobApp", "displayName": "x"}')
    (tmp_path / "b.json").write_text("{")
    with spawn(f"exports=Path({str(tmp_path)!r}), exit_with_parent=True") as process:
        url = first_line(process)
        with urllib.request.urlopen(f"{url}/_simulator/policies/mobileApp", timeout=10) as reply:
            assert b'"name": "x"' in reply.read()
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.close()
        assert process.wait(10) == 0
        told = process.stderr.read().decode()
        assert "Took 1 policy from 2 files." in told
        assert "once: not JSON" in told


def test_faults_by_profile_and_by_file(tmp_path: Path) -> None:
    tenant = seeded_tenant(30)
    assert fault_rules(None, tenant) == ()
    assert fault_rules("none", tenant) == ()
    assert fault_rules("hostile", tenant)
    file = tmp_path / "rules.json"
    file.write_text('[{"action": {"kind": "empty"}}]')
    assert len(fault_rules(file, tenant)) == 1
    assert len(fault_rules(str(file), tenant)) == 1
    with pytest.raises(FileNotFoundError, match="none, some, throttled, hostile"):
        fault_rules("nasty", tenant)
