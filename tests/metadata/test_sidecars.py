import json
from pathlib import Path

import pytest
from comfy_graphs import POSITIVE, plain
from written_outputs import INFOTEXT, PROMPT

from iqmetrics.errors import BadInput
from iqmetrics.metadata import sidecars
from iqmetrics.metadata.sidecars import read_sidecar, sidecar_names, simple_yaml


def sidecar(folder: Path, name: str, text: str):
    (folder / name).write_text(text, encoding="utf-8")
    return read_sidecar(str(folder / name))


def test_names_beside_an_image() -> None:
    names = sidecar_names("a/x.png")
    assert names[:2] == ["a/x.png.json", "a/x.json"]
    assert {"a/x.txt", "a/x.yaml", "a/x.yml", "a/x.png.txt"} <= set(names)


def test_text_is_the_prompt(tmp_path: Path) -> None:
    assert sidecar(tmp_path, "x.txt", "\ufeffa fox\r\nin snow\r\n").prompt == "a fox\nin snow"
    assert not sidecar(tmp_path, "x.txt", " \n")


def test_infotext_in_a_text_file(tmp_path: Path) -> None:
    facts = sidecar(tmp_path, "x.txt", INFOTEXT)
    assert (facts.prompt, facts.seed, facts.source) == (PROMPT, 42, "sidecar a1111")


def test_a_prompt_that_only_mentions_steps_is_a_prompt(tmp_path: Path) -> None:
    text = "Steps: a staircase in fog"
    assert sidecar(tmp_path, "x.txt", text).prompt == text


def test_json_forms(tmp_path: Path) -> None:
    assert sidecar(tmp_path, "x.json", '"a fox"').prompt == "a fox"
    assert sidecar(tmp_path, "x.json", '{"text": "a fox"}').prompt == "a fox"
    assert sidecar(tmp_path, "x.json", json.dumps(plain())).prompt == POSITIVE


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 100_000])
def test_broken_json_is_a_clear_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="sidecar is not"):
        sidecar(tmp_path, "x.json", text)


def test_too_large_a_sidecar_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sidecars, "MAX_BYTES", 1 << 20)
    with pytest.raises(BadInput, match="over 1 MiB"):
        sidecar(tmp_path, "x.txt", "a" * ((1 << 20) + 1))


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("prompt: a fox", {"prompt": "a fox"}),
        ("---\nprompt: 'it''s: red'\n# note\nseed: 42", {"prompt": "it's: red", "seed": 42}),
        ('prompt: "a \\"red\\" fox"', {"prompt": 'a "red" fox'}),
        ("prompt: |\n  a fox\n  in snow\nseed: 1", {"prompt": "a fox\nin snow", "seed": 1}),
        ("prompt: >\n  a fox\n  in snow", {"prompt": "a fox in snow"}),
        ("prompt: a fox\n  in snow", {"prompt": "a fox in snow"}),
        ("tags:\n- fox\n- snow", {"tags": ["fox", "snow"]}),
        ('tags: ["a", "b"]', {"tags": ["a", "b"]}),
        ("cfg: 7.5 # high\nx: ~\ny: true", {"cfg": 7.5, "x": None, "y": True}),
        ("", {}),
    ],
)
def test_flat_yaml_as_pyyaml_reads_it(text: str, row: dict) -> None:
    yaml = pytest.importorskip("yaml")
    assert simple_yaml(text) == row
    theirs = yaml.safe_load(text) or {}
    assert {k: v.strip() if isinstance(v, str) else v for k, v in theirs.items()} == row


def test_yaml_of_another_shape_is_a_clear_error() -> None:
    with pytest.raises(BadInput, match="line 1"):
        simple_yaml("just words\n")


def test_brackets_without_end_in_yaml_stay_text() -> None:
    deep = "[" * 100_000
    assert simple_yaml(f"tags: {deep}") == {"tags": deep}
    assert simple_yaml("prompt: [fox") == {"prompt": "[fox"}


@pytest.mark.parametrize("text", ["007", "1_000", "0x10", "٣", "1.", "9" * 5000, "yes"])
def test_what_is_no_plain_number_stays_text(text: str) -> None:
    assert simple_yaml(f"prompt: {text}") == {"prompt": text}


def test_a_sidecar_of_bad_bytes_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"a f\xffx")
    assert read_sidecar(str(tmp_path / "x.txt")).prompt == "a f\ufffdx"


def test_a_sidecar_that_is_gone_or_a_folder_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "x.json").mkdir()
    for name in ("none.txt", "x.json"):
        with pytest.raises(BadInput, match="cannot be read"):
            read_sidecar(str(tmp_path / name))
