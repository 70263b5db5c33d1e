"""A workflow on a server that speaks ComfyUI's protocol over real sockets."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import loopback
import pytest
from PIL import Image

from iqmetrics.errors import BadInput
from iqmetrics.generators import comfyui_server as module
from iqmetrics.generators.base import Request, Result
from iqmetrics.generators.comfyui_server import ComfyUI

GRAPH: dict[str, Any] = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 4}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "old", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "bad", "clip": ["4", 1]}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 1, "steps": 2, "cfg": 7.0, "denoise": 1.0, "model": ["4", 0],
            "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
        },
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "x"}},
}  # fmt: skip


@pytest.fixture
def flow(tmp_path: Path) -> str:
    path = tmp_path / "flow_api.json"
    path.write_text(json.dumps(GRAPH))
    return str(path)


@pytest.fixture
def server() -> Iterator[Any]:
    def rules(graph: dict[str, Any]) -> str:
        return str(graph["6"]["inputs"]["text"])

    with loopback.comfyui(rules) as made:
        yield made


def run(
    server: Any, flow: str, *requests: Request, measure: bool = False, **options: Any
) -> list[Result]:
    model = ComfyUI(server.url, flow, **options)
    model.open(measure)
    try:
        return model(requests)
    finally:
        model.close()


def ask(prompt: str, seed: int = 5) -> Request:
    return Request(prompt, prompt, seed, 32, 16, "ugly", {"steps": 3, "eta": 0.5})


def test_prompt_negative_seed_size_and_steps_reach_the_graph(server: Any, flow: str) -> None:
    [result] = run(server, flow, ask("a cat"))
    assert result.image is not None, result.error
    assert result.image.size == (32, 16) and result.image.getpixel((0, 0)) == 5
    sent = server.graphs[0]
    assert sent["6"]["inputs"]["text"] == "a cat" and sent["7"]["inputs"]["text"] == "ugly"
    assert (sent["3"]["inputs"]["seed"], sent["3"]["inputs"]["steps"]) == (5, 3)
    assert sent["5"]["inputs"]["batch_size"] == 1, "one image for one request"
    assert result.not_applied == ("eta",)
    assert result.telemetry == {"steps_executed": 3}, (
        "previews do not disturb, no timings unless asked"
    )


def test_measured_timings_and_memory(server: Any, flow: str) -> None:
    server.free = [20 << 30, 20 << 30, 8 << 30, 14 << 30]
    [result] = run(server, flow, ask("a cat"), measure=True)
    seen = result.telemetry
    assert 0.05 < seen["first_step_s"] < seen["latency_s"] < 5
    assert seen["latency_s"] - seen["first_step_s"] > 0.05, "two more steps"
    assert seen["vram_device_min_gb"] == 4 and seen["vram_device_max_gb"] >= 14


def test_a_cached_run_has_no_timings(server: Any, flow: str) -> None:
    first, second = run(server, flow, ask("a cat"), ask("a cat"), measure=True)
    assert "latency_s" in first.telemetry
    assert second.image is not None
    assert second.telemetry == {"cached": True}


def test_a_dropped_socket_costs_only_timings(server: Any, flow: str) -> None:
    dropped, after = run(server, flow, ask("drop"), ask("a cat", 6))
    assert dropped.image is not None and dropped.image.getpixel((0, 0)) == 5
    assert after.image is not None and after.telemetry["steps_executed"] == 3, "listens again"


@pytest.mark.parametrize(
    ("prompt", "kind", "reason"),
    [
        ("error", "failed", "node 3 (KSampler): boom"),
        ("oom", "out_of_memory", "node 3 (KSampler): boom"),
        ("nothing", "no_image", "the workflow saved no image that can be read"),
        ("torn", "no_image", "the workflow saved no image that can be read"),
    ],
)
def test_a_failed_run_is_typed_and_the_next_goes_on(
    server: Any, flow: str, prompt: str, kind: str, reason: str
) -> None:
    failed, fine = run(server, flow, ask(prompt), ask("a cat"))
    assert failed.error is not None
    assert (failed.error.kind, failed.error.reason) == (kind, reason)
    assert fine.image is not None


def test_a_run_that_never_ends_is_interrupted(server: Any, flow: str) -> None:
    [late] = run(server, flow, ask("hang"), timeout_s=0.3)
    assert late.error is not None and late.error.kind == "timeout"
    mine = "run-1"
    assert server.other == [("/queue", {"delete": [mine]}), ("/interrupt", {"prompt_id": mine})]
    assert late.error.reason == "no image in 0.3 s"


def test_a_run_that_waits_behind_another_is_taken_off_the_queue(server: Any, flow: str) -> None:
    """Interrupting would have stopped the run of somebody else, and ours came next."""
    server.running.add("of somebody else")
    [late] = run(server, flow, ask("wait"), timeout_s=0.3)
    assert late.error is not None and late.error.kind == "timeout"
    assert server.other == [("/queue", {"delete": ["run-1"]})]


@pytest.mark.parametrize("queue", [[], {}, {"queue_running": None, "queue_pending": []}])
def test_a_server_that_does_not_tell_its_queue_is_believed(
    server: Any, flow: str, queue: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ASK_QUEUE_S", 0.05)
    monkeypatch.setattr(module, "POLL_S", 0.05)
    server.odd["/queue"] = queue
    [late] = run(server, flow, ask("hang"), timeout_s=0.3)
    assert late.error is not None and late.error.kind == "timeout", "it is waited for"
    assert [path for path, _ in server.other] == ["/queue", "/interrupt"]


def test_a_run_that_the_server_forgot_is_not_waited_for(
    server: Any, flow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its queue was cleared, or it was restarted; one that is under way is waited for."""
    monkeypatch.setattr(module, "ASK_QUEUE_S", 0.1)
    lost, fine = run(server, flow, ask("lost"), ask("a cat"), timeout_s=30)
    assert lost.error is not None and lost.error.kind == "failed"
    assert "no longer knows this run" in lost.error.reason
    assert fine.image is not None and server.other == []


