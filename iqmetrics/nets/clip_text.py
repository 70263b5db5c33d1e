"""The text tower of CLIP without the padding behind a prompt.

In a causal text tower no token sees what follows it, and the answer is read at the end token: what
pads a prompt to the context of 77 costs time and changes nothing.
"""

from typing import Any

from torch import Tensor


def encode(model: Any, ids: Tensor) -> Tensor:
    """`model.encode_text(ids)` of an open_clip model; padding is left out where it cannot matter.

    Args:
        model: any open_clip model.
        ids: (n, context) token ids.
    """
    if not _pads_freely(model):
        whole: Tensor = model.encode_text(ids)
        return whole
    ends = ids.argmax(-1)
    length = int(ends.max()) + 1
    kind = model.transformer.get_cast_dtype()
    tokens = model.token_embedding(ids[:, :length]).to(kind)
    tokens = tokens + model.positional_embedding[:length].to(kind)
    tokens = model.transformer(tokens, attn_mask=model.attn_mask[:length, :length])
    pooled: Tensor = model.ln_final(tokens)[range(len(ids)), ends]
    found: Tensor = pooled @ model.text_projection
    return found


def _pads_freely(model: Any) -> bool:
    """Whether it is open_clip's own causal tower, read at the end token (the highest id)."""
    import open_clip
    import torch

    return (
        type(model) is open_clip.CLIP
        and model.text_pool_type == "argmax"
        and model.attn_mask is not None
        and isinstance(model.text_projection, torch.Tensor)
    )
