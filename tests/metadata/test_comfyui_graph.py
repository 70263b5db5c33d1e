import json
import re

from comfy_graphs import node, plain

from iqmetrics.metadata.comfyui_graph import MAX_NODES, Link, depths, outputs, parse, upstream


def test_links_and_literals_are_told_apart() -> None:
    graph = parse(json.dumps({"1": node("A", size=[512, 512], x=["2", 1], y=3), "2": node("B")}))
    assert graph["1"].links == {"x": Link("2", 1)}
    assert graph["1"].literals == {"size": [512, 512], "y": 3}


def test_ids_may_be_numbers_and_subgraph_paths() -> None:
    graph = parse(json.dumps({"76:6": node("A"), "3": node("B", x=["76:6", 0], y=[3, 0])}))
    assert graph["3"].links == {"x": Link("76:6", 0), "y": Link("3", 0)}


def test_what_is_no_graph_is_empty() -> None:
    many = {str(n): node("A") for n in range(MAX_NODES + 1)}
    for text in ("", "[]", "{}", "{", '{"nodes": [], "links": []}', json.dumps(many)):
        assert parse(text) == {}


def test_a_request_body_is_unwrapped() -> None:
    assert set(parse(json.dumps({"prompt": plain(), "client_id": "x"}))) == set(plain())


def test_savers_end_a_graph_before_previews() -> None:
    graph = parse(json.dumps(plain(n20=node("PreviewImage", images=["8", 0]))))
    assert [end.id for end in outputs(graph)] == ["9"]


def test_depth_is_the_longest_path() -> None:
    graph = parse(
        json.dumps(
            {"1": node("Save", a=["2", 0], b=["3", 0]), "2": node("X", a=["3", 0]), "3": node("Y")}
        )
    )
    assert depths(graph, outputs(graph)) == {"1": 0, "2": 1, "3": 2}


def test_a_cycle_ends() -> None:
    graph = parse(
        json.dumps(
            {"1": node("Save", a=["2", 0]), "2": node("X", a=["3", 0]), "3": node("Y", a=["2", 0])}
        )
    )
    assert set(depths(graph, outputs(graph))) == {"1", "2", "3"}
    assert [n.id for n in upstream(graph, Link("2", 0), re.compile("a"))] == ["2", "3"]


def test_a_long_chain_needs_no_recursion() -> None:
    chain = {str(n): node("R", x=[str(n + 1), 0]) for n in range(10_000)} | {"10000": node("End")}
    graph = parse(json.dumps(chain))
    assert depths(graph, [graph["0"]])["10000"] == 10_000


def test_what_looks_like_a_link_to_nowhere_is_a_literal() -> None:
    inputs = {"a": ["9", 0], "b": ["1"], "c": ["1", "0"], "d": [None, 0], "e": ["1", 0, 0]}
    graph = parse(json.dumps({"1": node("A"), "2": node("B", **inputs)}))
    assert graph["2"].links == {}
    assert graph["2"].literals == inputs


def test_a_wrapped_list_is_never_a_link() -> None:
    text = json.dumps({"1": node("A"), "2": node("B", x={"__value__": ["1", 0]})})
    assert parse(text)["2"].literals == {"x": ["1", 0]}
    assert parse(text)["2"].links == {}


def test_nodes_without_class_or_inputs_are_left_out_or_empty() -> None:
    text = '{"1": {"class_type": "A", "inputs": 3}, "2": {"inputs": {}}, "3": 7, "4": {"class_type": 1}}'
    graph = parse(text)
    assert list(graph) == ["1"]
    assert (graph["1"].links, graph["1"].literals) == ({}, {})


def test_nan_and_deep_nesting_are_read_or_refused_but_never_raised() -> None:
    assert parse('{"1": {"class_type": "A", "inputs": {"x": NaN}}}')["1"].kind == "A"
    assert parse("[" * 200_000) == {}
    assert parse('{"1": ' * 200_000) == {}


def test_class_names_are_matched_in_any_case() -> None:
    (one,) = parse(json.dumps({"1": node("KSAMPLERAdvanced")})).values()
    assert (
        one.has("sampler") and one.has("x", "advanced") and not one.has("loader") and not one.has()
    )


def test_ends_are_what_feeds_no_other_node_and_shows_no_text() -> None:
    ends = {
        "1": node("Load"),
        "2": node("ShowText", x=["1", 0]),
        "3": node("Upscale", x=["1", 0]),
        "4": node("PreviewImage", x=["1", 0]),
        "5": node("SaveText", x=["1", 0]),
    }
    assert [n.id for n in outputs(parse(json.dumps(ends)))] == ["4"], "a saved text is none"
    del ends["5"]
    assert [n.id for n in outputs(parse(json.dumps(ends)))] == ["4"]
    del ends["4"]
    assert [n.id for n in outputs(parse(json.dumps(ends)))] == ["3"]
    del ends["3"]
    assert [n.id for n in outputs(parse(json.dumps(ends)))] == ["2"], "text is better than nothing"
    assert outputs({}) == []


def test_depths_do_not_depend_on_the_order_of_nodes() -> None:
    graph = plain(n20=node("PreviewImage", images=["8", 0]))
    there = parse(json.dumps(graph))
    back = parse(json.dumps(dict(reversed(graph.items()))))
    assert depths(there, outputs(there)) == depths(back, outputs(back))
    assert depths(there, outputs(there))["4"] == 4, "decode, sampler, encoder, loader"


def test_upstream_goes_by_named_edges_and_through_reroutes() -> None:
    graph = parse(
        json.dumps(
            {
                "1": node("Apply", model=["2", 0], image=["9", 0]),
                "2": node("Reroute", anything=["3", 0]),
                "3": node("Lora", model=["4", 0], text=["9", 0]),
                "4": node("Loader"),
                "9": node("Other"),
            }
        )
    )
    assert [n.id for n in upstream(graph, Link("1", 0), re.compile("model"))] == [
        "1",
        "2",
        "3",
        "4",
    ]
