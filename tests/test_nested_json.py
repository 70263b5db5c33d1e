"""JSON nested so deeply that Python's reader gives up is a broken file, never a bug of ours."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.generators.comfyui_server import ComfyUI
from iqmetrics.pipeline import generate, manifest, models, scorecard_file
from iqmetrics.suites import files
from iqmetrics.suites.load import load
from iqmetrics.weights import bundle

DEEP = "[" * 100_000


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    path = tmp_path / "deep.json"
    path.write_text(DEEP)
    return path


def test_a_scorecard(deep: Path) -> None:
    with pytest.raises(BadInput, match=r"deep\.json cannot be read"):
        scorecard_file.load(deep)


def test_a_suite_of_json_lines() -> None:
    with pytest.raises(BadInput, match="line 1, is not JSON"):
        files.parse_jsonl("mine", DEEP)


@pytest.mark.parametrize("kind", ["hpdv2", "geneval", "oneig"])
def test_a_public_benchmark(kind: str, deep: Path) -> None:
    with pytest.raises(BadInput):
        load(f"{kind}:{deep}")


def test_a_workflow_of_comfyui(deep: Path) -> None:
    with pytest.raises(BadInput, match="is not JSON"):
        ComfyUI("http://127.0.0.1:1", workflow=str(deep))._graph()


def test_the_note_of_what_made_the_images(deep: Path) -> None:
    with pytest.raises(BadInput, match="is not JSON"):
        generate.note(deep, model(), measure=False)
    assert deep.read_text() == DEEP, "what cannot be read is not written over"


def test_a_line_of_a_manifest_is_left_out_as_a_broken_one_is(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    path.write_text(DEEP + '\n{"file_name": "a.png"}\n')
    assert [row["file_name"] for row in manifest._journal(path)] == ["a.png"]


def test_an_option_stays_text() -> None:
    assert models._value(DEEP) == DEEP


def test_a_bundle_of_weights(tmp_path: Path) -> None:
    import io
    import tarfile

    path = tmp_path / "w.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo(bundle.MANIFEST)
        info.size = len(DEEP)
        archive.addfile(info, io.BytesIO(DEEP.encode()))
    with pytest.raises(BadInput, match="not a bundle"):
        bundle.unpack(path)


def model() -> Any:
    return SimpleNamespace(name="m", generator=SimpleNamespace(fingerprint=dict))
