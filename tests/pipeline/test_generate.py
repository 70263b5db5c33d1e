"""Suite and models to images and manifest: complete, resumable, failures on record."""

import errno
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from iqmetrics.errors import BadInput
from iqmetrics.generators.base import Request, Result
from iqmetrics.metadata.folder import read_folder
from iqmetrics.pipeline import generate as stage
from iqmetrics.pipeline.generate import generate
from iqmetrics.pipeline.manifest import NAME, read
from iqmetrics.pipeline.models import Model
from iqmetrics.records import Prompt, PromptSuite

SUITE = PromptSuite(
    "two",
    "1",
    (
        Prompt("cat", "a cat", ("animal",), "en", "dog", (), ((16, 8), (8, 8)), (1, 2)),
        Prompt("sign", "写着", ("text",), "zh", None, ("夏日",), (), (1,), {"steps": 3, "about": {"x": 1}}),
    ),
    pick=2,
)  # fmt: skip


@dataclass
class Grey:
    """Paints the seed; remembers what it was asked; refuses, dies or stops when told."""

    level: int = 0
    batch: int = 2
    refuse: str = ""
    stop_after: int = 10**9
    closed_door: str = ""
    asked: list[Request] = field(default_factory=list)

    def fingerprint(self) -> dict[str, int]:
        return {"level": self.level}

    def open(self, measure: bool) -> None:
        if self.closed_door:
            raise BadInput(self.closed_door)

    def __call__(self, requests: Sequence[Request]) -> list[Result]:
        if len(self.asked) >= self.stop_after:
            raise KeyboardInterrupt
        self.asked += requests
        return [self.one(r) for r in requests]

    def one(self, request: Request) -> Result:
        if self.refuse and self.refuse in request.prompt:
            return Result.failed(request, "refused", "unsafe")
        image = Image.new("L", request.size, (self.level + request.seed) % 256)
        return Result(request.id, image, None, {"latency_s": 0.5}, {"seed": request.seed})


def test_every_requested_image_is_there_and_has_a_row(tmp_path: Path) -> None:
    model = Grey()
    [made] = generate(SUITE, [Model("Org/Grey 1", model)], tmp_path)
    assert (made.made, made.kept, made.failed) == (5, 0, 0)
    rows = read(tmp_path / NAME)
    assert [r["prompt_id"] for r in rows] == ["cat-16x8"] * 2 + ["cat-8x8"] * 2 + ["sign"]
    for row in rows:
        with Image.open(tmp_path / row["file_name"]) as image:
            assert image.getpixel((0, 0)) == row["seed"]
            assert list(image.size) == row["produced_size"]
    assert model.asked[-1].params == {"steps": 3}, "a benchmark's own facts are not sent"


def test_score_finds_prompt_model_seed_size_texts_and_telemetry(tmp_path: Path) -> None:
    generate(SUITE, [Model("grey", Grey())], tmp_path)
    records, report = read_folder(tmp_path)
    assert not report.problems and not report.failed_requests
    [sign] = [r for r in records if r.prompt_id == "sign"]
    assert (sign.prompt, sign.model, sign.seed, sign.texts) == ("写着", "grey", 1, ("夏日",))
    assert sign.params["telemetry"] == {"latency_s": 0.5}
    assert sign.params["about"] == {"x": 1}
    wide = next(r for r in records if r.prompt_id == "cat-16x8")
    assert wide.requested_size == (16, 8) and wide.negative == "dog" and wide.texts == ()


def test_a_rerun_makes_nothing_and_a_changed_model_makes_all(tmp_path: Path) -> None:
    generate(SUITE, [Model("grey", Grey())], tmp_path)
    before = (tmp_path / NAME).read_bytes()
    again = Grey()
    [made] = generate(SUITE, [Model("grey", again)], tmp_path)
    assert (made.kept, made.made, again.asked) == (5, 0, [])
    assert (tmp_path / NAME).read_bytes() == before
    [other] = generate(SUITE, [Model("grey", Grey(level=9))], tmp_path)
    assert other.made == 5


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        generate(SUITE, [Model("grey", Grey(stop_after=2))], tmp_path)
    states = [r["status"] for r in read(tmp_path / NAME)]
    assert states == ["ok", "ok", "pending", "pending", "pending"]
    second = Grey()
    [made] = generate(SUITE, [Model("grey", second)], tmp_path)
    assert (made.kept, made.made) == (2, 3) and len(second.asked) == 3
    assert [r["status"] for r in read(tmp_path / NAME)] == ["ok"] * 5


