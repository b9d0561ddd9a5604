"""A whole portal as an operator runs it: `portal up` with embedded servers, in a folder and on a port of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import redis

from portal.supervisor import postgres, valkey
from portal.supervisor.places import places

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
_PORTAL = [
    sys.executable,
    "-P",
    "-c",
    "import sys; sys.argv[0] = 'portal'; from portal.cli import main; sys.exit(main())",
]


def eventually(is_so: Callable[[], bool], what: str, within: float = PATIENCE) -> float:
    """Wait until this is so; give the seconds it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < within, f"waited {within:.0f} s in vain for: {what}"
        time.sleep(0.05)
    return time.monotonic() - began


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Owner:
    """What `portal company create --json` gave."""

    company_id: str
    user_id: str
    api_key: str


@dataclass(frozen=True)
class Process:
    """One running process of the stack."""

    pid: int
    parent: int
    command: str


class Stack:
    """One `portal up`. Use as a context manager: leaving it ends everything that was started, however it went.

    Args:
        environ: settings besides INSTANCE_DIR.
        folder: where INSTANCE_DIR is made; a new one when None, removed at the end.
    """

    def __init__(self, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> None:
        self._made_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="baton-faults-"))
        # Under root PostgreSQL runs as somebody else, who has to pass through.
        self.folder.chmod(0o755)
        self.instance_dir = self.folder / "instance"
        self.port = free_port()
        # Inherited by everything it starts, so that nothing of it can hide from us.
        self._mark = f"{self.instance_dir}:stack"
        self._environ = {
            **{name: value for name, value in os.environ.items() if name not in _SETTINGS},
            "PORTAL_ENV": "test",
            "INSTANCE_DIR": str(self.instance_dir),
            "BATON_TEST_MARK": self._mark,
            "PYTHONPATH": str(PROJECT),
            **(environ or {}),
        }
        self._program: subprocess.Popen[bytes] | None = None
        self._output_number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    # The life of it

    def start(self, *arguments: str) -> Self:
        """`portal up`, and wait until every part is there."""
        self.begin(*arguments)
        self.wait_until_ready()
        return self

    def begin(self, *arguments: str) -> None:
        """`portal up`, without waiting."""
        self._output_number += 1
        with self._output_path.open("wb") as output:
            self._program = subprocess.Popen(
                [*_PORTAL, "up", "--port", str(self.port), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environ,
                cwd=self.folder,
                # As from a terminal: a group of its own, which a Ctrl-C reaches as a whole.
                start_new_session=True,
            )

    def wait_until_ready(self, within: float = PATIENCE) -> float:
        """Wait for /readyz to say so; give the seconds it took."""
        try:
            return eventually(self._is_ready, "the portal to be ready", within)
        except AssertionError:
            print(self.output[-8000:], file=sys.stderr)
            raise

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; give its exit status."""
        assert self._program is not None
        self._program.send_signal(number)
        return self._program.wait(timeout=PATIENCE)

    def press_ctrl_c(self) -> int:
        """SIGINT to its whole process group, as a terminal does."""
        assert self._program is not None
        os.killpg(self._program.pid, signal.SIGINT)
        return self._program.wait(timeout=PATIENCE)

    def end(self) -> None:
        """End everything and remove what it left."""
        if self._program is not None:
            if self._program.poll() is None:
                self._program.terminate()
                with suppress(subprocess.TimeoutExpired):
                    self._program.wait(timeout=PATIENCE)
            if self._program.poll() is None:
                self._program.kill()
                self._program.wait()
            # Paused processes do not hear anything but this.
            eventually(lambda: not self._processes_killed(), "everything the test started to end")
        if self._made_folder:
            places(self.instance_dir).remove()
            shutil.rmtree(self.folder)

    @property
    def program(self) -> subprocess.Popen[bytes]:
        """The supervisor."""
        assert self._program is not None
        return self._program

    @property
    def output(self) -> str:
        """What it said since it was last started."""
        return self._output_path.read_text(errors="replace")

    def portal(self, *arguments: str, within: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """A `portal` command, as typed in another terminal."""
        return subprocess.run(
            [*_PORTAL, *arguments],
            env=self._environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=within,
            stdin=subprocess.DEVNULL,
        )

    def create_company(self, name: str, email: str, *arguments: str) -> Owner:
        """`portal company create --json`."""
        asked = ["company", "create", "--name", name, "--email", email, *arguments, "--json"]
        made = self.portal(*asked)
        assert made.returncode == 0, made.stdout + made.stderr
        return Owner(**json.loads(made.stdout))

    def assert_sound(self) -> None:
        """`portal check` finds no breach of what must always hold."""
        checked = self.portal("check")
        assert checked.returncode == 0, checked.stdout + checked.stderr

    # Talking to it

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def api(self, key: str) -> Api:
        return Api(self.url, key)

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection]:
        """The database as its owner, past row-level security."""
        address = postgres.url(places(self.instance_dir)).replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What the database says, asked as its owner."""
        with self.database() as connection:
            return connection.execute(statement, parameters).fetchall()

    def number(self, statement: str, *parameters: object) -> Any:
        """The same for one number."""
        return self.rows(statement, *parameters)[0][0]

    def queue(self) -> redis.Redis:
        """The queue's Valkey."""
        return redis.Redis.from_url(valkey.url(places(self.instance_dir)), socket_timeout=5)

    def has_queue(self) -> bool:
        """Whether the queue's Valkey answers."""
        with suppress(redis.RedisError):
            return bool(self.queue().ping())
        return False

    def has_database(self) -> bool:
        """Whether PostgreSQL answers."""
        with suppress(psycopg.OperationalError):
            return bool(self.number("SELECT 1"))
        return False

    # Its processes

    def processes(self) -> list[Process]:
        """Everything it started that still runs."""
        return [
            process for process in _all_processes(self._mark, f"{self.instance_dir}/") if process.pid != os.getpid()
        ]

    def pid_of(self, role: str) -> int:
        """The main process of a part: web, quick, outside, valkey or postgres."""
        pid = self._find(role)
        assert pid is not None, f"not one {role}: {self.processes()}"
        return pid

    def pids_of(self, role: str) -> set[int]:
        """All processes of a part, children included."""
        return {process.pid for process in self.processes() if _ROLES[role] in process.command}

    def children_of(self, pid: int) -> list[int]:
        """The processes it started itself."""
        return [process.pid for process in self.processes() if process.parent == pid]

    def kill(self, role: str) -> int:
        """kill -9 of the part's main process; gives the number it had."""
        eventually(lambda: self._find(role) is not None, f"{role} to run")
        pid = self.pid_of(role)
        os.kill(pid, signal.SIGKILL)
        return pid

    def runs_again(self, role: str, but_not: int) -> None:
        """Wait until the part runs under another number."""
        eventually(lambda: self._find(role) not in (None, but_not), f"{role} to run again")

    def kill_and_wait(self, role: str) -> float:
        """kill -9 of the part's main process; wait until its successor works and give the seconds that took."""
        starts = self._starts_of(role)
        killed = self.kill(role)
        return eventually(
            lambda: self._find(role) not in (None, killed) and self._works(role, starts), f"{role} to work again"
        )

    @contextmanager
    def without_queue(self) -> Iterator[None]:
        """Valkey is killed and stays away: the supervisor, paused, starts it again only afterwards."""
        self.pause(self.program.pid)
        try:
            self.kill("valkey")
            yield
        finally:
            self.resume(self.program.pid)
        eventually(self.has_queue, "Valkey to be back")

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """PostgreSQL is killed and stays away: it cannot start without its settings."""
        settings = places(self.instance_dir).postgres_data / "postgresql.conf"
        hidden = settings.rename(settings.with_suffix(".hidden"))
        try:
            self.kill("postgres")
            yield
        finally:
            hidden.rename(settings)
        eventually(self.has_database, "PostgreSQL to be back")

    def pause(self, *pids: int) -> None:
        """SIGSTOP: they stand still, and nothing they hold is let go."""
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)

    def resume(self, *pids: int) -> None:
        """SIGCONT."""
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _works(self, role: str, starts_before: int) -> bool:
        match role:
            case "quick" | "outside":
                return self._starts_of(role) > starts_before
            case "web":
                return self._is_healthy()
            case "valkey":
                return self.has_queue()
            case _:
                return self.has_database()

    def _starts_of(self, role: str) -> int:
        return len(re.findall(rf"^{role} .*worker_started", self.output, re.MULTILINE))

    def _find(self, role: str) -> int | None:
        """The one at the top; None while there is none, or while children of the last one are still being ended."""
        found = [process for process in self.processes() if _ROLES[role] in process.command]
        pids = {process.pid for process in found}
        top = [process.pid for process in found if process.parent not in pids]
        return top[0] if len(top) == 1 else None

    def _is_ready(self) -> bool:
        assert self.program.poll() is None, f"portal up ended:\n{self.output[-8000:]}"
        return self._answers("/readyz")

    def _is_healthy(self) -> bool:
        return self._answers("/healthz")

    def _answers(self, path: str) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}{path}", timeout=5, trust_env=False).is_success
        return False

    def _processes_killed(self) -> list[Process]:
        found = self.processes()
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        return found

    @property
    def _output_path(self) -> Path:
        return self.folder / f"output-{self._output_number}"


