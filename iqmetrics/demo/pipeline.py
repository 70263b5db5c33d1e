"""A tiny text-to-image model as a folder that diffusers loads: `StableDiffusionPipeline`.

The text tower is that of the tiny CLIP, renamed to the layout of transformers. VAE and UNet are two
checkpoints of one run of training/tiny_t2i.py: v1 after 15 % of its steps, v2 after all of them.
The UNets are stored in eight bits and written to the folder as float16, which diffusers loads.
"""

import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

TEXT_CONFIG = {
    "architectures": ["CLIPTextModel"],
    "model_type": "clip_text_model",
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
    "pad_token_id": 1021,
    "bos_token_id": 1022,
    "eos_token_id": 1023,
}
VERSIONS = ("v1", "v2")
PARAMS = {"steps": 8, "guidance": 2.5}
"""What the shipped checkpoints are run with, for speed and clear shapes."""

INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "safety_checker": [None, None],
    "feature_extractor": [None, None],
    "image_encoder": [None, None],
    "requires_safety_checker": False,
}
PARTS = {"attn.out_proj": "self_attn.out_proj", "ln_1": "layer_norm1", "ln_2": "layer_norm2"}
PARTS |= {"mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2"}


def shelf(name: str) -> Path:
    """A folder of this package: "tiny_clip" or "tiny_t2i"."""
    return Path(str(files("iqmetrics.demo"))) / name


def shipped(version: str, folder: Path) -> Path:
    """Write the pipeline of `version` ("v1", "v2") to `folder`, 9 MB, over what is there."""
    return assemble(shelf("tiny_t2i"), version, folder)


def text_tower(open_clip: "dict[str, np.ndarray]") -> "dict[str, np.ndarray]":
    """Weights of open_clip's text tower under the names that transformers' CLIPTextModel has.

    Its last hidden state is then that of open_clip before the projection: (prompts, 24, 128).
    """
    import numpy as np

    found = {
        "embeddings.token_embedding.weight": open_clip["token_embedding.weight"],
        "embeddings.position_embedding.weight": open_clip["positional_embedding"],
        "final_layer_norm.weight": open_clip["ln_final.weight"],
        "final_layer_norm.bias": open_clip["ln_final.bias"],
    }
    for name, value in open_clip.items():
        if not name.startswith("transformer.resblocks."):
            continue
        number, _, part = name.removeprefix("transformer.resblocks.").partition(".")
        layer, kind = f"encoder.layers.{number}.", name.rpartition(".")[2]
        if part.startswith("attn.in_proj"):
            kind = part.removeprefix("attn.in_proj_")
            for letter, third in zip("qkv", np.split(value, 3), strict=True):
                found[f"{layer}self_attn.{letter}_proj.{kind}"] = third
        else:
            found[f"{layer}{PARTS[part.rpartition('.')[0]]}.{kind}"] = value
    return {f"text_model.{k}": np.ascontiguousarray(v) for k, v in found.items()}


def write_text(folder: Path) -> None:
    """Write `text_encoder/` and `tokenizer/` of a pipeline folder."""
    from safetensors.numpy import load_file

    source = shelf("tiny_clip")
    (folder / "text_encoder").mkdir(parents=True, exist_ok=True)
    tower = text_tower(load_file(source / "open_clip_model.safetensors"))
    _write_weights(folder / "text_encoder" / "model.safetensors", tower)
    sizes = json.loads((source / "open_clip_config.json").read_text("utf-8"))["model_cfg"]
    text = sizes["text_cfg"]
    config = TEXT_CONFIG | {
        "hidden_size": text["width"],
        "intermediate_size": 4 * text["width"],
        "max_position_embeddings": text["context_length"],
        "num_attention_heads": text["heads"],
        "num_hidden_layers": text["layers"],
        "projection_dim": sizes["embed_dim"],
        "vocab_size": text["vocab_size"],
    }
    _write(folder / "text_encoder" / "config.json", config)
    (folder / "tokenizer").mkdir(exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(source / name, folder / "tokenizer" / name)


def assemble(source: Path, unet: str, folder: Path) -> Path:
    """Write the pipeline folder of one checkpoint; equal bytes every time.

    Args:
        source: what training/tiny_t2i.py left: vae.safetensors, UNET.safetensors (packed by
            `eight_bits` or not), and vae.json, unet.json, scheduler.json.
        unet: name of the checkpoint, e.g. "unet-100" (of a run) or "v2" (shipped).
        folder: the pipeline goes here.
    """
    from safetensors.numpy import load_file

    from iqmetrics.demo.eight_bits import unpack

    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder)
    for part, weights in (("vae", "vae"), ("unet", unet)):
        (folder / part).mkdir(exist_ok=True)
        shutil.copyfile(source / f"{part}.json", folder / part / "config.json")
        target = folder / part / "diffusion_pytorch_model.safetensors"
        _write_weights(target, unpack(load_file(source / f"{weights}.safetensors")))
    (folder / "scheduler").mkdir(exist_ok=True)
    shutil.copyfile(source / "scheduler.json", folder / "scheduler" / "scheduler_config.json")
    _write(folder / "model_index.json", INDEX)
    return folder


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf-8")


def _write_weights(path: Path, weights: "dict[str, np.ndarray]") -> None:
    from safetensors.numpy import save

    path.write_bytes(save(weights, {"format": "pt"}))  # save_file lets only the owner read it
