"""The drill of docs/backup.md: encrypted base backup, archived log, and recovery to a point in time.

The restored server sends nothing until a person confirms it, marks what may arrive twice, and continues the
audit chain. A dump that is loaded into a new server does so as well.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ctcompliance.embedded import programs
from ctcompliance.embedded.postgres import Postgres
from tests.database import give_prepared
from tests.faults.stack import ROOT

SCRIPT = ROOT / "ops" / "ctc-backup"
_PACKAGES = Path(psycopg.__file__).parent.parent
#: Seconds for recovery and for the archive.
PATIENCE = 120.0

pytestmark = [
    pytest.mark.processes,
    # Each test has a server of its own.
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("gpg") is None, reason="GnuPG is not installed"),
]

#: What the drill does in the database, by name. Each is run by `manage.py shell`.
ACTS = {
    "order": """
from itertools import count
from tests import make
from accounts.models import Agency
# Numbers that no process before used.
make._numbers = count(10 * Agency.every.count())
from accounts.models import Role
from notifications.services.firing.fire import Firer
from datetime import timedelta
police = make.agency()
make.person(Role.LIAISON, police)
make.served_order(respondent_town=make.town(police))
Firer("drill").fire(now=make.NOW + timedelta(hours=23))
""",
    "seal": """
from accounts.models import AuditAction, EntryPoint
from accounts.services.access import audit_chain, audit_digests
from accounts.services.access.access_log import record
record(AuditAction.SEEN, EntryPoint.PAGE)
while audit_chain.extend_chain():
    pass
print(audit_digests.newest().line())
""",
    "administrator": """
from tests import make
from accounts.models import Role
print(make.person(Role.ADMINISTRATOR).email)
""",
    "state": """
