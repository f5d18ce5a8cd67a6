"""Real database servers for tests, in the network of the embedded host's node, with data of their own."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from embedded import Host
from polling import eventually

USER, PASSWORD, NAME = "vc", "hush-9f2c", "vc"
_NOBODY = "nobody"


def program(package: str, name: str, *places: str) -> Path:
    """A program of a Debian package; without it the test is skipped. `scripts/test full` installs MariaDB."""
    found = [path for place in places for path in sorted(Path("/").glob(f"{place}/{name}"))]
    if not found:
        pytest.skip(f"takes {name} of the Debian package {package}")
    if os.geteuid() != 0:
        pytest.skip("takes root, to be the user of a database server")
    return found[-1]


class Database(ABC):
    """A server that can be killed with all its processes, and started again.

    Args:
        host: in the network of whose node it is.
        folder: for its data.
    """

    port: int
    user = _NOBODY

    def __init__(self, host: Host, folder: Path) -> None:
        status = json.loads(host.vcli("host", "status", "--name", host.name, "-o", "json").stdout)
        kubelet = next(each["pid"] for each in status["components"] if each["name"] == "kubelet")
        self._enter = ["nsenter", f"--net=/proc/{kubelet}/ns/net"]
        (node,) = host.get("nodes")["items"]
        addresses = {each["type"]: each["address"] for each in node["status"]["addresses"]}
        self.address: str = addresses["InternalIP"]
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def source(self) -> str:
        """What kine takes."""

    @abstractmethod
    def prepare(self) -> None:
        """Make its data."""

    @abstractmethod
    def argv(self) -> list[str]:
        """Of the server."""

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._enter, *self.as_user(*self.argv())], stdout=log, stderr=log, start_new_session=True
            )
        eventually(self._answers)

    def kill(self) -> None:
        """SIGKILL to all its processes, as when its machine goes; returns when all are gone."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)  # it is not to start others meanwhile
        everyone = [self._process.pid, *_descendants(self._process.pid)]
        for pid in everyone:
            os.kill(pid, signal.SIGKILL)
        self._process.wait()
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in everyone))
        self._process = None

    def end(self) -> None:
        """Kill it if it runs."""
        if self._process is not None:
            self.kill()

    def as_user(self, *argv: str) -> list[str]:
        """A command under its user's rights: it refuses root's, or should not have them."""
        return ["setpriv", "--reuid", self.user, "--regid", self._group, "--clear-groups", *argv]

    def run(self, *argv: str) -> None:
        """A command of its preparation."""
        subprocess.run(self.as_user(*argv), check=True, capture_output=True, cwd=self.folder, timeout=300)

    @property
    def _group(self) -> str:
        done = subprocess.run(["id", "-g", self.user], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def _answers(self) -> bool:
        probe = f"import socket; socket.create_connection(({self.address!r}, {self.port}), 5)"
        argv = [*self._enter, "python3", "-c", probe]
        return subprocess.run(argv, check=False, capture_output=True, timeout=30).returncode == 0


class PostgreSQL(Database):
    """PostgreSQL, of whichever version the machine has."""

    port = 5432
    user = "postgres"

    @property
    def source(self) -> str:
        return f"postgres://{USER}:{PASSWORD}@{self.address}:{self.port}/{NAME}?sslmode=disable"

    def prepare(self) -> None:
        initdb = program("postgresql", "initdb", "usr/lib/postgresql/*/bin")
        self._server = initdb.with_name("postgres")
        shutil.chown(self.folder, self.user)
        (self.folder / "password").write_text(PASSWORD)
        shutil.chown(self.folder / "password", self.user)
        options = ["-U", USER, "--auth=scram-sha-256", f"--pwfile={self.folder / 'password'}"]
        self.run(str(initdb), "-D", str(self.folder / "data"), *options)
        with (self.folder / "data" / "pg_hba.conf").open("a") as file:
            file.write("host all all 0.0.0.0/0 scram-sha-256\n")

    def argv(self) -> list[str]:
        options = [
            f"listen_addresses={self.address}",
            f"port={self.port}",
            f"unix_socket_directories={self.folder}",
        ]
        return [
            *(str(self._server), "-D", str(self.folder / "data")),
            *(word for each in options for word in ("-c", each)),
        ]


class MariaDB(Database):
    """MariaDB, which MySQL's clients can't tell from it."""

    port = 3306

    @property
    def source(self) -> str:
        return f"mysql://{USER}:{PASSWORD}@tcp({self.address}:{self.port})/{NAME}"

    def prepare(self) -> None:
        self._server = program("mariadb-server-core", "mariadbd", "usr/sbin")
        program("mariadb-client-core", "my_print_defaults", "usr/bin")  # which the next one runs
        install = program("mariadb-server-core", "mariadb-install-db", "usr/bin")
        shutil.chown(self.folder, self.user)
        self.run(str(install), "--no-defaults", f"--datadir={self.folder / 'data'}", "--skip-test-db")
        account = f"'{USER}'@'%'"
        statements = [
            f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{PASSWORD}';",
            f"GRANT ALL ON {NAME}.* TO {account};",
        ]
        (self.folder / "users.sql").write_text("\n".join(statements) + "\n")

    def argv(self) -> list[str]:
        options = {
            "datadir": self.folder / "data",
            "bind-address": self.address,
            "port": self.port,
            "socket": self.folder / "socket",
            "pid-file": self.folder / "pid",
            "init-file": self.folder / "users.sql",
        }
        return [str(self._server), "--no-defaults", *(f"--{key}={value}" for key, value in options.items())]


KINDS: dict[str, type[Database]] = {"postgresql": PostgreSQL, "mariadb": MariaDB}


@contextmanager
def running(kind: str, host: Host) -> Iterator[Database]:
    """A server for the block, in a folder that its user may enter: those of pytest are root's alone."""
    with tempfile.TemporaryDirectory(prefix=f"vcli-{kind}-") as folder:
        Path(folder).chmod(0o755)
        database = KINDS[kind](host, Path(folder))
        try:
            database.prepare()
            database.start()
            yield database
        finally:
            database.end()


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        own = children.get(waiting.pop(), [])
        found += own
        waiting += own
    return found
