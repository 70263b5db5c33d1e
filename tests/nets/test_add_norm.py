import pytest
import torch
import torch.nn.functional as F

from iqmetrics.nets.add_norm import add_norm


@pytest.mark.parametrize("kind", [torch.float32, torch.float16])
def test_adds_in_place_and_answers_the_norm(kind: torch.dtype) -> None:
    torch.manual_seed(0)
    x, y = torch.randn(2, 5, 24), torch.randn(2, 5, 24).to(kind)
    weight, bias = torch.randn(24), torch.randn(24)
    both = x + y.float()
    wanted = F.layer_norm(both, (24,), weight, bias, 1e-5)
    found = add_norm(x, y, weight, bias, 1e-5)
    assert found.dtype == kind and torch.allclose(found.float(), wanted, atol=3e-3)
    assert torch.equal(x, both)


def test_a_sum_in_half_precision_is_normed_in_full() -> None:
    """Values whose squares float16 does not hold."""
    x = torch.tensor([[300.0, -300.0, 600.0, -600.0]], dtype=torch.float16)
    y = torch.full_like(x, 4.0)
    one = torch.ones(4, dtype=torch.float16)
    found = add_norm(x, y, one, 0 * one, 1e-5)
    wanted = F.layer_norm(torch.tensor([[304.0, -296.0, 604.0, -596.0]]), (4,))
    assert x.tolist() == [[304.0, -296.0, 604.0, -596.0]]
    assert torch.allclose(found.float(), wanted, atol=2e-3)