def test_a_deleted_image_is_made_again_with_the_same_bytes(tmp_path: Path) -> None:
    generate(SUITE, [Model("grey", Grey())], tmp_path)
    path = tmp_path / "images/grey/sign/1.png"
    before = path.read_bytes()
    path.unlink()
    [made] = generate(SUITE, [Model("grey", Grey())], tmp_path)
    assert made.made == 1 and path.read_bytes() == before


def test_a_refusal_is_a_row_and_is_not_asked_again_unless_wanted(tmp_path: Path) -> None:
    [made] = generate(SUITE, [Model("grey", Grey(refuse="cat"))], tmp_path)
    assert made.failures == {"refused": 4} and made.reason == "unsafe"
    assert [r["status"] for r in read(tmp_path / NAME)] == ["refused"] * 4 + ["ok"]
    _, report = read_folder(tmp_path)
    assert ("grey", "cat-8x8", "unsafe") in report.failed_requests
    again = Grey()
    [made] = generate(SUITE, [Model("grey", again)], tmp_path)
    assert again.asked == []
    assert (made.kept, made.failures, made.reason) == (1, {"refused": 4}, "unsafe"), "still none"
    generate(SUITE, [Model("grey", again)], tmp_path, retry_refused=True)
    assert len(again.asked) == 4


def test_a_model_that_cannot_be_opened_does_not_stop_the_others(tmp_path: Path) -> None:
    door = Grey(closed_door="the server at 127.0.0.1 does not answer")
    closed, fine = generate(SUITE, [Model("a", door), Model("b", Grey())], tmp_path)
    assert closed.failures == {"unreachable": 5} and fine.made == 5
    rows = [r for r in read(tmp_path / NAME) if r["model"] == "a"]
    assert {r["reason"] for r in rows} == {door.closed_door}


def test_a_single_model_that_cannot_be_opened_is_the_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not answer"):
        generate(SUITE, [Model("a", Grey(closed_door="it does not answer"))], tmp_path)
    assert {r["status"] for r in read(tmp_path / NAME)} == {"unreachable"}


def test_a_generator_that_raises_or_swaps_answers_fails_its_batch_only(tmp_path: Path) -> None:
    class Bad(Grey):
        def __call__(self, requests: Sequence[Request]) -> list[Result]:
            results = super().__call__(requests)
            if len(self.asked) <= 2:
                return results[::-1]
            if len(self.asked) <= 4:
                raise RuntimeError("boom")
            return results

    [made] = generate(SUITE, [Model("bad", Bad())], tmp_path)
    assert made.made == 1 and made.failures == {"failed": 4}
    reasons = [r.get("reason", "") for r in read(tmp_path / NAME)]
    assert "answered other requests" in reasons[0] and reasons[2] == "RuntimeError: boom"


def test_a_full_disk_is_a_typed_row_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = stage.save

    def full_once(path: Path, data: bytes) -> None:
        if path.name == "2.png":
            raise OSError(errno.ENOSPC, "No space left on device")
        save(path, data)

    monkeypatch.setattr(stage, "save", full_once)
    [made] = generate(SUITE, [Model("grey", Grey())], tmp_path)
    assert made.failures == {"disk_full": 2} and made.made == 3
    assert "No space left" in made.reason


