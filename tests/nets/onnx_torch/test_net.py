"""The executor against onnxruntime on every graph that is used, and batch after batch."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import onnx
import pytest
from nets.onnx_nets import ALL, batch_of, path_of, shapes_of

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

import onnxruntime
import torch

from iqmetrics.nets.onnx_torch import net as onnx_net
from iqmetrics.nets.onnx_torch.net import TorchNet
from iqmetrics.nets.onnx_torch.pixels import Range

TOLERANCE = {"face_short": 1e-3, "face_full": 1e-3, "face_mesh": 1e-3, "hand_palm": 1e-3}
"""In each output's own unit (pixels of the crop, logits): float32 sums in another order. Else 1e-4."""


def onnxruntime_answers(name, batch):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.log_severity_level = 3
    path = str(path_of(name))
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: batch})


@pytest.mark.parametrize("name", ALL)
def test_every_net_answers_as_onnxruntime(name):
    net = TorchNet(path_of(name), "cpu")
    for shape in shapes_of(name):
        batch = batch_of(shape)
        wanted = onnxruntime_answers(name, batch)
        found = net(torch.from_numpy(batch))
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            assert a.shape == b.shape and a.dtype == torch.float32
            np.testing.assert_allclose(a.numpy(), b, atol=TOLERANCE.get(name, 1e-4), rtol=1e-4)


@pytest.mark.parametrize("name", ["hand_landmark", "recogniser"])
def test_half_precision_stays_close(name):
    batch = batch_of(shapes_of(name)[0])
    wanted = onnxruntime_answers(name, batch)
    for a, b in zip(
        TorchNet(path_of(name), "cpu", half=True)(torch.from_numpy(batch)), wanted, strict=True
    ):
        assert a.dtype == torch.float32
        assert np.abs(a.numpy() - b).max() <= 0.02 * max(1.0, np.abs(b).max())


def test_a_row_does_not_depend_on_how_many_come_together():
    net = TorchNet(path_of("face_short"), "cpu")
    batch = batch_of((5, 128, 128, 3))
    together = net.run(batch, 3)
    for i in range(5):
        for a, b in zip(net.run(batch[i : i + 1], 3), together, strict=True):
            assert np.array_equal(a[0], b[i])


def test_an_empty_batch_gives_empty_answers():
    points, flag, deep = TorchNet(path_of("face_mesh"), "cpu").run(batch_of((0, 192, 192, 3)), 4)
    assert points.shape == (0, 478, 3) and flag.shape == (0, 1) and deep.shape == (0, 31232)


def test_what_comes_back_can_be_made_smaller_first():
    net = TorchNet(path_of("face_short"), "cpu")
    batch = batch_of((5, 128, 128, 3))
    (largest,) = net.run(batch, 2, lambda answer, rows: (answer[0].amax(1),))
    assert np.array_equal(largest, net.run(batch, 2)[0].max(1))


def test_threads_do_not_mix_their_answers_up():
    net = TorchNet(path_of("face_short"), "cpu")
    batches = [batch_of((2, 128, 128, 3), seed) for seed in range(6)]
    wanted = [net.run(b, 2)[0] for b in batches]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda b: net.run(b, 2)[0], batches))
    assert all(map(np.array_equal, found, wanted))


def test_a_forward_leaves_torchs_settings_as_they_were():
    before = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic
    TorchNet(path_of("face_short"), "cpu")(torch.from_numpy(batch_of((1, 128, 128, 3))))
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic) == before


def test_bytes_are_brought_to_the_nets_range_on_the_device():
    pixels = np.random.default_rng(1).integers(0, 256, (2, 128, 128, 3)).astype(np.uint8)
    net = TorchNet(path_of("face_short"), "cpu", prepare=Range(255.0).on_device)
    for a, b in zip(
        net.run(pixels, 2), net.run(pixels.astype(np.float32) / np.float32(255), 2), strict=True
    ):
        assert np.array_equal(a, b)


