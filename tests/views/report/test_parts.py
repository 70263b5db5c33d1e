"""The files beside a page: written when they differ, removed when the page has them no more."""

from pathlib import Path

from report_pages import part_of

from iqmetrics.views.report.parts import Parts


def test_what_is_equal_is_not_written_again(tmp_path: Path) -> None:
    for value, changes in ((1, True), (1, False), (2, True)):
        parts = Parts(tmp_path)
        parts.write("a", value)
        assert (part_of(tmp_path / "a.js"), parts.changed) == (value, changes)


def test_what_the_page_has_no_more_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.js", "b.js", "c.js", "0123456789abcdef01234567.webp", "of a user.txt"):
        (tmp_path / name).write_text("")
    parts = Parts(tmp_path)
    assert parts.keep("a") and not parts.keep("z")
    parts.write("b", {})
    parts.remove_others()
    assert {path.name for path in tmp_path.iterdir()} == {"a.js", "b.js", "of a user.txt"}
    assert parts.changed


def test_what_is_kept_is_no_change(tmp_path: Path) -> None:
    Parts(tmp_path / "new").write("a", "\u2028'")
    parts = Parts(tmp_path / "new")
    assert parts.keep("a")
    parts.remove_others()
    assert not parts.changed and part_of(tmp_path / "new" / "a.js") == "\u2028'"
