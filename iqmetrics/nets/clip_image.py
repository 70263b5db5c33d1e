"""The image tower of CLIP without work that changes nothing, and in fewer bits where they suffice.

Where the answer is read at the class token, the patches matter to the last block only as keys and
values: their own queries and their walk through its MLP, five sixths of its work, change nothing.
"""

from typing import Any

from torch import Tensor, dtype, nn


class FirstToken(nn.Module):
    """A transformer block of open_clip that answers its first token only, (n, 1, width)."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.block = block

    def forward(self, tokens: Tensor, attn_mask: None = None) -> Tensor:
        """The block's answer for the first of (n, length, width) tokens."""
        block = self.block
        seen = block.ln_1(tokens)
        first = tokens[:, :1] + block.ls_1(block.attention(seen[:, :1], seen, seen))
        answer: Tensor = first + block.ls_2(block.mlp(block.ln_2(first)))
        return answer


def trim(tower: Any) -> bool:
    """Let the last block answer one token, if the tower (any of open_clip's) reads no other.

    Returns:
        Whether it is so now.
    """
    if not _is_plain(tower) or tower.pool_type != "tok" or tower.output_tokens:
        return False
    blocks = tower.transformer.resblocks
    blocks[-1] = FirstToken(blocks[-1])
    return True


def shorten(tower: Any, kind: dtype) -> None:
    """Let the tower, not trimmed yet, compute in `kind`: float16 or bfloat16.

    A plain tower keeps its norms and the sums from block to block in float32: that costs no
    time, and on ViT-B-32 halves the error.
    """
    if not _is_plain(tower):
        tower.to(kind)
        return
    tower.conv1.to(kind)
    tower.ln_pre.register_forward_hook(lambda _, __, answer: answer.float())
    for block in tower.transformer.resblocks:
        for norm, heavy in ((block.ln_1, block.attn), (block.ln_2, block.mlp)):
            heavy.to(kind)
            norm.register_forward_hook(lambda _, __, answer: answer.to(kind))


def _is_plain(tower: Any) -> bool:
    """Whether it is open_clip's own vision transformer, of its usual blocks and pooling."""
    from open_clip.transformer import ResidualAttentionBlock, VisionTransformer

    return (
        type(tower) is VisionTransformer
        and tower.attn_pool is None
        and tower.transformer.batch_first
        and all(type(block) is ResidualAttentionBlock for block in tower.transformer.resblocks)
    )
