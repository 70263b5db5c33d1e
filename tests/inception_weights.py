"""FID's Inception with random weights, made on the spot and loaded through the real code."""

from pathlib import Path
from typing import Any
from unittest.mock import patch


def save_random(folder: Path) -> Path:
    """A safetensors file of the whole architecture, and the same as a pickle for the peers."""
    import torch
    from safetensors.torch import save_file
    from torch_fidelity import feature_extractor_inceptionv3 as peer

    torch.manual_seed(0)
    kind = peer.FeatureExtractorInceptionV3
    with (
        patch.object(peer.torch, "load"),
        patch.object(kind, "load_state_dict"),
    ):
        net = kind("random", ["2048"], "none")
    for weight in net.parameters():
        if weight.dim() == 4:
            torch.nn.init.kaiming_normal_(weight)  # features of order 1, as trained ones are
    path = folder / "inception.safetensors"
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, path)
    torch.save(net.state_dict(), path.with_suffix(".pth"))
    return path


def of_torchmetrics(path: Path) -> Any:
    """The net that torchmetrics builds, with the same weights."""
    from torchmetrics.image.fid import NoTrainInceptionV3

    net = NoTrainInceptionV3("inception-v3-compat", ["2048"], str(path.with_suffix(".pth")))
    net.use_antialias = False  # what its option antialias=False does: FID as published
    return net
