"""training/tiny_t2i.py: shapes that fit, weights that are averaged, a first step that learns."""

import sys
from importlib import util
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
SCRIPT = Path(__file__).resolve().parents[2] / "training" / "tiny_t2i.py"


@pytest.fixture(scope="module")
def tiny() -> SimpleNamespace:
    spec = util.spec_from_file_location("tiny_t2i_training", SCRIPT)
    module = util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def test_two_checkpoints_and_the_vae_fit_in_ten_megabytes(
    tiny: SimpleNamespace, tmp_path: Path
) -> None:
    unet, vae = tiny.UNet2DConditionModel(**tiny.UNET), tiny.AutoencoderKL(**tiny.VAE)
    halves = {k: v.half() for k, v in unet.state_dict().items()}
    tiny.save_packed(halves, tmp_path / "unet.safetensors")
    unet_bytes = (tmp_path / "unet.safetensors").stat().st_size
    assert 3e6 < sum(p.numel() for p in unet.parameters()) < 4.5e6
    assert 2 * unet_bytes + 2 * sum(p.numel() for p in vae.parameters()) < 10e6


def test_what_is_saved_is_what_the_demo_unpacks(tiny: SimpleNamespace, tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights = {"large": torch.randn(64, 64).half(), "norm": torch.randn(64).half()}
    tiny.save_packed(weights, tmp_path / "unet.safetensors")
    back = tiny.eight_bits.unpack(tiny.numpy.load_file(tmp_path / "unet.safetensors"))
    assert set(back) == set(weights)
    assert torch.equal(torch.from_numpy(back["norm"]), weights["norm"])
    error = (torch.from_numpy(back["large"]) - weights["large"]).float().abs().max()
    assert 0 < error < 0.57 * weights["large"].float().abs().max() / 127


def test_noise_ends_in_nothing_but_noise(tiny: SimpleNamespace) -> None:
    scheduler = tiny.DDIMScheduler(**tiny.SCHEDULER)
    assert float(scheduler.alphas_cumprod[-1]) == pytest.approx(0, abs=1e-6)


def test_training_lowers_the_loss_and_averages(tiny: SimpleNamespace) -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 1)
    points = torch.randn(64, 4)
    truth = points @ torch.tensor([[1.0], [-2.0], [0.5], [3.0]])

    def loss() -> torch.Tensor:
        return ((model(points) - truth) ** 2).mean()

    args = SimpleNamespace(device="cpu", eager=True)
    trainer = tiny.Trainer(model, loss, args, 0.05)
    before = float(loss().detach())
    assert [n for n, _ in trainer.run("line", 300, 0)] == list(range(1, 301))
    assert float(loss().detach()) < before / 20
    averaged = trainer.averaged()
    assert averaged["weight"].dtype == torch.float16
    assert torch.allclose(averaged["weight"].float(), model.weight.detach(), atol=0.5)
    assert not torch.equal(averaged["weight"], model.weight.detach().half())
