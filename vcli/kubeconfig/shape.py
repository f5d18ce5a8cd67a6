"""What the entries of a kubeconfig have to look like, as far as we use them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vcli.kubeconfig.model import BODY, Section

_TEXT: Final = (str, int, float)  # a word that YAML takes for a number is meant as it is written
_SWITCH: Final = (bool,)
_MAPPING: Final = (dict,)
_LIST: Final = (list,)

_KINDS: Final = {"str": "text", "dict": "a mapping", "list": "a list", "bool": "true or false"}

_KEYS: Final[Mapping[Section, Mapping[str, tuple[type, ...]]]] = {
    "clusters": {
        "server": _TEXT,
        "tls-server-name": _TEXT,
        "proxy-url": _TEXT,
        "certificate-authority": _TEXT,
        "certificate-authority-data": _TEXT,
        "insecure-skip-tls-verify": _SWITCH,
    },
    "users": {
        "client-certificate": _TEXT,
        "client-certificate-data": _TEXT,
        "client-key": _TEXT,
        "client-key-data": _TEXT,
        "token": _TEXT,
        "tokenFile": _TEXT,
        "username": _TEXT,
        "password": _TEXT,
        "as": _TEXT,
        "as-uid": _TEXT,
        "as-groups": _LIST,
        "as-user-extra": _MAPPING,
        "exec": _MAPPING,
        "auth-provider": _MAPPING,
    },
    "contexts": {"cluster": _TEXT, "user": _TEXT, "namespace": _TEXT, "extensions": _LIST},
}
_EXEC: Final = {
    "apiVersion": _TEXT,
    "command": _TEXT,
    "args": _LIST,
    "env": _LIST,
    "provideClusterInfo": _SWITCH,
    "interactiveMode": _TEXT,
    "installHint": _TEXT,
}
_PROVIDER: Final = {"name": _TEXT, "config": _MAPPING}


def faults(config: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it has to be, each in a few words."""
    for section, keys in _KEYS.items():
        items, key = config.get(section) or [], BODY[section]
        if not isinstance(items, list):
            yield f"{section} is not a list"
            return
        for number, item in enumerate(items, 1):
            if not isinstance(item, dict) or item.get("name") is None:
                yield f"entry {number} of {section} has no name"
                return
            body = item.get(key) or {}
            if not isinstance(body, dict):
                yield f"{key} of {item['name']} in {section} is not a mapping"
                return
            yield from _wrong(body, keys, f"{key} {item['name']!r}")
            yield from _wrong_credentials(body, f"{key} {item['name']!r}")


def _wrong_credentials(body: Mapping[str, Any], where: str) -> Iterator[str]:
    plugin, provider, extra = (body.get(key) for key in ("exec", "auth-provider", "as-user-extra"))
    if isinstance(extra, dict) and not all(isinstance(each, list) for each in extra.values()):
        yield f"as-user-extra of {where} is not a mapping of lists"
    if isinstance(plugin, dict):
        yield from _wrong(plugin, _EXEC, f"exec of {where}")
        variables = plugin.get("env") or ()
        if not all(isinstance(each, dict) and {"name", "value"} <= each.keys() for each in variables):
            yield f"env of exec of {where} is not a list of names and values"
    if isinstance(provider, dict):
        yield from _wrong(provider, _PROVIDER, f"auth-provider of {where}")


def _wrong(body: Mapping[str, Any], keys: Mapping[str, tuple[type, ...]], where: str) -> Iterator[str]:
    for key, types in keys.items():
        value = body.get(key)
        if value is not None and not isinstance(value, types):
            yield f"{key} of {where} is not {_KINDS[types[0].__name__]}"
