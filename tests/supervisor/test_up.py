"""``portal up`` as a real program: how it ends, what it restarts, what it keeps."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from portal.config import Settings
from portal.supervisor import postgres, valkey
from portal.supervisor.places import places
from portal.supervisor.servers import embedded_servers
from tests.supervisor.conftest import needs_linux, needs_root
from tests.supervisor.miniature import Miniature, eventually

pytestmark = needs_linux


def settings_of(miniature: Miniature) -> Settings:
    return Settings.from_environ({"INSTANCE_DIR": str(miniature.instance_dir)})


def connect(miniature: Miniature) -> psycopg.Connection:
    return psycopg.connect(postgres.url(places(miniature.instance_dir)).replace("+psycopg", ""))


def test_sigterm_stops_everything_and_counts_as_success(miniature: Miniature) -> None:
    assert miniature.stop(signal.SIGTERM) == 0
    assert miniature.processes() == {}


def test_ctrl_c_stops_the_work_before_the_servers_it_uses(miniature: Miniature) -> None:
    assert miniature.press_ctrl_c() == 0
    assert miniature.processes() == {}
    said = miniature.output
    assert said.count("worker stopped politely") == 2
    assert said.index("web stopped politely") < said.index("Valkey is now ready to exit")


def test_a_closed_terminal_stops_everything(miniature: Miniature) -> None:
    assert miniature.stop(signal.SIGHUP) == 0
    assert miniature.processes() == {}


# Ends on nothing but SIGKILL, and leaves a child in a group of its own.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgrp()
print("stubborn", flush=True)
while True:
    time.sleep(60)
"""


@pytest.mark.fault
def test_kill_9_leaves_no_process_not_even_a_stubborn_one(instance_dir: Path, free_port: int) -> None:
    miniature = Miniature(instance_dir, free_port, "--also", STUBBORN)
    miniature.start()
    try:
        eventually(lambda: miniature.output.count("stubborn") == 2, "the stubborn program and its child")
        assert len(miniature.processes()) >= 11
        miniature.program.kill()
        miniature.program.wait()
        eventually(lambda: miniature.processes() == {}, "every process to end")
    finally:
        miniature.end()


def test_sigterm_ends_a_stubborn_program_too(instance_dir: Path, free_port: int) -> None:
    miniature = Miniature(instance_dir, free_port, "--also", STUBBORN)
    miniature.start()
    try:
        eventually(lambda: miniature.output.count("stubborn") == 2, "the stubborn program and its child")
        assert miniature.stop() == 0
        assert miniature.processes() == {}
    finally:
        miniature.end()


def test_a_second_ctrl_c_does_not_wait_for_a_stubborn_program(instance_dir: Path, free_port: int) -> None:
    miniature = Miniature(instance_dir, free_port, "--also", STUBBORN)
    miniature.start()
    try:
        eventually(lambda: miniature.output.count("stubborn") == 2, "the stubborn program and its child")
        miniature.program.send_signal(signal.SIGINT)
        eventually(lambda: "web stopped politely" in miniature.output, "the first Ctrl-C to be heard")
        assert miniature.press_ctrl_c() == 0
        assert miniature.processes() == {}
    finally:
        miniature.end()


@pytest.mark.fault
def test_kill_9_of_the_supervisor_and_its_guardian_leaves_no_process(miniature: Miniature) -> None:
    os.kill(miniature.pid_of("guardian.py"), signal.SIGKILL)
    miniature.program.kill()
    miniature.program.wait()
    # Jobs in a group of their own and children of the web program are found by nobody now but their parents.
    for pid, command in miniature.processes().items():
        # Some of them end by themselves meanwhile: their parent's death is a signal to them.
        with suppress(ProcessLookupError):
            if "stand_in_w" in command:
                os.kill(pid, signal.SIGKILL)
    eventually(lambda: miniature.processes() == {}, "both servers to end")


@pytest.mark.fault
def test_a_killed_guardian_is_started_again_and_still_knows_everybody(miniature: Miniature) -> None:
    first = miniature.pid_of("guardian.py")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: bool(miniature.pids_of("guardian.py") - {first}), "a new guardian")
    miniature.program.kill()
    miniature.program.wait()
    eventually(lambda: miniature.processes() == {}, "every process to end")


@pytest.mark.fault
@pytest.mark.parametrize("part", ["stand_in_web.py", "stand_in_worker.py", "valkey-server", "bin/postgres"])
def test_what_is_killed_is_started_again(miniature: Miniature, part: str) -> None:
    killed = miniature.pid_of(part)
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: "killed by SIGKILL" in miniature.output, "the supervisor to notice")
    eventually(lambda: bool(miniature.pids_of(part) - {killed}), f"{part} to be started again")
    where = places(miniature.instance_dir)
    eventually(lambda: miniature.answers() is not None, "the web program to answer")
    eventually(lambda: postgres.is_ready(where) and valkey.is_ready(where), "both servers to answer")
    assert miniature.stop() == 0
    assert miniature.processes() == {}


