import math
from itertools import combinations

import numpy as np
import pytest
from contract_sets import pictures_with

from iqmetrics.records import Reading
from iqmetrics.scorers.diversity import Diversity, cosines, rarefied_vendi, vendi


class Fixed:
    """Embeddings by picture: the first three pixels of each."""

    def images(self, pictures):
        found = [p.pixels[0, :, 0].astype(np.float32) for p in pictures]
        return [v / np.linalg.norm(v) for v in found]


def scored(*vectors: tuple[int, ...]) -> Reading:
    scorer = Diversity()
    object.__setattr__(scorer, "encoder", Fixed())
    (reading,) = scorer.score(pictures_with(*vectors))
    return reading


def test_identical_images_have_no_diversity_and_are_listed() -> None:
    reading = scored((10, 0, 0), (20, 0, 0), (30, 0, 0), (40, 0, 0))
    assert reading.values["diversity.clip"] == pytest.approx(0, abs=1e-7)
    assert reading.values["diversity.vendi"] == pytest.approx(1)
    assert len(reading.evidence["near_duplicates"]) == 6
    assert reading.evidence["near_duplicates"][0] == ["0.png", "1.png", 1.0]


def test_orthogonal_images_are_as_diverse_as_can_be() -> None:
    reading = scored((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
    assert reading.values["diversity.clip"] == pytest.approx(1)
    assert reading.values["diversity.vendi"] == pytest.approx(4)
    assert reading.evidence["near_duplicates"] == []


def test_two_groups_count_as_two() -> None:
    reading = scored((1, 0), (1, 0), (0, 1), (0, 1))
    assert reading.values["diversity.vendi"] == pytest.approx(2)
    assert reading.values["diversity.clip"] == pytest.approx(4 / 6)


def test_few_images() -> None:
    one = scored((1, 0))
    assert {m.status for m in one.missing.values()} == {"not_applicable"}
    three = scored((1, 0), (0, 1), (1, 1))
    assert "diversity.clip" in three.values
    assert three.missing["diversity.vendi"].status == "not_applicable"
    assert "3 images" in three.missing["diversity.vendi"].reason


def test_vendi_of_a_pair_is_the_binary_entropy() -> None:
    c = 0.6
    shares = [(1 + c) / 2, (1 - c) / 2]
    wanted = math.exp(-sum(p * math.log(p) for p in shares))
    assert vendi(np.array([[1, c], [c, 1]])) == pytest.approx(wanted)


def test_more_images_of_the_same_kind_do_not_raise_the_corrected_score() -> None:
    draw = np.random.default_rng(0)

    def sets(n: int, times: int) -> list[np.ndarray]:
        made = []
        for _ in range(times):
            v = draw.normal(size=(n, 6)) + 1.2
            made.append(cosines((v / np.linalg.norm(v, axis=1, keepdims=True)).astype(np.float32)))
        return made

    small, large = sets(4, 300), sets(12, 60)
    plain = np.mean([vendi(k) for k in large]) - np.mean([vendi(k) for k in small])
    fair = np.mean([rarefied_vendi(k) for k in large]) - np.mean([rarefied_vendi(k) for k in small])
    assert plain > 0.5, "the plain score grows with n"
    assert abs(fair) < 0.06


def test_rarefied_is_the_mean_over_all_subsets() -> None:
    draw = np.random.default_rng(1)
    kernel = cosines(draw.normal(size=(6, 5)).astype(np.float32))
    wanted = np.mean([vendi(kernel[np.ix_(s, s)]) for s in map(list, combinations(range(6), 4))])
    assert rarefied_vendi(kernel) == pytest.approx(wanted)


def test_many_images_repeat_exactly() -> None:
    kernel = cosines(np.random.default_rng(2).normal(size=(40, 5)).astype(np.float32))
    assert rarefied_vendi(kernel) == rarefied_vendi(kernel)


def test_the_order_of_the_images_does_not_count() -> None:
    rng = np.random.default_rng(1)
    vectors = [tuple(int(v) for v in rng.integers(1, 200, 5)) for _ in range(6)]
    there, back = scored(*vectors), scored(*vectors[::-1])
    assert back.values == pytest.approx(there.values)


def test_vendi_does_not_depend_on_the_directions_and_lies_between_one_and_n() -> None:
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(5, 8)).astype(np.float32)
    turn, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    there, turned = vendi(cosines(vectors)), vendi(cosines((vectors @ turn).astype(np.float32)))
    assert turned == pytest.approx(there, rel=1e-5)
    assert 1 < there < 5
    assert vendi(np.ones((7, 7))) == pytest.approx(1)


def test_length_of_an_embedding_does_not_count_and_opposites_are_two_apart() -> None:
    pair = np.array([[1, 2], [-30, -60]], np.float32)
    assert cosines(pair) == pytest.approx(np.array([[1, -1], [-1, 1]]))


def test_only_pairs_above_the_border_are_near_duplicates() -> None:
    reading = scored((100, 0), (100, 15), (100, 40), (0, 100))
    listed = reading.evidence["near_duplicates"]
    assert [pair[:2] for pair in listed] == [["0.png", "1.png"]]
    assert listed[0][2] == pytest.approx(100 / math.hypot(100, 15), abs=1e-4)
