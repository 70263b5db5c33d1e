"""iqm score as a user runs it: tables on stdout, talk on stderr, files, exit codes, bad input."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from iqmetrics.cli.main import run
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from iqmetrics.errors import BadInput
from iqmetrics.pipeline import scorecard_file
from iqmetrics.store import Store

HOSTILE = [
    "a\nb.png",
    "\u202egnp.png",
    '"><script>alert(1)<.png',
    "=cmd.png",
    "夏 ☀.png",
    "x" * 240 + ".png",
]


def paint(path: str, seed: int = 0, size: int = 48) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    Image.fromarray(pixels).save(path, "PNG")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate([*HOSTILE, os.fsdecode(b"\xff\xfe.png")]):
        paint(os.path.join(tmp_path, name), number)
    (tmp_path / "zero.png").touch()
    (tmp_path / "half.png").write_bytes((tmp_path / HOSTILE[0]).read_bytes()[:300])
    (tmp_path / "text.png").write_text("no picture")
    os.mkfifo(tmp_path / "fifo.png")
    os.symlink(tmp_path, tmp_path / "loop")
    return tmp_path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_of_bad_input_is_scored_to_the_end(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", str(folder), "--scorer", "size"]) == 0
    out, talk = capsys.readouterr()
    assert "48 [48, 48] n=7/10" in out
    assert "1 truncated" not in out
    assert "not decoded: 2 truncated, 1 unsupported" in talk
    assert "not a regular file" in talk
    assert "\u202e" not in out + talk
    table = rows(folder / "iqm" / "scores_long.csv")
    broken = {r["image"]: r["status"] for r in table if r["scorer"] == "image"}
    assert broken == {"zero.png": "truncated", "half.png": "truncated", "text.png": "unsupported"}
    scored = {r["image"] for r in table if r["metric"] == "size.width"}
    assert scored == {*(("'" + n) if n[0] == "=" else n for n in HOSTILE), "\\udcff\\udcfe.png"}
    assert (folder / "iqm" / "report.html").stat().st_size < 200_000


def test_a_second_run_changes_no_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["score", str(folder), "--scorer", "size"])
    first = capsys.readouterr().out
    before = {
        p.name: p.stat().st_mtime_ns for p in (folder / "iqm").iterdir() if "sqlite" not in p.name
    }
    assert run(["score", str(folder), "--scorer", "size"]) == 0
    out, talk = capsys.readouterr()
    assert out == first
    assert "Nothing changed" in talk
    assert before == {
        p.name: p.stat().st_mtime_ns for p in (folder / "iqm").iterdir() if "sqlite" not in p.name
    }


class Touched:
    """What this process opens under a folder, and the processes it starts, while switched on."""

    def __init__(self) -> None:
        self.on, self.files, self.started = False, set[str](), 0
        sys.addaudithook(self)

    def __call__(self, event: str, details: tuple[object, ...]) -> None:
        if self.on and event == "open":
            self.files.add(os.fspath(details[0]) if not isinstance(details[0], int) else "")
        self.started += self.on and event == "subprocess.Popen"

    def images(self, root: Path) -> set[str]:
        names = {os.path.basename(os.fsdecode(f)) for f in self.files if f}
        return {name for name in names if (root / name).is_file()}


def test_nothing_is_hashed_or_decoded_twice(tmp_path: Path) -> None:
    """An unchanged folder costs a walk; a new file costs the reading of that file."""
    for number in range(6):
        paint(os.path.join(tmp_path, f"{number}.png"), number)
    command = ["score", str(tmp_path), "--scorer", "size", "--quiet"]
    seen = Touched()
    seen.on = True
    assert run(command) == 0
    assert seen.images(tmp_path) == {f"{n}.png" for n in range(6)} and seen.started == 1
    seen.files.clear()
    assert run(command) == 0
    assert seen.images(tmp_path) == set() and seen.started == 1
    paint(os.path.join(tmp_path, "new.png"), 7)
    assert run(command) == 0
    seen.on = False
    assert seen.images(tmp_path) == {"new.png"} and seen.started == 2


def damaged(path: Path) -> None:
    """A PNG with a wrong checksum: it is read, and unreadable."""
    paint(os.fspath(path))
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)


def test_a_damaged_file_is_decoded_once_and_does_not_keep_the_run_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(os.path.join(tmp_path, "good.png"))
    damaged(tmp_path / "bad.png")
    command = ["score", str(tmp_path), "--scorer", "size"]
    assert run(command) == 0
    first = capsys.readouterr()
    assert "1 unreadable" in first.err and "n=1/2" in first.out
    seen = Touched()
    seen.on = True
    assert run(command) == 0
    again = capsys.readouterr()
    assert "Nothing changed" in again.err and again.out == first.out
    paint(os.path.join(tmp_path, "new.png"), 1)
    assert run(command) == 0
    assert seen.images(tmp_path) == {"new.png"}
    assert "1 unreadable" in capsys.readouterr().err, "it is still told"
    paint(os.path.join(tmp_path, "bad.png"), 2)
    assert run(command) == 0
    seen.on = False
    assert "n=3" in capsys.readouterr().out and seen.images(tmp_path) == {"new.png", "bad.png"}


def test_a_second_run_in_a_folder_is_refused_until_the_first_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from iqmetrics.pipeline.alone import alone

    paint(os.path.join(tmp_path, "0.png"))
    (tmp_path / "iqm").mkdir()
    with alone(tmp_path / "iqm", "score"):
        assert run(["score", str(tmp_path), "--scorer", "size"]) == 2
        out, talk = capsys.readouterr()
        assert out == "" and talk.startswith("Error: another iqm score is at work in ")
        assert run(["score", str(tmp_path), "--scorer", "size", "--out", str(tmp_path / "b")]) == 0
    assert run(["score", str(tmp_path), "--scorer", "size"]) == 0


@pytest.mark.parametrize(
    "options", [["--scorer", "size"], ["--scorer", "nosuch"], ["--preset", "nosuch"]]
)
@pytest.mark.parametrize("there", ["", "folder", "store"])
def test_a_run_that_cannot_begin_leaves_nothing_of_its_own(
    tmp_path: Path, options: list[str], there: str
) -> None:
    if options[1] == "nosuch":
        paint(os.path.join(tmp_path, "0.png"))
    before = set()
    if there:
        (tmp_path / "iqm").mkdir()
        before = {"iqm"}
    if there == "store":
        Store(tmp_path / "iqm" / "scores.sqlite").__exit__()
        before = {"iqm", "scores.sqlite"}
    assert run(["score", str(tmp_path), *options]) == 2
    assert {p.name for p in tmp_path.rglob("*") if p.suffix != ".png"} == before


def test_a_store_is_opened_once_and_one_that_cannot_be_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path | None] = []

    def open_(store: Store, path: Path | None) -> None:
        opened.append(path)
        assert path is not None
        path.touch()
        raise BadInput("the disk is full")

    monkeypatch.setattr(Store, "__init__", open_)
    paint(os.path.join(tmp_path, "0.png"))
    assert run(["score", str(tmp_path), "--scorer", "size"]) == 2
    assert len(opened) == 1 and [p.name for p in tmp_path.iterdir()] == ["0.png"]


def test_what_was_read_before_a_run_could_not_go_on_is_kept(
    tmp_path: Path, no_weights: Path
) -> None:
    """A million hashes are worth keeping although the weights are missing."""
    images = tmp_path / "images"
    images.mkdir()
    paint(os.path.join(images, "0.png"))
    assert run(["score", str(images), "--scorer", "clip"]) == 2
    with Store(images / "iqm" / "scores.sqlite") as store:
        assert [row.path for row in store.files()] == ["0.png"]


@pytest.mark.parametrize("content", ["", "{", '{"format": "iqmetrics-scorecard-1"}', "half"])
def test_a_damaged_scorecard_of_an_unchanged_folder_is_written_again(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(os.path.join(tmp_path, "0.png"))
    command = ["score", str(tmp_path), "--scorer", "size"]
    assert run(command) == 0
    table = capsys.readouterr().out
    card = tmp_path / "iqm" / "scorecard.json"
    whole = card.read_bytes()
    card.write_bytes(whole[:-9] if content == "half" else content.encode())
    assert run(command) == 0
    assert capsys.readouterr().out == table and card.read_bytes() == whole


def test_an_unchanged_folder_reads_no_cells_and_prints_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(os.path.join(tmp_path, "0.png"))
    command = ["score", str(tmp_path), "--scorer", "size"]
    assert run(command) == 0
    table = capsys.readouterr().out
    card = scorecard_file.load(tmp_path / "iqm" / "scorecard.json")
    monkeypatch.setattr(scorecard_file, "load", None)
    for more, told in (([], table), (["--json"], scorecard_file.dump(card) + "\n")):
        assert run([*command, *more]) == 0
        captured = capsys.readouterr()
        assert captured.out == told and "Nothing changed" in captured.err


def test_results_are_not_put_among_the_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They would be walked, and change with every run."""
    paint(os.path.join(tmp_path, "0.png"))
    for out in (tmp_path, tmp_path / "x" / ".."):
        (tmp_path / "x").mkdir(exist_ok=True)
        assert run(["score", str(tmp_path), "--scorer", "size", "--out", str(out)]) == 2
        assert "among the images" in capsys.readouterr().err
    assert run(["score", str(tmp_path / "0.png"), "--scorer", "size", "--out", str(tmp_path)]) == 0