import json
from notifications.models import Alert
from notifications.services import restored
from notifications.services.delivery import sending
from orders.models import Order
from accounts.models import AuditChainLink
print(json.dumps({
    "orders": Order.objects.count(),
    "held": restored.is_held(),
    "sent": sending.drain(100, worker="drill") if restored.is_held() else 0,
    "alerts": Alert.objects.count(),
    "unmarked": Alert.objects.filter(possible_duplicate=False, state__in=restored._WAITING).count(),
    "marked": Alert.objects.filter(possible_duplicate=True).count(),
    "eras": AuditChainLink.objects.exclude(closed_after=None).count(),
}))
""",
}


@dataclass
class Site:
    """A server with its data below one folder, and the commands of the product on it."""

    folder: Path
    more: dict[str, str] = field(default_factory=dict)

    @property
    def server(self) -> Postgres:
        return Postgres(self.folder)

    @property
    def data(self) -> Path:
        return self.folder / "postgres" / "data"

    @property
    def owner(self) -> int:
        """The user that PostgreSQL runs as."""
        return self.data.parent.stat().st_uid

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the product."""
        names = ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE")
        environment = {name: value for name, value in os.environ.items() if name not in names}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment | {"CTC_LOCAL": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def act(self, *names: str) -> str:
        """Do these of `ACTS` in one process, because starting one takes long; return what the last prints."""
        done = self.manage("shell", "-v0", "-c", "\n".join(ACTS[name] for name in names))
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.strip().splitlines()[-1]

    def state(self, *before: str) -> dict[str, Any]:
        """Do acts, and return what the database then has."""
        found: dict[str, Any] = json.loads(self.act(*before, "state"))
        return found

    def ask(self, statement: str, *, times: int = 1) -> Any:
        """Return one value, as the server's superuser; ask so many times, each in its own transaction."""
        server = self.server
        with psycopg.connect(
            host=str(server.host),
            port=server.port,
            user="postgres",
            dbname=server.database,
            autocommit=True,
        ) as connection:
            for _ in range(times):
                (value,) = connection.execute(statement).fetchone() or (None,)
            return value

    def backup(self, *arguments: str, keys: Path) -> str:
        """Run the backup script."""
        done = subprocess.run(
            [str(SCRIPT), *arguments],
            env=self._backup_environment(keys),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _backup_environment(self, keys: Path) -> dict[str, str]:
        bin_folder = _PACKAGES / programs.BIN
        return {
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "PGHOST": str(self.server.host),
            "PGPORT": str(self.server.port),
            "PGUSER": "postgres",
            "GNUPGHOME": str(keys),
            **self.more,
        }


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < ends, "it never was so"
        time.sleep(0.2)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user can enter; that of pytest is closed to others."""
    found = Path(tempfile.mkdtemp(prefix="ctc-drill-", dir="/tmp"))
    found.chmod(0o755)
    yield found
    shutil.rmtree(found, ignore_errors=True)


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    found = Site(folder / "site")
    give_prepared(found.folder)
    server = found.server
    server.use()
    yield found
    server.stop()
    server.release()


def gpg(home: Path, *arguments: str, given: bytes | None = None) -> bytes:
    command = ["gpg", "--batch", "--quiet", "--homedir", str(home), "--passphrase", "", *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=True, timeout=PATIENCE).stdout


def keys_below(folder: Path, owner: int) -> tuple[Path, Path]:
    """Make a key; return the home with its public half, for the server, and that with both halves."""
    public, private = folder / "public", folder / "private"
    for home in (public, private):
        home.mkdir(mode=0o700)
    gpg(private, "--pinentry-mode", "loopback", "--quick-generate-key", "drill", "rsa3072", "encr", "never")
    gpg(public, "--import", given=gpg(private, "--export", "drill"))
    own(folder / "public", owner)
    return public, private


def own(folder: Path, owner: int) -> None:
    """Give a folder to PostgreSQL's user."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner, -1)


def archive_into(site: Site, folder: Path, keys: Path) -> None:
    """Let the server archive its log, encrypted."""
    copies, script = folder / "copies", folder / "ctc-backup"
    copies.mkdir()
    own(copies, site.owner)
    shutil.copy(SCRIPT, script)
    script.chmod(0o755)
    site.more = {"CTC_BACKUP_DIR": str(copies), "CTC_BACKUP_KEY": "drill"}
    words = " ".join(f"{name}={value}" for name, value in site.more.items())
    site.server.stop()
    with (site.data / "postgresql.auto.conf").open("a") as out:
        out.write("archive_mode = on\n")
        out.write(f"archive_command = 'GNUPGHOME={keys} {words} {script} archive %p %f'\n")
    site.server.start()


def archived(site: Site) -> None:
    """End the present file of the log, and wait until it is archived."""
    name = site.ask("SELECT pg_walfile_name(pg_switch_wal())")
    copies = Path(site.more["CTC_BACKUP_DIR"])
    until((copies / "wal" / f"{name}.gpg").exists)


@pytest.mark.long
def test_a_drill_of_base_backup_and_recovery_to_a_point_in_time(site: Site, folder: Path) -> None:
    public, private = keys_below(folder, site.owner)
    archive_into(site, folder, public)
    assert site.manage("prepare").returncode == 0
    email = site.act("order", "administrator")
    digests = folder / "digests"
    digests.write_text(site.act("seal") + "\n")

    base = Path(site.backup("base", keys=public))
    assert b"postgresql.conf" not in base.read_bytes()
    with pytest.raises(subprocess.CalledProcessError):
        gpg(public, "--decrypt", str(base))
    with digests.open("a") as out:
        out.write(site.act("order", "seal") + "\n")
    moment = site.ask("SELECT clock_timestamp()")
    time.sleep(1)
    # Lost: after the moment.
    with digests.open("a") as out:
        out.write(site.act("order", "seal") + "\n")
    assert site.ask("SELECT count(*) FROM orders_order WHERE case_id IS NOT NULL") > 2
    archived(site)
    site.backup("check", keys=public)

    site.server.stop()
    site.data.rename(folder / "lost")
    own(private, site.owner)
    at = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert site.backup("restore", str(site.data), at, keys=private) == str(base)
    own(site.data, site.owner)
    site.server.start()
    until(lambda: site.ask("SELECT NOT pg_is_in_recovery()") is True)

    found = site.state()
    assert (found["orders"], found["held"], found["sent"], found["marked"]) == (2, True, 0, 0)
    assert found["alerts"] > 0
    # The chain goes on, and shows what was lost.
    assert site.state("seal")["eras"] == 1
    checked = site.manage("verify_audit", "--against", str(digests))
    assert checked.returncode == 0, checked.stderr
    assert "the server was recovered from a backup" in checked.stdout
    assert "2 noted digests match." in checked.stdout
    assert "1 noted digests are of links that a restore lost" in checked.stdout

    confirmed = site.manage("confirm_restore", "--by", email)

    assert confirmed.returncode == 0, confirmed.stderr
    found = site.state()
    assert (found["held"], found["unmarked"]) == (False, 0)
    assert found["marked"] > 0


def test_a_dump_in_a_new_server_continues_the_chain(site: Site, folder: Path) -> None:
    assert site.manage("prepare").returncode == 0
    # Transactions of a server that has run for long.
    site.ask("SELECT pg_current_xact_id()", times=10_000)
    digest = site.act("seal")
    dump = folder / "dump"
    program = str(_PACKAGES / programs.BIN / "pg_dump")
    where = ["--host", str(site.server.host), "--username", "postgres"]
    subprocess.run([program, *where, "--format=custom", "--file", str(dump), "ctcompliance"], check=True)

    new = Site(folder / "new")
    server = new.server
    server.use()
    try:
        program = str(_PACKAGES / programs.BIN / "pg_restore")
        where = ["--host", str(server.host), "--username", "postgres"]
        subprocess.run(
            [program, *where, "--single-transaction", "--dbname", "ctcompliance", str(dump)], check=True
        )
        highest = new.ask("SELECT max(up_to) FROM accounts_auditchainlink")
        assert new.ask("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint") < highest

        assert new.state("seal", "seal")["held"] is True
        (folder / "digests").write_text(digest)
        checked = new.manage("verify_audit", "--json", "--against", str(folder / "digests"))

        document = json.loads(checked.stdout)
        assert checked.returncode == 0, checked.stderr
        assert (document["unlinked"], document["noted"]["matching"]) == (0, 1)
        (era,) = document["eras_ended"]
        assert era["reason"] == "the data were restored into another server"
    finally:
        server.stop()
        server.release()


def test_the_script_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    def refused(*arguments: str) -> str:
        done = subprocess.run(
            [str(SCRIPT), *arguments],
            env={"PATH": os.environ["PATH"], "CTC_BACKUP_DIR": str(tmp_path), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        return done.stderr

    full = tmp_path / "full"
    full.mkdir()
    (full / "file").touch()
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "name one of" in refused("nonsense")
    assert "is not empty" in refused("restore", str(full), at)
    assert "no base backup is older" in refused("restore", str(tmp_path / "empty"), at)
    assert "is no time" in refused("restore", str(tmp_path / "empty"), "yesterdayish")
    assert "there is no base backup" in refused("check")
