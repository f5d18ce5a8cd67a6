"""What the probe pod runs: answers questions about the network, and prints one line of JSON.

It is sent to the pod as text: the standard library alone, and nothing of ours. Standard input has nothing;
the questions are its argument, ``{key: {"ask": "tcp", ...}}``.
"""

import json
import os
import socket
import ssl
import struct
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# Hosts put policies into force some moments after a pod has started; what is open then is asked again.
SETTLE = float(os.environ.get("SETTLE", "12"))
WAIT = 3.0
ENOUGH = 2
END = time.monotonic() + SETTLE


def tcp(host: str, port: int) -> bool:
    """Whether a connection opens, and whether it still does once policies are in force."""
    while True:
        try:
            socket.create_connection((host, port), WAIT).close()
        except OSError:
            return False
        if time.monotonic() > END:
            return True
        time.sleep(1)


def dns(server: str, name: str) -> str:
    """The first address that a DNS server has for a name, by UDP; empty for none."""
    labels = b"".join(bytes([len(each)]) + each.encode() for each in name.split("."))
    query = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1)
    while True:
        answer = b""
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as link:
            link.settimeout(WAIT)
            try:
                link.sendto(query, (server, 53))
                answer = link.recv(4096)
            except OSError:
                return ""
        if not struct.unpack(">H", answer[6:8])[0]:
            return ""
        if time.monotonic() > END:
            return ".".join(str(each) for each in answer[-4:])
        time.sleep(1)


def resolve(name: str) -> str:
    """What the pod's own resolver says."""
    try:
        # The dot at the end: without it each search domain would be asked first.
        return str(
            socket.getaddrinfo(f"{name}." if "." in name else name, 1, type=socket.SOCK_STREAM)[0][4][0]
        )
    except OSError:
        return ""


def http(url: str, token: bool = False) -> int:  # noqa: FBT001, FBT002
    """The status of an answer; 0 when there is none."""
    context = ssl._create_unverified_context()  # noqa: S323, SLF001  whoever answers is to be shown
    request = urllib.request.Request(url)  # noqa: S310
    if token:
        with open("/var/run/secrets/kubernetes.io/serviceaccount/token") as file:  # noqa: PTH123
            request.add_header("Authorization", "Bearer " + file.read())
    try:
        with urllib.request.urlopen(request, timeout=2 * WAIT, context=context) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def api() -> int:
    """The status of the pod's own API, by the address that each pod has, so also without DNS."""
    host, port = (os.environ[f"KUBERNETES_SERVICE_{each}"] for each in ("HOST", "PORT"))
    return http(f"https://{f'[{host}]' if ':' in host else host}:{port}/version", token=True)


def flood(host: str, port: int, count: int) -> int:
    """How many connections open that then send half a TLS record, held together for a moment."""
    links: list[socket.socket] = []
    failed = 0
    for _ in range(count):
        if failed == ENOUGH:  # closed, by a policy or a limit: each further one would take its whole time
            break
        try:
            link = socket.create_connection((host, port), WAIT)
            link.sendall(b"\x16\x03\x01\x40\x00" + b"x" * 1024)
            links.append(link)
        except OSError:
            failed += 1
    time.sleep(1)
    for link in links:
        link.close()
    return len(links)


def surroundings() -> dict[str, Any]:
    """What the pod knows of where it is."""
    found: dict[str, Any] = {"env": dict(os.environ)}
    for key, path in (("resolv", "/etc/resolv.conf"), ("hosts", "/etc/hosts")):
        try:
            with open(path) as file:  # noqa: PTH123
                found[key] = file.read()
        except OSError:
            found[key] = ""
    found["devices"] = sorted(os.listdir("/dev"))  # noqa: PTH208
    with open("/proc/self/status") as file:  # noqa: PTH123
        status = dict(line.split(":", 1) for line in file if ":" in line)
    found["capabilities"] = status.get("CapEff", "").strip()
    found["seccomp"] = status.get("Seccomp", "").strip()
    return found


def main() -> None:
    """Answer all questions side by side."""
    asked = json.loads(sys.argv[1])
    does: dict[str, Any] = {
        "tcp": tcp,
        "dns": dns,
        "resolve": resolve,
        "http": http,
        "api": api,
        "flood": flood,
    }
    answers: dict[str, Any] = {"surroundings": surroundings()}
    with ThreadPoolExecutor(64) as pool:
        started = {key: pool.submit(does[question.pop("ask")], **question) for key, question in asked.items()}
        answers.update({key: each.result() for key, each in started.items()})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
