"""Selectors as a query writes them."""

import pytest

from vcli.syncer.metrics_api.selectors import field_selector, label_selector, selected

WEB = {"metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web", "tier": "a", "x.io/y": ""}}}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web,tier=a", True),
        ("app = web , tier in (b, a)", True),
        ("tier notin (b,c),app", True),
        ("!old", True),
        ("other!=1", True),
        ("x.io/y=", True),
        ("app=api", False),
        ("app!=web", False),
        ("!app", False),
        ("tier in (b,c)", False),
        ("tier notin (a)", False),
        ("app=web,old", False),
    ],
)
def test_labels(*, labels: str, expected: bool) -> None:
    assert selected(WEB, labels=label_selector(labels), fields=field_selector("")) is expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("metadata.name=web", True),
        ("metadata.name!=api,metadata.namespace==shop", True),
        ("metadata.namespace=other", False),
    ],
)
def test_fields(*, fields: str, expected: bool) -> None:
    assert selected(WEB, labels=label_selector(""), fields=field_selector(fields)) is expected


@pytest.mark.parametrize("labels", ["a=b=c", "a in b", "(a)", "=b", "a>1", "a in (b),=", "a b"])
def test_what_is_no_selector(labels: str) -> None:
    with pytest.raises(ValueError, match="unable to parse"):
        label_selector(labels)


def test_fields_that_metrics_do_not_have() -> None:
    with pytest.raises(ValueError, match="not supported"):
        field_selector("spec.nodeName=a")
