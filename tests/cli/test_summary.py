"""The last lines of iqm score: everything that was left out is counted, nothing floods."""

from dataclasses import replace
from pathlib import Path

from factory import FACTS, record
from iqmetrics.cli.summary import NOTES, summary

from iqmetrics.pipeline.index import Index
from iqmetrics.pipeline.outcomes import Run
from iqmetrics.pipeline.score import Result
from iqmetrics.records import Missing
from iqmetrics.store import Store

RECORDS = [record("a.png"), record("b.png", model="n"), record("c.png", prompt=None)]
OUT = Path("out/iqm")


def lines(
    run: Run | None = None, index: Index | None = None, interrupted: bool = False
) -> list[str]:
    run = run or Run(RECORDS[:2], (FACTS,))
    index = index or Index(run.records)
    return summary(Result(run, Store(None), index, interrupted), OUT).splitlines()


def test_a_clean_run_is_two_lines() -> None:
    assert lines() == [
        "2 images of 2 models",
        f"Results are in {OUT}, the report is {OUT / 'report.html'}",
    ]


def test_images_without_a_prompt_are_counted_with_the_way_out() -> None:
    assert "1 without a prompt (give them with --prompts FILE)" in lines(Run(RECORDS, (FACTS,)))


def test_an_empty_prompt_is_a_prompt() -> None:
    told = lines(Run([replace(RECORDS[0], prompt="")], (FACTS,)))
    assert not any("without a prompt" in line for line in told)


def test_undecoded_images_are_counted_by_status_in_order() -> None:
    bad = {f"{n}": Missing(s, "x") for n, s in enumerate(["truncated", "timeout", "truncated"])}
    told = lines(Run(RECORDS, (FACTS,), bad))
    assert "not decoded: 1 timeout, 2 truncated; one is 0 (x)" in told
    alone = lines(Run(RECORDS, (FACTS,), {"a\nb.png": Missing("truncated", "half")}))
    assert "not decoded: 1 truncated; it is a\\nb.png (half)" in alone


def test_what_was_skipped_is_counted_but_not_our_own_results() -> None:
    skipped = {"grid": 2, "results of iqm": 9, "hidden folder": 3, "mask": 1}
    told = lines(index=Index(RECORDS, skipped=skipped))
    assert [line for line in told if line.startswith("skipped")] == [
        "skipped as grid: 2",
        "skipped as mask: 1",
    ]


def test_notes_are_cut_and_the_rest_is_counted() -> None:
    few = lines(index=Index(RECORDS, notes=["n"] * NOTES))
    assert sum(line == "note: n" for line in few) == NOTES
    assert not any("more notes" in line for line in few)
    many = lines(index=Index(RECORDS, notes=["n"] * (NOTES + 3)))
    assert sum(line == "note: n" for line in many) == NOTES
    assert "and 3 more notes, all in run.json" in many


def test_a_note_cannot_write_to_the_terminal() -> None:
    told = lines(index=Index(RECORDS, notes=["\x1b[2J a\nb \u202e \udcff"]))
    assert "note: \\x1b[2J a\\nb \\u202e \\udcff" in told


def test_what_was_unavailable_says_how_to_get_it() -> None:
    run = Run(RECORDS, (FACTS,), unavailable={"z": "needs y: pip install y", "a": "no weights"})
    told = [line for line in lines(run) if "unavailable" in line]
    assert told == ["a is unavailable: no weights", "z is unavailable: needs y: pip install y"]


def test_an_interrupted_run_says_how_to_go_on() -> None:
    told = lines(interrupted=True)
    assert told[-2] == "Interrupted: run the same command again to go on."
    assert told[-1].startswith("Results are in")


def test_one_image_of_one_model_is_singular() -> None:
    assert lines(Run(RECORDS[:1], (FACTS,)))[0] == "1 image of 1 model"


def test_a_terminal_gets_no_line_that_is_wider_but_commands_and_paths_stay_whole() -> None:
    command = "pip install 'iqmetrics[score]'"
    why = f"clip needs open_clip_torch, which is not installed: {command}"
    run = Run(
        RECORDS, (FACTS,), {"c.png": Missing("truncated", "it ends early " * 4)}, {"clip": why}
    )
    result = Result(run, Store(None), Index(run.records, notes=["word " * 20]))
    whole, told = summary(result, OUT).splitlines(), summary(result, OUT, 40).splitlines()
    assert max(map(len, told)) <= 40 < max(map(len, whole))
    assert f"  {command}" in told
    assert told[-2:] == [f"Results are in {OUT},", f"the report is {OUT / 'report.html'}"]
    assert " ".join(told).split() == " ".join(whole).split()
    assert summary(result, OUT, 500).splitlines() == whole
