"""Whether the pod has to make anything, from its mounted files alone."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from bootstrap_builders import FACTS, NOW, SANS, SPEC, issued

from vcli.bootstrap.ensure import Mounted, ensure, lacking
from vcli.bootstrap.issue import PUBLIC
from vcli.bootstrap.pki import LEAF_LIFE
from vcli.bootstrap.spec import Spec
from vcli.kube.client import Client


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """What the kubelet shows when all is well."""
    (tmp_path / "pki").mkdir()
    (tmp_path / "facts").mkdir()
    for name in PUBLIC:
        (tmp_path / "pki" / name).write_bytes(issued("cryptography")[name])
    for key, text in FACTS.dump().items():
        (tmp_path / "facts" / key).write_text(text)
    return tmp_path


def missing(folder: Path, spec: Spec = SPEC, now: dt.datetime = NOW) -> list[str]:
    return lacking(spec, Mounted(folder / "pki", folder / "facts"), now=now)


def no_client() -> Client:
    pytest.fail("the host is asked")


async def test_where_all_is_there_nothing_is_asked(mounted: Path):
    assert missing(mounted) == []
    await ensure(SPEC, Mounted(mounted / "pki", mounted / "facts"), no_client)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_each_missing_file_is_noticed(mounted: Path, name: str):
    (mounted / "pki" / name).unlink()
    assert missing(mounted)


@pytest.mark.parametrize("key", sorted(FACTS.dump()))
def test_each_missing_fact_is_noticed(mounted: Path, key: str):
    (mounted / "facts" / key).unlink()
    assert missing(mounted) == ["there are no facts about the host"]


def test_what_ends_soon_is_noticed(mounted: Path):
    assert missing(mounted, now=NOW + LEAF_LIFE - dt.timedelta(days=31)) == []
    late = missing(mounted, now=NOW + LEAF_LIFE - dt.timedelta(days=29))
    assert f"certificate apiserver expires on {NOW + LEAF_LIFE:%Y-%m-%d}" in late


def test_a_name_that_is_wanted_now_is_noticed(mounted: Path):
    wanted = replace(SPEC, extra_sans=(*SPEC.extra_sans, "new.example.org"))
    assert missing(mounted, wanted) == ["certificate apiserver lacks the name new.example.org"]


def test_a_certificate_of_another_ca_is_noticed(mounted: Path):
    (mounted / "pki" / "admin.crt").write_bytes(issued("openssl")["admin.crt"])
    assert missing(mounted) == ["certificate admin is of another CA"]


def test_without_anything_it_is_said_in_a_few_words(tmp_path: Path):
    assert missing(tmp_path) == ["there are no keys and certificates", "there are no facts about the host"]


def test_the_plan_survives_the_settings_file():
    assert Spec.load(SPEC.dump()) == SPEC
    assert {name for names in SANS.values() for name in names} >= {"demo.example.org", "10.96.3.4", "fd00::4"}
