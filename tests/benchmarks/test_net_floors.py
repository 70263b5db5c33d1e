"""What an operator must move and multiply."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])


def test_a_block_moves_its_picture_and_multiplies_both_kernels() -> None:
    from net_floors import Work

    inputs = ((2, 6, 4, 4), (6, 1, 3, 3), (6,), (5, 6, 1, 1), (5,), None, None)
    work = Work("iqm.Block", inputs, (2, 5, 4, 4))
    assert work.moved(2) == 2 * (192 + 54 + 6 + 30 + 5 + 160)
    assert work.operations() == 2 * 32 * (6 * 9 + 5 * 6)
    assert Work("Conv", ((2, 6, 4, 4), (5, 6, 3, 3)), (2, 5, 4, 4)).operations() == 2 * 160 * 54


def test_every_sum_of_a_forward_is_seen() -> None:
    from net_floors import works

    found = works("face_short", (1, 128, 128, 3), "meta")
    kinds = [work.kind for work, _, _ in found]
    assert kinds.count("iqm.First") == 1 and kinds.count("iqm.Block") == 20
    assert found[0][0].output == (1, 24, 64, 64)
