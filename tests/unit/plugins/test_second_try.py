"""The plugin that runs failed e2e and api tests once more, used by pytest on folders made for it."""

import xml.etree.ElementTree as ET

import pytest
from suite import last_line

pytest_plugins = ("pytester",)


def test_passes_the_second_time(suite):
    suite.test("""
def test_before(): pass
def test_once():
    print("what the first try printed")
    assert tries("a") == 2, "the first failure"
def test_after(): pass
""")
    result = suite.run()
    assert result.ret == 0
    assert last_line(result) == "2 passed, 1 flaky"
    result.stdout.fnmatch_lines(
        [
            "F tests/e2e/test_e2e.py::test_once, to be tried again",
            "second try: tests/e2e/test_e2e.py::test_once FLAKY",
            "*= second try =*",
            "*first failure of tests/e2e/test_e2e.py::test_once (at call)*",
            '>*assert tries("a") == 2, "the first failure"',
            "E*AssertionError: the first failure",
            "what the first try printed",
            "FLAKY tests/e2e/test_e2e.py::test_once",
            "FLAKY: *find its cause.",
        ]
    )
    result.stdout.no_fnmatch_line("*FAILED*")


def test_fails_twice(suite):
    suite.test("""
def test_never(): assert not tries("a"), f"failure {tries('b')}"
def test_other(): pass
""")
    result = suite.run()
    assert result.ret == 1
    assert last_line(result) == "1 failed, 1 passed"
    result.stdout.fnmatch_lines(
        ["*= FAILURES =*", "E*failure 1", "*second failure of *", "E*failure 2", "FAILED AGAIN *::test_never"]
    )
    result.stdout.fnmatch_lines(["FAILED tests/e2e/test_e2e.py::test_never - AssertionError: failure 1*"])


def test_both_kinds_of_outcome(suite):
    suite.test("""
def test_never(): assert not tries("a")
def test_once(): assert tries("b") == 2
""")
    result = suite.run()
    assert result.ret == 1
    assert last_line(result) == "1 failed, 1 flaky"


@pytest.mark.parametrize(("flaky", "code", "line"), [(3, 0, "3 flaky"), (4, 1, "4 failed")])
def test_how_many_may_be_flaky(suite, flaky, code, line):
    suite.test(f"""
@pytest.mark.parametrize("n", range({flaky}))
def test_once(n): assert tries(n) == 2, "the first failure"
""")
    result = suite.run()
    assert result.ret == code
    assert last_line(result) == line
    assert str(result.stdout).count("E   AssertionError: the first failure") == flaky
    assert ("More than 3 are flaky: they count as failed." in str(result.stdout)) == bool(code)


@pytest.mark.parametrize("kind", ["unit", "elsewhere"])
def test_others_are_not_run_again(suite, kind):
    suite.test('def test_once(): assert tries("a") == 2', kind=kind)
    result = suite.run()
    assert result.ret == 1
    assert last_line(result) == "1 failed"
    result.stdout.no_fnmatch_line("*second try*")


def test_api_tests_are_run_again_beside_a_failed_unit_test(suite):
    suite.test('def test_once(): assert tries("a") == 2', kind="api")
    suite.test("def test_never(): assert False", kind="unit")
    result = suite.run()
    assert result.ret == 1
    assert last_line(result) == "1 failed, 1 flaky"


def test_all_fixtures_are_made_again_for_each(suite):
    suite.test("""
@pytest.fixture(scope="module")
def module(cluster): return f"module {tries('module')} on cluster {cluster}"
def test_a(module): assert module == "module 2 on cluster 2"
def test_b(module): assert module == "module 3 on cluster 3"
def test_shared(module): assert module == "module 1 on cluster 1"
def test_deleted(cluster): assert existing == ["cluster 4"]
""")
    result = suite.run()
    assert result.ret == 0, result.stdout.str()
    assert last_line(result) == "1 passed, 3 flaky"


def test_error_in_the_setup_of_a_shared_fixture(suite):
    suite.test("""
@pytest.fixture(scope="session")
def host():
    assert tries("host") == 2, "did not boot"
def test_a(host): pass
def test_b(host): pass
""")
    result = suite.run()
    assert result.ret == 1  # boots for the first second try, not for the second one
    assert last_line(result) == "1 failed, 1 flaky"
    result.stdout.fnmatch_lines(["*first failure of *::test_a (at setup)*", "E*did not boot"])


def test_error_in_teardown(suite):
    suite.test("""
@pytest.fixture
def own():
    yield
    assert tries("own") == 2, "not removed"
def test_it(own): pass
""")
    result = suite.run()
    assert result.ret == 0
    assert last_line(result) == "1 flaky"
    result.stdout.fnmatch_lines(["*first failure of *::test_it (at teardown)*", "E*not removed"])


def test_error_in_teardown_twice(suite):
    suite.test("""
@pytest.fixture(scope="session")
def host():
    yield
    assert False, "not down"
def test_it(host): pass
""")
    result = suite.run()
    assert result.ret == 1
    assert last_line(result) == "1 failed"
    result.stdout.fnmatch_lines(
        ["*= FAILURES =*", "E*not down", "*second failure of *::test_it (at teardown)*"]
    )


