"""The embedded servers with real processes: how they start and stop, also after a crash or a kill."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from ctcompliance import local
from ctcompliance.embedded import programs

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent

#: A process that uses servers until its standard input is closed, and prints their ids.
USER = """
import sys
from pathlib import Path
from ctcompliance import local

folder, *names = sys.argv[1:]
for name in names:
    server = getattr(local, name)(Path(folder))
    server.use()
    print(server.pid, flush=True)
sys.stdin.read()
"""


class User:
    """One process that uses servers of one folder."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(folder), *names],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.names = names

    def servers(self) -> list[int]:
        """Wait until it uses its servers, and return their process ids."""
        assert self.process.stdout
        return [int(self.process.stdout.readline()) for _ in self.names]

    def leave(self) -> None:
        """Let it end by itself."""
        self.process.communicate(timeout=60)

    def kill(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose servers are stopped after the test, even if the test fails."""
    yield tmp_path / "local"
    for server in (local.postgres(tmp_path / "local"), local.valkey(tmp_path / "local")):
        server.stop()


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., User]]:
    """A function that starts users. Those still running are killed after the test."""
    users: list[User] = []

    def begin(*names: str) -> User:
        users.append(User(folder, *names))
        return users[-1]

    yield begin
    for user in users:
        user.kill()


def within(seconds: float, holds: Callable[[], object]) -> bool:
    """Wait until `holds` is true. Return False after `seconds`."""
    limit = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    """True if the process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def alone(folder: Path) -> dict[str, str]:
    """An environment without a database or broker."""
    named = {"DATABASE_URL", "CELERY_BROKER_URL"}
    bare = {name: value for name, value in os.environ.items() if name not in named}
    return {**bare, "CTC_LOCAL": str(folder)}


def rows(folder: Path, statement: str) -> list[tuple[object, ...]]:
    """Run the statement as the project's role and return the rows."""
    server = local.postgres(folder)
    with psycopg.connect(server.url) as connection:
        answer = connection.execute(statement)
        return answer.fetchall() if answer.description else []


def test_nothing_starts_when_servers_are_only_described(folder: Path) -> None:
    database, broker = local.database(folder), local.broker_url(folder)

    assert database["ENGINE"] == "ctcompliance.embedded"
    assert broker.startswith("redis+socket://")
    assert not folder.exists()


def test_nothing_starts_when_a_command_asks_no_database(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=alone(folder),
        check=True,
        capture_output=True,
        timeout=240,
    )

    assert not folder.exists()


def test_servers_are_shared_and_stop_with_the_last_user(folder: Path, start: Callable[..., User]) -> None:
    first, second = start("postgres", "valkey"), start("postgres", "valkey")
    seen = first.servers()

    assert second.servers() == seen
    first.leave()
    time.sleep(2)
    assert all(is_alive(pid) for pid in seen)
    second.leave()
    assert within(60, lambda: not any(is_alive(pid) for pid in seen))


def test_one_server_starts_when_many_processes_come_at_once(start: Callable[..., User]) -> None:
    users = [start("postgres", "valkey") for _ in range(6)]

    assert len({tuple(user.servers()) for user in users}) == 1


def test_a_killed_user_stops_no_other_and_leaves_nothing(folder: Path, start: Callable[..., User]) -> None:
    first, second = start("postgres", "valkey"), start("postgres", "valkey")
    seen = first.servers()
    second.servers()

    first.kill()
    time.sleep(2)
    assert all(is_alive(pid) for pid in seen)
    second.kill()
    assert within(60, lambda: not any(is_alive(pid) for pid in seen))


def test_data_stay_when_the_server_stops_or_crashes(folder: Path, start: Callable[..., User]) -> None:
    user = start("postgres")
    first = user.servers()[0]
    rows(folder, "CREATE TABLE kept AS SELECT 1 AS number")

    os.kill(first, signal.SIGKILL)
    assert within(60, lambda: local.postgres(folder).pid not in {first, None})
    assert within(60, local.postgres(folder).is_answering)
    assert rows(folder, "SELECT number FROM kept") == [(1,)]

    user.leave()
    assert within(60, lambda: not local.postgres(folder).is_running)
    start("postgres").servers()
    assert rows(folder, "SELECT number FROM kept") == [(1,)]


def test_the_projects_role_is_no_superuser_and_may_make_databases(
    folder: Path, start: Callable[..., User]
) -> None:
    start("postgres").servers()

    assert rows(folder, "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user") == [
        (False, True)
    ]


def test_valkey_comes_back_at_its_address_when_it_is_stopped_and_started(folder: Path) -> None:
    valkey = local.valkey(folder)
    valkey.start()
    first = valkey.pid

    valkey.stop()
    assert valkey.pid is None
    assert not valkey.is_answering()
    valkey.start()

    assert valkey.pid not in {first, None}
    assert valkey.is_answering()


def test_a_stopped_server_stays_stopped_for_those_who_used_it(folder: Path) -> None:
    valkey = local.valkey(folder)
    valkey.use()

    valkey.stop()
    valkey.use()

    assert valkey.pid is None
    valkey.release()


def test_the_server_goes_with_its_keeper_and_the_next_user_starts_another(
    folder: Path, start: Callable[..., User]
) -> None:
    first = start("postgres", "valkey").servers()
    keepers = [server._state("keeper") for server in (local.postgres(folder), local.valkey(folder))]

    for keeper in keepers:
        assert keeper
        os.kill(keeper, signal.SIGKILL)

    assert within(60, lambda: not any(is_alive(pid) for pid in first))
    assert not set(start("postgres", "valkey").servers()) & set(first)


def test_servers_stop_when_their_folder_is_removed(folder: Path, start: Callable[..., User]) -> None:
    seen = start("postgres", "valkey").servers()

    shutil.rmtree(folder, ignore_errors=True)

    assert within(60, lambda: not any(is_alive(pid) for pid in seen))


def test_two_folders_have_servers_of_their_own(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    try:
        for place in (folder, other):
            local.postgres(place).use()
            local.valkey(place).use()
        rows(folder, "CREATE TABLE here AS SELECT 1")

        assert local.valkey(folder).pid != local.valkey(other).pid
        assert rows(other, "SELECT to_regclass('here') IS NULL") == [(True,)]
        local.postgres(folder).release()
        assert not local.postgres(folder).is_running
        assert rows(other, "SELECT 1") == [(1,)]
    finally:
        for server in (
            local.valkey(folder),
            local.valkey(other),
            local.postgres(folder),
            local.postgres(other),
        ):
            server.release()


@pytest.mark.parametrize("name", ["d" * 150, "a name, with spaces & ümlauts"])
def test_servers_run_when_the_folders_name_is_no_address_of_a_socket(folder: Path, name: str) -> None:
    place = folder / name
    postgres, valkey = local.postgres(place), local.valkey(place)
    try:
        postgres.start()
        valkey.start()

        assert rows(place, "SELECT 1") == [(1,)]
        assert valkey.is_answering()
    finally:
        postgres.stop()
        valkey.stop()
        shutil.rmtree(postgres.sockets)


def test_no_other_user_of_the_machine_can_reach_a_server(folder: Path) -> None:
    local.postgres(folder).start()
    local.valkey(folder).start()

    assert local.postgres(folder).host.stat().st_mode & 0o077 == 0
    assert local.valkey(folder).address.stat().st_mode & 0o077 == 0


def test_a_worker_alone_starts_the_broker_and_stops_it_by_ending(folder: Path) -> None:
    worker = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "ctcompliance",
            "worker",
            "-P",
            "threads",
            "-c",
            "1",
            "-Q",
            "bulk",
        ],
        cwd=ROOT,
        env=alone(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert within(60, local.valkey(folder).is_answering)
    finally:
        time.sleep(2)
        worker.terminate()
        worker.wait(30)

    assert within(60, lambda: not local.valkey(folder).is_running)
    assert within(60, lambda: not local.postgres(folder).is_running)


def test_publishing_fails_at_once_when_the_broker_is_gone(folder: Path) -> None:
    valkey = local.valkey(folder)
    valkey.start()
    app = Celery(set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.update(broker_url=valkey.url)
    app.send_task("anything", queue="bulk")

    valkey.stop()
    taken = []
    for _ in range(3):
        begun = time.monotonic()
        with pytest.raises(OperationalError):
            app.send_task("anything", queue="bulk")
        taken.append(time.monotonic() - begun)
    # A busy machine may hold up one of them.
    assert min(taken) < 1


def test_refusal_names_the_package_when_it_is_not_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctcompliance.embedded.server.find_spec", lambda _name: None)

    with pytest.raises(local.Unavailable, match=r"PostgreSQL is not installed.*DATABASE_URL"):
        local.postgres(folder).use()
    with pytest.raises(local.Unavailable, match=r"Valkey is not installed.*CELERY_BROKER_URL"):
        local.valkey(folder).use()


def test_the_server_runs_from_an_environment_that_other_users_cannot_enter(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As root's home on a fresh server, mode 700, with the environment inside.
    packages = private_packages(tmp_path)
    monkeypatch.setattr("ctcompliance.embedded.server.Server._package", lambda _server: packages)
    with tempfile.TemporaryDirectory() as copies:
        monkeypatch.setattr(programs, "COPIES", Path(copies))
        server = local.postgres(folder)
        server.start()

        assert rows(folder, "SELECT 1") == [(1,)]
        used = Path(f"/proc/{server.pid}/exe").resolve()
        assert used.is_relative_to(copies) is (os.geteuid() == 0)
        server.stop()


def test_programs_are_copied_once_and_can_be_run_by_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = private_packages(tmp_path).parent
    monkeypatch.setattr(programs, "COPIES", tmp_path / "copies")

    copy = programs.copied(packages)

    postgres = copy / programs.BIN / "postgres"
    assert postgres.read_bytes() == (packages / programs.BIN / "postgres").read_bytes()
    assert postgres.stat().st_mode & 0o777 == 0o755
    assert (copy / programs.PARTS[1]).stat().st_mode & 0o777 == 0o755
    before = postgres.stat().st_ino
    assert programs.copied(packages) == copy
    assert postgres.stat().st_ino == before
    assert [path.name for path in (tmp_path / "copies").iterdir()] == [copy.name]


def test_refusal_names_the_closed_folder_when_programs_cannot_be_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = private_packages(tmp_path).parent
    (tmp_path / "a-file").touch()
    monkeypatch.setattr(programs, "COPIES", tmp_path / "a-file" / "copies")

    with pytest.raises(
        local.Unavailable, match="Run as an ordinary user, or move the environment"
    ) as refused:
        programs.copied(packages)

    assert f"cannot enter {programs.closed_folder(packages)}, where its programs are" in str(refused.value)
    assert str(tmp_path / "a-file" / "copies") in str(refused.value)


def test_refusal_names_the_closed_folder_when_data_cannot_be_entered(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctcompliance.embedded.postgres._ordinary_user", lambda: 65534)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda *_: None)
    monkeypatch.setattr("ctcompliance.embedded.postgres.HERE", folder / "without-launch")
    monkeypatch.setattr(programs, "copied", lambda packages: packages)
    folder.mkdir()
    folder.chmod(0o700)

    with pytest.raises(local.Unavailable, match="Run as an ordinary user, or set CTC_LOCAL") as refused:
        local.postgres(folder).use()

    assert f"its user cannot enter {programs.closed_folder(folder)} (" in str(refused.value)


def test_the_topmost_closed_folder_is_found(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        inner = Path(place, "home", "environment")
        inner.mkdir(parents=True)
        assert programs.closed_folder(inner) is None
        inner.parent.chmod(0o700)
        inner.chmod(0o700)

        assert programs.closed_folder(inner / "missing") == inner.parent


def private_packages(tmp_path: Path) -> Path:
    """A path to the package of PostgreSQL that other users cannot enter."""
    installed = local.postgres(tmp_path)._package().parent
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for part in programs.PARTS:
        (private / part).parent.mkdir(exist_ok=True)
        (private / part).symlink_to(installed / part)
    return private / Path(programs.PARTS[0]).parent


def test_refusal_quotes_the_server_when_it_does_not_start(folder: Path) -> None:
    (folder / "postgres" / "data").mkdir(parents=True)

    with pytest.raises(local.Unavailable, match=r"did not start: .*postgresql\.conf.*postgres\.log"):
        local.postgres(folder).use()

    assert not local.postgres(folder).is_running


def test_refusal_is_one_sentence_when_something_else_has_the_sockets_folder(folder: Path) -> None:
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(local.valkey(folder).sockets))

        with pytest.raises(local.Unavailable, match="not writable"):
            local.valkey(folder).use()
    local.valkey(folder).sockets.unlink()
