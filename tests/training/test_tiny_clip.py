"""The parts of training/tiny_clip.py that can be told right from wrong without training."""

import sys
from importlib import util
from pathlib import Path
from types import SimpleNamespace

import pytest

from iqmetrics.demo import scenes

torch = pytest.importorskip("torch")
SCRIPT = Path(__file__).resolve().parents[2] / "training" / "tiny_clip.py"


@pytest.fixture(scope="module")
def tiny() -> SimpleNamespace:
    spec = util.spec_from_file_location("tiny_clip_training", SCRIPT)
    module = util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture(scope="module")
def captions(tiny: SimpleNamespace) -> SimpleNamespace:
    def tokenizer(texts: list[str], context_length: int) -> object:
        ids = torch.zeros(len(texts), context_length, dtype=torch.long)
        ids[:, 0] = torch.tensor([len(t) for t in texts])
        return ids

    return tiny.Captions(tokenizer, "cpu")


def test_the_commonest_pair_is_merged_first(tiny: SimpleNamespace) -> None:
    names = {b: chr(b) for b in range(256)}
    merges = tiny.learn_merges(["aab aab ab", "aab"], 2, names)
    assert merges == [("a", "b</w>"), ("a", "ab</w>")]


def test_merging_stops_when_every_word_is_whole(tiny: SimpleNamespace) -> None:
    names = {b: chr(b) for b in range(256)}
    assert len(tiny.learn_merges(["ab"], 50, names)) == 1


def test_foils_are_wrong_and_of_different_kinds(captions: SimpleNamespace) -> None:
    known = list(scenes.every())
    shown = torch.arange(0, len(known), 97)
    drawn = captions.foils(shown, 3)
    for row, wrong in zip(shown.tolist(), drawn.tolist(), strict=True):
        kinds = []
        for number in wrong:
            assert known[number].facts != known[row].facts
            ways = scenes.all_foils(known[row]).items()
            kinds.append(next(kind for kind, many in ways if known[number] in many))
        assert len(set(kinds)) == 3


def test_scenes_that_say_the_same_share_a_number(captions: SimpleNamespace) -> None:
    known = list(scenes.every())
    by_number: dict[int, set[str]] = {}
    for scene, number in zip(known, captions.facts.tolist(), strict=True):
        by_number.setdefault(number, set()).add(scene.facts)
    assert all(len(facts) == 1 for facts in by_number.values())
    assert len(by_number) < len(known)


def test_the_loss_falls_when_image_and_caption_agree(
    tiny: SimpleNamespace, captions: SimpleNamespace
) -> None:
    class Oracle:
        """Images and captions as one-hot facts, exact or shuffled."""

        logit_scale = torch.tensor(3.0)

        def __init__(self, shown: object, turn: int) -> None:
            self.shown, self.turn = shown, turn

        def one_hot(self, numbers: object) -> object:
            return torch.nn.functional.one_hot(captions.facts[numbers], 12_000).float()

        def encode_image(self, _: object) -> object:
            return self.one_hot(self.shown.roll(self.turn))

        def encode_text(self, ids: object) -> object:
            return self.one_hot(ids)

    shown = torch.arange(0, 11_000, 500)
    told = SimpleNamespace(**vars(captions))
    told.foils = captions.foils
    told.tokens = lambda numbers: numbers
    right = float(tiny.loss_of(Oracle(shown, 0), None, shown, told))
    wrong = float(tiny.loss_of(Oracle(shown, 1), None, shown, told))
    assert right < 0.1 < 5 < wrong
