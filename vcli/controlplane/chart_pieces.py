"""Edits of manifests that several places of the chart need: pairs of old and new text."""

# ruff: noqa: E501  Go templates are one line each

Edit = tuple[str, str]


def block_or(values: str, block: str, indent: int) -> Edit:
    """A block, or in its place what the values have for its first key."""
    space = " " * indent
    key = block.partition(":")[0]
    old = "".join(f"{space}{line}\n" for line in block.splitlines())
    new = (
        f"{space}{{{{- with {values} }}}}\n{space}{key}:\n{space}  {{{{- toYaml . | nindent {indent + 2} }}}}\n"
        f"{space}{{{{- else }}}}\n{old}{space}{{{{- end }}}}\n"
    )
    return old, new


def pull_policy(values: str) -> str:
    """The pull policy of a container, if the values have one."""
    return f"          {{{{- with {values} }}}}\n          imagePullPolicy: {{{{ . }}}}\n          {{{{- end }}}}\n"
