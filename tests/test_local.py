"""The embedded servers, with real processes: who starts them, who stops them, and what an accident leaves."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from ctcompliance import local

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent

#: A process that uses servers until its standard input is closed, and tells what it sees.
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
        """The servers that it uses, once it does."""
        assert self.process.stdout
        return [int(self.process.stdout.readline()) for _ in self.names]

    def leave(self) -> None:
        """It ends by itself."""
        self.process.communicate(timeout=20)

    def kill(self) -> None:
        """It ends without a word."""
        self.process.kill()
        self.process.communicate(timeout=20)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose servers are stopped after the test, whatever became of it."""
    yield tmp_path / "local"
    for server in (local.postgres(tmp_path / "local"), local.redis(tmp_path / "local")):
        server.stop()


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., User]]:
    """Starts users, and ends those that the test leaves."""
    users: list[User] = []

    def begin(*names: str) -> User:
        users.append(User(folder, *names))
        return users[-1]

    yield begin
    for user in users:
        user.kill()


def within(seconds: float, holds: Callable[[], object]) -> bool:
    """Whether it comes to hold in time."""
    limit = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    """Whether that process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def alone(folder: Path) -> dict[str, str]:
    """An environment that names no server."""
    named = {"DATABASE_URL", "CELERY_BROKER_URL"}
    bare = {name: value for name, value in os.environ.items() if name not in named}
    return {**bare, "CTC_LOCAL": str(folder)}


def rows(folder: Path, statement: str) -> list[tuple[object, ...]]:
    """What the embedded database answers, to the project's own role."""
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
        timeout=60,
    )

    assert not folder.exists()


def test_servers_are_shared_and_stop_with_the_last_user(folder: Path, start: Callable[..., User]) -> None:
    first, second = start("postgres", "redis"), start("postgres", "redis")
    seen = first.servers()

    assert second.servers() == seen
    first.leave()
    time.sleep(2)
    assert all(is_alive(pid) for pid in seen)
    second.leave()
    assert within(10, lambda: not any(is_alive(pid) for pid in seen))


def test_one_server_starts_when_many_processes_come_at_once(start: Callable[..., User]) -> None:
    users = [start("postgres", "redis") for _ in range(6)]

    assert len({tuple(user.servers()) for user in users}) == 1


def test_a_killed_user_stops_nobody_else_and_leaves_nothing(folder: Path, start: Callable[..., User]) -> None:
    first, second = start("postgres", "redis"), start("postgres", "redis")
    seen = first.servers()
    second.servers()

    first.kill()
    time.sleep(2)
    assert all(is_alive(pid) for pid in seen)
    second.kill()
    assert within(10, lambda: not any(is_alive(pid) for pid in seen))


def test_data_stay_when_the_server_stops_or_crashes(folder: Path, start: Callable[..., User]) -> None:
    user = start("postgres")
    first = user.servers()[0]
    rows(folder, "CREATE TABLE kept AS SELECT 1 AS number")

    os.kill(first, signal.SIGKILL)
    assert within(20, lambda: local.postgres(folder).pid not in {first, None})
    assert within(20, local.postgres(folder).is_answering)
    assert rows(folder, "SELECT number FROM kept") == [(1,)]

    user.leave()
    assert within(10, lambda: not local.postgres(folder).is_running)
    start("postgres").servers()
    assert rows(folder, "SELECT number FROM kept") == [(1,)]


def test_the_projects_role_is_no_superuser_and_may_make_databases(
    folder: Path, start: Callable[..., User]
) -> None:
    start("postgres").servers()

    assert rows(folder, "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user") == [
        (False, True)
    ]


def test_redis_comes_back_at_its_address_when_it_is_stopped_and_started(folder: Path) -> None:
    redis = local.redis(folder)
    redis.start()
    first = redis.pid

    redis.stop()
    assert redis.pid is None
    assert not redis.is_answering()
    redis.start()

    assert redis.pid not in {first, None}
    assert redis.is_answering()


def test_a_stopped_server_stays_stopped_for_those_who_used_it(folder: Path) -> None:
    redis = local.redis(folder)
    redis.use()

    redis.stop()
    redis.use()

    assert redis.pid is None
    redis.release()