def test_a_deleted_result_is_written_again(folder: Path) -> None:
    run(["score", str(folder), "--scorer", "size", "--quiet"])
    (folder / "iqm" / "scorecard.csv").unlink()
    run(["score", str(folder), "--scorer", "size", "--quiet"])
    assert (folder / "iqm" / "scorecard.csv").exists()


def test_json_and_scorecard_say_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["score", str(folder), "--scorer", "size", "--json", "--quiet"])
    scored = json.loads(capsys.readouterr().out)
    assert run(["scorecard", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == scored
    assert run(["scorecard", str(folder), "--csv"]) == 0
    assert capsys.readouterr().out.startswith("model,metric,mean")


def test_reports_and_exports_come_from_the_store(folder: Path) -> None:
    run(["score", str(folder), "--scorer", "size", "--quiet"])
    assert run(["report", str(folder), "--lang", "zh", "--out", str(folder / "zh.html")]) == 0
    assert "评分卡" in (folder / "zh.html").read_text("utf-8")
    assert (
        run(
            ["export", str(folder), "--out", str(folder / "feed"), "--xlsx", "--parquet", "--excel"]
        )
        == 0
    )
    assert (folder / "feed" / "scores.xlsx").stat().st_size > 5000


def test_strict_fails_on_what_could_not_be_judged(folder: Path) -> None:
    assert run(["score", str(folder), "--scorer", "size", "--strict", "--quiet"]) == 3


def test_nothing_but_broken_files_is_3(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert run(["score", str(tmp_path), "--scorer", "size", "--quiet"]) == 3


@pytest.mark.parametrize(
    "args",
    [
        ["nowhere"],
        ["."],
        [".", "--scorer", "sise"],
        [".", "--preset", "nope"],
        [".", "--device", "gpu"],
    ],
)
def test_what_a_user_can_fix_is_2(
    tmp_path: Path,
    args: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if len(args) > 1:
        paint("a.png")
    assert run(["score", *args]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) <= 2


def test_a_read_only_folder_asks_for_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(str(tmp_path / "a.png"))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert run(["score", str(tmp_path), "--scorer", "size"]) == 2
    assert "--out DIR" in capsys.readouterr().err


def test_metadata_that_is_no_strict_json_does_not_end_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some tools write NaN; one such file among thousands must not cost the others."""
    told = PngInfo()
    told.add_text("invokeai_metadata", '{"positive_prompt": "fox", "scheduler": NaN, "seed": 7}')
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png", pnginfo=told)
    paint(str(tmp_path / "b.png"))
    assert run(["score", str(tmp_path), "--scorer", "size", "--workers", "0"]) == 0
    assert "n=2" in capsys.readouterr().out
    assert {r["prompt"] for r in rows(tmp_path / "iqm" / "scores_wide.csv")} == {"fox", ""}


@pytest.mark.parametrize(
    "args",
    [
        ["--limit", "0"],
        ["--workers", "-1"],
        ["--prompts", "nowhere.csv"],
        ["--model-from", "name"],
        ["--preset", "nowhere.preset.toml"],
        ["--include", "*.jpg"],
        ["--exclude", "*"],
        ["--scorer", "no.such.module:Thing"],
        ["--scorer", "os:path"],
    ],
)
def test_options_that_cannot_be_used_are_2(
    tmp_path: Path, args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    paint(str(tmp_path / "a.png"))
    assert run(["score", str(tmp_path), *args]) == 2
    out, told = capsys.readouterr()
    assert out == ""
    assert told.startswith("Error: ")
    assert "bug" not in told


def test_several_files_leave_their_results_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    files = [str(tmp_path / name) for name in ("a.png", "b.png")]
    for number, file in enumerate(files):
        paint(file, number)
    assert run(["score", *files, "--scorer", "size", "--quiet", "--workers", "0"]) == 0
    assert (tmp_path / "here" / "iqm" / "scorecard.json").exists()
    assert not (tmp_path / "iqm").exists()


def test_out_is_made_with_its_parents(tmp_path: Path) -> None:
    paint(str(tmp_path / "a.png"))
    out = tmp_path / "deep" / "er"
    args = ["score", str(tmp_path), "--scorer", "size", "--quiet", "--workers", "0"]
    assert run([*args, "--out", str(out)]) == 0
    assert (out / "report.html").exists()
    assert not (tmp_path / "iqm").exists()
    assert not (out / ".write-test").exists()


def test_quiet_says_nothing_but_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(str(tmp_path / "a.png"))
    assert run(["score", str(tmp_path), "--scorer", "size", "--quiet", "--workers", "0"]) == 0
    out, told = capsys.readouterr()
    assert told == ""
    assert out.startswith("metric")


def test_texts_given_on_the_command_line_reach_every_image(tmp_path: Path) -> None:
    paint(str(tmp_path / "a.png"))
    args = ["score", str(tmp_path), "--scorer", "size", "--quiet", "--workers", "0"]
    assert run([*args, "--text", "SALE", "--text", "50 %"]) == 0
    told = json.loads((tmp_path / "iqm" / "run.json").read_text("utf-8"))
    assert told["settings"]["texts"] == ["SALE", "50 %"]


def test_a_prompt_file_names_the_prompts(tmp_path: Path) -> None:
    for number in range(2):
        paint(str(tmp_path / f"{number}.png"), number)
    table = tmp_path / "my.csv"
    table.write_text("file_name,prompt,seed\n0.png,a fox,18446744073709551615\n1.png,a cow,2\n")
    args = ["score", str(tmp_path), "--scorer", "size", "--quiet", "--workers", "0"]
    assert run([*args, "--prompts", str(table)]) == 0
    found = {r["image"]: (r["prompt"], r["seed"]) for r in rows(tmp_path / "iqm/scores_wide.csv")}
    assert found == {"0.png": ("a fox", "18446744073709551615"), "1.png": ("a cow", "2")}


@pytest.mark.parametrize("times", [1, 2])
def test_strict_stays_strict_when_nothing_has_changed(tmp_path: Path, times: int) -> None:
    """The second run finds the results of the first, and once exited 0 over a broken image."""
    paint(str(tmp_path / "a.png"))
    (tmp_path / "b.png").write_bytes(b"")
    codes = [run(["score", str(tmp_path), "--scorer", "size", "--strict"]) for _ in range(times)]
    assert codes == [3] * times
    assert run(["score", str(tmp_path), "--scorer", "size"]) == 0


def test_a_folder_where_nothing_can_be_scored_is_3_every_time(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"")
    assert [run(["score", str(tmp_path), "--scorer", "size"]) for _ in range(2)] == [3, 3]


def test_what_is_derived_does_not_count_as_scored(tmp_path: Path) -> None:
    """The usable rule says "undecided" of a broken file; that is no measurement."""
    (tmp_path / "b.png").write_bytes(b"")
    assert [run(["score", str(tmp_path), "--preset", "commercial"]) for _ in range(2)] == [3, 3]
    card = json.loads((tmp_path / "iqm" / "scorecard.json").read_text("utf-8"))
    assert all(row["mean"] is None for row in card["rows"])


def test_our_own_results_are_not_told_of_an_empty_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert run(["score", str(tmp_path)]) == 2
        assert f"no images in {tmp_path}\n" in capsys.readouterr().err


def test_an_unknown_device_is_told_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(str(tmp_path / "a.png"))
    assert run(["score", str(tmp_path), "--device", "tpu"]) == 2
    assert "'tpu' is not one of 'auto', 'cpu', 'cuda'" in capsys.readouterr().err
    assert not (tmp_path / "iqm").exists()


def test_several_folders_need_a_place_and_are_then_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, name in enumerate("ab"):
        (tmp_path / name).mkdir()
        paint(str(tmp_path / name / "1.png"), number)
        (tmp_path / name / "1.txt").write_text("a cow")
    folders = [str(tmp_path / name) for name in "ab"]
    assert run(["score", *folders, "--scorer", "size"]) == 2
    assert "Add --out DIR" in capsys.readouterr().err
    assert run(["score", *folders, "--scorer", "size", "--out", str(tmp_path / "iqm")]) == 0
    assert {row["model"] for row in rows(tmp_path / "iqm" / "scores_long.csv")} == {"a", "b"}
    capsys.readouterr()
    assert run(["compare", str(tmp_path / "iqm")]) == 0
    assert capsys.readouterr().out.startswith("b against a")


def test_a_scorer_in_the_folder_where_we_are_is_found(tmp_path: Path) -> None:
    """README's own example, by the installed command, which does not look there by itself."""
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    source = readme[readme.index("from dataclasses import dataclass\nfrom iqmetrics") :]
    (tmp_path / "mylib").mkdir()
    (tmp_path / "mylib" / "my.py").write_text(source[: source.index("```")])
    (tmp_path / "outputs").mkdir()
    paint(str(tmp_path / "outputs" / "1.png"))
    program = "from iqmetrics.cli.main import main; main()"
    args = ["score", "outputs/", "--scorer", "mylib.my:Contrast"]
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *args], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[2].startswith("contrast")
