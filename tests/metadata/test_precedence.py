"""Who is believed where sidecar, embedded text, table and name differ: real files, field by field."""

import itertools
import json
from collections.abc import Collection
from pathlib import Path

import pytest
from written_outputs import save_png

from iqmetrics.metadata import read_folder
from iqmetrics.metadata.assemble import combine
from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.selection import select, skipped_kind
from iqmetrics.metadata.walk import Entry

ORDER = ("hand", "table", "sidecar", "embedded")
"""The strongest first, as house rules have it."""
SEEDS = {"hand": 1, "table": 2, "sidecar": 3, "embedded": 4, "name": 77}


def written(folder: Path, sources: Collection[str]) -> dict[str, Path]:
    """A picture of which every source says something else; the options for reading it."""
    told = {name: {"prompt": f"fox of the {name}", "seed": SEEDS[name]} for name in sources}
    (folder / "out").mkdir()
    embedded = told.get("embedded")
    text = (
        f"{embedded['prompt']}\nSteps: 9, Sampler: Euler, CFG scale: 7, Seed: 4" if embedded else ""
    )
    save_png(folder / "out/a_seed77.png", **({"parameters": text} if text else {}))
    if "sidecar" in told:
        (folder / "out/a_seed77.json").write_text(json.dumps(told["sidecar"]))
    row = "file_name,prompt,seed\na_seed77.png,{prompt},{seed}\n"
    if "table" in told:
        (folder / "out/metadata.csv").write_text(row.format(**told["table"]))
    if "hand" in told:
        (folder / "mine.csv").write_text(row.format(**told["hand"]))
    return {"prompts": folder / "mine.csv"} if "hand" in told else {}


@pytest.mark.parametrize(
    "sources", [c for n in range(5) for c in itertools.combinations(ORDER, n)], ids="+".join
)
def test_the_strongest_source_that_is_there_is_believed(
    tmp_path: Path, sources: tuple[str, ...]
) -> None:
    options = written(tmp_path, sources)
    records, report = read_folder(tmp_path / "out", **options)
    (record,) = records
    assert report.problems == []
    strongest = sources[0] if sources else "name"
    assert record.seed == SEEDS[strongest]
    assert record.prompt == (f"fox of the {strongest}" if sources else None)
    if "embedded" in sources:
        assert record.params["steps"] == 9, "what only the picture says is kept"


def test_the_strongest_given_model_is_believed_and_keeps_its_source() -> None:
    layers = [Facts(source="table", model="named"), Facts(source="sidecar", model="other")]
    (record,) = combine("/x", {"a.png": layers})
    assert (record.model, record.sources["model"].where) == ("named", "table")


def test_the_checkpoint_of_the_strongest_source_names_the_model() -> None:
    layers = [
        Facts(source="sidecar", params={"checkpoint": "one"}),
        Facts(source="png", params={"checkpoint": "two"}),
    ]
    (record,) = combine("/x", {"a.png": layers})
    assert (record.model, record.sources["model"].where) == ("one", "sidecar")


def test_a_given_prompt_id_is_kept_and_groups_what_differs_in_words() -> None:
    layers = {
        "a.png": [Facts(prompt="fox", prompt_id="p1", seed=2)],
        "b.png": [Facts(prompt="a fox", prompt_id="p1", seed=1)],
    }
    records = combine("/x", layers)
    assert [(r.prompt_id, r.pick) for r in records] == [("p1", 2), ("p1", 1)]


def test_an_unset_setting_of_a_stronger_source_does_not_hide_a_weaker_one() -> None:
    layers = [Facts(params={"steps": None}), Facts(params={"steps": 20})]
    (record,) = combine("/x", {"a.png": layers})
    assert record.params["steps"] == 20


def test_folders_are_left_out_whatever_their_case() -> None:
    assert skipped_kind("Masks/1.png") == "mask"
    assert skipped_kind("A/ControlNet/1.png") == "control input"


@pytest.mark.parametrize("glob", ["./a/*", "a\\*", "a/"])
def test_a_glob_may_be_written_as_a_shell_or_windows_writes_it(glob: str) -> None:
    entries = [Entry(path, 1, 1, n) for n, path in enumerate(("a/1.png", "b/1.png"))]
    assert [e.path for e in select(entries, include=[glob]).images] == ["a/1.png"]
