"""The image tower of CLIP without what its last block does for tokens that nobody reads.

Where the answer is read at the class token, the patches matter to the last block only as keys and
values: their own queries and their walk through its MLP, five sixths of its work, change nothing.
"""

from typing import Any

from torch import Tensor, nn


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


def trim(model: Any) -> None:
    """Let the last block answer one token, if `model` (any of open_clip's) reads no other."""
    tower = model.visual
    if _reads_one_token(tower):
        blocks = tower.transformer.resblocks
        blocks[-1] = FirstToken(blocks[-1])


def _reads_one_token(tower: Any) -> bool:
    """Whether it is open_clip's own vision transformer, read at its class token."""
    from open_clip.transformer import ResidualAttentionBlock, VisionTransformer

    return (
        type(tower) is VisionTransformer
        and tower.attn_pool is None
        and tower.pool_type == "tok"
        and not tower.output_tokens
        and tower.transformer.batch_first
        and type(tower.transformer.resblocks[-1]) is ResidualAttentionBlock
    )
