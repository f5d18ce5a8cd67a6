"""What is shown before an upgrade, what is asked, and what is printed after it."""

import io
from dataclasses import replace

import pytest

from vcli.cli.options import Common
from vcli.cli.reviewing import data_of, result_of, reviewer
from vcli.cli.run import run_cli
from vcli.console import Console, Output
from vcli.operations.changes import Changes, ObjectChange, ValueChange
from vcli.operations.upgrade import Upgraded

CHANGES = Changes(
    values=(ValueChange(key="a.b", before=None, after=1),),
    objects=(ObjectChange(kind="Secret", name="demo-certs", action="changed", fields=("data.x",)),),
)
LOSSY = replace(CHANGES, restarts=True, loses_data=True)
UPGRADED = Upgraded(name="demo", namespace="team", version="v1.36.3", changes=CHANGES)


def common(output: Output = Output.TABLE) -> Common:
    console = Console(output=output, stderr=io.StringIO(), stdout=io.StringIO(), environ={})
    return Common(output=output, console=console)


def said(user: Common) -> str:
    return user.console.stderr.getvalue()  # type: ignore[no-any-return]  it is a StringIO behind


async def test_changes_are_shown_on_stderr_but_not_to_programs():
    people, program = common(), common(Output.JSON)
    for user in (people, program):
        await reviewer(user, name="demo", yes=False)(CHANGES)
    assert said(people).splitlines() == [
        "values:",
        "  a.b: (default) → 1",
        "objects:",
        "  changed secret/demo-certs: data.x",
    ]
    assert said(program) == ""


@pytest.mark.parametrize("answer", [True, False])
async def test_the_question_is_asked_only_where_data_is_lost(monkeypatch, answer):
    asked: list[str] = []

    async def confirm(_: Console, question: str) -> bool:
        asked.append(question)
        return answer

    monkeypatch.setattr(Console, "confirm", confirm)
    review = reviewer(common(), name="demo", yes=False)
    await review(CHANGES)
    assert asked == []
    assert await review(LOSSY) is answer
    assert asked == ["All data of virtual cluster demo will be lost. Go on?"]


async def test_yes_is_not_asked_again(monkeypatch):
    monkeypatch.setattr(Console, "confirm", lambda *_: pytest.fail("asked"))
    assert await reviewer(common(), name="demo", yes=True)(LOSSY)


async def test_without_a_terminal_the_answer_is_no():
    assert not await reviewer(common(), name="demo", yes=False)(LOSSY)


def test_what_is_printed():
    user = common()
    dry = result_of(UPGRADED, dry_run=True)
    assert user.console.render(dry) == "".join(f"{line}\n" for line in CHANGES.lines())
    assert dry.messages == ("dry run: nothing was changed in virtual cluster demo in namespace team",)
    done = result_of(UPGRADED, dry_run=False)
    assert user.console.render(done) == ""
    assert done.messages == ("upgraded virtual cluster demo in namespace team (Kubernetes v1.36.3)",)
    nothing = result_of(replace(UPGRADED, changes=Changes()), dry_run=False)
    assert nothing.messages == ("nothing to change: virtual cluster demo in namespace team is as wanted",)


def test_what_programs_get():
    assert data_of(UPGRADED) == {
        "name": "demo",
        "namespace": "team",
        "version": "v1.36.3",
        "values": [{"key": "a.b", "from": None, "to": 1}],
        "objects": [{"kind": "Secret", "name": "demo-certs", "action": "changed", "fields": ["data.x"]}],
        "consequences": [],
    }
    names = common(Output.NAME)
    assert names.console.render(result_of(UPGRADED, dry_run=True)) == "secret/demo-certs"


def test_what_has_no_effect_on_a_new_cluster_is_refused(capsys):
    assert run_cli(["create", "demo", "--reset-values"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error: --reset-values is for a virtual cluster that exists\nhint: add --upgrade" in captured.err


def test_values_that_can_not_be_understood_are_refused_before_a_host_is_asked(capsys, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", "/does/not/exist")
    for command in (["upgrade"], ["create", "--upgrade"]):
        assert run_cli([*command, "demo", "--set", "foo"]) == 2
        assert "error: --set: no value for 'foo'" in capsys.readouterr().err
        assert run_cli([*command, "demo", "-f", "/does/not/exist.yaml"]) == 2
        assert "values file /does/not/exist.yaml can't be read" in capsys.readouterr().err
