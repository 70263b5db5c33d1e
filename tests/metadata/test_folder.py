import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from written_outputs import INFOTEXT, PROMPT, manifest, save_png

from iqmetrics.errors import BadInput
from iqmetrics.metadata import (
    Facts,
    assemble,
    describing,
    read_facts,
    read_folder,
    select_files,
    select_folder,
)
from iqmetrics.metadata import folder as folder_module
from iqmetrics.metadata.folder import select_listed


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    save_png(tmp_path / "m1/a.png", parameters=INFOTEXT)
    save_png(tmp_path / "m2/a.png")
    (tmp_path / "m2/a.txt").write_text("a cow")
    return tmp_path


def by_image(folder: Path, **options):
    return {record.image: record for record in read_folder(folder, **options)[0]}


@pytest.mark.parametrize(
    ("name", "text"), [("p.csv", ""), ("p.csv", "file_name,prompt\n"), ("p.json", "[]")]
)
def test_a_table_by_hand_that_holds_nothing_is_refused_and_one_in_the_folder_is_not(
    outputs: Path, tmp_path_factory: pytest.TempPathFactory, name: str, text: str
) -> None:
    table = tmp_path_factory.mktemp("t") / name
    table.write_text(text)
    with pytest.raises(BadInput, match=f"{name} holds no row"):
        by_image(outputs, prompts=table)
    (outputs / "metadata.csv").write_text(text)
    assert len(by_image(outputs)) == 2


