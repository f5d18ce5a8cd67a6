from pathlib import Path

import pytest

from vcli.kubeconfig.paths import Sources, sources


def test_without_anything_it_is_the_one_in_the_home_folder():
    assert sources(environ={"HOME": "/home/jane"}).files == (Path("/home/jane/.kube/config"),)


def test_an_empty_variable_counts_as_none():
    assert sources(environ={"HOME": "/home/jane", "KUBECONFIG": ":"}).files == (
        Path("/home/jane/.kube/config"),
    )


def test_several_files_without_duplicates_and_gaps():
    found = sources(environ={"HOME": "/h", "KUBECONFIG": "/a:/b::~/c:/a"})
    assert found == Sources((Path("/a"), Path("/b"), Path("/h/c")))
    assert str(found) == "/a:/b:/h/c"


def test_the_option_beats_the_variable():
    assert sources("/x", environ={"KUBECONFIG": "/a:/b"}) == Sources((Path("/x"),), explicit=True)


@pytest.mark.parametrize(("there", "default"), [("ab", "a"), ("b", "b"), ("c", "c"), ("", "c")])
def test_new_entries_go_where_client_go_puts_them(tmp_path, there, default):
    for name in there:
        (tmp_path / name).touch()
    files = tuple(tmp_path / name for name in "abc")
    assert Sources(files).default == tmp_path / default


def test_a_relative_path_is_made_absolute_and_links_stay(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("target")
    assert sources("link").files == (tmp_path / "link",)
