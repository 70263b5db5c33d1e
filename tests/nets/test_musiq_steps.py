import logging
from types import ModuleType

import pytest
import torch

from iqmetrics.nets import musiq_ops, musiq_steps

CPU = torch.device("cpu")


def like(**others: object) -> ModuleType:
    """The steps in plain torch, some of them replaced."""
    made = ModuleType("steps")
    for name in ("cut", "begin", "end", "sum_norm", "add_norm", "grow"):
        setattr(made, name, others.get(name, getattr(musiq_ops, name)))
    return made


def test_a_cpu_has_plain_torch() -> None:
    assert musiq_steps.best(CPU) is musiq_ops


def test_steps_that_answer_otherwise_are_told() -> None:
    assert musiq_steps.near(like(), CPU, torch.float32)
    for wrong in (
        {"cut": lambda images, shape, out: out.fill_(0.1)},
        {"begin": lambda patches, stem: [v.flip(2) for v in musiq_ops.begin(patches, stem)]},
        {"end": lambda x, y, stem: musiq_ops.end(x, y, stem).mT},
        {"add_norm": lambda x, y, z, *norm: musiq_ops.sum_norm(x, y + z, *norm)},
        {"grow": lambda x, w, b: torch.relu(x @ w.T + b)},
    ):
        assert not musiq_steps.near(like(**wrong), CPU, torch.float32)


def test_a_gpu_that_triton_fails_on_has_plain_torch_and_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("triton")

    def fails(*_: object) -> bool:
        raise RuntimeError("no such GPU")

    monkeypatch.setattr(musiq_steps, "near", fails)
    with caplog.at_level(logging.WARNING):
        assert musiq_steps.best.__wrapped__(torch.device("cuda")) is musiq_ops
    assert "no such GPU" in caplog.text


@pytest.mark.gpu
def test_a_gpu_has_triton() -> None:
    assert musiq_steps.best(torch.device("cuda")).__name__.endswith("musiq_triton")
