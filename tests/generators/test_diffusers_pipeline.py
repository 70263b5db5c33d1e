"""Real pipeline classes with random weights: seeds, batches, options, image-to-image, timings."""

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_pipelines
import torch
from iqmetrics.cli.main import run
from PIL import Image

from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.generators.base import Request
from iqmetrics.generators.chain import Chain
from iqmetrics.generators.diffusers_pipeline import Diffusers, arguments, weights_of

KINDS = ("stable_diffusion", "flux", "qwen_image")
STEPS = {"steps": 2}


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return {kind: getattr(tiny_pipelines, kind)(root / kind) for kind in KINDS}


@pytest.fixture(scope="session")
def models(folders: dict[str, Path]) -> dict[str, Diffusers]:
    made = {kind: Diffusers(str(folders[kind]), device="cpu", params=STEPS) for kind in KINDS}
    for model in made.values():
        model.open(measure=False)
    return made


def pixels(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8).astype(int)


def image_of(model: Any, *requests: Request) -> list[bytes]:
    return [r.image.tobytes() if r.image else str(r.error) for r in model(requests)]


def ask(seed: int, prompt: str = "a red cat 红猫", **more: Any) -> Request:
    return Request(f"{prompt}/{seed}", prompt, seed, 64, 64, **more)


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_bytes_alone_or_in_a_batch(models: dict[str, Diffusers], kind: str) -> None:
    model = models[kind]
    [alone] = image_of(model, ask(1))
    together = image_of(model, ask(2, "another, longer prompt"), ask(1), ask(1, "a tree"))
    apart = np.abs(pixels(together[1]) - pixels(alone))
    assert apart.max() <= 1, "the batch may round a sum differently, no more"
    assert image_of(model, ask(1)) == [alone]
    assert np.abs(pixels(together[0]) - pixels(alone)).max() > 1
    assert len(set(together)) == 3
    [result] = model([ask(1)])
    assert result.image is not None and result.image.size == (64, 64)
    assert result.telemetry == {"steps_executed": 2}, "no timings unless measured"
    assert result.applied["num_inference_steps"] == 2 and result.applied["seed"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_to_start_from_and_executed_steps(models: dict[str, Diffusers], kind: str) -> None:
    start = Image.new("RGB", (64, 64), "red")
    [result] = models[kind]([ask(1, init_image=start, strength=0.5)])
    assert result.image is not None, result.error
    assert result.telemetry["steps_executed"] == 1, "half of the two that were asked"
    assert result.image.tobytes() != image_of(models[kind], ask(1))[0]


def test_what_a_pipeline_does_not_take_is_on_record(models: dict[str, Diffusers]) -> None:
    request = ask(1, negative="dog", params={"style": "film", "guidance": 3.0})
    by_kind = {kind: models[kind]([request])[0] for kind in KINDS}
    assert by_kind["stable_diffusion"].not_applied == ("style",)
    assert by_kind["flux"].not_applied == ("style", "negative"), "no true guidance: no negative"
    assert by_kind["qwen_image"].applied["true_cfg_scale"] == 3.0
    assert by_kind["flux"].applied["guidance_scale"] == 3.0
    assert by_kind["stable_diffusion"].applied["negative_prompt"] == "dog"


def test_qwen_is_not_left_unguided_without_a_negative_prompt(models: dict[str, Diffusers]) -> None:
    [blank] = models["qwen_image"]([ask(1)])
    assert blank.applied["negative_prompt"] == " "
    assert image_of(models["qwen_image"], ask(1)) != image_of(
        models["qwen_image"], ask(1, params={"guidance": 1.0})
    )


def test_a_model_option_that_the_pipeline_lacks_is_an_error(folders: dict[str, Path]) -> None:
    model = Diffusers(str(folders["flux"]), device="cpu", params={"guidence": 3})
    with pytest.raises(UnknownName, match="no parameter of FluxPipeline named 'guidence'"):
        model.open(measure=False)


def test_wrong_options_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no offload named 'disk'"):
        Diffusers("x", offload="disk")
    with pytest.raises(BadInput, match="cannot be loaded by diffusers"):
        Diffusers(str(tmp_path)).open(measure=False)
    with pytest.raises(BadInput, match="dtype 'float17' is none of torch"):
        Diffusers(str(tmp_path), dtype="float17").open(measure=False)


def test_measuring_tells_first_step_step_decoding_and_whole(folders: dict[str, Path]) -> None:
    model = Diffusers(str(folders["stable_diffusion"]), device="cpu", params={"steps": 3})
    model.open(measure=True)
    [result] = model([ask(1)])
    seen = result.telemetry
    assert seen["steps_executed"] == 3
    parts = seen["first_step_s"] + 2 * seen["step_s"] + seen["decode_s"]
    assert parts == pytest.approx(seen["latency_s"], rel=1e-6)
    assert not [key for key in seen if key.startswith("vram")], "no GPU: unknown, so blank"
    assert model.about()["pipeline"] == "StableDiffusionPipeline"
    model.close()
    assert model.pipes is None


def test_one_bad_request_fails_alone(models: dict[str, Diffusers]) -> None:
    bad = Request("bad", "a cat", 1, 63, 64)
    results = models["stable_diffusion"]([ask(1), bad, ask(2)])
    assert [r.image is not None for r in results] == [True, False, True]
    assert results[1].error is not None and "divisible" in results[1].error.reason


def test_out_of_memory_halves_the_batch_and_is_typed(
    models: dict[str, Diffusers], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Diffusers._call

    def greedy(self: Diffusers, requests: Any) -> Any:
        if len(requests) > 1 or requests[0].seed == 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nmore")
        return call(self, requests)

    monkeypatch.setattr(Diffusers, "_call", greedy)
    fine, failed = models["stable_diffusion"]([ask(1), ask(2)])
    assert fine.image is not None
    assert failed.error is not None and failed.error.kind == "out_of_memory"
    assert failed.error.reason.endswith("2 GiB")


def test_an_image_blanked_by_the_safety_checker_is_a_refusal(models: dict[str, Diffusers]) -> None:
    pipe = models["stable_diffusion"].pipes.text
    check = pipe.run_safety_checker
    pipe.run_safety_checker = lambda image, *a: (image, [True] * len(image))
    try:
        [result] = models["stable_diffusion"]([ask(1)])
    finally:
        pipe.run_safety_checker = check
    assert result.error is not None and result.error.kind == "refused"


def test_base_and_refiner_are_one_model(
    models: dict[str, Diffusers], folders: dict[str, Path]
) -> None:
    refiner = Diffusers(str(folders["flux"]), device="cpu", params={"steps": 4, "strength": 0.5})
    chain = Chain((models["qwen_image"], refiner))
    chain.open(measure=True)
    [result] = chain([ask(1)])
    assert result.image is not None, result.error
    assert result.telemetry["stage1.steps_executed"] == 2
    assert result.telemetry["stage2.steps_executed"] == 2
    whole = result.telemetry["stage1.latency_s"] + result.telemetry["stage2.latency_s"]
    assert result.telemetry["latency_s"] == pytest.approx(whole)
    assert result.telemetry["first_step_s"] == result.telemetry["stage1.first_step_s"]
    assert image_of(chain, ask(1)) == [result.image.tobytes()]
    models["qwen_image"].open(measure=False)


def test_measured_from_the_command_line_to_the_scorecard(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    suite = tmp_path / "s.suite.toml"
    suite.write_text(
        'sizes = [[64, 64]]\nseeds = [1, 2]\nparams = { steps = 4 }\n[[prompt]]\nid = "cat"\n'
        'text = "a red cat"\n'
    )
    base, refiner = folders["stable_diffusion"], folders["flux"]
    spec = f"hybrid=diffusers:{base}#device=cpu >> diffusers:{refiner}#device=cpu,strength=0.5"
    outs = [tmp_path / "one", tmp_path / "two"]
    for out in outs:
        args = ["generate", str(suite), "--model", spec, "--out", str(out), "--measure", "--quiet"]
        assert run([*args]) == 0
    one, two = ({p.name: p.read_bytes() for p in out.rglob("*.png")} for out in outs)
    assert one == two and len(one) == 2 and one["1.png"] != one["2.png"]
    rows = [json.loads(line) for line in (outs[0] / "manifest.jsonl").read_text().splitlines()]
    assert [r["telemetry"]["stage2.steps_executed"] for r in rows] == [2, 2]
    about = json.loads((outs[0] / "generate.json").read_text())["hybrid"]["about"]
    assert about["stage2"]["pipeline"] == "FluxPipeline"
    assert run(["score", str(outs[0]), "--scorer", "run", "--quiet"]) == 0
    card = json.loads((outs[0] / "iqm" / "scorecard.json").read_text())
    means = {row["metric"]: row["mean"] for row in card["rows"]}
    seconds = [r["telemetry"]["latency_s"] for r in rows]
    assert means["run.latency_s"] == pytest.approx(sum(seconds) / 2)
    assert means["run.vram_device_max_gb"] is None, "no GPU: no figure"


def test_weights_are_told_apart_by_content_not_by_name(tmp_path: Path) -> None:
    for name, byte in (("a", b"x"), ("b", b"x"), ("c", b"y")):
        (tmp_path / name).mkdir()
        data = bytearray(b"x" * (3 << 20))
        data[1 << 20 : 2 << 20] = byte * (1 << 20)
        (tmp_path / name / "w.safetensors").write_bytes(data)
        (tmp_path / name / "config.json").write_text("{}")
    same, twin, other = (weights_of(str(tmp_path / name)) for name in "abc")
    assert same == twin != other
    assert weights_of("Org/model") == "Org/model"


def test_arguments_follow_the_signature() -> None:
    class Pipe:
        def __call__(self, prompt=None, num_inference_steps=1, height=None, true_cfg_scale=1.0):  # type: ignore
            ...

    request = Request("a", "p", 3, 64, 32, "dog", {"steps": 9, "guidance": 2.0, "eta": 0.1})
    call, applied, left_out = arguments(Pipe(), request, {"steps": 4})
    assert call == applied == {"height": 32, "num_inference_steps": 4, "true_cfg_scale": 2.0}
    assert left_out == ("negative", "width", "eta")
    assert "seed" not in inspect.signature(Pipe().__call__).parameters
