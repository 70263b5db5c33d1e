import json

import pytest
from comfy_graphs import encode, node, plain

from iqmetrics.metadata.comfyui_graph import Link, parse
from iqmetrics.metadata.comfyui_text import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_TEXTS,
    UNKNOWN,
    Reader,
    Words,
    merged,
)


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


def reader(**nodes: dict) -> Reader:
    return Reader(parse(json.dumps({key.removeprefix("n"): one for key, one in nodes.items()})))


@pytest.mark.parametrize("slot", [-3, -1, 0, 1, 2, 10**30])
def test_any_number_of_an_output_is_survived(slot: int) -> None:
    graph = reader(
        n1=node("SomeApply", positive=["2", 0], negative=["3", 0]), n2=encode("fox"), n3=encode("x")
    )
    found = graph.conditioning(Link("1", slot), "positive").text
    assert found == ("x" if slot == 1 else "fox"), "slot 1 is the other side"


def chain(length: int) -> dict[str, dict]:
    links = {str(k): node("Reroute", text=[str(k + 1), 0]) for k in range(length)}
    return links | {str(length): node("PrimitiveString", value="fox")}


def test_what_lies_too_deep_is_not_known_rather_than_nothing() -> None:
    deep = Reader(parse(json.dumps(chain(MAX_DEPTH + 20))))
    assert deep.output(Link("0", 0)) == UNKNOWN
    assert Reader(parse(json.dumps(chain(MAX_DEPTH - 1)))).output(Link("0", 0)).text == "fox"


def test_what_was_too_deep_from_one_side_is_read_from_a_nearer_one() -> None:
    deep = Reader(parse(json.dumps(chain(MAX_DEPTH + 20))))
    deep.output(Link("0", 0))
    assert deep.output(Link(str(MAX_DEPTH), 0)).text == "fox"


def test_a_node_asked_by_two_is_resolved_once_and_answers_both() -> None:
    layers = {
        str(k): node("Concat", text_a=[str(k + 1), 0], text_b=[str(k + 1), 0]) for k in range(40)
    }
    graph = Reader(parse(json.dumps(layers | {"40": node("PrimitiveString", value="x")})))
    assert graph.output(Link("0", 0)) == UNKNOWN, "2^40 letters are not written out"
    assert graph.output(Link("35", 0)).text == "x" * 32


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"string": "a fox a fox", "find": "fox", "replace": "雪"}, "a 雪 a 雪"),
        ({"string": "a fox", "find": "fox", "replace": ""}, "a "),
        ({"string": "a fox", "find": "wolf", "replace": "x"}, "a fox"),
    ],
)
def test_replaced_text_is_known(inputs: dict, text: str) -> None:
    assert output(n1=node("StringReplace", **inputs)) == Words((text,))


def test_a_replacement_that_is_not_told_or_is_endless_marks_the_text() -> None:
    source = {"string": "a fox", "find": "fox"}
    assert output(n1=node("StringReplace", **source)) == Words(("a fox",), computed=True)
    much = "x" * MAX_CHARACTERS
    found = output(n1=node("StringReplace", **source, replace=much))
    assert found == Words(("a fox",), computed=True)


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"separator": ", ", "text_2": "b", "text_1": "a"}, "a, b"),
        ({"glue": " + ", "text_1": "a", "text_2": ""}, "a"),
        ({"delimiter": 7, "text_1": "a", "text_2": "b"}, "ab"),
        ({"delimiter": ",", "text_1": None, "text_2": "b"}, "b"),
        ({}, ""),
    ],
)
def test_parts_are_joined_as_far_as_they_are_there(inputs: dict, text: str) -> None:
    assert output(n1=node("TextJoin", **inputs)).text == text


@pytest.mark.parametrize(("value", "taken"), [(True, "yes"), (False, "no")])
@pytest.mark.parametrize("names", [("on_true", "on_false"), ("tt_value", "ff_value")])
def test_a_boolean_switch_takes_one_side(value: bool, taken: str, names: tuple[str, str]) -> None:
    sides = {names[0]: ["2", 0], names[1]: ["3", 0]}
    found = output(
        n1=node("Switch", boolean=value, **sides),
        n2=node("PrimitiveString", value="yes"),
        n3=node("PrimitiveString", value="no"),
    )
    assert found == Words((taken,))


@pytest.mark.parametrize("select", [7, True, "2", None, 2.0])
def test_a_selector_without_a_branch_gives_all(select: object) -> None:
    links = {"input1": ["2", 0], "input2": ["3", 0]}
    found = output(
        n1=node("ImpactSwitch", select=select, **links),
        n2=node("PrimitiveString", value="one"),
        n3=node("PrimitiveString", value="two"),
    )
    assert found == Words(("one", "two"), several=True)


def test_texts_are_kept_once_in_order_and_not_without_end() -> None:
    assert merged([Words(("b", "a")), Words(("a", "c"))]).texts == ("b", "a", "c")
    many = merged(Words((str(k),)) for k in range(1000))
    assert many.texts == tuple(map(str, range(MAX_TEXTS)))
    assert merged([]) == Words()
    assert merged([Words(("a",), computed=True), Words(("b",))]).computed
    assert not merged([Words(("a",)), Words(("a",))], several=True).several, "twice is not several"
