"""The syncer's settings as it reads them: `settings.json`, and facts about the host."""

import json
from pathlib import Path

from vcli.bootstrap.facts import HostFacts
from vcli.contract import settings
from vcli.contract.settings import Object, Settings
from vcli.errors import UsageError


def read(path: Path) -> Object:
    """The JSON of the file.

    Raises:
        UsageError: the file can't be read.
    """
    try:
        data: Object = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"settings {path} can't be read: {error}") from error
    return data


def with_facts(data: Object, facts: HostFacts) -> Object:
    """The JSON with what only the host knows."""
    return {
        **data,
        "serviceUID": facts.service_uid,
        "serviceIP": facts.service_ips[0],
        "serviceCIDRs": facts.service_cidrs,
    }


def parse(data: Object) -> Settings:
    """Settings from JSON; keys that this version does not know are left alone.

    Raises:
        UsageError: a key without a default is missing.
    """
    try:
        return settings.load(data)
    except ValueError as error:
        raise UsageError(str(error)) from error
