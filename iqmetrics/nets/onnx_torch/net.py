"""A net read from an ONNX file, on a torch device."""

import logging
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iqmetrics.nets.onnx_torch import shapes
from iqmetrics.nets.onnx_torch.blocks import with_blocks
from iqmetrics.nets.onnx_torch.fetch import fetched
from iqmetrics.nets.onnx_torch.firsts import with_firsts
from iqmetrics.nets.onnx_torch.fuse import fused
from iqmetrics.nets.onnx_torch.graph import Node, read
from iqmetrics.nets.onnx_torch.lower import lowered
from iqmetrics.nets.onnx_torch.operators import OPERATORS
from iqmetrics.nets.onnx_torch.precision import exact
from iqmetrics.nets.trial import works

ELEMENTWISE = ("Add", "Clip", "Div", "Mul", "Pow", "Sub")
"""Operators whose constants of one element are better plain numbers than tensors."""
SETTINGS = ("Pad", "Resize")
"""Operators whose constants are settings that torch wants in main memory."""
MOST_REPLAYS = 48
"""Shapes for which a recording is kept."""

log = logging.getLogger(__name__)

Prepare = Callable[[Tensor], Tensor]
Reduce = Callable[[tuple[Tensor, ...], slice], tuple[Tensor, ...]]
Likely = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]
"""Of a window a detector's likely anchors, in order, their numbers and their logits (k x 1)."""

LOCK = RLock()
"""One forward at a time in this process: threads share torch's settings and the recordings."""


def place(device: str) -> torch.device:
    """The torch device for the name of a device."""
    return torch.device(device)


