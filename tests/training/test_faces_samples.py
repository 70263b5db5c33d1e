"""From a photo to samples: the right kinds, the right answers, signs that follow the mirror."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

import faces_samples as samples
from nets.faces.people import astronaut
from PIL import Image

from iqmetrics.nets.faces.measure import blocks


@pytest.fixture(scope="module")
def face(tmp_path_factory):
    """The astronaut as the sampler sees it: cut out around the face."""
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(astronaut()).save(folder / "astronaut.png")
    with (Path(samples.__file__).parent / "faces_photos.csv").open() as file:
        only = [r for r in csv.DictReader(file) if r["file"] == "astronaut.png"]
    patch = pytest.MonkeyPatch()
    patch.setattr(csv, "DictReader", lambda file: only)
    found = list(samples.photos(folder))
    patch.undo()
    assert len(found) == 1
    return found[0]


def test_the_cut_out_holds_the_face_in_its_middle(face):
    _, pixels, mesh, _ = face
    assert pixels.shape == (samples.SIDE, samples.SIDE, 3)
    assert mesh[:, :2].mean(0) == pytest.approx([samples.SIDE / 2] * 2, abs=samples.SIDE * 0.08)


def test_every_kind_of_test_picture_once_and_the_first_is_untouched(face):
    _, pixels, mesh, _ = face
    made = dict(samples.tests(pixels, mesh, np.random.default_rng(0)))
    assert len(made) == 18
    assert made["normal"] is pixels
    assert all((made[k] != pixels).any() for k in ("eyes_6", "melt_6", "blurred_eye", "yaw_20"))
    assert made["half"].shape[0] == samples.SIDE // 2


def test_a_planted_answer_is_a_shift_of_one_or_two_regions(face):
    _, pixels, mesh, _ = face
    for seed in range(4):
        _, answer = samples.planted(pixels, mesh, np.random.default_rng(seed))
        length = np.hypot(*answer.T)
        assert 1 <= (length > 0).sum() <= 2
        assert ((length == 0) | ((length >= 0.04) & (length <= 0.13))).all()


def test_the_measured_signs_follow_the_mirror(face):
    _, pixels, _, _ = face
    one = samples.measured(pixels)
    two = samples.measured(np.ascontiguousarray(pixels[:, ::-1]))
    np.testing.assert_array_equal(one[0], -two[0])
    np.testing.assert_array_equal(one[1], two[1])
    assert one[2] == -two[2]
    np.testing.assert_array_equal(one[4], two[4][::-1])
    assert len(one[0]) > blocks()[-1]


def test_a_wall_is_a_sample_without_a_face():
    assert samples.measured(np.full((200, 200, 3), 90, np.uint8)) is None


def test_one_photo_gives_its_tests_and_its_training_samples(face):
    person, pixels, mesh, tested = face
    rows = samples.samples_of((0, person, pixels, mesh, tested, 5, False))
    kinds = [r[2] for r in rows]
    assert tested and kinds.count("normal") == 1 and "eyes_6" in kinds
    assert kinds.count("train_push") == 3 + 6 and kinds.count("train_normal") == 1 + 2
    assert sum(k in ("train_melt", "train_blur") for k in kinds) == 1
    assert all((r[3] == 0).all() for r in rows if r[2] != "train_push")


def test_a_person_who_is_not_tested_gives_normal_and_pushed_samples_only(face):
    person, pixels, mesh, _ = face
    kinds = [r[2] for r in samples.samples_of((0, person, pixels, mesh, False, 14, False))]
    assert sorted(kinds) == ["normal", *["train_normal"] * 4, *["train_push"] * 9]


def test_thin_plate_pictures_to_choose_on_are_of_every_second_person_who_is_not_tested(face):
    person, pixels, mesh, _ = face
    kinds = [r[2] for r in samples.samples_of((0, person, pixels, mesh, False, 14, True))]
    asked = [f"choose_{region}_{percent}" for region, percent in samples.CHOOSE]
    jaws = ["choose_jaw_10_1", "choose_jaw_10_2"]
    assert kinds[-7:] == asked + jaws
    odd = [r[2] for r in samples.samples_of((1, person, pixels, mesh, False, 14, True))]
    assert [k for k in odd if k.startswith("choose")] == jaws


def test_a_tested_jaw_is_bent_anew_for_every_draw(face):
    person, pixels, mesh, tested = face
    rows = samples.samples_of((0, person, pixels, mesh, tested, 0, False))
    jaws = {r[2]: r[4][4] for r in rows if r[2].startswith("jaw_10")}
    assert len(jaws) == samples.DRAWS
    assert len({strips.tobytes() for strips in jaws.values()}) == samples.DRAWS


def test_official_portraits_are_of_people_who_are_never_tested():
    with (Path(samples.__file__).parent / "faces_photos.csv").open() as file:
        rows = list(csv.DictReader(file))
    formal = set(samples.formal_people())
    assert len(formal) == 715
    assert {r["tested"] for r in rows if r["person"] in formal} == {"no"}
