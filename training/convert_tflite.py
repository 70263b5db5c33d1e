"""Turns a tflite file into an ONNX file with the same outputs, so that onnxruntime alone runs it.

    python training/convert_tflite.py face_landmark.tflite mesh.onnx --half

Covers the operators of the MediaPipe face, iris, palm and hand files (convolutions, pooling, PReLU,
resizing, sparse and half-precision constants ...); an operator it does not know is an error.
Activations of rank 4 are kept channels-first inside; inputs and outputs keep tflite's own layout
(batch, height, width, channels) with a free batch size. Needs `numpy onnx tflite` (pip).
With `--half` constants are stored as float16 and cast up on load: exact where the tflite file
stored float16 itself, otherwise rounded to 11 bits.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tflite
from flatbuffers import flexbuffers
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]

OPCODES = {v: k for k, v in vars(tflite.BuiltinOperator).items() if not k.startswith("_")}
ACTIVATIONS = {v: k for k, v in vars(tflite.ActivationFunctionType).items() if k[0] != "_"}
DTYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
    tflite.TensorType.UINT8: np.uint8,
    tflite.TensorType.INT8: np.int8,
}
TO_FIRST, TO_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
HALF_FROM = 64
"""Constants with fewer numbers than this stay float32 under `half`."""


def convert(data: bytes, half: bool = False, split_prelu: bool = True) -> onnx.ModelProto:
    """The ONNX model of a tflite file's bytes.

    Args:
        data: Content of the tflite file.
        half: Store float constants as float16 (each followed by a Cast to float32).
        split_prelu: Write PReLU as relu(x) - slope * relu(-x), which onnxruntime runs faster on
            CPU; the same numbers.

    Raises:
        NotImplementedError: an operator or option that is not covered, by name.
    """
    return _Converter(data, half, split_prelu).run()


def cropped_points(data: bytes) -> list[list[int]]:
    """The mesh points around which each crop of an attention mesh is placed, in file order.

    The crop's own net answers where these same points are, in this order.
    """
    walk = _Converter(data, False, True)
    ops = [walk.graph.Operators(i) for i in range(walk.graph.OperatorsLength())]
    crops = [op for op in ops if walk.kind(op) == "Landmarks2TransformMatrix"]
    return [list(walk.flex(op)["subset_idxs"]) for op in crops]


def densify(tensor: Any, values: Array) -> Array:
    """The dense array of a sparse tflite tensor (block-CSR, any traversal order).

    Source: `SparsityParameters` in tflite's schema.fbs. The stored numbers run in traversal order
    over the outer dimensions, then the dimensions inside a block.
    """
    sparsity = tensor.Sparsity()
    shape = [int(n) for n in tensor.ShapeAsNumpy()]
    order = [int(n) for n in sparsity.TraversalOrderAsNumpy()]
    blocks = [] if sparsity.BlockMapIsNone() else [int(n) for n in sparsity.BlockMapAsNumpy()]
    dims = [sparsity.DimMetadata(i) for i in range(sparsity.DimMetadataLength())]
    block_size = dict.fromkeys(range(len(shape)), 1)
    for i, target in enumerate(blocks):
        block_size[target] = dims[len(shape) + i].DenseSize()
    position = np.zeros((1, 0), np.int64)
    rows = np.zeros(1, np.int64)
    for dim in dims:
        if dim.Format() == tflite.DimensionType.DENSE:
            size = dim.DenseSize()
            position = np.hstack(
                [np.repeat(position, size, 0), np.tile(np.arange(size), len(rows))[:, None]]
            )
            rows = (rows[:, None] * size + np.arange(size)).ravel()
        else:
            starts, columns = _index(dim, "ArraySegments"), _index(dim, "ArrayIndices")
            counts = starts[rows + 1] - starts[rows]
            picked = np.concatenate([np.arange(starts[r], starts[r + 1]) for r in rows])
            position = np.hstack([np.repeat(position, counts, 0), columns[picked][:, None]])
            rows = picked
    where = np.zeros((len(rows), len(shape)), np.int64)
    for column, dim_id in enumerate(order):
        target = dim_id if dim_id < len(shape) else blocks[dim_id - len(shape)]
        scale = block_size[target] if dim_id < len(shape) else 1
        where[:, target] += position[:, column] * scale
    dense = np.zeros(shape, values.dtype)
    dense[tuple(where.T)] = values.ravel()[rows]
    return dense


def _index(dim: Any, which: str) -> Array:
    kinds = {
        tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
        tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
        tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
    }
    vector = kinds[getattr(dim, which + "Type")()]()
    table = getattr(dim, which)()
    vector.Init(table.Bytes, table.Pos)
    return np.asarray(vector.ValuesAsNumpy(), np.int64)


class _Converter:
    """Walks the operators in order; `names` maps a tflite tensor to its ONNX name."""

    def __init__(self, data: bytes, half: bool, split_prelu: bool) -> None:
        self.model = tflite.Model.GetRootAs(data, 0)
        if self.model.SubgraphsLength() != 1:
            raise NotImplementedError("only files with one subgraph")
        self.graph = self.model.Subgraphs(0)
        self.half, self.split_prelu = half, split_prelu
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self.constants: dict[int, Array] = {}
        self.names: dict[int, str] = {}
        self.fresh = 0

    def run(self) -> onnx.ModelProto:
        inputs = [self._input(int(i)) for i in self.graph.InputsAsNumpy()]
        for i in range(self.graph.OperatorsLength()):
            op = self.graph.Operators(i)
            name = self.kind(op)
            handler: Callable[[Any], None] | None = getattr(self, f"_op_{name.lower()}", None)
            if handler is None:
                raise NotImplementedError(f"tflite operator {name}")
            handler(op)
        outputs = [self._output(int(i)) for i in self.graph.OutputsAsNumpy()]
        graph = helper.make_graph(
            self.nodes, "converted", inputs, outputs, list(self.initializers.values())
        )
        opset = helper.make_opsetid("", 17)
        model = helper.make_model(
            graph, opset_imports=[opset], ir_version=8, producer_name="convert_tflite"
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def kind(self, op: Any) -> str:
        """Name of an operator, a custom one's own."""
        code = self.model.OperatorCodes(op.OpcodeIndex())
        name = OPCODES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        return str(code.CustomCode().decode()) if name == "CUSTOM" else name

    # -- tensors ------------------------------------------------------------------------------

    def _shape(self, i: int) -> list[int]:
        tensor = self.graph.Tensors(i)
        return [] if tensor.ShapeLength() == 0 else [int(n) for n in tensor.ShapeAsNumpy()]

    def _name(self, i: int) -> str:
        return str(self.graph.Tensors(i).Name().decode())

    def _input(self, i: int) -> onnx.ValueInfoProto:
        shape, name = self._shape(i), self._name(i)
        first = self._emit("Transpose", [name], perm=TO_FIRST) if len(shape) == 4 else name
        self.names[i] = first
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape[1:]])

    def _output(self, i: int) -> onnx.ValueInfoProto:
        name = self._name(i)
        self._emit("Identity", [self._last(i)], output=name)
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *self._shape(i)[1:]])

    def _last(self, i: int) -> str:
        """The ONNX name of a tensor in tflite's own layout (channels last)."""
        rank4 = len(self._shape(i)) == 4
        return self._emit("Transpose", [self.names[i]], perm=TO_LAST) if rank4 else self.names[i]

    def _constant(self, i: int) -> Array | None:
        """The numbers of a constant tensor in tflite's layout; None for an activation."""
        if i not in self.constants:
            tensor = self.graph.Tensors(i)
            raw = self.model.Buffers(tensor.Buffer()).DataAsNumpy()
            if isinstance(raw, int) or raw is None or len(raw) == 0:
                return None
            values = np.frombuffer(raw.tobytes(), DTYPES[tensor.Type()])
            if tensor.Sparsity() is not None:
                self.constants[i] = densify(tensor, values)
            else:
                self.constants[i] = values.reshape(self._shape(i))
        return self.constants[i]

    def _known(self, i: int) -> Array:
        values = self._constant(i)
        if values is None:
            raise NotImplementedError(f"{self._name(i)} must be a constant")
        return values

    def _store(self, values: Array) -> str:
        self.fresh += 1
        name = f"c{self.fresh}"
        if values.dtype == np.float32 and self.half and values.size >= HALF_FROM:
            self.initializers[name] = numpy_helper.from_array(values.astype(np.float16), name)
            return self._emit("Cast", [name], to=TensorProto.FLOAT)
        self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def _emit(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        self.fresh += 1
        output = output or f"t{self.fresh}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _done(self, op: Any, value: str, activation: int = 0) -> None:
        kind = ACTIVATIONS[activation]
        if kind == "RELU":
            value = self._emit("Relu", [value])
        elif kind == "RELU6":
            value = self._emit(
                "Clip", [value, self._store(np.float32(0)), self._store(np.float32(6))]
            )
        elif kind != "NONE":
            raise NotImplementedError(f"fused activation {kind}")
        self.names[op.Outputs(0)] = value

    def _operand(self, i: int, rank: int) -> str:
        """An operand of an elementwise operator; a constant is laid out to broadcast."""
        values = self._constant(i)
        if values is None:
            return self.names[i]
        values = values.astype(np.float32)
        if rank == 4 and values.ndim:
            values = values.reshape([1] * (4 - values.ndim) + list(values.shape))
            values = values.transpose(TO_FIRST)
        return self._store(values)

    def _options(self, op: Any, kind: type) -> Any:
        options, table = kind(), op.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    # -- operators ----------------------------------------------------------------------------

    def _op_dequantize(self, op: Any) -> None:
        values = self._known(op.Inputs(0))
        if values.dtype not in (np.float16, np.float32):
            raise NotImplementedError(f"dequantize from {values.dtype}")
        self.constants[op.Outputs(0)] = values.astype(np.float32)

    def _op_densify(self, op: Any) -> None:
        self.constants[op.Outputs(0)] = self._known(op.Inputs(0))

    def _window(
        self, op: Any, o: Any, kernel: tuple[int, int], dilation: tuple[int, int]
    ) -> list[int]:
        """ONNX pads [top, left, bottom, right] of a sliding window."""
        if o.Padding() == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        size = self._shape(op.Inputs(0))[1:3]
        begin, end = [], []
        for n, k, s, d in zip(size, kernel, (o.StrideH(), o.StrideW()), dilation, strict=True):
            total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            begin.append(total // 2)
            end.append(total - total // 2)
        return begin + end

    def _conv(self, op: Any, o: Any, weight: Array, group: int) -> None:
        kernel = (int(weight.shape[2]), int(weight.shape[3]))
        dilation = (o.DilationHFactor(), o.DilationWFactor())
        inputs = [self.names[op.Inputs(0)], self._store(weight.astype(np.float32))]
        if op.InputsLength() > 2 and op.Inputs(2) >= 0:
            inputs.append(self._store(self._known(op.Inputs(2)).astype(np.float32)))
        value = self._emit(
            "Conv",
            inputs,
            kernel_shape=kernel,
            strides=[o.StrideH(), o.StrideW()],
            dilations=dilation,
            pads=self._window(op, o, kernel, dilation),
            group=group,
        )
        self._done(op, value, o.FusedActivationFunction())

    def _op_conv_2d(self, op: Any) -> None:
        weight = self._known(op.Inputs(1)).transpose(0, 3, 1, 2)
        group = self._shape(op.Inputs(0))[3] // weight.shape[1]
        self._conv(op, self._options(op, tflite.Conv2DOptions), weight, group)

    def _op_depthwise_conv_2d(self, op: Any) -> None:
        weight = self._known(op.Inputs(1)).transpose(3, 0, 1, 2)
        group = self._shape(op.Inputs(0))[3]
        self._conv(op, self._options(op, tflite.DepthwiseConv2DOptions), weight, group)

    def _op_max_pool_2d(self, op: Any) -> None:
        o = self._options(op, tflite.Pool2DOptions)
        kernel = (o.FilterHeight(), o.FilterWidth())
        value = self._emit(
            "MaxPool",
            [self.names[op.Inputs(0)]],
            kernel_shape=kernel,
            strides=[o.StrideH(), o.StrideW()],
            pads=self._window(op, o, kernel, (1, 1)),
        )
        self._done(op, value, o.FusedActivationFunction())

    def _op_prelu(self, op: Any) -> None:
        x = self.names[op.Inputs(0)]
        slope = self._known(op.Inputs(1)).astype(np.float32)
        if slope.ndim == 3:
            slope = slope.transpose(2, 0, 1)
        if not self.split_prelu:
            return self._done(op, self._emit("PRelu", [x, self._store(slope)]))
        below = self._emit("Relu", [self._emit("Neg", [x])])
        scaled = self._emit("Mul", [below, self._store(slope)])
        return self._done(op, self._emit("Sub", [self._emit("Relu", [x]), scaled]))

    def _op_relu(self, op: Any) -> None:
        self._done(op, self._emit("Relu", [self.names[op.Inputs(0)]]))

    def _op_logistic(self, op: Any) -> None:
        self._done(op, self._emit("Sigmoid", [self.names[op.Inputs(0)]]))

    def _binary(self, op: Any, kind: str, options: type) -> None:
        rank = len(self._shape(op.Outputs(0)))
        values = [self._operand(op.Inputs(i), rank) for i in (0, 1)]
        o = self._options(op, options)
        self._done(op, self._emit(kind, values), o.FusedActivationFunction())

    def _op_add(self, op: Any) -> None:
        self._binary(op, "Add", tflite.AddOptions)

    def _op_mul(self, op: Any) -> None:
        self._binary(op, "Mul", tflite.MulOptions)

    def _op_pad(self, op: Any) -> None:
        pads = self._known(op.Inputs(1)).astype(np.int64)
        if len(pads) == 4:
            pads = pads[TO_FIRST]
        amounts = self._store(pads.T.ravel())
        self._done(op, self._emit("Pad", [self.names[op.Inputs(0)], amounts]))

    def _op_reshape(self, op: Any) -> None:
        before, after = self._shape(op.Inputs(0)), self._shape(op.Outputs(0))
        if before[0] != 1 or after[0] != 1:
            raise NotImplementedError("a reshape that mixes the batch")
        target = self._store(np.array([0, *after[1:]], np.int64))
        value = self._emit("Reshape", [self._last(op.Inputs(0)), target])
        self._done(
            op, self._emit("Transpose", [value], perm=TO_FIRST) if len(after) == 4 else value
        )

    def _op_concatenation(self, op: Any) -> None:
        o = self._options(op, tflite.ConcatenationOptions)
        rank = len(self._shape(op.Outputs(0)))
        axis = o.Axis() % rank
        axis = TO_FIRST.index(axis) if rank == 4 else axis
        parts = [self._operand(op.Inputs(i), rank) for i in range(op.InputsLength())]
        value = self._emit("Concat", parts, axis=axis)
        self._done(op, value, o.FusedActivationFunction())

    def _op_resize_bilinear(self, op: Any) -> None:
        o = self._options(op, tflite.ResizeBilinearOptions)
        mode = "align_corners" if o.AlignCorners() else "asymmetric"
        mode = "half_pixel" if o.HalfPixelCenters() else mode
        before, after = self._shape(op.Inputs(0)), self._shape(op.Outputs(0))
        scales = [1, 1, after[1] / before[1], after[2] / before[2]]
        inputs = [self.names[op.Inputs(0)], "", self._store(np.array(scales, np.float32))]
        value = self._emit("Resize", inputs, mode="linear", coordinate_transformation_mode=mode)
        self._done(op, value)

    def _op_depth_to_space(self, op: Any) -> None:
        block = self._options(op, tflite.DepthToSpaceOptions).BlockSize()
        value = self._emit("DepthToSpace", [self.names[op.Inputs(0)]], blocksize=block, mode="DCR")
        self._done(op, value)

    def _op_mean(self, op: Any) -> None:
        rank = len(self._shape(op.Inputs(0)))
        keep = self._options(op, tflite.ReducerOptions).KeepDims()
        axes = [int(a) % rank for a in np.atleast_1d(self._known(op.Inputs(1)))]
        if rank == 4 and not keep and sorted(axes) != [1, 2]:
            raise NotImplementedError(f"mean over {axes} without keep_dims")
        if rank == 4:
            axes = [TO_FIRST.index(a) for a in axes]
        value = self._emit("ReduceMean", [self.names[op.Inputs(0)]], axes=axes, keepdims=int(keep))
        self._done(op, value)

    def _op_fully_connected(self, op: Any) -> None:
        o = self._options(op, tflite.FullyConnectedOptions)
        weight = self._known(op.Inputs(1)).astype(np.float32)
        width = self._store(np.array([-1, weight.shape[1]], np.int64))
        flat = self._emit("Reshape", [self._last(op.Inputs(0)), width])
        inputs = [flat, self._store(weight)]
        if op.InputsLength() > 2 and op.Inputs(2) >= 0:
            inputs.append(self._store(self._known(op.Inputs(2)).astype(np.float32)))
        self._done(op, self._emit("Gemm", inputs, transB=1), o.FusedActivationFunction())

    # -- the three operators of MediaPipe's attention mesh ---------------------------------------

    def flex(self, op: Any) -> dict[str, Any]:
        """Options of a custom operator."""
        raw = np.array([op.CustomOptions(i) for i in range(op.CustomOptionsLength())], np.uint8)
        return dict(flexbuffers.Loads(raw.tobytes()))

    def _gather(self, value: str, numbers: list[int]) -> str:
        return self._emit("Gather", [value, self._store(np.array(numbers, np.int64))], axis=1)

    def _op_landmarks2transformmatrix(self, op: Any) -> None:
        """From crop pixels to feature-map pixels: an upright box around some points, turned so that
        two of them are level (a 4 x 4 matrix).
        """
        o = self.flex(op)
        if o["target_rotation_radians"] != 0:
            raise NotImplementedError("a target rotation")
        flat = self._emit("Slice", [self.names[op.Inputs(0)], *map(self._store, _slice(2, 0, 2))])
        left, right = (self._gather(flat, [o[f"{s}_rotation_idx"]]) for s in ("left", "right"))
        along = self._emit("Sub", [right, left])
        length = self._emit("ReduceL2", [along], axes=[2], keepdims=1)
        unit = self._emit("Div", [along, length])  # (cos, sin), n x 1 x 2
        swap = self._store(np.array([[0, 1], [-1, 0]], np.float32))
        rows = self._emit("Concat", [unit, self._emit("MatMul", [unit, swap])], axis=1)  # 2 x 2
        turned = self._emit("Transpose", [rows], perm=[0, 2, 1])
        level = self._emit("MatMul", [self._gather(flat, list(o["subset_idxs"])), turned])
        low = self._emit("ReduceMin", [level], axes=[1], keepdims=1)
        high = self._emit("ReduceMax", [level], axes=[1], keepdims=1)
        size = np.array([o["scale_x"] / o["output_width"], o["scale_y"] / o["output_height"]])
        step = self._emit(
            "Mul", [self._emit("Sub", [high, low]), self._store(size.astype(np.float32))]
        )
        half = self._store(np.array([o["output_width"] / 2, o["output_height"] / 2], np.float32))
        middle = self._emit("Mul", [self._emit("Add", [low, high]), self._store(np.float32(0.5))])
        corner = self._emit("Sub", [middle, self._emit("Mul", [step, half])])
        start = self._emit("MatMul", [corner, rows])  # n x 1 x 2
        scaled = self._emit("Mul", [turned, step])  # columns scaled: out x, out y -> in
        start = self._emit("Transpose", [start], perm=[0, 2, 1])
        none = self._emit("Mul", [start, self._store(np.float32(0))])
        above = self._emit("Concat", [scaled, none, start], axis=2)
        below = self._emit("Mul", [above, self._store(np.float32(0))])
        below = self._emit("Add", [below, self._store(np.eye(4, dtype=np.float32)[None, 2:])])
        self._done(op, self._emit("Concat", [above, below], axis=1))

    def _op_transformtensorbilinear(self, op: Any) -> None:
        """The part of a feature map that a matrix names (half-pixel centres, bilinear)."""
        height, width = self._shape(op.Outputs(0))[1:3]
        rows, columns = self._shape(op.Inputs(0))[1:3]
        y, x = np.mgrid[:height, :width] + 0.5
        points = np.stack([x.ravel(), y.ravel(), 0 * x.ravel(), 1 + 0 * x.ravel()])
        points = self._store(points.astype(np.float32))
        above = self._emit("Slice", [self.names[op.Inputs(1)], *map(self._store, _slice(1, 0, 2))])
        where = self._emit("MatMul", [above, points])
        where = self._emit("Transpose", [where], perm=[0, 2, 1])
        size = self._store(np.array([2 / columns, 2 / rows], np.float32))
        where = self._emit("Sub", [self._emit("Mul", [where, size]), self._store(np.float32(1))])
        shape = self._store(np.array([0, height, width, 2], np.int64))
        grid = self._emit("Reshape", [where, shape])
        value = self._emit(
            "GridSample",
            [self.names[op.Inputs(0)], grid],
            mode="bilinear",
            padding_mode="zeros",
            align_corners=0,
        )
        self._done(op, value)

    def _op_transformlandmarks(self, op: Any) -> None:
        """Points of a part (n x points x 2) placed in the whole by its matrix."""
        above = self._emit("Slice", [self.names[op.Inputs(1)], *map(self._store, _slice(1, 0, 2))])
        back = self._emit("Transpose", [above], perm=[0, 2, 1])
        turn = self._emit("Slice", [back, *map(self._store, _slice(1, 0, 2))])
        start = self._emit("Slice", [back, *map(self._store, _slice(1, 3, 4))])
        placed = self._emit("MatMul", [self.names[op.Inputs(0)], turn])
        self._done(op, self._emit("Add", [placed, start]))

    def _op_strided_slice(self, op: Any) -> None:
        if self._shape(op.Inputs(0)) != self._shape(op.Outputs(0)):
            raise NotImplementedError("a slice that drops something")
        self.names[op.Outputs(0)] = self.names[op.Inputs(0)]


def _slice(axis: int, start: int, stop: int) -> list[Array]:
    """Inputs of Slice for one axis."""
    return [np.array([n], np.int64) for n in (start, stop, axis)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tflite", type=Path)
    parser.add_argument("onnx", type=Path)
    parser.add_argument("--half", action="store_true", help="store constants as float16")
    parser.add_argument("--keep-prelu", action="store_true", help="write the PRelu operator")
    args = parser.parse_args()
    model = convert(args.tflite.read_bytes(), args.half, not args.keep_prelu)
    args.onnx.write_bytes(model.SerializeToString())
    print(f"{args.onnx}: {args.onnx.stat().st_size} bytes, {len(model.graph.node)} operators")


if __name__ == "__main__":
    main()
