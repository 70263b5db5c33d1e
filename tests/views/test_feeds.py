"""CSV: nothing lost, nothing a spreadsheet would run, the same bytes every time."""

import csv
import errno
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from factory import FACTS, good, record, stored
from hypothesis import given
from hypothesis import strategies as st

from iqmetrics.pipeline.outcomes import Outcome, Run, outcomes
from iqmetrics.pipeline.scorecard import build
from iqmetrics.records import Missing
from iqmetrics.views import feeds

A = record("a/1.png", "a", '=HYPERLINK("x")', seed=-5)
B = record('a/2, "x"\n.png', "a", "夏日限定, “清凉”")
RUN = Run([A, B, record("a/3.png", "a")], (FACTS,), {"a/3.png": Missing("truncated", "half")})
STORE = stored((A, good(0.25, -0.5)), (B, good(1.0)))


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def found() -> list[Outcome]:
    return list(outcomes(STORE, RUN))


def test_long_has_one_row_a_metric_and_one_for_an_undecoded_image() -> None:
    table = rows(feeds.csv_text(feeds.LONG, feeds.long_rows(found(), [FACTS])))
    assert ",".join(table[0]) == (
        "image,model,prompt_id,prompt,seed,pick,scorer,metric,value,status,reason,scorer_version"
    )
    assert table[1][6:11] == ["toy", "toy.good", "0.25", "ok", ""]
    assert table[2][7:10] == ["toy.bad", "-0.5", "ok"]
    assert table[4][7:11] == ["toy.bad", "", "abstained", "too small"]
    assert table[5][6:11] == ["image", "", "", "truncated", "half"]
    assert len(table) == 6


def test_numbers_are_never_touched_and_formulas_never_run() -> None:
    table = rows(feeds.csv_text(feeds.LONG, feeds.long_rows(found(), [FACTS])))
    assert table[1][4] == "-5"
    assert table[1][3] == '\'=HYPERLINK("x")'
    assert table[3][0] == B.image
    assert table[3][3] == B.prompt


def test_wide_leaves_unmeasured_cells_empty() -> None:
    table = rows(feeds.csv_text(feeds.wide_header([FACTS]), feeds.wide_rows(found(), [FACTS])))
    assert table[0][-3:] == ["status", "toy.good", "toy.bad"]
    assert table[2][-3:] == ["ok", "1.0", ""]
    assert table[3][-3:] == ["truncated", "", ""]


def test_wide_has_one_row_an_image_and_none_for_a_set() -> None:
    """Two of three rows of a real run were empty: one for the prompts, one for the diversity."""
    of_prompt = replace(FACTS, name="of prompt", scope="set", each="prompt")
    sets = [Outcome("a", "p", None, {"of prompt": good(0.5)})]
    facts = [FACTS, replace(of_prompt, metrics=(replace(FACTS.metrics[0], name="set.good"),))]
    table = rows(
        feeds.csv_text(feeds.wide_header(facts), feeds.wide_rows([*found(), *sets], facts))
    )
    assert table[0][-2:] == ["toy.good", "toy.bad"]
    assert [row[0] for row in table[1:]] == [A.image, B.image, "a/3.png"]


def test_scorecard_counts_what_was_not_decoded() -> None:
    card = build(found(), RUN.scorers)
    table = rows(feeds.csv_text(feeds.SCORECARD, feeds.scorecard_rows(card)))
    assert ",".join(table[0]) == (
        "model,metric,mean,low,high,images,prompts,unit,better,ok,not_applicable,abstained,"
        "unavailable,failed,undecoded,scorer,scorer_version"
    )
    line = dict(zip(table[0], table[2], strict=True))
    assert (line["metric"], line["ok"], line["abstained"], line["undecoded"]) == (
        "toy.bad",
        "1",
        "1",
        "1",
    )
    assert float(line["mean"]) == -0.5
    assert (line["low"], line["high"]) == ("", "")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_and_none_starts_a_formula(text: str) -> None:
    ((back,),) = rows(feeds.csv_text(["h"], [[text]]))[1:] or [[""]]
    assert not back.startswith(feeds._FORMULA)
    escaped = text.replace("\0", "\\x00").replace("\r", "\\r")
    assert back in (escaped, "'" + escaped)


