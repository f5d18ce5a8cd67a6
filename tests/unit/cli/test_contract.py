"""What scripts rely on is written down, and what is written down is so."""

from contract import ERRORS, EXIT_CODES
from program import load_everything

from vcli.errors import InterruptError, VcliError


def kinds(root: type[VcliError] = VcliError):
    yield root
    for below in root.__subclasses__():
        yield from kinds(below)


def test_every_error_is_in_the_table_with_its_exit_code():
    load_everything()
    ours = [kind for kind in kinds() if kind.__module__.startswith("vcli.")]
    assert len(ours) > 15
    found = {kind.code: kind.exit_code for kind in ours if not issubclass(kind, InterruptError)}
    assert found == {code: number for code, number in ERRORS.items() if number is not None}
    assert ERRORS[InterruptError.code] is None  # 128 + n


def test_one_code_has_one_exit_code():
    load_everything()
    seen = {(kind.code, kind.exit_code) for kind in kinds() if kind.__module__.startswith("vcli.")}
    assert len({code for code, _ in seen}) == len(seen)


def test_exit_codes():
    assert {0, 1, 2, 3, 4, 5, 6, 126, 127, 130} == EXIT_CODES
    assert {kind.exit_code for kind in kinds()} <= EXIT_CODES
