"""The same CLIP weights for open_clip and for torchmetrics (through transformers)."""

import gzip
import json
from pathlib import Path
from typing import Any

import open_clip
import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer


def save_random(arch: str, folder: Path, seed: int = 0) -> Path:
    """A folder that `local-dir:` loads: the architecture, random weights, nothing downloaded."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    model = open_clip.create_model(arch)
    config = {"model_cfg": open_clip.get_model_config(arch), "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return folder


class Adapted(CLIPModel):
    """transformers 5 answers an object where torchmetrics 1.9 expects the features."""

    def get_image_features(self, *args: Any, **options: Any) -> Any:
        return _features(super().get_image_features(*args, **options))

    def get_text_features(self, *args: Any, **options: Any) -> Any:
        return _features(super().get_text_features(*args, **options))


def _features(answer: Any) -> Any:
    return getattr(answer, "pooler_output", answer)


def torchmetrics_parts(folder: Path, pillow: bool = False) -> tuple[CLIPModel, CLIPProcessor]:
    """Model and processor for `CLIPScore(model_name_or_path=lambda: ...)` of a `local-dir:` folder.

    `pillow` resizes as in training; by default transformers 5 resizes with torchvision.
    """
    model = open_clip.create_model(f"local-dir:{folder}")
    saved = json.loads((folder / "open_clip_config.json").read_text())
    if (folder / "tokenizer.json").is_file():
        tokenizer = CLIPTokenizer.from_pretrained(str(folder))
    else:
        tokenizer = openai_tokenizer()
    return convert(model, saved, tokenizer), _processor(model, tokenizer, pillow)


def _processor(model: Any, tokenizer: CLIPTokenizer, pillow: bool) -> CLIPProcessor:
    look = model.visual.preprocess_cfg
    side = look["size"][0] if not isinstance(look["size"], int) else look["size"]
    if pillow:
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil as Kind
    else:
        Kind = CLIPImageProcessor
    images = Kind(
        size={"shortest_edge": side},
        crop_size={"height": side, "width": side},
        image_mean=list(look["mean"]),
        image_std=list(look["std"]),
    )
    return CLIPProcessor(image_processor=images, tokenizer=tokenizer)


def openai_tokenizer() -> CLIPTokenizer:
    """CLIP's own tokenizer from the merges that open_clip ships."""
    from open_clip.tokenizer import bytes_to_unicode

    path = Path(open_clip.__file__).parent / "bpe_simple_vocab_16e6.txt.gz"
    lines = gzip.decompress(path.read_bytes()).decode().split("\n")[1 : 49152 - 256 - 2 + 1]
    merges = [tuple(line.split()) for line in lines]
    names = [*bytes_to_unicode().values()]
    names += [name + "</w>" for name in names] + ["".join(m) for m in merges]
    names += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={n: i for i, n in enumerate(names)}, merges=merges, model_max_length=77
    )


def convert(model: Any, saved: dict[str, Any], tokenizer: CLIPTokenizer) -> CLIPModel:
    """An open_clip CLIP as transformers' CLIPModel with equal weights."""
    text, vision = saved["model_cfg"]["text_cfg"], saved["model_cfg"]["vision_cfg"]
    eos = tokenizer.eos_token_id
    act = "quick_gelu" if saved["model_cfg"].get("quick_gelu") else "gelu"
    config = CLIPConfig(
        text_config={
            "vocab_size": text["vocab_size"],
            "hidden_size": text["width"],
            "intermediate_size": 4 * text["width"],
            "num_hidden_layers": text["layers"],
            "num_attention_heads": text["heads"],
            "max_position_embeddings": text["context_length"],
            "hidden_act": act,
            "eos_token_id": eos,
            "pad_token_id": tokenizer.pad_token_id,
            "bos_token_id": tokenizer.bos_token_id,
            "projection_dim": saved["model_cfg"]["embed_dim"],
        },
        vision_config={
            "hidden_size": vision["width"],
            "intermediate_size": 4 * vision["width"],
            "num_hidden_layers": vision["layers"],
            "num_attention_heads": vision["width"] // vision.get("head_width", 64),
            "image_size": vision["image_size"],
            "patch_size": vision["patch_size"],
            "hidden_act": act,
            "projection_dim": saved["model_cfg"]["embed_dim"],
        },
        projection_dim=saved["model_cfg"]["embed_dim"],
    )
    peer = Adapted(config).eval()
    wanted = set(peer.state_dict())
    given = dict(_renamed(model.state_dict()))
    missing, extra = peer.load_state_dict(given, strict=False)
    absent = [name for name in missing if "position_ids" not in name]
    assert not absent and not extra, (absent, extra, sorted(wanted)[:5])
    return peer


def _renamed(state: dict[str, torch.Tensor]) -> Any:
    plain = {
        "logit_scale": "logit_scale",
        "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
        "positional_embedding": "text_model.embeddings.position_embedding.weight",
        "ln_final.weight": "text_model.final_layer_norm.weight",
        "ln_final.bias": "text_model.final_layer_norm.bias",
        "visual.class_embedding": "vision_model.embeddings.class_embedding",
        "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
        "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
        "visual.ln_pre.weight": "vision_model.pre_layrnorm.weight",
        "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
        "visual.ln_post.weight": "vision_model.post_layernorm.weight",
        "visual.ln_post.bias": "vision_model.post_layernorm.bias",
    }
    parts = {
        "ln_1": "layer_norm1",
        "ln_2": "layer_norm2",
        "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2",
        "attn.out_proj": "self_attn.out_proj",
    }
    for name, value in state.items():
        if name in plain:
            yield plain[name], value
        elif name == "text_projection":
            yield "text_projection.weight", value.T.contiguous()
        elif name == "visual.proj":
            yield "visual_projection.weight", value.T.contiguous()
        elif "resblocks" in name:
            tower = "vision_model" if name.startswith("visual") else "text_model"
            number, rest = name.split("resblocks.")[1].split(".", 1)
            layer = f"{tower}.encoder.layers.{number}"
            if rest.startswith("attn.in_proj_"):
                kind = rest.removeprefix("attn.in_proj_")
                for letter, piece in zip("qkv", value.chunk(3), strict=True):
                    yield f"{layer}.self_attn.{letter}_proj.{kind}", piece
            else:
                stem, kind = rest.rsplit(".", 1)
                yield f"{layer}.{parts[stem]}.{kind}", value