def test_a_refused_graph_tells_the_node(server: Any, tmp_path: Path) -> None:
    graph = {
        **GRAPH,
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "missing"}},
    }
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(graph))
    [result] = run(server, str(path), ask("a cat"))
    assert result.error is not None and result.error.kind == "bad_request"
    assert "node 4 (CheckpointLoaderSimple): ckpt_name: 'x' not in []" in result.error.reason


def test_a_server_that_goes_away_is_unreachable(flow: str) -> None:
    with loopback.comfyui() as server:
        model = ComfyUI(server.url, flow)
        model.open(measure=False)
    [result] = model([ask("a cat")])
    assert result.error is not None and result.error.kind == "unreachable"
    model.close()


def test_no_server_is_one_sentence(flow: str) -> None:
    with pytest.raises(BadInput, match=r"http://127.0.0.1:9 does not answer|system_stats does not"):
        ComfyUI("http://127.0.0.1:9", flow).open(measure=False)


def test_another_server_is_named(flow: str) -> None:
    with loopback.images_api() as other, pytest.raises(BadInput, match="is no ComfyUI server"):
        ComfyUI(other.url, flow).open(measure=False)


def test_wrong_workflows_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ui.json"
    path.write_text('{"nodes": [], "links": [], "version": 0.4}')
    with pytest.raises(BadInput) as error:
        ComfyUI("http://x", str(path)).fingerprint()
    assert "Export (API)" in error.value.hint
    with pytest.raises(BadInput, match="needs a workflow"):
        ComfyUI("http://x").fingerprint()
    with pytest.raises(BadInput, match="cannot be read"):
        ComfyUI("http://x", str(tmp_path / "no.json")).fingerprint()


def test_the_fingerprint_is_of_the_graph_not_of_the_address(flow: str) -> None:
    here, there = ComfyUI("http://a", flow), ComfyUI("http://b", flow)
    assert here.fingerprint() == there.fingerprint()
    assert here.fingerprint() != ComfyUI("http://a", flow, params={"steps": 1}).fingerprint()


def test_about_tells_versions_and_card(server: Any, flow: str) -> None:
    model = ComfyUI(server.url, flow)
    model.open(measure=False)
    assert model.about() == {"comfyui": "0.3.16", "gpu": "cuda:0 Fake"}
    model.close()


def test_what_is_none_of_its_messages_is_passed_over(server: Any, flow: str) -> None:
    [result] = run(server, flow, ask("chatter"))
    assert result.image is not None, result.error
    assert result.telemetry == {"steps_executed": 3}


def test_the_saved_image_is_taken_before_a_preview(server: Any, flow: str) -> None:
    saved, preview = run(server, flow, ask("a cat"), ask("preview", 6))
    assert saved.image is not None and saved.image.getpixel((0, 0)) == 5
    assert preview.image is not None and preview.image.getpixel((0, 0)) == 77
    assert server.viewed == [
        {"filename": "run-1.png", "subfolder": "s", "type": "output"},
        {"filename": "t.png", "type": "temp"},
    ]


def test_an_image_that_the_server_does_not_give_is_none(server: Any, flow: str) -> None:
    server.odd["status"] = 404
    [result] = run(server, flow, ask("a cat"))
    assert result.error is not None and result.error.kind == "no_image"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ((500, b"<h1>busy</h1>"), "the server refused the workflow: <h1>busy</h1>"),
        ((200, b"[]"), "the server refused the workflow: []"),
        ((200, {"number": 1}), "the server refused the workflow"),
        ((400, {"error": "no prompt", "node_errors": []}), "no prompt"),
        (
            (
                400,
                {"error": {"message": "m"}, "node_errors": {"4": {"errors": [{"message": "n"}]}}},
            ),
            "m; node 4 (?): n",
        ),
    ],
)
def test_a_refusal_of_any_form_is_one_sentence(
    server: Any, flow: str, reply: tuple[int, object], reason: str
) -> None:
    server.odd["/prompt"] = reply
    [result] = run(server, flow, ask("a cat"))
    assert result.error is not None
    assert (result.error.kind, result.error.reason) == ("bad_request", reason)