def test_prompts_by_hand_are_stronger_than_all(
    outputs: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = tmp_path_factory.mktemp("t") / "mine.csv"
    table.write_text("file_name,prompt,model\nm1/a.png,by hand,named\n")
    found = by_image(outputs, prompts=table)
    assert (found["m1/a.png"].prompt, found["m1/a.png"].model) == ("by hand", "named")
    assert found["m1/a.png"].seed == 42
    assert found["m1/a.png"].sources["prompt"].where == "mine.csv"
    assert found["m2/a.png"].prompt == "a cow"


def test_table_over_sidecar_over_embedded(outputs: Path) -> None:
    (outputs / "m1/a.json").write_text(json.dumps({"prompt": "side", "seed": 7}))
    assert by_image(outputs)["m1/a.png"].prompt == "side"
    (outputs / "metadata.csv").write_text("file_name,text\nm1/a.png,table\n")
    record = by_image(outputs)["m1/a.png"]
    assert (record.prompt, record.seed, record.negative) == ("table", 7, "blurry, text")


def test_cached_facts_give_the_same_records(outputs: Path) -> None:
    selection = select_folder(str(outputs))
    files = describing(selection)
    assert [entry.path for entry in files] == ["m1/a.png", "m2/a.png", "m2/a.txt"]
    cache = {e.path: read_facts(os.path.join(outputs, e.path)).to_json() for e in files}
    facts = {path: Facts.from_json(text) for path, text in cache.items()}
    assert assemble(str(outputs), selection, facts) == read_folder(outputs)


def test_broken_files_cost_only_themselves(outputs: Path) -> None:
    (outputs / "m1/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (outputs / "m1/empty.jpg").write_bytes(b"")
    (outputs / "m1/a.json").write_text("{")
    (outputs / "metadata.jsonl").write_text("{")
    records, report = read_folder(outputs)
    assert [r.image for r in records] == ["m1/a.png", "m1/broken.png", "m1/empty.jpg", "m2/a.png"]
    assert records[0].prompt == PROMPT
    assert len(report.problems) == 3
    assert any(
        problem.startswith("m1/a.json: the sidecar is not JSON") for problem in report.problems
    )
    assert any("metadata.jsonl, line 1" in problem for problem in report.problems)


def test_report_counts_what_has_no_prompt_and_what_is_left_out(outputs: Path) -> None:
    save_png(outputs / "m1/grid-0001.png")
    save_png(outputs / "m1/bare.png")
    (outputs / "iqm").mkdir()
    records, report = read_folder(outputs)
    assert report.images == len(records) == 3
    assert report.without_prompt == ["m1/bare.png"]
    assert report.skipped == {"grid": ["m1/grid-0001.png"], "results of iqm": ["iqm"]}


def test_a_blank_prompt_is_none_and_a_known_one_is_not_reported(outputs: Path) -> None:
    (outputs / "m2/a.txt").unlink()
    (outputs / "m2/a.json").write_text('{"prompt": " \\n "}')
    _, report = read_folder(outputs)
    assert (report.without_prompt, report.low_confidence) == (["m2/a.png"], [])


def test_tables_of_deeper_folders_are_stronger_whatever_they_are_called(tmp_path: Path) -> None:
    save_png(tmp_path / "a/x.png")
    (tmp_path / "prompts.csv").write_text("file_name,prompt\na/x.png,far\n")
    (tmp_path / "a/metadata.csv").write_text("file_name,prompt\nx.png,near\n")
    assert by_image(tmp_path)["a/x.png"].prompt == "near"
    (tmp_path / "a/prompts.csv").write_text("file_name,prompt\nx.png,last by name\n")
    assert by_image(tmp_path)["a/x.png"].prompt == "last by name"


def test_a_broken_table_takes_nothing_from_the_one_before_it(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        save_png(tmp_path / folder / "x.png")
    (tmp_path / "a/metadata.csv").write_text("file_name,prompt\nx.png,fox\n")
    (tmp_path / "b/metadata.jsonl").write_text("{")
    records, report = read_folder(tmp_path)
    assert [(r.image, r.prompt) for r in records] == [("a/x.png", "fox"), ("b/x.png", None)]
    assert [problem.split(",")[0] for problem in report.problems] == ["b/metadata.jsonl"]


def test_a_table_elsewhere_that_cannot_be_read_takes_nothing_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = pytest.importorskip("fsspec").filesystem("memory")
    table = b"file_name,prompt\nx.png,fox\n"
    for name, rows in (("a", table), ("b", table + b"y.png,a cow\n")):
        system.pipe_file(f"/far/{name}/x.png", b"image")
        system.pipe_file(f"/far/{name}/metadata.csv", rows)
    monkeypatch.setattr(folder_module, "MAX_BYTES", len(table))
    records, report = assemble("memory://far", select_folder("memory://far"), {})
    assert [(r.image, r.prompt) for r in records] == [("a/x.png", "fox"), ("b/x.png", None)]
    assert report.problems == [f"b/metadata.csv: more than {len(table)} bytes in one file"]


def test_rows_of_a_table_in_the_folder_that_fit_no_image_are_reported(tmp_path: Path) -> None:
    """A failed request has no image, and that is no problem of the table."""
    save_png(tmp_path / "A.png")
    rows = [
        {"image": "A.png", "prompt": "fox"},
        {"image": "none.png", "prompt": "cow"},
        {"image": "", "prompt": "cat", "status": "refused", "reason": "filter", "model": "m"},
    ]
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    records, report = read_folder(tmp_path)
    assert [r.prompt for r in records] == ["fox"]
    assert report.problems == ["manifest.jsonl: 1 of 2 rows name no image here: row 2"]
    assert report.failed_requests == [("m", "", "filter")]


def test_a_table_in_a_folder_may_name_a_file_whole(tmp_path: Path) -> None:
    save_png(tmp_path / "a/B.png")
    save_png(tmp_path / "a/c.png")
    whole = tmp_path / "a/c.png"
    (tmp_path / "a/metadata.csv").write_text(f"file_name,prompt\nB.png,fox\n{whole},cow\n")
    records, report = read_folder(tmp_path)
    assert [(r.image, r.prompt) for r in records] == [("a/B.png", "fox"), ("a/c.png", "cow")]
    assert report.problems == []


def test_a_row_with_a_prompt_alone_finds_the_image_that_holds_these_words(tmp_path: Path) -> None:
    """The words lie in the picture, beside a sidecar that tells the seed only."""
    for name in ("a", "b"):
        save_png(tmp_path / f"{name}.png", **({"parameters": INFOTEXT} if name == "b" else {}))
        (tmp_path / f"{name}.json").write_text('{"seed": 7}')
    lines = [{"prompt": PROMPT, "tags": ["found"]}, {"prompt": "another", "tags": ["lost"]}]
    (tmp_path / "prompts.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = by_image(tmp_path)
    assert {image: record.tags for image, record in found.items()} == {
        "a.png": (), "b.png": ("found",),
    }  # fmt: skip


def test_a_file_elsewhere_that_is_gone_says_so() -> None:
    facts = read_facts("memory://nothing-here/a.png")
    assert facts.problem and facts.prompt is None


def test_hashes_and_models_that_are_known_are_kept(outputs: Path) -> None:
    selection = select_folder(str(outputs))
    records, _ = assemble(str(outputs), selection, {}, sha256={"m1/a.png": "ab"})
    assert [record.sha256 for record in records] == ["ab", ""]


def test_failed_requests_of_a_manifest(tmp_path: Path) -> None:
    manifest(tmp_path)
    assert read_folder(tmp_path)[1].failed_requests == [("base", "p1", "safety filter")]


def test_a_table_speaks_of_its_own_folder_only(tmp_path: Path) -> None:
    for folder in ("a", "a/deep", "a-b", "a0"):
        save_png(tmp_path / folder / "x.png")
        save_png(tmp_path / folder / "y.png")
    (tmp_path / "a/metadata.jsonl").write_text('{"prompt": "fox"}')
    prompts = {r.image: r.prompt for r in read_folder(tmp_path)[0]}
    assert {image for image, prompt in prompts.items() if prompt == "fox"} == {
        "a/x.png", "a/y.png", "a/deep/x.png", "a/deep/y.png",
    }  # fmt: skip


def test_list_of_files(outputs: Path) -> None:
    base, selection = select_files(
        [outputs / "m2/a.png", str(outputs / "m1/a.png"), outputs / "m2/a.png"]
    )
    assert base == str(outputs)
    facts = {e.path: read_facts(os.path.join(base, e.path)) for e in describing(selection)}
    records, report = assemble(base, selection, facts)
    assert {r.image: r.prompt for r in records} == {"m2/a.png": "a cow", "m1/a.png": PROMPT}
    assert report.problems == []


def test_one_file_of_a_folder_with_a_table(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_png(tmp_path / f"{name}.png")
    (tmp_path / "metadata.csv").write_text("file_name,text\na.png,fox\nb.png,cow\n")
    base, selection = select_files([tmp_path / "b.png"])
    records, report = assemble(base, selection, {})
    assert [(r.image, r.prompt) for r in records] == [("b.png", "cow")]
    assert report.problems == []


def test_a_pipe_is_refused_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(BadInput, match="not a regular file"):
        select_files([tmp_path / "pipe.png"])


@pytest.mark.parametrize("files", [[], ["nowhere.png"]])
def test_files_that_are_not_there(files: list[str]) -> None:
    with pytest.raises(BadInput):
        select_files(files)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a folder"):
        read_folder(tmp_path / "gone")


def test_empty_folder_is_empty(tmp_path: Path) -> None:
    records, report = read_folder(tmp_path)
    assert (records, report.images, report.problems) == ([], 0, [])


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b'\xff\n"><script>.png')
    save_png(tmp_path / "x.png", parameters=INFOTEXT)
    os.rename(tmp_path / "x.png", tmp_path / name)
    (record,) = read_folder(tmp_path)[0]
    assert (record.image, record.prompt) == (name, PROMPT)
    assert os.path.exists(record.path)


def test_a_folder_beside_a_file_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b.png").write_bytes(b"x")
    with pytest.raises(BadInput, match="is a folder, and something else was given") as told:
        select_files([tmp_path / "a", tmp_path / "b.png"])
    assert "told apart as a model" in told.value.hint


def test_a_folder_is_walked_as_it_is_asked(tmp_path: Path) -> None:
    for name in ("m1/a.png", "m1/b.png", "m2/a.png", "m2/b.png"):
        save_png(tmp_path / name)
    assert set(by_image(tmp_path, limit=1)) == {"m1/a.png"}
    assert set(by_image(tmp_path, include=["m2/*"])) == {"m2/a.png", "m2/b.png"}
    assert set(by_image(tmp_path, exclude=["*/b.png"])) == {"m1/a.png", "m2/a.png"}
    assert set(by_image(tmp_path, out=tmp_path / "m2")) == {"m1/a.png", "m1/b.png"}
    assert {r.model for r in by_image(tmp_path, model_from="folder").values()} == {"m1", "m2"}


def test_a_model_is_taken_from_where_it_is_said(outputs: Path) -> None:
    by_folder = by_image(outputs, model_from="folder")["m1/a.png"].model
    by_metadata = by_image(outputs, model_from="metadata")["m1/a.png"].model
    assert by_folder == "m1" != by_metadata


def test_rows_by_hand_that_fit_no_image_are_reported(
    outputs: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = tmp_path_factory.mktemp("t") / "mine.csv"
    table.write_text("file_name,prompt\nm1/a.png,by hand\nm9/none.png,lost\n")
    _, report = read_folder(outputs, prompts=table)
    assert report.problems == ["mine.csv: 1 of 2 rows name no image here: row 2"]
    _, clean = read_folder(outputs)
    assert clean.problems == []


def test_prompts_that_are_only_guessed_are_reported(tmp_path: Path) -> None:
    save_png(tmp_path / "user_a_red_fox_in_the_snow_0a1b2c3d-1111-2222-3333-444455556666.png")
    records, report = read_folder(tmp_path)
    guessed = [r.image for r in records if r.prompt and r.sources["prompt"].confidence == "low"]
    assert report.low_confidence == guessed
    assert set(guessed).isdisjoint(report.without_prompt)


def test_a_link_beside_given_files_is_not_followed(tmp_path: Path) -> None:
    """Neither for a sidecar nor for a table: it may lead anywhere."""
    here, away = tmp_path / "here", tmp_path / "away"
    save_png(here / "a.png")
    save_png(here / "b.png")
    away.mkdir()
    (away / "metadata.csv").write_text("file_name,prompt\na.png,not mine\n")
    (here / "metadata.csv").symlink_to(away / "metadata.csv")
    _, selection = select_files([here / "a.png", here / "b.png"])
    assert selection.tables == []
    (here / "metadata.csv").unlink()
    (here / "metadata.csv").write_text("file_name,prompt\na.png,mine\n")
    assert len(select_files([here / "a.png", here / "b.png"])[1].tables) == 1


@pytest.mark.parametrize(
    ("use", "hint"),
    [
        (lambda folder: select_files([]), "Give a folder of images"),
        (lambda folder: select_folder(str(folder / "none")), "Give a folder of images"),
        (lambda folder: select_files([folder, folder / "m1/a.png"]), "Give folders only"),
    ],
)
def test_what_cannot_be_walked_says_what_to_give(
    outputs: Path, use: Callable[[Path], object], hint: str
) -> None:
    with pytest.raises(BadInput) as error:
        use(outputs)
    assert error.value.hint.startswith(hint)


def listed(table: Path, *lines: str, limit: int | None = None) -> list[str]:
    """The images that a table of these rows names, below the folder that holds them all."""
    table.write_text("\n".join(["image,prompt", *lines]))
    base, selection = select_listed(str(table), limit=limit)
    return [os.path.join(base, entry.path) for entry in selection.images]


def test_a_table_lists_images_from_where_it_lies(
    outputs: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path_factory.mktemp("away")
    monkeypatch.chdir(away)
    here, far = str(outputs / "m2/a.png"), str(away / "far.png")
    save_png(away / "far.png")
    rows = ("m2/a.png,fox", f"{far},cow", "m2/a.png,again")
    assert listed(outputs / "t.csv", *rows) == [here, far]
    assert listed(outputs / "t.csv", *rows, limit=1) == [here]


def test_rows_without_an_image_and_failed_ones_list_none(outputs: Path) -> None:
    table = outputs / "t.jsonl"
    failed = {"image": "m1/a.png", "status": "refused", "reason": "filter"}
    rows = [failed, {"prompt": "fox"}, {"image": "m2/a.png"}]
    table.write_text("\n".join(map(json.dumps, rows)))
    assert [entry.path for entry in select_listed(str(table))[1].images] == ["a.png"]
    with pytest.raises(BadInput, match="names no image") as error:
        listed(outputs / "t.csv", ",fox", ",cow")
    assert "a column `image`" in error.value.hint


def test_a_table_lists_images_elsewhere(outputs: Path) -> None:
    system = pytest.importorskip("fsspec").filesystem("memory")
    for name in ("x/1.png", "x/y/2.png", "z.png"):
        system.pipe_file(f"/listed/{name}", b"image")
    system.pipe_file("/listed/x/t.csv", b"image\n1.png\ny/2.png\n")
    table = outputs / "t.csv"
    table.write_text("image\nmemory://listed/x/y/2.png\nmemory://listed/z.png\n")
    for name, root, images in (
        (str(table), "memory://listed", ["x/y/2.png", "z.png"]),
        ("memory://listed/x/t.csv", "memory://listed/x", ["1.png", "y/2.png"]),
    ):
        found, selection = select_listed(name)
        assert (found, [entry.path for entry in selection.images]) == (root, images)
    chosen = select_folder("memory://listed", include=["x/*"], exclude=["*/2.png"])
    assert [entry.path for entry in chosen.images] == ["x/1.png"]
    assert len(select_folder("memory://listed", limit=1).images) == 1