_ROLES = {
    "web": "portal.asgi:app",
    "quick": "--queues quick",
    "outside": "--queues outside",
    "valkey": "valkey-server",
    "postgres": "/postgres -D",
}
_SETTINGS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "TRUSTED_HOSTS", "MAIL_SERVER", "MAIL_PORT")


class Api:
    """A client of the JSON API over real HTTP. It insists on an answer of the right kind, not on the first try."""

    def __init__(self, url: str, key: str) -> None:
        self._client = httpx.Client(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=20, trust_env=False
        )

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request, whatever comes of it. Raises httpx.HTTPError when there is no answer."""
        return self._client.request(method, path, **options)

    def get(self, path: str, **parameters: Any) -> Any:
        return self._right("GET", path, params=parameters)

    def post(self, path: str, **body: Any) -> Any:
        return self._right("POST", path, json=body)

    def patch(self, path: str, **body: Any) -> Any:
        return self._right("PATCH", path, json=body)

    def items(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        """All items of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.get(path, limit=200, **parameters, **({"cursor": cursor} if cursor else {}))
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                return found

    def _right(self, method: str, path: str, **options: Any) -> Any:
        answer = self.call(method, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()


def _all_processes(*marks: str) -> Iterator[Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            environ = (folder / "environ").read_bytes().decode(errors="replace")
            # pid (name, which may hold spaces and brackets) state ppid …, see proc(5)
            parent = int((folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        if command and any(mark in command or mark in environ for mark in marks):
            yield Process(int(folder.name), parent, command)
