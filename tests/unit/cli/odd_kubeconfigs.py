"""Malformed and unusual kubeconfigs."""

from collections.abc import Mapping

KUBECONFIGS: Mapping[str, bytes] = {
    "empty": b"",
    "binary": bytes(range(256)),
    "latin1": "users: [{name: caf\xe9}]".encode("latin-1"),
    "a list": b"- a\n- b\n",
    "a word": b"word",
    "broken": b"a: [b\nc: d",
    "null byte": b"a: \0",
    "deep": b"[" * 100_000,
    "deep json": b'{"a":' * 100_000,
    "aliases": b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 10)) for i in range(12)),
    "endless": b"contexts: &a [*a]",
    "wrong types": b"clusters: 3\nusers: {a: b}\ncontexts: [1]\ncurrent-context: [x]\n",
    "wrong entries": b"contexts: [{name: x, context: {cluster: [1], extensions: 7}}]\ncurrent-context: x\n",
    "wrong plugin": b"users: [{name: u, user: {exec: {command: [x], args: y, env: 5}}}]\n"
    b"clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"
    b"contexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n",
    "no server": b"clusters: [{name: c, cluster: {}}]\n"
    b"contexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n",
    "escapes": b'contexts: [{name: "a\\e[31m\\u202e", context: {}}]\ncurrent-context: "b\\e]0;x\\a"\n',
    "closed port": b"clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
    b"contexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n",
}
