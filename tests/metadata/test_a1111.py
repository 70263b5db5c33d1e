import pytest

from iqmetrics.metadata.a1111 import parse, read
from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.jsontext import USER_COMMENT

TAIL = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 42, Size: 64x96, Model: base"


def test_prompt_and_negative_over_several_lines() -> None:
    facts = parse(f"a red fox,\nin snow\nNegative prompt: blurry,\ntext\n{TAIL}")
    assert (facts.prompt, facts.negative) == ("a red fox,\nin snow", "blurry,\ntext")


def test_without_a_negative_it_is_known_to_be_empty() -> None:
    assert parse(f"a fox\n{TAIL}").negative == ""


def test_an_empty_prompt_is_empty() -> None:
    assert parse(TAIL).prompt == ""
    assert parse(f"Negative prompt: x\n{TAIL}").negative == "x"


def test_loras_leave_the_prompt_and_stay_in_params() -> None:
    facts = parse(f"a fox <lora:style:0.8>, <lora:other:1>\n{TAIL}")
    assert facts.prompt == "a fox"
    assert facts.params["loras"] == [
        {"name": "style", "strength": 0.8},
        {"name": "other", "strength": 1},
    ]
    assert "<lora:style:0.8>" in facts.params["prompt_raw"]


@pytest.mark.parametrize(
    ("more", "size"),
    [
        ("", (64, 96)),
        (", Hires upscale: 2, Hires upscaler: Latent", (128, 192)),
        (", Hires resize: 100x200", (100, 200)),
        (', Lora hashes: "a: 1, b: 2", Hires upscale: 1.5', (96, 144)),
    ],
)
def test_requested_size_with_hires_fix(more: str, size: tuple[int, int]) -> None:
    assert parse(f"fox\n{TAIL}{more}").size == size


def test_quoted_values_hide_their_commas() -> None:
    facts = parse(f'fox\n{TAIL}, ADetailer prompt: "a face, Seed: 7", Model hash: ff')
    assert facts.seed == 42
    assert facts.params["checkpoint_hash"] == "ff"


def test_checkpoint_and_settings() -> None:
    params = parse(f"fox\n{TAIL}, Schedule type: Karras, Version: v1.10").params
    assert params["checkpoint"] == "base"
    assert (params["steps"], params["cfg"], params["sampler"]) == (20, 7, "Euler")
    assert (params["scheduler"], params["version"]) == ("Karras", "v1.10")


@pytest.mark.parametrize("text", ["", "just words", '{"Steps: ": 1}'])
def test_other_text_is_not_an_infotext(text: str) -> None:
    assert read(Embedded("PNG", text={"parameters": text})) is None


def test_hostile_settings_do_not_take_long() -> None:
    facts = parse("fox\nSteps: 20, " + "a " * 50_000 + ': "' + "\\" * 50_000)
    assert facts.prompt == "fox"


@pytest.mark.parametrize(
    "more",
    [
        ", Hires upscale: 0",
        ", Hires upscale: -2",
        ", Hires upscale: nan",
        ", Hires upscale: 1e9",
        ", Hires resize: 0x0",
        ", Hires resize: x",
    ],
)
def test_an_upscale_that_is_none_leaves_the_size(more: str) -> None:
    assert parse(f"fox\n{TAIL}{more}").size == (64, 96)


def test_the_words_negative_prompt_count_at_the_start_of_a_line_and_once() -> None:
    facts = parse(f"a sign: Negative prompt: x\n Negative prompt: y\nNegative prompt: z\n{TAIL}")
    assert facts.prompt == "a sign: Negative prompt: x"
    assert facts.negative == "y\nNegative prompt: z"


def test_text_without_settings_is_a_prompt_whose_negative_is_not_known() -> None:
    facts = parse("a fox\nin snow")
    assert (facts.prompt, facts.negative, facts.seed, facts.params) == (
        "a fox\nin snow",
        None,
        None,
        {},
    )


def test_scripts_emoji_and_escapes_survive() -> None:
    facts = parse(f'雪の狐 🦊 \\(fox\\)\n{TAIL}, Note: "say \\"hi\\", now", Version: v1')
    assert facts.prompt == "雪の狐 🦊 \\(fox\\)"
    assert facts.params["version"] == "v1"


@pytest.mark.parametrize("tag", ["<lyco:a:0.5>", "<hypernet:a:0.5>", "<lora:a:0.5:lbw=x>"])
def test_kinds_of_networks(tag: str) -> None:
    facts = parse(f"{tag} fox\n{TAIL}")
    assert (facts.prompt, facts.params["loras"]) == ("fox", [{"name": "a", "strength": 0.5}])


def test_the_comment_of_a_jpeg_and_the_exif_say_the_same() -> None:
    text = f"fox\n{TAIL}"
    exif = read(Embedded("JPEG", exif={USER_COMMENT: text}))
    assert read(Embedded("JPEG", text={"comment": text})) == exif == parse(text)
