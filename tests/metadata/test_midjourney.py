import pytest
from written_outputs import JOB

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.midjourney import read, read_name


def described(text: str):
    return read(Embedded("PNG", text={"Description": f"{text} Job ID: {JOB}"}))


@pytest.mark.parametrize(
    ("text", "prompt", "model", "negative", "seed"),
    [
        ("a red fox --v 7", "a red fox", "Midjourney 7", "", None),
        ("a fox --niji 6 --seed 5", "a fox", "Niji 6", "", 5),
        ("a fox --no text, blur --ar 3:2 --v 6.1", "a fox", "Midjourney 6.1", "text, blur", None),
        ("a fox", "a fox", "Midjourney", "", None),
        ("https://x.y/z.png a fox --tile --v 7", "a fox", "Midjourney 7", "", None),
        ("a well-made--truly fox --v 7", "a well-made--truly fox", "Midjourney 7", "", None),
        ("line one\nline two --v 7", "line one\nline two", "Midjourney 7", "", None),
    ],
)
def test_description(text: str, prompt: str, model: str, negative: str, seed: int | None) -> None:
    facts = described(text)
    assert (facts.prompt, facts.model, facts.negative, facts.seed) == (
        prompt,
        model,
        negative,
        seed,
    )


def test_other_descriptions() -> None:
    assert read(Embedded("PNG", text={"Description": "a red fox"})) is None


def test_names_of_downloads() -> None:
    facts = read_name(f"some.body_a_red_fox_{JOB}_0")
    assert facts is not None
    assert (facts.prompt, facts.confidence, facts.params["tile"]) == ("a red fox", "low", 0)
    assert "may_be_grid" not in facts.params


def test_a_name_without_a_number_may_be_a_grid() -> None:
    facts = read_name(f"somebody_a_red_fox_{JOB}")
    assert facts is not None
    assert facts.params["may_be_grid"] is True


@pytest.mark.parametrize("stem", ["00001-42", "a_red_fox", JOB, f"fox_{JOB}_9"])
def test_other_names(stem: str) -> None:
    assert read_name(stem) is None
