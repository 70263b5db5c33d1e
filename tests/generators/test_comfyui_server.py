"""A workflow on a server that speaks ComfyUI's protocol over real sockets."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import loopback
import pytest

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
        ("nothing", "no_image", "the workflow saved no image"),
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
    assert server.other == ["/interrupt"]


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
