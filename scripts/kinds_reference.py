"""Write docs/reference/synced-kinds.md from the catalog of kinds. A test checks that it was done."""

from collections.abc import Iterable
from pathlib import Path

from vcli.catalog import SYNCED
from vcli.catalog.kind import Rule, SyncedKind

TARGET = Path(__file__).resolve().parents[1] / "docs" / "reference" / "synced-kinds.md"
HEAD = """# Synced kinds

Written by `python scripts/kinds_reference.py` from `vcli/catalog`; do not edit.

What is on follows from `sync.toHost.KIND.enabled` and `sync.fromHost.KIND.enabled` in the values; `vcli
describe` lists each kind with its state, and an object of a kind that is off has a Warning event `NotSynced`.
With `auto` a kind is on where the syncer gets the rights that it takes: those outside its namespace with
`rbac.clusterRole.enabled: true`, those in it where whoever creates the virtual cluster has them; with `true`,
creating fails without the latter. Where a right is missing, the kind is unavailable: `vcli describe` and a
Warning event on each of its objects say so, and everything else works.
"""
FOLLOWS = {
    "toHost": "- with `auto` as `{}` says, which is `false` by default",
    "fromHost": "- with `auto` off while `{}` is `false`, as it is by default",
}
INSIDE = "- on, with these rights, where [pods are scheduled inside](../explanation/scheduling.md)"


def reference() -> str:
    """The whole document."""
    return HEAD + "".join(
        section(title, [kind for kind in SYNCED if kind.direction == direction])
        for direction, title in (("toHost", "To the host"), ("fromHost", "From the host"))
    )


def section(title: str, kinds: Iterable[SyncedKind]) -> str:
    """The kinds of one direction."""
    parts = [f"\n## {title}\n"]
    for kind in kinds:
        default = str(kind.default).lower()
        lines = [
            f"- key: `{kind.switch}`, default `{default}`" if kind.switch else "- always on",
            *_rights("rights in the host namespace", kind.rules),
            *_rights("rights that are used where they can be given", kind.optional_rules),
            *_rights("rights outside the namespace", kind.cluster_rules),
            *_rights(
                "rights outside the namespace, which it works without",
                [each for each in kind.rules_of_cluster_role if each not in kind.cluster_rules],
            ),
            *([INSIDE] if kind.for_scheduler else []),
            *([FOLLOWS[kind.direction].format(f"sync.{kind.follows}.enabled")] if kind.follows else []),
        ]
        parts.append(f"\n### {kind.resource.kind}\n\n{kind.summary}\n\n" + "".join(f"{x}\n" for x in lines))
    return "".join(parts)


def _rights(title: str, rules: Iterable[Rule]) -> list[str]:
    texts = [f"{', '.join(rule.verbs)} {_name(rule)}" for rule in rules]
    return [f"- {title}: {'; '.join(texts)}"] if texts else []


def _name(rule: Rule) -> str:
    kind = f"{rule.resource.plural}.{rule.resource.group}" if rule.resource.group else rule.resource.plural
    return f"{kind} {', '.join(rule.names)}".rstrip()


if __name__ == "__main__":
    TARGET.write_text(reference())