@pytest.mark.parametrize(
    "stats",
    [
        {},
        {"system": None, "devices": None},
        {"system": [], "devices": {}},
        {"system": {}, "devices": []},
        {"devices": [None]},
        {"devices": [{"vram_total": None, "vram_free": 1}]},
    ],
)
def test_a_server_that_tells_nothing_of_itself_makes_images_too(
    server: Any, flow: str, stats: object
) -> None:
    server.odd["/system_stats"] = stats
    model = ComfyUI(server.url, flow)
    model.open(measure=True)
    assert model.about() == {}
    [result] = model([ask("a cat")])
    model.close()
    assert result.image is not None and "latency_s" in result.telemetry
    assert not {name for name in result.telemetry if name.startswith("vram")}, "unknown is absent"
    assert model.session is None and model.about() == {}


@pytest.mark.parametrize(
    "target", ["127.0.0.1:8188", "localhost", "file:///etc/hostname", "http://[::1"]
)
def test_what_is_no_address_shows_one(flow: str, target: str) -> None:
    with pytest.raises(BadInput) as error:
        ComfyUI(target, flow).open(measure=False)
    assert error.value.hint == "Is ComfyUI running there? comfyui:http://HOST:8188"


def test_an_address_may_end_in_a_slash(server: Any, flow: str) -> None:
    model = ComfyUI(server.url + "/", flow)
    model.open(measure=False)
    [result] = model([ask("a cat")])
    model.close()
    assert result.image is not None


def test_without_the_socket_package_polling_does(
    server: Any, flow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "websockets.sync.client", None)
    monkeypatch.setattr(module, "POLL_S", 0.05)
    [result] = run(server, flow, ask("a cat"), measure=True)
    assert result.image is not None and "first_step_s" not in result.telemetry
    assert result.telemetry["latency_s"] > 0.1


@pytest.mark.parametrize(
    ("kind", "data", "over"),
    [
        ("execution_success", {}, True),
        ("execution_error", {}, True),
        ("execution_interrupted", {}, True),
        ("executing", {"node": None}, True),
        ("executing", {"node": "3"}, False),
        ("progress", {"value": 1}, False),
        ("status", {}, False),
    ],
)
def test_which_messages_end_a_run(kind: str, data: dict[str, Any], over: bool) -> None:
    events = module.Events(0.0)
    assert events.note(kind, data) is over
    assert (events.ended is not None) is over


def test_the_first_step_and_the_first_end_count() -> None:
    events = module.Events(0.0)
    for value in (None, 0):
        events.note("progress", {"value": value})
    assert events.first_step is None and events.steps == 0
    events.note("progress", {"value": 1})
    first = events.first_step
    events.note("progress", {"value": 2})
    events.note("execution_success", {})
    ended = events.ended
    events.note("executing", {"node": None})
    assert (events.first_step, events.ended, events.steps) == (first, ended, 2)
    events.note("execution_cached", {"nodes": [3, "4"]})
    events.note("execution_cached", {"nodes": None})
    assert events.cached == {"3", "4"}


@pytest.mark.parametrize(
    ("run_", "told"),
    [
        ({}, None),
        ({"status": None}, None),
        ({"status": {"status_str": "success", "messages": [["execution_error", {}]]}}, None),
        ({"status": {"status_str": "error"}}, ("failed", "the run failed at the server")),
        (
            {"status": {"status_str": "error", "messages": [["x", {}], ["execution_interrupted", {}]]}},
            ("failed", "the run was interrupted at the server"),
        ),
        (
            {"status": {"status_str": "error", "messages": [["execution_error", {
                "exception_type": "RuntimeError", "exception_message": "CUDA OUT OF MEMORY",
                "node_id": "3", "node_type": "K"}]]}},
            ("out_of_memory", "node 3 (K): CUDA OUT OF MEMORY"),
        ),
        (
            {"status": {"status_str": "error", "messages": [["execution_error", {
                "exception_type": "KeyError", "node_id": "3", "node_type": "K"}]]}},
            ("failed", "node 3 (K): KeyError"),
        ),
    ],
)  # fmt: skip
def test_what_the_history_says_of_a_run(run_: dict[str, Any], told: tuple[str, str] | None) -> None:
    assert module._problem(run_) == told


def test_a_starting_image_is_named_as_left_out(server: Any, flow: str) -> None:
    request = replace(ask("a cat"), init_image=Image.new("RGB", (8, 8)), strength=0.5)
    [result] = run(server, flow, request)
    assert result.image is not None
    assert "init_image" in result.not_applied


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\ufeff"])
def test_a_workflow_that_is_no_json_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "flow.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"flow\.json is not JSON"):
        ComfyUI("http://x", str(path)).fingerprint()


def test_a_workflow_with_a_byte_order_mark_is_the_same(tmp_path: Path, flow: str) -> None:
    marked = tmp_path / "marked.json"
    marked.write_text(json.dumps(GRAPH), "utf-8-sig")
    assert ComfyUI("", str(marked)).fingerprint() == ComfyUI("", flow).fingerprint()
