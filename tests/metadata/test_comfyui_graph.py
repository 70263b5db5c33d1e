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