def test_measuring_is_one_at_a_time_after_a_warm_up_for_each_size(tmp_path: Path) -> None:
    generate(SUITE, [Model("grey", Grey())], tmp_path)
    model = Grey(batch=4)
    [made] = generate(SUITE, [Model("grey", model)], tmp_path, measure=True)
    assert made.made == 5, "images made without measuring are made again"
    warm = [r for r in model.asked if r.seed >= stage.WARM_UP]
    assert {r.size for r in warm} == {(16, 8), (8, 8), (1024, 1024)} and len(warm) == 3
    rows = read(tmp_path / NAME)
    assert len(rows) == 5 and all(r["measured"] for r in rows)
    [again] = generate(SUITE, [Model("grey", Grey())], tmp_path)
    assert again.kept == 5, "measured images are good enough for everything"


def test_a_failed_measurement_costs_no_image(tmp_path: Path) -> None:
    generate(SUITE, [Model("grey", Grey())], tmp_path)
    before = (tmp_path / NAME).read_bytes()
    [closed] = generate(SUITE, [Model("grey", Grey(closed_door="down"))], tmp_path, measure=True)
    assert (closed.kept, closed.failed) == (5, 0) and (tmp_path / NAME).read_bytes() == before
    [made] = generate(SUITE, [Model("grey", Grey(refuse="cat"))], tmp_path, measure=True)
    assert made.failures == {"refused": 4} and made.made == 1
    assert [r["status"] for r in read(tmp_path / NAME)] == ["ok"] * 5
    assert len(list(tmp_path.rglob("*.png"))) == 5


def test_a_door_that_is_closed_leaves_the_images_of_other_settings(tmp_path: Path) -> None:
    generate(SUITE, [Model("grey", Grey())], tmp_path)
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(BadInput, match="down"):
        generate(SUITE, [Model("grey", Grey(level=5, closed_door="down"))], tmp_path)
    assert len(list(tmp_path.rglob("*.png"))) == 5
    assert (tmp_path / NAME).read_bytes() == before


def test_what_breaks_while_opening_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    class Broken(Grey):
        def open(self, measure: bool) -> None:
            raise RuntimeError("CUDA out of memory\nmore")

    broken, fine = generate(SUITE, [Model("a", Broken()), Model("b", Grey())], tmp_path)
    assert broken.reason == "a cannot be opened: RuntimeError: CUDA out of memory"
    assert fine.made == 5


def test_what_made_the_images_is_written_down(tmp_path: Path) -> None:
    class Told(Grey):
        def about(self) -> dict[str, str]:
            return {"gpu": "none"}

    generate(SUITE, [Model("a", Grey()), Model("b", Told(level=2))], tmp_path)
    facts = json.loads((tmp_path / stage.FACTS).read_text())
    assert facts["a"]["fingerprint"] == {"level": 0} and facts["a"]["about"] == {}
    assert facts["b"]["about"] == {"gpu": "none"} and facts["b"]["measured"] is False
    records, _ = read_folder(tmp_path)
    assert len(records) == 10, "it is no sidecar of an image"


def test_seeds_and_limit_replace_those_of_the_suite(tmp_path: Path) -> None:
    generate(SUITE, [Model("grey", Grey())], tmp_path, seeds=(7,), limit=1)
    assert [(r["prompt_id"], r["seed"]) for r in read(tmp_path / NAME)] == [
        ("cat-16x8", 7),
        ("cat-8x8", 7),
    ]


def test_an_unwritable_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        generate(SUITE, [Model("grey", Grey())], tmp_path / "file")


def test_ids_and_models_that_differ_in_case_only_share_no_folder(tmp_path: Path) -> None:
    suite = PromptSuite("case", "1", (Prompt("A", "a cat"), Prompt("a", "a dog")))
    models = [Model("m", Grey()), Model("M", Grey(9))]
    assert [made.made for made in generate(suite, models, tmp_path)] == [2, 2]
    names = [str(row["file_name"]) for row in read(tmp_path / NAME)]
    assert len({name.casefold() for name in names}) == 4
    assert names[0] == "images/m/A/0.png"
    again = generate(PromptSuite("case", "1", suite.prompts[::-1]), models[::-1], tmp_path)
    assert [(made.made, made.kept) for made in again] == [(0, 2), (0, 2)]
