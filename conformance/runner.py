"""Running specs: several test programs at once, a handful of specs each, so that little is lost in a kill."""

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.outcome import Outcome, outcomes, set_up_failure
from conformance.specs import Spec, conformance, focus_on
from vcli.errors import VcliError

_MOST_AT_ONCE = 8
_FEWEST_AT_ONCE = 3
_TAIL = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The test program.

    Attributes:
        program: ``e2e.test``.
        kubectl: for the specs that run it.
    """

    program: Path
    kubectl: Path

    def specs(self) -> list[Spec]:
        """All conformance specs in it."""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.json")
            done = subprocess.run(
                [
                    str(self.program),
                    "--ginkgo.dry-run",
                    "--ginkgo.label-filter=Conformance",
                    f"--ginkgo.json-report={report}",
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                cwd=folder,
            )
            if not report.is_file():
                raise VcliError(f"{self.program.name} does not list its specs: {done.stdout[-_TAIL:]}")
            return conformance(json.loads(report.read_text()))

    def argv(self, names: Sequence[str], kubeconfig: Path, report: Path) -> list[str]:
        """The command that runs these specs."""
        return [
            str(self.program),
            f"--ginkgo.focus={focus_on(names)}",
            f"--ginkgo.json-report={report}",
            "--ginkgo.timeout=4h",
            "--ginkgo.no-color",
            f"--kubeconfig={kubeconfig}",
            f"--kubectl-path={self.kubectl}",
            "--provider=local",
            "--allowed-not-ready-nodes=0",
        ]


def share(waiting: int, processes: int) -> int:
    """How many specs the next start of the program runs.

    Large shares save starts, each of which takes two seconds of a core; small ones at the end keep all
    processes busy.
    """
    return min(_MOST_AT_ONCE, max(_FEWEST_AT_ONCE, waiting // (processes * 2)))


class Runner:
    """Runs specs against one cluster."""

    def __init__(self, suite: Suite, kubeconfig: Path, done: Callable[[Mapping[str, Outcome]], None]) -> None:
        """Prepare.

        Args:
            suite: the test program.
            kubeconfig: of the cluster.
            done: takes what became of some specs, from one thread at a time.
        """
        self._suite = suite
        self._kubeconfig = kubeconfig
        self._done = done
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopping = False

    def run(self, names: Sequence[str], processes: int) -> None:
        """Run these specs, in this order as far as there is one.

        Raises:
            VcliError: the suite could not be set up.
        """
        waiting = list(names)

        def work() -> None:
            while True:
                with self._lock:
                    taken = share(len(waiting), processes)
                    batch, waiting[:] = waiting[:taken], waiting[taken:]
                    if not batch or self._stopping:
                        return
                self._batch(batch)

        with ThreadPoolExecutor(processes) as pool:
            try:
                for future in [pool.submit(work) for _ in range(processes)]:
                    future.result()
            except BaseException:
                self._stop()
                raise

    def _stop(self) -> None:
        """Ask what runs to end; it still reports what it has finished."""
        with self._lock:
            self._stopping = True
            for process in self._running:
                process.send_signal(signal.SIGINT)

    def _batch(self, names: Sequence[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            report, log = Path(folder, "report.json"), Path(folder, "log")
            # In a session of its own: Ctrl-C reaches us, and we end it.
            with log.open("wb") as output:
                process = subprocess.Popen(
                    self._suite.argv(names, self._kubeconfig, report),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env={k: v for k, v in os.environ.items() if not k.startswith("KUBE")},
                    start_new_session=True,
                )
            with self._lock:
                self._running.add(process)
                if self._stopping:
                    process.send_signal(signal.SIGINT)
            process.wait()
            suites: list[Any] = json.loads(report.read_text()) if report.is_file() else []
            found = outcomes(suites, names)
            with self._lock:
                self._running.discard(process)
                self._done(found)
                stopping = self._stopping
            if not found and not stopping:
                reason = set_up_failure(suites) or log.read_text(errors="replace")[-_TAIL:]
                raise VcliError(f"the suite could not be set up: {reason}")