class TorchNet:
    """One net with one input, ready to run.

    Args:
        path: an ONNX file whose operators are all in `operators.OPERATORS`.
        device: "cuda" or "cpu".
        half: compute in float16, with sums in float32, but for the operators that make the answers
            of what was computed and places in a picture (see `precision`).
        prepare: turns what `run` is given, already on the device, into the net's input.
        replay: on a GPU, record the forward of each shape of input that comes a second time, and
            replay it, which spares the CPU some hundred launches a forward.

    Raises:
        NotImplementedError: the file holds an operator that is not known here.
        Unavailable: the package onnx is not installed.
    """

    def __init__(
        self,
        path: Path,
        device: str,
        half: bool = False,
        prepare: Prepare | None = None,
        replay: bool = True,
    ) -> None:
        self.device = place(device)
        self.kind = torch.float16 if half else torch.float32
        self.prepare: Prepare = prepare or (lambda x: x)
        graph = with_firsts(with_blocks(fused(lowered(read(path)))))
        (self.input,) = graph.inputs
        self.outputs = graph.outputs
        self._nodes = graph.nodes
        self._exact = exact(graph) if half else frozenset()
        for node in self._nodes:
            if node.kind not in OPERATORS and node.kind not in shapes.OPERATORS:
                raise NotImplementedError(f"operator {node.kind} in {path.name}")
        self._constants: dict[str, Any] = {
            name: self._constant(value, graph.readers.get(name, []), self.kind)
            for name, value in graph.constants.items()
        }
        self._wide = {
            name: self._constant(graph.constants[name], graph.readers[name], torch.float32)
            for node in self._nodes
            if node.output in self._exact
            for name in node.inputs
            if name in graph.constants
        }
        self._last_use = _last_use(self._nodes, self.outputs)
        self._table: Mapping[str, Any] = _operators(self.device)
        self._replay = replay and self.device.type == "cuda"
        self._seen: set[Any] = set()
        self._recorded: dict[Any, tuple[Tensor, torch.cuda.CUDAGraph, tuple[Tensor, ...]]] = {}
        self._memory = torch.cuda.graph_pool_handle() if self._replay else None

    def _constant(self, value: NDArray[Any], readers: list[Node], kind: torch.dtype) -> Any:
        if value.dtype != np.float32 or any(n.kind in SETTINGS for n in readers):
            return value
        if value.size == 1 and all(n.kind in ELEMENTWISE for n in readers):
            return value.item()
        tensor = torch.from_numpy(np.array(value)).to(self.device, kind)
        return tensor.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else tensor

    def forward(self, batch: Tensor) -> tuple[Tensor, ...]:
        """All outputs, float32 on the device, for a batch on the device. Nothing waits."""
        held: dict[str, Any] = {self.input: self.prepare(batch).to(self.kind)}
        for node, done in zip(self._nodes, self._last_use, strict=True):
            kind, known = self.kind, self._constants
            if node.output in self._exact:
                kind, known = torch.float32, self._wide
            values = [
                None if not n else _of(held[n], kind) if n in held else known[n]
                for n in node.inputs
            ]
            on_host = all(not isinstance(v, Tensor) for v in values)
            table: Mapping[str, Any] = shapes.OPERATORS if on_host else self._table
            held[node.output] = _of(table[node.kind](values, node.attributes), kind)
            for name in done:
                del held[name]
        return tuple(held[name].float() for name in self.outputs)

    @torch.inference_mode()
    def __call__(self, batch: Tensor) -> tuple[Tensor, ...]:
        """All outputs, float32 on the device, for a batch on the device.

        Where a recording is replayed, the answer lasts until the next call of the same shape: hold
        `LOCK` until it is used up.
        """
        with (
            LOCK,
            torch.backends.cudnn.flags(
                enabled=True, benchmark=False, deterministic=True, allow_tf32=False
            ),
        ):
            if not self._replay:
                return self.forward(batch)
            key = (tuple(batch.shape), batch.dtype)
            if key not in self._recorded:
                if key not in self._seen or len(self._recorded) >= MOST_REPLAYS:
                    self._seen.add(key)
                    return self.forward(batch)
                try:
                    self._recorded[key] = self._record(batch)
                except RuntimeError as error:
                    log.warning("forwards are not recorded on this GPU (only slower): %s", error)
                    self._replay = False
                    return self.forward(batch)
            entry, graph, answer = self._recorded[key]
            entry.copy_(batch)
            graph.replay()
            return answer

    def _record(self, batch: Tensor) -> tuple[Tensor, torch.cuda.CUDAGraph, tuple[Tensor, ...]]:
        """What is replayed: the input, the recording, the answer; tried once.

        `torch.cuda.graph` would give back all pinned memory that is not in use, each time, and the
        pictures that come next would have to pin it again.
        """
        entry = batch.clone()
        side = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(side):
            for _ in range(2):
                wanted = self.forward(entry)
        torch.cuda.current_stream(self.device).wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize(self.device)
        torch.cuda.empty_cache()  # the GPU's: room for what the recording keeps
        with torch.cuda.stream(side):
            graph.capture_begin(self._memory, "thread_local")
            try:
                answer = self.forward(entry)
            finally:
                graph.capture_end()
        graph.replay()
        for a, b in zip(answer, wanted, strict=True):
            if not torch.allclose(a, b, rtol=1e-2, atol=1e-3, equal_nan=True):
                raise RuntimeError("a replayed forward answers otherwise")
        return entry, graph, answer

    @torch.inference_mode()
    def there(
        self,
        batch: NDArray[Any] | Tensor,
        step: int,
        reduce: Reduce = lambda answer, rows: answer,
    ) -> tuple[Tensor, ...]:
        """Outputs on the device for a batch, `step` rows at a time.

        Args:
            batch: n rows of what `prepare` takes, in main memory or on the device.
            step: rows a forward.
            reduce: makes smaller answers of a forward's, on the device; it is also told which rows.

        Every forward sees exactly `step` rows (the last are filled up with zeros), so that a row's
        answer cannot depend on how many come together.
        """
        parts = []
        for first in range(0, max(len(batch), 1), step):
            part = batch[first : first + step]
            if not isinstance(part, Tensor):
                part = torch.from_numpy(np.ascontiguousarray(part))
            rows = part
            if len(rows) < step or rows.device != self.device:
                entry = torch.zeros((step, *rows.shape[1:]), dtype=rows.dtype, device=self.device)
                entry[: len(rows)].copy_(rows, non_blocking=True)
            else:
                entry = rows
            with LOCK:
                answer = tuple(t[: len(rows)] for t in self(entry))
                here = slice(first, first + len(rows))
                parts.append(tuple(t.clone() for t in reduce(answer, here)))
        return tuple(torch.cat(part) for part in zip(*parts, strict=True))

    def run(
        self,
        batch: NDArray[Any] | Tensor,
        step: int,
        reduce: Reduce = lambda answer, rows: answer,
    ) -> list[NDArray[Any]]:
        """The same in main memory."""
        return fetched(self.there(batch, step, reduce))

    @torch.inference_mode()
    def likely(self, batch: NDArray[Any] | Tensor, step: int, least: float) -> list[Likely]:
        """Of a detector's answers (numbers, logits; n x anchors x any) those of a logit >= `least`.

        Only these come to main memory, an answer a row.
        """
        numbers, logits = self.there(batch, step)
        row, anchor = (logits[..., 0] >= least).nonzero(as_tuple=True)
        found = (row, anchor, numbers[row, anchor], logits[row, anchor])
        rows, anchors, kept, sure = fetched(found)
        ends = np.searchsorted(rows, np.arange(len(batch) + 1))
        return [(anchors[a:b], kept[a:b], sure[a:b]) for a, b in pairwise(ends.tolist())]


@cache
def _operators(device: torch.device) -> Mapping[str, Any]:
    """The operators that are faster on a GPU, if they are there and answer alike."""
    if device.type != "cuda":
        return OPERATORS

    def near() -> bool:
        from iqmetrics.nets.onnx_torch import fast

        return fast.tried(device)

    if not works(near, "faster operators are not used on this GPU"):
        return OPERATORS
    from iqmetrics.nets.onnx_torch import fast

    return fast.OPERATORS


def _of(value: Any, kind: torch.dtype) -> Any:
    """A value in that kind of number; what is no tensor of such numbers as it is."""
    return value.to(kind) if isinstance(value, Tensor) and value.is_floating_point() else value


def _last_use(nodes: tuple[Node, ...], outputs: tuple[str, ...]) -> list[list[str]]:
    """For each operator the values that nothing later reads: their memory can be used again."""
    later = set(outputs)
    made = {node.output for node in nodes}
    done: list[list[str]] = []
    for node in reversed(nodes):
        done.append([n for n in dict.fromkeys((*node.inputs, node.output)) if n not in later])
        later.update(node.inputs)
    return [[n for n in names if n in made] for names in reversed(done)]