def test_an_unknown_operator_is_named(tmp_path):
    value = onnx.helper.make_tensor_value_info("x", 1, [1])
    out = onnx.helper.make_tensor_value_info("y", 1, [1])
    node = onnx.helper.make_node("Cos", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "g", [value], [out])
    path = tmp_path / "cos.onnx"
    path.write_bytes(onnx.helper.make_model(graph).SerializeToString())
    with pytest.raises(NotImplementedError, match=r"Cos in cos\.onnx"):
        TorchNet(path, "cpu")


def test_values_are_dropped_after_their_last_reader():
    net = TorchNet(path_of("face_mesh"), "cpu")
    dropped = [name for names in net._last_use for name in names]
    assert len(dropped) == len(set(dropped))
    made = {node.output for node in net._nodes}
    assert set(dropped) == made - set(net.outputs)
    for at, node in enumerate(net._nodes):
        assert not {n for names in net._last_use[:at] for n in names} & set(node.inputs)


@pytest.mark.parametrize("name", ALL)
def test_a_forward_never_waits_for_the_gpu(name, monkeypatch):
    """On the device "meta" there are no numbers: whoever wants to see one in main memory fails."""
    monkeypatch.setattr(onnx_net, "place", torch.device)
    net = TorchNet(path_of(name), "meta")
    for shape in shapes_of(name):
        answers = net.forward(torch.zeros(shape, device="meta"))
        assert {a.device.type for a in answers} == {"meta"} and answers[0].shape[0] == shape[0]


def test_where_forwards_cannot_be_recorded_they_run_one_by_one(monkeypatch, caplog):
    net = TorchNet(path_of("face_short"), "cpu")

    def refuse(batch):
        raise RuntimeError("no recorder here")

    monkeypatch.setattr(net, "_replay", True)
    monkeypatch.setattr(net, "_record", refuse)
    batch = torch.from_numpy(batch_of((1, 128, 128, 3)))
    first, second, third = (net(batch) for _ in range(3))
    assert torch.equal(first[0], second[0]) and torch.equal(first[0], third[0])
    assert caplog.text.count("no recorder here") == 1 and not net._replay


def test_a_shape_is_recorded_when_it_comes_again(monkeypatch):
    net = TorchNet(path_of("face_short"), "cpu")
    batch = torch.from_numpy(batch_of((1, 128, 128, 3)))
    wanted = net(batch)
    recorded = []

    class Graph:
        def replay(self):
            recorded.append("replayed")

    def record(entry):
        recorded.append("recorded")
        return entry.clone(), Graph(), wanted

    monkeypatch.setattr(net, "_replay", True)
    monkeypatch.setattr(net, "_record", record)
    answers = [net(batch) for _ in range(3)]
    assert recorded == ["recorded", "replayed", "replayed"]
    assert all(torch.equal(a[0], wanted[0]) for a in answers)


class Recorder:
    """Torch's recorder without a GPU; it notes what is asked of it, in order."""

    asked: ClassVar[list[str]] = []

    def capture_begin(self, pool, mode):
        self.asked.append(f"begin {pool} {mode}")

    def capture_end(self):
        self.asked.append("end")

    def replay(self):
        self.asked.append("replay")


@pytest.fixture
def without_a_gpu(monkeypatch):
    """Torch's streams, memory and recorder as far as a recording needs them."""
    monkeypatch.setattr(Recorder, "asked", [])
    asked = Recorder.asked
    stream = SimpleNamespace(wait_stream=lambda other: None)
    fakes = {
        "Stream": lambda device: stream,
        "current_stream": lambda device: stream,
        "stream": lambda one: nullcontext(),
        "synchronize": lambda device: asked.append("wait"),
        "empty_cache": lambda: asked.append("room"),
        "CUDAGraph": Recorder,
    }
    for name, fake in fakes.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    monkeypatch.setattr(
        torch._C, "_host_emptyCache", lambda: asked.append("unpinned"), raising=False
    )
    return asked