def test_the_server_goes_with_its_keeper_and_the_next_user_starts_another(
    folder: Path, start: Callable[..., User]
) -> None:
    first = start("postgres", "redis").servers()
    keepers = [server._state("keeper") for server in (local.postgres(folder), local.redis(folder))]

    for keeper in keepers:
        assert keeper
        os.kill(keeper, signal.SIGKILL)

    assert within(10, lambda: not any(is_alive(pid) for pid in first))
    assert not set(start("postgres", "redis").servers()) & set(first)


def test_servers_stop_when_their_folder_is_removed(folder: Path, start: Callable[..., User]) -> None:
    seen = start("postgres", "redis").servers()

    shutil.rmtree(folder, ignore_errors=True)

    assert within(15, lambda: not any(is_alive(pid) for pid in seen))


def test_two_folders_have_servers_of_their_own(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    try:
        for place in (folder, other):
            local.postgres(place).use()
            local.redis(place).use()
        rows(folder, "CREATE TABLE here AS SELECT 1")

        assert local.redis(folder).pid != local.redis(other).pid
        assert rows(other, "SELECT to_regclass('here') IS NULL") == [(True,)]
        local.postgres(folder).release()
        assert not local.postgres(folder).is_running
        assert rows(other, "SELECT 1") == [(1,)]
    finally:
        for server in (
            local.redis(folder),
            local.redis(other),
            local.postgres(folder),
            local.postgres(other),
        ):
            server.release()


@pytest.mark.parametrize("name", ["d" * 150, "a name, with spaces & ümlauts"])
def test_servers_run_when_the_folders_name_is_no_address_of_a_socket(folder: Path, name: str) -> None:
    place = folder / name
    postgres, redis = local.postgres(place), local.redis(place)
    try:
        postgres.start()
        redis.start()

        assert rows(place, "SELECT 1") == [(1,)]
        assert redis.is_answering()
    finally:
        postgres.stop()
        redis.stop()
        shutil.rmtree(postgres.sockets)


def test_no_other_user_of_the_machine_can_reach_a_server(folder: Path) -> None:
    local.postgres(folder).start()
    local.redis(folder).start()

    assert local.postgres(folder).host.stat().st_mode & 0o077 == 0
    assert local.redis(folder).address.stat().st_mode & 0o077 == 0


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
        assert within(30, local.redis(folder).is_answering)
    finally:
        time.sleep(2)
        worker.terminate()
        worker.wait(30)

    assert within(15, lambda: not local.redis(folder).is_running)
    assert within(15, lambda: not local.postgres(folder).is_running)


def test_publishing_fails_at_once_when_the_broker_is_gone(folder: Path) -> None:
    redis = local.redis(folder)
    redis.start()
    app = Celery(set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.update(broker_url=redis.url)
    app.send_task("anything", queue="bulk")

    redis.stop()
    for _ in range(3):
        begun = time.monotonic()
        with pytest.raises(OperationalError):
            app.send_task("anything", queue="bulk")
        assert time.monotonic() - begun < 1


def test_refusal_names_the_package_when_it_is_not_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctcompliance.embedded.server.find_spec", lambda _name: None)

    with pytest.raises(local.Unavailable, match=r"PostgreSQL is not installed.*DATABASE_URL"):
        local.postgres(folder).use()
    with pytest.raises(local.Unavailable, match=r"Redis is not installed.*CELERY_BROKER_URL"):
        local.redis(folder).use()


def test_refusal_quotes_the_server_when_it_does_not_start(folder: Path) -> None:
    (folder / "postgres" / "data").mkdir(parents=True)

    with pytest.raises(local.Unavailable, match=r"did not start: .*postgresql\.conf.*postgres\.log"):
        local.postgres(folder).use()

    assert not local.postgres(folder).is_running


def test_refusal_is_one_sentence_when_something_else_has_the_sockets_folder(folder: Path) -> None:
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(local.redis(folder).sockets))

        with pytest.raises(local.Unavailable, match="not writable"):
            local.redis(folder).use()
    local.redis(folder).sockets.unlink()
