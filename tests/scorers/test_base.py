"""What the pipeline reads of a scorer: options, what it depends on, and its loaded state."""

from collections.abc import Sequence
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

import pytest
from contract import check_scorer
from factory import Toy, picture

from iqmetrics.images import Picture
from iqmetrics.pipeline.keys import ScorerFacts
from iqmetrics.records import Metric, Reading
from iqmetrics.scorers import base


@dataclass(frozen=True)
class Net:
    """Mean grey above a threshold, by something that has to be loaded."""

    threshold: float = 10.0
    deep: bool = False
    net: Any = field(init=False, repr=False, compare=False, default=None)

    name, version, scope, licence = "net", "3", "image", "MIT"
    metrics = (Metric("net", "", None, 255, "higher", "mean grey above the threshold"),)
    uses = ("texts",)

    def load(self, device: str) -> None:
        base.keep(self, net=device)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        assert self.net is not None, "not loaded"
        return [Reading({"net": float(p.pixels.mean()) - self.threshold}) for p in pictures]


def test_options_are_the_fields_that_can_be_given() -> None:
    assert base.options(Net(threshold=3.0)) == {"threshold": 3.0, "deep": False}
    assert base.options(Toy()) == {"option": 1}


def test_loaded_state_is_no_option_and_no_part_of_a_key() -> None:
    loaded, fresh = Net(), Net()
    base.load(loaded, "cpu")
    assert loaded.net == "cpu"
    assert loaded == fresh
    assert hash(loaded) == hash(fresh)
    assert repr(loaded) == repr(fresh)
    assert ScorerFacts.of(loaded) == ScorerFacts.of(fresh)


def test_an_option_is_part_of_the_key() -> None:
    assert ScorerFacts.of(Net()) != ScorerFacts.of(Net(deep=True))
    assert ScorerFacts.of(Net()) == ScorerFacts.of(Net(threshold=10.0))


def test_a_scorer_stays_frozen_for_everybody_else() -> None:
    with pytest.raises(FrozenInstanceError):
        Net().threshold = 1.0  # type: ignore[misc]


def test_a_copy_with_other_options_is_not_loaded() -> None:
    loaded = Net()
    base.load(loaded, "cuda")
    assert replace(loaded, deep=True).net is None


def test_what_is_not_said_is_nothing() -> None:
    assert base.uses(Net()) == ("texts",)
    assert base.weights(Net()) == ()

    class Bare:
        pass

    assert base.uses(Bare()) == ()  # type: ignore[arg-type]
    assert base.weights(Bare()) == ()  # type: ignore[arg-type]


def test_lists_of_names_are_taken_as_tuples() -> None:
    class Listed:
        uses = ["prompt"]
        weights = ["a", "b"]

    assert base.uses(Listed()) == ("prompt",)  # type: ignore[arg-type]
    assert base.weights(Listed()) == ("a", "b")  # type: ignore[arg-type]


def test_a_scorer_without_a_load_needs_nothing() -> None:
    base.load(Toy(), "cuda")
    assert Toy().score([picture()])[0].values["toy.bad"] == 90.0


def test_a_load_that_fails_is_told() -> None:
    class Broken(Toy):
        def load(self, device: str) -> None:
            raise RuntimeError(f"no {device}")

    with pytest.raises(RuntimeError, match="no cuda"):
        base.load(Broken(), "cuda")


def test_the_smallest_scorer_keeps_the_contract() -> None:
    pictures = [picture(f"{n}.png", 40 * n, (8 + n, 9)) for n in range(3)]
    check_scorer(Toy(), pictures)
    check_scorer(Net(), pictures)


def test_the_contract_notices_a_scorer_that_looks_at_its_neighbours() -> None:
    class Nosy(Toy):
        """Takes the mean of the batch."""

        def score(self, pictures: Sequence[Picture]) -> list[Reading]:
            mean = sum(float(p.pixels.mean()) for p in pictures) / max(1, len(pictures))
            return [Reading({"toy.good": 1.0, "toy.bad": mean}) for _ in pictures]

    with pytest.raises(AssertionError, match=r"toy\.bad"):
        check_scorer(Nosy(), [picture(f"{n}.png", 40 * n) for n in range(3)])


def test_the_contract_notices_a_value_outside_its_range() -> None:
    class Loud(Toy):
        """Says 2 where 1 is most."""

        def score(self, pictures: Sequence[Picture]) -> list[Reading]:
            return [Reading({"toy.good": 2.0, "toy.bad": 0.0}) for _ in pictures]

    with pytest.raises(AssertionError, match=r"toy\.good"):
        check_scorer(Loud(), [picture()])