@given(st.text(st.sampled_from("' =+-@\t\nab＝雪")))
def test_a_reader_gets_back_what_was_guarded(text: str) -> None:
    """The apostrophe that the feed put there goes, one that was in the text stays."""
    assert feeds.unguarded(feeds.cell(text)) == text


@pytest.mark.parametrize("text", ["=1", "  =1", "'=1", "+1", "-1", "@x", "\t=1", "\n=1", "＝1"])
def test_what_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert feeds.cell(text) == "'" + text


@given(st.lists(st.text() | st.none() | st.integers() | st.floats(allow_nan=False), min_size=2))
def test_a_row_is_written_as_the_csv_module_writes_it(row: list[object]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([feeds.cell(value) for value in row])
    assert feeds.csv_text(row, []) == out.getvalue()


def test_what_a_spreadsheet_would_drop_is_a_visible_escape() -> None:
    assert [feeds.cell(t) for t in ("a\rb", "a\r\nb", "\r=1")] == ["a\\rb", "a\\r\nb", "'\\r=1"]


def test_a_name_that_is_not_utf8_is_written_readably() -> None:
    assert feeds.cell(os.fsdecode(b"a\xff.png")) == "a\\udcff.png"


def test_an_unchanged_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    assert feeds.write_csv(path, ["a"], [[1]])
    os.utime(path, ns=(1, 1))
    assert not feeds.write_csv(path, ["a"], [[1]])
    assert path.stat().st_mtime_ns == 1
    assert feeds.write_csv(path, ["a"], [[2]])
    assert path.read_bytes() == b"a\r\n2\r\n"
    assert os.listdir(tmp_path) == ["x.csv"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_table_cut_short_leaves_the_old_one_whole(tmp_path: Path, error: BaseException) -> None:
    """A full disk, or ^C, in the middle of a million rows."""
    path = tmp_path / "夏.csv"
    feeds.write_csv(path, ["a"], [[1]])

    def some() -> Iterator[list[int]]:
        yield [2]
        raise error

    with pytest.raises(type(error)) as raised:
        feeds.write_csv(path, ["a"], some())
    assert getattr(raised.value, "filename", str(path)) == str(path), "it is told which file"
    assert path.read_bytes() == b"a\r\n1\r\n"
    assert os.listdir(tmp_path) == ["夏.csv"], "nothing half written fills the disk"


def test_two_processes_that_write_one_table_do_not_take_each_others_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with feeds.beside(path) as ours:
        ours.write_bytes(b"a\r\n1\r\n")
        other = "from pathlib import Path; from iqmetrics.views import feeds; import sys; "
        other += "feeds.write_csv(Path(sys.argv[1]), ['a'], [[1]])"
        subprocess.run([sys.executable, "-c", other, str(path)], check=True)
        assert feeds.replace_if_changed(ours, path) is False
    assert os.listdir(tmp_path) == ["t.csv"]


def test_what_a_killed_run_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    for name in ("old.csv.7.new", "young.csv.8.new", "old.csv"):
        (tmp_path / name).touch()
    for name in ("old.csv.7.new", "old.csv"):
        os.utime(tmp_path / name, (0, 0))
    feeds.sweep(tmp_path)
    feeds.sweep(tmp_path / "nowhere")
    assert sorted(os.listdir(tmp_path)) == ["old.csv", "young.csv.8.new"]


def test_a_text_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        feeds.write_text(tmp_path / "r.html", "a\udcff")
    assert os.listdir(tmp_path) == []
    assert feeds.write_text(tmp_path / "r.html", "a\r\nb\n")
    assert (tmp_path / "r.html").read_bytes() == b"a\r\nb\n", "line ends are as they are given"


def test_the_coverage_of_a_scorecard_row_adds_up_to_its_images() -> None:
    card = build(found(), RUN.scorers)
    for row, told in zip(card.rows, feeds.scorecard_rows(card), strict=True):
        counts = dict(zip(feeds.SCORECARD, told, strict=True))
        kinds = ("ok", "not_applicable", "abstained", "unavailable", "failed", "undecoded")
        assert sum(counts[kind] for kind in kinds) == sum(row.coverage.values())
        assert counts["ok"] == counts["images"]


def test_every_status_is_counted_in_its_own_column() -> None:
    """One image of each kind that has a column, and two kinds of those that were not decoded."""
    card = build(found(), RUN.scorers)
    kinds = ("ok", "not_applicable", "abstained", "unavailable", "failed")
    coverage = {kind: 10 + number for number, kind in enumerate(kinds)}
    row = replace(card.rows[0], coverage={**coverage, "timeout": 3, "crashed": 4})
    (told,) = feeds.scorecard_rows(replace(card, rows=(row,)))
    counts = dict(zip(feeds.SCORECARD, told, strict=True))
    assert [counts[kind] for kind in kinds] == [10, 11, 12, 13, 14]
    assert counts["undecoded"] == 7


def test_what_belongs_to_a_set_or_has_no_number_leaves_those_cells_empty() -> None:
    """A set is of no image; an image may have no pick. Neither is a 0 or the word None."""
    unplaced = replace(record("b.png", "a", "p"), seed=None, pick=None)
    outcomes = [
        Outcome("a", "p", None, {"toy": good(0.5, 2.0)}),
        Outcome("a", "p", unplaced, {"toy": good(0.25, 1.0)}),
    ]
    table = rows(feeds.csv_text(feeds.LONG, feeds.long_rows(outcomes, [FACTS])))[1:]
    assert table[0][:9] == ["", "a", "p", "", "", "", "toy", "toy.good", "0.5"]
    assert table[2][:9] == ["b.png", "a", "p", "p", "", "", "toy", "toy.good", "0.25"]


def test_a_text_in_parts_is_compared_with_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    assert feeds.write_text(path, iter(["{", "}\n"]))
    os.utime(path, ns=(1, 1))
    assert not feeds.write_text(path, iter(["{", "}\n"]))
    assert path.stat().st_mtime_ns == 1
    assert feeds.write_text(path, iter(["[", "]\n"])) and path.read_text() == "[]\n"


def test_what_is_unfinished_has_a_name_that_is_swept(tmp_path: Path) -> None:
    with feeds.beside(tmp_path / "t.csv") as fresh:
        fresh.touch()
        os.utime(fresh, (0, 0))
        feeds.sweep(tmp_path)
        assert os.listdir(tmp_path) == []


def test_a_link_keeps_leading_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    real, link = tmp_path / "kept" / "real.csv", tmp_path / "link.csv"
    link.symlink_to(real)
    assert feeds.write_text(link, "a\n") and not feeds.write_text(link, "a\n")
    assert link.is_symlink() and real.read_text() == "a\n"
    assert os.listdir(tmp_path / "kept") == ["real.csv"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """`--verdict /dev/stdout` put a file in the place of the device, or was refused."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_text, "utf-8")
        assert feeds.write_text(pipe, ["a,", "雪\r\n"])
        assert read.result(20).encode() == "a,雪\n".encode()
    assert pipe.is_fifo() and os.listdir(tmp_path) == ["pipe"]


def test_the_standard_output_by_its_name_is_the_standard_output(tmp_path: Path) -> None:
    if not os.path.exists("/dev/stdout"):
        pytest.skip("this system has no such name")
    script = (
        "from pathlib import Path; from iqmetrics.views import feeds\n"
        "feeds.write_text(Path('/dev/stdout'), 'whole')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("whole", "")


def test_a_folder_in_the_place_of_a_file_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(IsADirectoryError):
        feeds.write_text(tmp_path / "x.csv", "a")
    assert os.listdir(tmp_path) == ["x.csv"]
