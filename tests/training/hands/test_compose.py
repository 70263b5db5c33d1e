"""Batches: what they hold, what hides a hand, which photographs and scenes they may use."""

import pytest

torch = pytest.importorskip("torch")

from training.hands.drawn import pack  # noqa: E402  (puts training/hands on the path)

from compose import SHARES, SIZE, Batch, Composer, Renders, nearest  # noqa: E402  # isort: skip


@pytest.fixture(scope="module")
def composer():
    return Composer(pack(), None, 3)


@pytest.fixture(scope="module")
def batch(composer):
    return composer.batch(40)


def test_a_batch_holds_open_closed_and_empty_pictures(batch):
    assert batch.image.shape == (40, 3, SIZE, SIZE)
    assert batch.state.tolist().count(1) == 8  # closed
    assert batch.state.tolist().count(3) == 4  # nothing
    assert set(batch.count[batch.state == 0].tolist()) == {0, 1, 2}


def test_the_count_class_follows_the_tips(batch):
    edited = slice(0, 25)
    tips = (~torch.isnan(batch.tips[edited, :, 0])).sum(1)
    want = [0 if n <= 4 else 1 if n == 5 else 2 for n in tips.tolist()]
    assert batch.count[edited].tolist() == want


@pytest.mark.parametrize(("kind", "count"), [("plain", 5), ("null", 5), ("fused", 4), ("six", 6)])
def test_edits_keep_their_labels_through_composition(composer, kind, count):
    index = composer.choose(composer.open, 3)
    image, tips, _, counted = composer.photos(index, torch.full((3,), list(SHARES).index(kind)))
    assert counted.tolist() == [count] * 3
    assert image.shape == (3, 3, SIZE, SIZE) and torch.isfinite(image).all()
    assert (~torch.isnan(tips[..., 0])).sum(1).tolist() == [count] * 3


def test_a_fold_sees_only_its_own_photographs():
    for fold in (0, 1):
        mine = Composer(pack(), None, 1, fold)
        used = torch.cat([mine.open, mine.any_open, mine.closed])
        assert (mine.pack.fold[used] == fold).all()
        assert len(mine.open) == 2 and len(mine.closed) == 2


@pytest.mark.parametrize(("held", "channel"), [(True, 0), (False, 2)])
def test_training_and_tests_share_no_scene(held, channel):
    scenes = Composer(pack(), None, 1, held=held).scenes(20)
    assert (scenes.mean((0, 2, 3)) > 0.9).tolist() == [c == channel for c in range(3)]


def test_renders_bring_their_state():
    n = 12
    renders = Renders(
        torch.full((n, 3, SIZE, SIZE), 150, dtype=torch.uint8),
        torch.full((n, 1, SIZE, SIZE), 255, dtype=torch.uint8),
        torch.full((n, 7, 2), 100.0),
        torch.full((n,), 5),
        torch.zeros(n, dtype=torch.long),
        torch.tensor([1, 0, -1] * 4),
        torch.zeros(n, dtype=torch.bool),
    )
    made = Composer(pack(), renders, 3).batch(50)
    drawn = made.state[21 : 21 + 12]
    assert set(drawn.tolist()) == {0, 2, -1}


def test_what_covers_a_tip_hides_the_hand(composer):
    tips = torch.full((400, 7, 2), torch.nan)
    tips[:, :5] = torch.tensor([[60.0, 60], [90, 40], [112, 30], [140, 40], [170, 70]])
    image = torch.zeros(400, 3, SIZE, SIZE)
    image[:, 1] = 1  # green: what is not, was covered
    covered, state = composer.hide(image, tips, torch.zeros(400, dtype=torch.long))
    touched = (covered[:, 1] < 0.5).flatten(1).any(1)
    assert 0.05 < float((state == 2).float().mean()) < 0.2
    assert touched[state == 2].all()
    inside = covered[:, 1, 60, 60] < 0.3
    assert (state[inside] == 2).all()


def test_mirroring_moves_the_tips_with_the_picture(composer):
    image = torch.zeros(8, 3, SIZE, SIZE)
    image[:, :, 50, 20] = 1
    tips = torch.tensor([20.0, 50]).expand(8, 7, 2)
    flipped, moved = composer.flip(image, tips)
    for b in range(8):
        x, y = moved[b, 0].long().tolist()
        assert flipped[b, 0, y, x] == 1
    assert len({float(m[0, 0]) for m in moved}) == 2


def test_finishing_leaves_the_count_alone(composer, batch):
    done = composer.finish(batch)
    assert torch.equal(done.count, batch.count)
    assert done.image.min() >= 0 and done.image.max() <= 1
    changed = done.state != batch.state
    assert (done.state[changed] == 2).all()


def test_nearest_tips():
    tips = torch.full((2, 7, 2), torch.nan)
    tips[0, :3] = torch.tensor([[0.0, 0], [3, 4], [50, 50]])
    assert nearest(tips).tolist() == [5.0, 10000.0]


def test_a_batch_is_plain_data(batch):
    assert isinstance(batch, Batch) and len(batch.tips) == len(batch.state) == 40
