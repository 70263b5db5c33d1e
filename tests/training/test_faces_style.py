"""The fit of the gates on made-up numbers whose answer is known; the pasted patch."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

import faces_style as fit


@pytest.fixture(scope="module")
def data():
    """120 people; drawn faces differ in the first even number, patched eyes in the first off one."""
    rng = np.random.default_rng(0)
    kinds = np.array(["normal", "broken", "hidden"] * 120 + ["drawn"] * 90 + ["photo"] * 60, "U16")
    numbers = rng.normal(0, 1, (len(kinds), 12)).astype(np.float32)
    numbers[kinds == "drawn", 0] += 8
    numbers[kinds == "hidden", 6] += 8
    numbers[kinds == "broken", 3] += 0.5
    index = np.concatenate([np.repeat(np.arange(120), 3), np.full(150, -1)])
    person = np.concatenate([np.repeat(np.arange(120), 3), 1000 + np.arange(150)])
    return {"kind": kinds, "numbers": numbers, "index": index, "person": person}


def test_each_gate_refuses_its_own_kind_of_unseen_people_and_passes_broken_photographs(data):
    refused = fit.held_out(data) > 0
    of = {k: refused[data["kind"] == k].mean(0) for k in np.unique(data["kind"])}
    assert of["drawn"][0] > 0.9 and of["hidden"][1] > 0.9
    assert of["broken"].max() < 0.05 and of["normal"].max() < 0.05 and of["photo"][0] < 0.05
    assert of["hidden"][0] < 0.05


def test_constants_leave_out_who_is_left_out(data):
    rows = data["person"] % 2 == 0
    changed = dict(data, numbers=np.where(rows[:, None], data["numbers"], -data["numbers"]))
    one, two = fit.gates(data, rows), fit.gates(changed, rows)
    np.testing.assert_array_equal(one["drawn"], two["drawn"])
    assert not np.allclose(one["drawn"], fit.gates(changed, np.ones(len(rows), bool))["drawn"])


def test_raw_numbers_and_scaled_ones_give_the_same_answer(data):
    rows = np.isin(data["kind"], ["drawn", "photo", "normal"])
    bad, kinds = data["kind"] == "drawn", data["kind"]
    level, weights = fit.gate(data["numbers"], bad, rows, kinds)
    wide, other = fit.gate(data["numbers"] * 7 + 3, bad, rows, kinds)
    np.testing.assert_allclose(
        data["numbers"] @ weights + level, (data["numbers"] * 7 + 3) @ other + wide, atol=0.01
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_patch_hides_one_eye_and_leaves_the_other(seed):
    mesh = np.zeros((468, 3))
    mesh[[33, 133, 362, 263], 0] = [100, 140, 200, 240]
    mesh[[33, 133, 362, 263], 1] = 150
    face = np.full((336, 336, 3), 180, np.uint8)
    rng = np.random.default_rng(seed)
    other = np.random.default_rng(9).integers(0, 100, (336, 336, 3)).astype(np.uint8)
    out = fit.pasted(face, mesh, other, rng).astype(int)
    touched = [np.abs(out[145:156, x - 5 : x + 6] - 180).mean() for x in (120, 220)]
    assert max(touched) > 8 and min(touched) < max(touched) / 2
    assert out.shape == face.shape


def test_the_labels_are_of_named_sources():
    rows = (Path(fit.__file__).parent / "faces_style.csv").read_text("utf-8").splitlines()
    assert rows[0] == "source,file,x,y,label" and len(rows) > 300
    assert {r.rsplit(",", 1)[1] for r in rows[1:]} == {"drawn", "photo"}
    assert all(r.startswith(("pypi:", "github:")) for r in rows[1:])