@pytest.mark.fault
def test_a_killed_worker_takes_its_running_job_along(miniature: Miniature) -> None:
    before = miniature.pids_of("stand_in_worker.py")
    assert len(before) == 4, "two workers with a job each"
    parent = min(before)
    os.kill(parent, signal.SIGKILL)
    eventually(lambda: len(miniature.pids_of("stand_in_worker.py") - before) == 2, "a new worker with a new job")
    assert len(miniature.pids_of("stand_in_worker.py") & before) == 2, "the job of the killed worker is gone"


@pytest.mark.fault
def test_the_pause_before_a_start_grows_while_a_program_keeps_failing(instance_dir: Path, free_port: int) -> None:
    miniature = Miniature(instance_dir, free_port, "--also", "raise SystemExit(3)")
    miniature.start()
    try:
        eventually(lambda: "starting it again in 0.8 s" in miniature.output, "the pause to grow")
        pauses = [line.rpartition(" in ")[2] for line in miniature.output.splitlines() if "also ended" in line]
        assert pauses[:4] == ["0.1 s", "0.2 s", "0.4 s", "0.8 s"]
        assert "also ended (exit status 3)" in miniature.output
        assert miniature.stop() == 0
    finally:
        miniature.end()


def test_the_second_start_keeps_what_both_servers_held(miniature: Miniature) -> None:
    with connect(miniature) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('still here')")
    with redis.Redis.from_url(valkey.url(places(miniature.instance_dir)), decode_responses=True) as client:
        client.set("kept", "still here")
    miniature.stop()
    miniature.start()
    with connect(miniature) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("still here",)
    with redis.Redis.from_url(valkey.url(places(miniature.instance_dir)), decode_responses=True) as client:
        assert client.get("kept") == "still here"


@pytest.mark.fault
def test_a_start_right_after_kill_9_waits_for_the_rest_to_go_and_keeps_the_data(miniature: Miniature) -> None:
    with connect(miniature) as connection:
        connection.execute("CREATE TABLE kept (word text)")
    miniature.program.kill()
    miniature.program.wait()
    miniature.start()
    with connect(miniature) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    assert miniature.stop() == 0


@pytest.mark.fault
def test_a_start_right_after_kill_9_does_not_run_beside_what_is_left(instance_dir: Path, free_port: int) -> None:
    first = Miniature(instance_dir, free_port, "--also", STUBBORN)
    second = Miniature(instance_dir, free_port)
    try:
        first.start()
        eventually(lambda: first.output.count("stubborn") == 2, "the stubborn program and its child")
        # The supervisor itself has the program's text in its arguments as well.
        left = first.pids_of("signal.SIG_IGN") - {first.program.pid}
        assert len(left) == 2
        first.program.kill()
        first.program.wait()
        second.start()
        assert not left & set(second.processes()), "the guardian holds the lock until it is done"
    finally:
        second.end()
        first.end()


def test_a_second_start_beside_the_first_is_refused_with_its_number(miniature: Miniature, free_port: int) -> None:
    second = Miniature(miniature.instance_dir, free_port + 1)
    second.begin()
    assert second.program.wait(timeout=30) == 1
    assert f"already running from {miniature.instance_dir} (process {miniature.program.pid})" in second.output
    assert miniature.answers() is not None


def test_a_taken_port_is_refused_by_name(instance_dir: Path, free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)):
        miniature = Miniature(instance_dir, free_port)
        miniature.begin()
        try:
            assert miniature.program.wait(timeout=30) == 1
            assert f"Port {free_port} on 127.0.0.1 is taken" in miniature.output
        finally:
            miniature.end()


def test_nothing_is_served_when_the_migration_fails(instance_dir: Path, free_port: int) -> None:
    miniature = Miniature(instance_dir, free_port, "--fail-first")
    miniature.begin()
    try:
        assert miniature.program.wait(timeout=30) == 1
        assert "migrate failed (exit status 1)" in miniature.output
        assert "web started" not in miniature.output
    finally:
        miniature.end()
    assert miniature.processes() == {}


def test_the_seed_sees_the_servers_before_the_first_request_is_served(instance_dir: Path, free_port: int) -> None:
    seeded = instance_dir.parent / "seeded"
    miniature = Miniature(instance_dir, free_port, "--seed", str(seeded))
    miniature.start()
    try:
        where = places(instance_dir)
        assert seeded.read_text() == f"{postgres.url(where)} {valkey.url(where)}"
        assert miniature.stop() == 0
    finally:
        miniature.end()


def test_a_command_uses_the_servers_of_a_running_portal(miniature: Miniature) -> None:
    before = miniature.pids_of("bin/postgres")
    with embedded_servers(settings_of(miniature)) as complete:
        assert complete.database_url == postgres.url(places(miniature.instance_dir))
        with connect(miniature) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert miniature.pids_of("bin/postgres") >= before, "it did not stop what is not its own"
    assert miniature.answers() is not None


@needs_root
def test_in_a_folder_only_root_may_enter_the_data_stands_elsewhere_and_that_is_said(
    closed_instance_dir: Path, free_port: int
) -> None:
    miniature = Miniature(closed_instance_dir, free_port)
    miniature.start()
    try:
        home = places(closed_instance_dir).home
        assert home.parent != closed_instance_dir.parent
        assert f"data and sockets are in {home}" in miniature.output
        with connect(miniature) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert miniature.stop() == 0
    finally:
        miniature.end()
    assert home.exists()
    places(closed_instance_dir).remove()
    assert not home.exists()