def test_errors_in_call_and_teardown_are_both_shown(suite):
    suite.test("""
@pytest.fixture
def own():
    yield
    assert False, "not removed"
def test_it(own): assert False, "not as it should be"
""")
    result = suite.run()
    assert result.ret == 1
    assert last_line(result) == "1 failed, 1 error"
    result.stdout.fnmatch_lines(["*= ERRORS =*", "E*not removed", "*= FAILURES =*", "E*not as it should be"])


def test_too_many_failures(suite):
    suite.test("""
@pytest.mark.parametrize("n", range(11))
def test_it(n): assert tries("a") > 11, f"once is enough: {tries('b')}"
def test_other(): pass
""")
    result = suite.run()
    assert result.ret == 1
    assert last_line(result) == "11 failed, 1 passed"
    result.stdout.fnmatch_lines(["11 tests failed, more than 10: none was run again."])
    result.stdout.no_fnmatch_line("*once is enough: 12")


@pytest.mark.parametrize("option", ["-x", "--maxfail=2"])
def test_a_run_that_stops_at_failures(suite, option):
    suite.test("""
@pytest.mark.parametrize("n", range(5))
def test_it(n): assert tries(n) == 2
""")
    result = suite.run(option)
    assert result.ret == 1
    assert last_line(result) == ("1 failed" if option == "-x" else "2 failed")
    result.stdout.no_fnmatch_line("*second try*")


def test_collect_only(suite):
    suite.test("def test_it(): assert False")
    result = suite.run("--collect-only")
    assert result.ret == 0
    assert last_line(result) == "1 test collected"


def test_ctrl_c_loses_no_failure(suite):
    suite.test("""
def test_fails(): assert tries("a") == 2, "the first failure"
def test_stops(): raise KeyboardInterrupt
def test_never_run(): pass
""")
    result = suite.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert last_line(result) == "1 failed"
    result.stdout.fnmatch_lines(["E*the first failure", "*KeyboardInterrupt*"])


def test_ctrl_c_in_the_teardown_of_a_failed_test(suite):
    suite.test("""
@pytest.fixture
def own():
    yield
    raise KeyboardInterrupt
def test_fails(own): assert False, "the first failure"
""")
    result = suite.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert last_line(result) == "1 failed"
    result.stdout.fnmatch_lines(["E*the first failure"])


def test_ctrl_c_in_a_second_try(suite):
    suite.test("""
def test_once(): assert tries("a") == 2
def test_stops():
    if tries("b") == 2: raise KeyboardInterrupt
    assert False, "the first failure"
def test_waits(): assert tries("c") == 2
""")
    result = suite.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert last_line(result) == "2 failed, 1 flaky"
    result.stdout.fnmatch_lines(
        ["FLAKY *::test_once", "NOT RUN AGAIN *::test_stops", "NOT RUN AGAIN *::test_waits"]
    )


def test_expected_failures_and_skipped_tests(suite):
    suite.test("""
@pytest.mark.xfail
def test_fails(): assert False
@pytest.mark.xfail
def test_passes(): tries("strict")
@pytest.mark.skip
def test_skipped(): pass
def test_skips(): pytest.skip("not here")
def test_counts(): assert tries("strict") == 2, "an unexpected pass has no second try"
""")
    result = suite.run()
    assert result.ret == 1
    assert last_line(result) == "1 failed, 1 passed, 2 skipped, 1 xfailed"


def test_a_second_try_that_is_skipped_is_no_pass(suite):
    suite.test("""
def test_it():
    if tries("a") == 2: pytest.skip("gone")
    assert False
""")
    result = suite.run()
    assert result.ret == 1
    assert last_line(result) == "1 failed"
    result.stdout.fnmatch_lines(["SKIPPED THEN tests/e2e/test_e2e.py::test_it"])


def test_what_a_test_recorded_is_of_one_try(suite, pytester):
    suite.test("""
def test_it(record_property):
    record_property("try", tries("a"))
    print("printed by", tries("b"))
    assert tries("c") == 2
""")
    suite.run("--junitxml=junit.xml", "-o", "junit_logging=all", "-o", "junit_family=xunit1")
    (case,) = ET.parse(pytester.path / "junit.xml").iter("testcase")  # noqa: S314 - our own file
    assert [each.get("value") for each in case.iter("property")] == ["2"]
    assert "printed by 2" in case.findtext("system-out")
    assert "printed by 1" not in case.findtext("system-out")
    assert case.find("failure") is None


def test_one_file_and_one_test(suite):
    suite.test("""
def test_once(): assert tries("a") == 2
def test_other(): assert False
""")
    result = suite.run("tests/e2e/test_e2e.py", "-k", "once", "-v")
    assert result.ret == 0
    assert last_line(result) == "1 deselected, 1 flaky"
    result.stdout.fnmatch_lines(["*::test_once FAILED*", "*::test_once FLAKY*"])