def test_a_recording_leaves_pinned_memory_alone(monkeypatch, without_a_gpu):
    net = TorchNet(path_of("face_short"), "cpu")
    batch = torch.from_numpy(batch_of((1, 128, 128, 3)))
    wanted = net(batch)
    forward = net.forward
    monkeypatch.setattr(net, "_memory", "pool")
    monkeypatch.setattr(
        net, "forward", lambda entry: without_a_gpu.append("forward") or forward(entry)
    )
    entry, graph, answer = net._record(batch)
    assert torch.equal(entry, batch) and isinstance(graph, Recorder)
    assert all(torch.equal(a, b) for a, b in zip(answer, wanted, strict=True))
    begin = "begin pool thread_local"
    steps = ["forward", "forward", "wait", "room", begin, "forward", "end", "replay"]
    assert without_a_gpu == steps


def test_a_recording_that_fails_is_ended(monkeypatch, without_a_gpu):
    net = TorchNet(path_of("face_short"), "cpu")
    batch = torch.from_numpy(batch_of((1, 128, 128, 3)))
    forward = net.forward

    def refuses(entry):
        if any(step.startswith("begin") for step in without_a_gpu):
            raise RuntimeError("not while recording")
        return forward(entry)

    monkeypatch.setattr(net, "forward", refuses)
    with pytest.raises(RuntimeError, match="not while recording"):
        net._record(batch)
    assert without_a_gpu[-1] == "end"


@pytest.mark.gpu
@pytest.mark.parametrize("replay", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_the_gpu_answers_as_onnxruntime(name, replay):
    net = TorchNet(path_of(name), "cuda", replay=replay)
    for shape in shapes_of(name):
        for seed in (0, 1):
            batch = batch_of(shape, seed)
            wanted = onnxruntime_answers(name, batch)
            for a, b in zip(net.run(batch, len(batch)), wanted, strict=True):
                np.testing.assert_allclose(a, b, atol=5e-3, rtol=1e-3)


def test_devices_are_torchs():
    assert onnx_net.place("cpu") == torch.device("cpu")
    assert onnx_net.place("cuda").type == "cuda"


def test_of_a_detector_only_likely_anchors_come_back():
    net = TorchNet(path_of("face_short"), "cpu")
    batch = batch_of((5, 128, 128, 3))
    numbers, logits = net.run(batch, 2)
    least = float(np.quantile(logits, 0.99))
    found = net.likely(batch, 2, least)
    assert len(found) == 5 and 0 < sum(len(anchors) for anchors, *_ in found) < logits.size / 50
    for (anchors, kept, sure), all_numbers, all_logits in zip(found, numbers, logits, strict=True):
        assert np.array_equal(anchors, np.flatnonzero(all_logits[:, 0] >= least))
        assert np.array_equal(kept, all_numbers[anchors])
        assert np.array_equal(sure, all_logits[anchors])


@pytest.mark.parametrize("wrong", [lambda v, a: v[0] * 0, lambda v, a: 1 / 0])
def test_faster_operators_that_answer_otherwise_are_not_taken(wrong, monkeypatch, caplog):
    fast = pytest.importorskip("iqmetrics.nets.onnx_torch.fast")
    gpu, some = torch.device("cuda", 7), list(fast.trials(torch.device("cpu")))
    conv = fast.operators.OPERATORS["Conv"]
    monkeypatch.setattr(fast, "trials", lambda device: some)
    monkeypatch.setattr(fast, "OPERATORS", {**fast.operators.OPERATORS, "Conv": wrong})
    onnx_net._operators.cache_clear()
    assert onnx_net._operators(gpu) is onnx_net.OPERATORS
    assert "faster operators are not used" in caplog.text
    monkeypatch.setattr(fast, "OPERATORS", {**fast.operators.OPERATORS, "Conv": conv})
    onnx_net._operators.cache_clear()
    assert onnx_net._operators(gpu) is fast.OPERATORS
    onnx_net._operators.cache_clear()
