"""Write docs/how-to/migrate-from-vcluster.md from the table of known keys. A test checks that it was done."""

from collections.abc import Iterator
from pathlib import Path

from vcli.config.known.facts import Fact, facts
from vcli.config.known.meaning import Found, meaning_of

TARGET = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "migrate-from-vcluster.md"
HEAD = """# Bring the values of a vcluster along

Written by `python scripts/migration_reference.py` from the table of known keys; do not edit.

A vcluster.yaml, and the values of a chart of 2023 (v0.10 to v0.19: k3s, k8s, k0s, eks), are taken as they
are:

```console
$ vcli values check -f values.yaml         # all that is wrong, and what has become of older keys
$ vcli values migrate -f values.yaml > vcluster.yaml   # the same in today's shape, your comments kept
$ vcli create demo -f vcluster.yaml
```

That is for a new virtual cluster. One that runs, [vcli adopt](adopt.md) takes over with all that is in it.

`-f` also takes an https:// address and `-` for standard input. What the values mean is brought along, not
what is in the virtual cluster: create the new one beside the old one, and apply your manifests there.

- What states the default of its chart passes in silence, also where vcli has nothing of the kind: a copy of a
  whole values.yaml is taken.
- *moved*: it is understood, and a note says where it stands now.
- *default only*: what the chart does without it is what is always done; another value is refused.
- *no effect*: it is left out, and a note says so, unless nobody could see the difference.
- *not yet* and *out of scope*: refused, with its line and the next step. Empty or false, it passes.
- A key that no chart ever had is refused.
"""
_WORDS = {
    "moved": "moved",
    "default": "default only",
    "note": "no effect",
    "later": "not yet",
    "scope": "out of scope",
}
_LONGEST = 60
_TITLES = {
    "vcluster": "Keys of a vcluster.yaml (v0.20 and later)",
    "charts_2023": "Keys of the charts of 2023",
}


def _rows(table: str) -> Iterator[tuple[Found, list[Fact]]]:
    """What each line of the table says, and the keys that it is about."""
    lines: dict[Found, list[Fact]] = {}
    for fact in facts(table):
        lines.setdefault(meaning_of(fact.keys), []).append(fact)
    yield from sorted(((line, keys) for line, keys in lines.items() if line.what != "same"), key=_order)


def _order(row: tuple[Found, list[Fact]]) -> tuple[str, str]:
    return row[0].path.split(".")[0], row[0].path


def _text(line: Found, keys: list[Fact]) -> str:
    said = []
    if line.to:
        said.append(f"`{line.to}`" if " " not in line.to else line.to)
    if line.text:
        said.append(line.text)
    defaults = {fact.path for fact in keys if fact.default}
    if line.what == "default" and line.path in defaults:
        said.append("default: " + ", ".join(_defaults(line, keys)))
    return "; ".join(said).replace("|", "\\|")


def _defaults(line: Found, keys: list[Fact]) -> list[str]:
    import json  # noqa: PLC0415  only here

    shown = [json.dumps(each) for fact in keys if fact.path == line.path for each in fact.default]
    return [f"`{each}`" if len(each) <= _LONGEST else "that of its chart" for each in dict.fromkeys(shown)]


def _same(table: str) -> str:
    sections: dict[str, list[str]] = {}
    for fact in facts(table):
        if meaning_of(fact.keys).what == "same":
            found = sections.setdefault(fact.keys[0], [])
            if fact.path not in found:
                found.append(fact.path)
    return "".join(f"- {', '.join(f'`{path}`' for path in paths)}\n" for paths in sections.values())


def reference() -> str:
    """The whole document."""
    parts = [HEAD]
    for table, title in _TITLES.items():
        parts.append(f"\n## {title}\n\n| key | here | |\n|---|---|---|\n")
        for line, keys in _rows(table):
            below = len({fact.path for fact in keys} - {line.path})
            more = f" ({below} below it)" if below > 1 else ""
            parts.append(f"| `{line.path}`{more} | {_WORDS[line.what]} | {_text(line, keys)} |\n")
        if same := _same(table):
            parts.append(
                f"\nThe same here, [as the reference describes them](../reference/values.md):\n\n{same}"
            )
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(reference())
