"""FID's Inception with random weights, made on the spot and loaded through the real code."""

from pathlib import Path
from unittest.mock import patch


def save_random(folder: Path) -> Path:
    """A safetensors file of the whole architecture."""
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
    path = folder / "inception.safetensors"
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, path)
    return path
