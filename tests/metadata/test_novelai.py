import json

import pytest

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.novelai import read


@pytest.mark.parametrize(
    ("source", "model", "digest"),
    [
        ("Stable Diffusion XL 7BCCAA2C", "Stable Diffusion XL", "7BCCAA2C"),
        ("NovelAI Diffusion V4.5", "NovelAI Diffusion V4.5", None),
        ("", "", None),
    ],
)
def test_source_is_model_and_hash(source: str, model: str, digest: str | None) -> None:
    facts = read(
        Embedded("PNG", text={"Software": "NovelAI", "Source": source, "Description": "fox"})
    )
    assert facts is not None
    assert (facts.model, facts.params.get("checkpoint_hash")) == (model, digest)


def test_prompt_of_the_comment_when_there_is_no_description() -> None:
    facts = read(
        Embedded("PNG", text={"Software": "NovelAI", "Comment": json.dumps({"prompt": "fox"})})
    )
    assert facts is not None
    assert facts.prompt == "fox"


def test_other_software() -> None:
    assert (
        read(Embedded("PNG", text={"Software": "GIMP", "Description": "fox", "Comment": "{}"}))
        is None
    )
