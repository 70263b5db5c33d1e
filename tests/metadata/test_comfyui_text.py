import json

import pytest
from comfy_graphs import encode, node, plain

from iqmetrics.metadata.comfyui_graph import Link, parse
from iqmetrics.metadata.comfyui_text import Reader, Words, merged


def output(**nodes: dict) -> Words:
    """The text that node "1" gives out."""
    return Reader(
        parse(json.dumps({key.removeprefix("n"): one for key, one in nodes.items()}))
    ).output(Link("1", 0))


@pytest.mark.parametrize(
    ("texts", "text"),
    [
        ((), None),
        (("",), ""),
        ((" ",), ""),
        (("fox", "a red fox"), "a red fox"),
        (("a fox\n",), "a fox\n"),
        (("a", "b", "a"), "a\nb"),
    ],
)
def test_one_text_of_several(texts: tuple[str, ...], text: str | None) -> None:
    assert Words(texts).text == text


def test_merging_drops_empty_parts_beside_full_ones() -> None:
    assert merged([Words(("",)), Words(("a",))]).texts == ("a",)
    assert merged([Words(("",))]).texts == ("",)
    assert merged([Words(("a",)), Words(("b",))], several=True).several


def test_concatenation_keeps_order_and_delimiter() -> None:
    found = output(
        n1=node(
            "Text Concatenate", delimiter="\\n", text_b=["2", 0], text_a="first", text_c="third"
        ),
        n2=node("PrimitiveString", value="second"),
    )
    assert found.text == "first\nsecond\nthird"


def test_ten_parts_are_joined_by_number() -> None:
    parts = {f"string_{n}": str(n) for n in (10, 2, 1)}
    assert output(n1=node("JoinStrings", delimiter="-", **parts)).text == "1-2-10"


def test_a_switch_by_number_takes_its_branch() -> None:
    found = output(n1=node("Switch", select=2, input1="one", input2="two"))
    assert found == Words(("two",))


def test_a_linked_selector_gives_all_branches() -> None:
    found = output(
        n1=node("Switch", select=["2", 0], input1="one", input2="two"), n2=node("Int", value=2)
    )
    assert found.texts == ("one", "two")
    assert found.several


@pytest.mark.parametrize(
    "inputs",
    [{"image": ["2", 0]}, {"temperature": 0.7}, {"seed": 1, "model": "m"}, {"api_key": "x"}],
)
def test_text_made_at_run_time_is_marked(inputs: dict) -> None:
    assert output(n1=node("NewNode", prompt="describe", **inputs), n2=node("LoadImage")).computed


def test_strings_in_a_circle_end() -> None:
    assert output(n1=node("A", text=["2", 0]), n2=node("B", text=["1", 0])).text is None


def test_zeroed_conditioning_is_an_empty_text() -> None:
    reader = Reader(
        parse(json.dumps(plain(n20=node("ConditioningZeroOut", conditioning=["6", 0]))))
    )
    assert reader.conditioning(Link("20", 0), "negative").text == ""


def test_regional_words_do_not_cross_polarity() -> None:
    graph = plain(
        n20=node("SomeApply", positive=["6", 0], negative=["7", 0], image=["21", 0]),
        n21=encode("never"),
    )
    reader = Reader(parse(json.dumps(graph)))
    assert reader.conditioning(Link("20", 0), "positive").text == graph["6"]["inputs"]["text"]
    assert reader.conditioning(Link("20", 1), "negative").text == graph["7"]["inputs"]["text"]
