"""Every convention is read whole, and as sd-parsers reads it where it can."""

import csv
import os
from pathlib import Path

import pytest
from written_outputs import CONVENTIONS, differences, save_png

from iqmetrics.errors import BadInput
from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.embedded import read_embedded, read_text
from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.folder import read_folder
from iqmetrics.metadata.models import without_suffix

SHARED = Path(os.environ.get("IQM_SHARED", Path(__file__).parents[3] / "shared"))
REAL = SHARED / "images" / "comfyui"
# sd-parsers reads no graph without a UI workflow, no SwarmUI, Easy Diffusion, XMP or names
ORACLE = [
    "a1111_png",
    "a1111_jpeg",
    "a1111_webp",
    "invokeai_current",
    "invokeai_second",
    "invokeai_first",
    "fooocus",
    "novelai",
    "novelai_stealth",
]


@pytest.mark.parametrize("name", CONVENTIONS)
def test_convention_is_read_whole(name: str, tmp_path: Path) -> None:
    expected = CONVENTIONS[name](tmp_path)
    records, report = read_folder(tmp_path)
    assert differences(records, expected) == []
    assert report.problems == []


@pytest.mark.filterwarnings("ignore:Image.Image.getdata")
@pytest.mark.parametrize("name", ORACLE)
def test_agrees_with_sd_parsers(name: str, tmp_path: Path) -> None:
    sd_parsers = pytest.importorskip("sd_parsers")
    from sd_parsers.extractors import Eagerness

    image = next(iter(CONVENTIONS[name](tmp_path)))
    reader = sd_parsers.ParserManager(eagerness=Eagerness.EAGER)
    theirs = reader.parse(tmp_path / image)
    ours = read_embedded(str(tmp_path / image))
    assert theirs is not None
    sampler = theirs.samplers[0]
    assert ours.prompt == ", ".join(p.value for p in sampler.prompts)
    assert ours.negative == ", ".join(p.value for p in sampler.negative_prompts)
    assert str(ours.seed) == str(sampler.parameters["seed"])
    if sampler.model is not None and sampler.model.name:
        assert ours.model == sampler.model.name


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared images are not here")
def test_real_files_agree_with_the_truth_on_every_column() -> None:
    with open(REAL / "truth.csv", encoding="utf-8", newline="") as file:
        truth = {row["image"]: row for row in csv.DictReader(file)}
    records, report = read_folder(REAL)
    assert {record.image for record in records} == set(truth)
    for record in records:
        row = truth[record.image]
        assert record.prompt == row["prompt"], record.image
        assert (record.negative or "") == row["negative"], record.image
        assert record.model == without_suffix(row["model"]), record.image
        assert record.params["checkpoint"] == row["model"], record.image
        assert str(record.seed) == row["seed"], record.image
        assert str(record.params["steps"]) == row["steps"], record.image
        assert str(record.params["stages"]) == row["stages"], record.image
    assert report.without_prompt == report.low_confidence == report.problems == []


def test_file_without_metadata_has_no_facts(tmp_path: Path) -> None:
    save_png(tmp_path / "x.png", Software="a paint program", Title="fox")
    assert not read_embedded(str(tmp_path / "x.png"))


def test_facts_survive_json(tmp_path: Path) -> None:
    for name, writer in CONVENTIONS.items():
        place = tmp_path / name
        place.mkdir()
        for image in writer(place):
            facts = read_embedded(str(place / image))
            assert Facts.from_json(facts.to_json()) == facts


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an image",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00",
        b"\xff\xd8\xff\xe1\x00\x10Exif",
    ],
)
def test_broken_file_is_a_clear_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(BadInput, match="the metadata cannot be read"):
        read_embedded(str(tmp_path / "x.png"))


def test_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_embedded(str(tmp_path / "x.png"))


@pytest.mark.parametrize(
    "key", ["prompt", "parameters", "Comment", "invokeai_metadata", "sd-metadata"]
)
@pytest.mark.parametrize(
    "value", ["{}", "[1]", '{"a": ', "[" * 100_000, "null", '{"prompt": 1, "base_model": 2}']
)
def test_hostile_text_gives_facts_or_a_clear_error(key: str, value: str) -> None:
    try:
        facts = read_text(Embedded("PNG", (1, 1), text={key: value}))
    except BadInput:
        return
    assert facts is None or facts.prompt is None
