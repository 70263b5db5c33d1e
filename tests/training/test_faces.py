"""The fit on made-up measurements whose answer is known."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

import faces as fit

from iqmetrics.nets.faces import heads as heads_of


@pytest.fixture(scope="module")
def data():
    """40 people, 10 samples each: 12 differences that hold the displacement, yaw and noise."""
    rng = np.random.default_rng(0)
    n = 400
    turns = ("normal", "train_normal", "train_normal", "train_melt", *["train_push"] * 6)
    kind = np.array(turns * 40, "U16")
    answer = rng.normal(0, 0.06, (n, 5, 2)) * (rng.random((n, 5, 1)) < 0.4)
    answer[kind != "train_push"] = 0
    yaw = rng.uniform(-25, 25, n)
    skew = np.hstack([answer.reshape(n, 10), np.zeros((n, 2))])
    skew[:, :10] += np.sin(np.radians(yaw))[:, None] * rng.normal(0, 0.3, 10)
    skew[:, 10] = np.sin(np.radians(yaw))
    skew += rng.normal(0, 0.01, skew.shape)
    broken = rng.uniform(0.5, 1.5, (n, 4))
    broken[kind == "train_melt", :2] *= 6
    found = np.tile([0.9, 1.0, 200.0], (n, 1))
    person = np.arange(n) // 10
    return {
        "answer": answer,
        "kind": kind,
        "yaw": yaw,
        "skew": skew,
        "broken": broken,
        "found": found,
        "person": person,
        "index": person,
        "blocks": np.array([0, 6]),
        "grids": np.array([[0, 10, 2]]),
        "jaw": answer[:, 4] + rng.normal(0, 0.01, (n, 2)),
        "tested": person < 30,
        "formal": person >= 35,
    }


def test_people_are_never_split(data):
    fold = fit.folds(data["person"])
    assert all(len(set(fold[data["person"] == p])) == 1 for p in range(40))
    assert set(fold) == set(range(fit.FOLDS))


def test_the_planted_displacement_is_found_and_yaw_is_not_mistaken_for_it(data, monkeypatch):
    monkeypatch.setattr(fit, "SHRINK", (0.02,) * 5)
    made, every = fit.Samples(data), np.ones(400, bool)
    heads, got = fit.fit(made, every)
    shift = fit.moved_of(made, heads, every)
    push = data["kind"] == "train_push"
    assert np.corrcoef(shift[push].ravel(), data["answer"][push].ravel())[0, 1] > 0.85
    shift = heads_of.joined(shift, data["jaw"], got)
    score = fit.crooked(shift, data["yaw"], got)[made.normal].max(1)
    assert abs(np.corrcoef(score, np.abs(data["yaw"][made.normal]))[0, 1]) < 0.3


def test_the_weights_written_out_answer_as_the_sums_of_samples_do(data):
    made, every = fit.Samples(data), np.ones(400, bool)
    heads = fit.displacement(made, every)
    whole = fit.weights_of(made, heads)
    bytes_, step = fit.rounded(whole, np.array([6, 6]))
    assert step.shape == (2, 10) and np.abs(bytes_).max() <= 127
    for weights, unit, atol in ((whole, np.ones((2, 10)), 1e-4), (bytes_, step, 0.025)):
        shown = {"scale": made.scale, "weights": weights, "step": unit, "blocks": made.blocks}
        answer = heads_of.moved(data["skew"], shown)
        np.testing.assert_allclose(answer, fit.moved_of(made, heads, every), atol=atol)


def test_the_heads_are_the_generalised_least_squares_of_the_differences(data):
    made, every = fit.Samples(data), np.ones(400, bool)
    z = made.heard(np.arange(12)).astype(np.float64)
    push = np.flatnonzero(data["kind"] == "train_push")
    changes, answer = z[push] - z[made.base[push]], data["answer"][push].reshape(-1, 10)
    mean = np.linalg.solve(answer.T @ answer + 1e-3 * np.eye(10), answer.T @ changes)
    rest, own = changes - answer @ mean, z[made.normal]
    weights = np.zeros((12, 10))
    for r in range(5):
        two = slice(2 * r, 2 * r + 2)
        spread = (1 - fit.SHRINK[r]) * own.T @ own / len(own) + fit.SHRINK[r] * np.eye(12)
        spread += fit.REST[r] * rest.T @ rest / len(push)
        pull = np.linalg.solve(spread, mean[two].T)
        weights[:, two] = pull @ np.linalg.inv(mean[two] @ pull)
    shift = fit.moved_of(made, fit.displacement(made, every), every)
    np.testing.assert_allclose(shift.reshape(-1, 10), z @ weights, atol=2e-4)


def test_a_kind_with_few_differences_is_louder():
    loud = fit.loudness(np.array([4, 16]))
    assert loud[0] / loud[-1] == pytest.approx(4 ** (fit.LEVEL / 2))
    assert (loud**2).mean() == pytest.approx(1)


def test_a_channel_of_a_finer_layer_has_one_scale():
    rows = np.random.default_rng(0).normal(0, 1, (5, 64 * 64 + 3))
    size = fit.usual_size(rows, [0, 3, 64 * 64 + 3])
    assert len(np.unique(size[3:67])) == 1 and len(np.unique(size[3:])) > 30
    assert size.mean() == pytest.approx(1, abs=0.2)


def test_normal_faces_score_about_one_and_pushed_ones_more(data):
    score, _ = fit.held_out(fit.Samples(data))
    normal = np.isin(data["kind"], ["normal", "train_normal"])
    assert np.sqrt((score[normal] ** 2).mean()) == pytest.approx(1, abs=0.2)
    far = np.hypot(data["answer"][..., 0], data["answer"][..., 1]) > 0.08
    assert np.median(score[far]) > 2


def test_melted_faces_are_told_from_normal_ones_of_other_people(data):
    _, broken = fit.held_out(fit.Samples(data))
    melted, normal = broken[data["kind"] == "train_melt"], broken[data["kind"] == "normal"]
    assert (melted[:, None] > normal[None]).mean() > 0.95


def test_what_tells_of_the_jaw_counts_and_what_does_not_is_left_out():
    rng = np.random.default_rng(0)
    pushed = rng.random(2000) < 0.5
    seen = rng.normal(0, [1, 1, 0.1, 0.1], (2000, 4))
    seen[pushed, 2:] += rng.normal(0, 1, (pushed.sum(), 2))
    mix = fit.jaw_mix(seen, ~pushed, pushed)
    both = seen @ mix.T
    np.testing.assert_allclose(
        both[~pushed].T @ both[~pushed] / (~pushed).sum(), np.eye(2), atol=1e-6
    )
    assert np.abs(mix[:, :2]).max() < 0.3 and np.abs(mix[:, 2:]).max() > 5
    assert both[pushed].std() > 5


def test_turned_and_doubtful_faces_are_not_fitted_to(data):
    odd = {k: v.copy() for k, v in data.items()}
    odd["yaw"][:5], odd["found"][5:8, 1], odd["yaw"][8] = 44, 0.2, np.nan
    assert not fit.usable(odd)[:9].any() and fit.usable(odd)[9:].all()
