"""The converter against LiteRT itself, on small nets written here, operator by operator."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("tflite")
schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
flatbuffers = pytest.importorskip("flatbuffers")
flexbuffers = pytest.importorskip("flatbuffers.flexbuffers")
onnxruntime = pytest.importorskip("onnxruntime")
sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

from convert_tflite import convert, cropped_points  # noqa: E402

RNG = np.random.default_rng(7)
OP, FLOAT = schema.BuiltinOperator, schema.TensorType.FLOAT32


class Net:
    """A tflite file in the making: tensors by number, operators in order."""

    def __init__(self, shape):
        self.buffers, self.tensors, self.codes, self.operators = [schema.BufferT()], [], [], []
        self.last = self.first = self.tensor(shape)

    def tensor(self, shape, values=None, kind=FLOAT):
        t = schema.TensorT()
        t.shape, t.type, t.name, t.buffer = list(shape), kind, f"x{len(self.tensors)}", 0
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
            self.buffers.append(buffer)
            t.buffer = len(self.buffers) - 1
        self.tensors.append(t)
        return len(self.tensors) - 1

    def constant(self, values):
        kinds = {"float32": FLOAT, "float16": schema.TensorType.FLOAT16}
        kinds["int32"] = schema.TensorType.INT32
        return self.tensor(values.shape, values, kinds[values.dtype.name])

    def random(self, *shape):
        return self.constant(RNG.normal(0, 0.5, shape).astype(np.float32))

    def op(self, code, inputs, shape, options=None, kind=0):
        c = schema.OperatorCodeT()
        c.builtinCode, c.deprecatedBuiltinCode, c.version = code, min(code, 127), 1
        self.codes.append(c)
        o = schema.OperatorT()
        o.opcodeIndex, o.inputs = len(self.codes) - 1, list(inputs)
        o.builtinOptions, o.builtinOptionsType = options, kind
        self.last = self.tensor(shape)
        o.outputs = [self.last]
        self.operators.append(o)
        return self.last

    def data(self):
        g, m = schema.SubGraphT(), schema.ModelT()
        g.tensors, g.operators, g.inputs, g.outputs = (
            self.tensors,
            self.operators,
            [self.first],
            [self.last],
        )
        m.version, m.subgraphs, m.buffers, m.operatorCodes = 3, [g], self.buffers, self.codes
        builder = flatbuffers.Builder(1024)
        builder.Finish(m.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


def window(options, stride, padding=schema.Padding.SAME, **more):
    options.strideH = options.strideW = stride
    options.padding = padding
    for key, value in more.items():
        setattr(options, key, value)
    return options


def conv(net, x, shape_in, channels, k, stride, activation=0):
    h, w, c = shape_in
    out = (1, -(-h // stride), -(-w // stride), channels)
    o = window(schema.Conv2DOptionsT(), stride, fusedActivationFunction=activation)
    o.dilationHFactor = o.dilationWFactor = 1
    weight, bias = net.random(channels, k, k, c), net.random(channels)
    net.op(OP.CONV_2D, [x, weight, bias], out, o, schema.BuiltinOptions.Conv2DOptions)
    return out[1:]


def onnx_answer(data, x, **options):
    model = convert(data, **options).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def litert_answer(data, x):
    from ai_edge_litert.interpreter import Interpreter

    net = Interpreter(model_content=data)
    net.allocate_tensors()
    answers = []
    for one in x:
        net.set_tensor(net.get_input_details()[0]["index"], one[None])
        net.invoke()
        answers.append(net.get_tensor(net.get_output_details()[0]["index"])[0].copy())
    return np.stack(answers)


def same(net, shape, atol=2e-6, **options):
    """Two unlike inputs in one batch: the free batch size is part of what is checked."""
    x = RNG.normal(0, 1, (2, *shape)).astype(np.float32)
    expected = litert_answer(net.data(), x)
    got = onnx_answer(net.data(), x, **options)
    assert got.shape == expected.shape
    assert np.abs(expected).max() > 0.05, "a net that answers zeros proves nothing"
    np.testing.assert_allclose(got, expected, atol=atol, rtol=1e-5)


@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize(("k", "stride"), [(1, 1), (3, 1), (3, 2), (5, 2)])
def test_same_padding_is_lopsided_as_in_tflite(size, k, stride):
    net = Net((1, size, size, 3))
    conv(net, net.first, (size, size, 3), 4, k, stride)
    same(net, (size, size, 3))


@pytest.mark.parametrize("activation", [0, 1, 3])
def test_fused_activations(activation):
    net = Net((1, 6, 6, 3))
    conv(net, net.first, (6, 6, 3), 4, 3, 1, activation)
    same(net, (6, 6, 3))


@pytest.mark.parametrize("split", [True, False])
def test_depthwise_prelu_pool(split):
    net = Net((1, 7, 7, 4))
    o = window(schema.DepthwiseConv2DOptionsT(), 1, depthMultiplier=1)
    o.dilationHFactor = o.dilationWFactor = 1
    weight, bias = net.random(1, 3, 3, 4), net.random(4)
    kind = schema.BuiltinOptions.DepthwiseConv2DOptions
    x = net.op(OP.DEPTHWISE_CONV_2D, [net.first, weight, bias], (1, 7, 7, 4), o, kind)
    x = net.op(OP.PRELU, [x, net.random(1, 1, 4)], (1, 7, 7, 4))
    pool = window(schema.Pool2DOptionsT(), 2, filterHeight=2, filterWidth=2)
    net.op(OP.MAX_POOL_2D, [x], (1, 4, 4, 4), pool, schema.BuiltinOptions.Pool2DOptions)
    same(net, (7, 7, 4), split_prelu=split)


def test_pad_of_channels_then_residual_add():
    net = Net((1, 5, 5, 3))
    pads = net.constant(np.array([[0, 0], [0, 0], [0, 0], [0, 2]], np.int32))
    x = net.op(OP.PAD, [net.first, pads], (1, 5, 5, 5))
    kind = schema.BuiltinOptions.AddOptions
    net.op(OP.ADD, [x, net.random(1, 1, 1, 5)], (1, 5, 5, 5), schema.AddOptionsT(), kind)
    same(net, (5, 5, 3))


@pytest.mark.parametrize(("corners", "half_pixel"), [(False, True), (False, False), (True, False)])
def test_resize_bilinear(corners, half_pixel):
    net = Net((1, 4, 4, 2))
    o = schema.ResizeBilinearOptionsT()
    o.alignCorners, o.halfPixelCenters = corners, half_pixel
    size = net.constant(np.array([8, 8], np.int32))
    kind = schema.BuiltinOptions.ResizeBilinearOptions
    net.op(OP.RESIZE_BILINEAR, [net.first, size], (1, 8, 8, 2), o, kind)
    same(net, (4, 4, 2))


def test_reshape_keeps_channels_last_order_and_concat():
    net = Net((1, 2, 3, 4))
    first = net.op(
        OP.RESHAPE,
        [net.first, net.constant(np.array([1, 6, 4], np.int32))],
        (1, 6, 4),
        schema.ReshapeOptionsT(),
        schema.BuiltinOptions.ReshapeOptions,
    )
    o = schema.ConcatenationOptionsT()
    o.axis = 1
    kind = schema.BuiltinOptions.ConcatenationOptions
    net.op(OP.CONCATENATION, [first, first], (1, 12, 4), o, kind)
    x = np.arange(48, dtype=np.float32).reshape(2, 2, 3, 4)
    got = onnx_answer(net.data(), x)
    assert got.shape == (2, 12, 4)
    assert got[1, 0].tolist() == [24, 25, 26, 27] and got[1, 6].tolist() == [24, 25, 26, 27]


def test_mean_fully_connected_logistic():
    net = Net((1, 4, 4, 6))
    axes = net.constant(np.array([1, 2], np.int32))
    kind = schema.BuiltinOptions.ReducerOptions
    x = net.op(OP.MEAN, [net.first, axes], (1, 6), schema.ReducerOptionsT(), kind)
    kind = schema.BuiltinOptions.FullyConnectedOptions
    inputs = [x, net.random(5, 6), net.random(5)]
    x = net.op(OP.FULLY_CONNECTED, inputs, (1, 5), schema.FullyConnectedOptionsT(), kind)
    net.op(OP.LOGISTIC, [x], (1, 5))
    same(net, (4, 4, 6))


def test_depth_to_space():
    net = Net((1, 2, 2, 8))
    o = schema.DepthToSpaceOptionsT()
    o.blockSize = 2
    kind = schema.BuiltinOptions.DepthToSpaceOptions
    net.op(OP.DEPTH_TO_SPACE, [net.first], (1, 4, 4, 2), o, kind)
    same(net, (2, 2, 8))


def half_net():
    """A convolution whose constants the file itself stores as float16."""
    net = Net((1, 6, 6, 3))
    weights = RNG.normal(0, 0.5, (8, 3, 3, 3)).astype(np.float16)
    weight = net.op(OP.DEQUANTIZE, [net.constant(weights)], (8, 3, 3, 3))
    o = window(schema.Conv2DOptionsT(), 1)
    o.dilationHFactor = o.dilationWFactor = 1
    inputs = [net.first, weight, net.random(8)]
    net.op(OP.CONV_2D, inputs, (1, 6, 6, 8), o, schema.BuiltinOptions.Conv2DOptions)
    return net


def test_half_is_exact_where_the_file_is_half_and_nearly_halves_the_size():
    data, x = half_net().data(), RNG.normal(0, 1, (2, 6, 6, 3)).astype(np.float32)
    whole, half = onnx_answer(data, x), onnx_answer(data, x, half=True)
    np.testing.assert_array_equal(whole, half)
    sizes = [convert(data, half=h).ByteSize() for h in (False, True)]
    assert sizes[0] - sizes[1] > 216 * 2 - 100


def sparse_dims(dense):
    """Dimension table of a 1x1-block CSR over the first two axes of `dense`."""
    rows = schema.DimensionMetadataT()
    rows.format, rows.denseSize = schema.DimensionType.DENSE, dense.shape[0]
    columns = schema.DimensionMetadataT()
    columns.format = schema.DimensionType.SPARSE_CSR
    found = [np.flatnonzero(row) for row in dense]
    segments, indices = schema.Int32VectorT(), schema.Uint8VectorT()
    segments.values = np.cumsum([0, *map(len, found)]).astype(np.int32)
    indices.values = np.concatenate(found).astype(np.uint8)
    columns.arraySegments, columns.arraySegmentsType = segments, 1
    columns.arrayIndices, columns.arrayIndicesType = indices, 3
    return [rows, columns]


def test_densify_puts_each_number_in_its_place():
    dense = np.zeros((5, 7), np.float32)
    dense[[0, 0, 2, 4, 4], [1, 6, 3, 0, 5]] = [1, 2, 3, 4, 5]
    net = Net((1, 7))
    weight = net.tensor(dense.shape, dense[dense != 0])
    sparsity = schema.SparsityParametersT()
    sparsity.traversalOrder, sparsity.blockMap = [0, 1], []
    sparsity.dimMetadata = sparse_dims(dense)
    net.tensors[weight].sparsity = sparsity
    weight = net.op(OP.DENSIFY, [weight], dense.shape)
    kind = schema.BuiltinOptions.FullyConnectedOptions
    options = schema.FullyConnectedOptionsT()
    net.op(OP.FULLY_CONNECTED, [net.first, weight, net.random(5)], (1, 5), options, kind)
    x = np.eye(7, dtype=np.float32)
    got = onnx_answer(net.data(), x) - onnx_answer(net.data(), np.zeros((1, 7), np.float32))
    np.testing.assert_allclose(got, dense.T, atol=1e-6)


def test_unknown_operator_is_named():
    net = Net((1, 4))
    net.op(OP.COS, [net.first], (1, 4))
    with pytest.raises(NotImplementedError, match="COS"):
        convert(net.data())


def custom(net, name, inputs, shape, options):
    """A custom operator with its options as flexbuffers."""
    net.op(OP.CUSTOM, inputs, shape)
    net.codes[-1].customCode = name
    builder = flexbuffers.Builder()
    with builder.Map():
        for key, value in options.items():
            builder.Key(key)
            builder.TypedVectorFromElements(value) if isinstance(value, list) else builder.Add(
                value
            )
    net.operators[-1].customOptions = list(builder.Finish())


def test_the_matrix_of_an_attention_crop_places_its_box():
    """Known answer: points around a turned 8 x 4 box, enlarged 1.5 times, in a 16 x 16 crop."""
    turn, centre = np.radians(30), np.array([20.0, 30.0])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    box = np.array([[-4, 0], [4, 0], [0, -2], [0, 2]]) @ rotation.T + centre
    points = np.concatenate([box, np.full((4, 1), 9.0)], 1)[None].astype(np.float32)
    net = Net(points.shape)
    options = {"left_rotation_idx": 0, "right_rotation_idx": 1, "output_height": 16}
    options |= {"output_width": 16, "scale_x": 1.5, "scale_y": 1.5}
    options |= {"subset_idxs": [0, 1, 2, 3], "target_rotation_radians": 0.0}
    custom(net, "Landmarks2TransformMatrix", [net.first], (1, 4, 4), options)
    matrix = onnx_answer(net.data(), points)[0]
    corner = np.array([[16.0, 16.0, 0.0, 1.0]]) @ matrix.T
    np.testing.assert_allclose(corner[0, :2], rotation @ [6, 3] + centre, atol=1e-4)
    middle = np.array([[8.0, 8.0, 0.0, 1.0]]) @ matrix.T
    np.testing.assert_allclose(middle[0, :2], centre, atol=1e-4)
    assert cropped_points(net.data()) == [[0, 1, 2, 3]]
