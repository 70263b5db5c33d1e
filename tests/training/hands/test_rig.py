"""The rig: transforms, and reading a skinned mesh from a .glb file."""

import json
import struct

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.hands.drawn import rig  # noqa: E402  (puts training/hands on the path)

from rig import about, read_rig, turn  # noqa: E402  # isort: skip


def test_turning_about_z_by_a_quarter():
    m = turn(torch.tensor([0.0, 0, 1]), torch.tensor([torch.pi / 2, 0.0]))
    assert m[0] @ torch.tensor([1.0, 0, 0]) == pytest.approx([0, 1, 0], abs=1e-6)
    assert m[1] == pytest.approx(torch.eye(3).numpy(), abs=1e-6)


def test_a_transform_about_a_point_keeps_that_point():
    matrix = turn(torch.tensor([0.6, 0.8, 0]), torch.tensor([0.7])) * 1.3
    centre = torch.tensor([[0.2, -0.4, 1.0]])
    full = about(matrix, centre)[0]
    assert full[:3, :3] @ centre[0] + full[:3, 3] == pytest.approx(centre[0].numpy(), abs=1e-6)


def test_chains_go_from_palm_to_tip():
    made = rig()
    assert [len(made.chain(f)) for f in range(5)] == [4, 5, 5, 5, 5]
    assert all(made.joints[made.chain(f), 1].diff().max() < 0 for f in range(5))


def test_a_mesh_is_read_with_its_joints_and_weights(tmp_path):
    vertices = np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    index = np.uint16([0, 1, 2])
    owners = np.uint8([[0, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]])
    share = np.float32([[0.25, 0.75, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]])
    place = np.float32([[2, 3, 4], [0, -1, 0]])
    bind = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    bind[:, 3, :3] = -place  # column-major inverse of a translation
    parts = [a.tobytes() for a in (vertices, index, owners, share, bind)]
    starts = np.cumsum([0, *(len(p) + -len(p) % 4 for p in parts)])
    blob = b"".join(p + b"\0" * (-len(p) % 4) for p in parts)
    kinds = [(5126, "VEC3", 3), (5123, "SCALAR", 3), (5121, "VEC4", 3), (5126, "VEC4", 3)]
    kinds.append((5126, "MAT4", 2))
    tree = {
        "accessors": [
            {"bufferView": i, "componentType": c, "type": t, "count": n}
            for i, (c, t, n) in enumerate(kinds)
        ],
        "bufferViews": [{"byteOffset": int(s)} for s in starts[:-1]],
        "meshes": [
            {
                "primitives": [
                    {"indices": 1, "attributes": {"POSITION": 0, "JOINTS_0": 2, "WEIGHTS_0": 3}}
                ]
            }
        ],
        "skins": [{"joints": [0, 1], "inverseBindMatrices": 4}],
        "nodes": [{"name": "wrist"}, {"name": "thumb-tip"}],
    }
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<III", 0x46546C67, 2, 0) + struct.pack("<II", len(text), 0x4E4F534A)
    file = tmp_path / "two.glb"
    file.write_bytes(head + text + struct.pack("<II", len(blob), 0x004E4942) + blob)
    made = read_rig(file)
    assert made.vertices == pytest.approx(vertices) and made.faces.tolist() == [[0, 1, 2]]
    assert made.joints == pytest.approx(place) and made.names == ["wrist", "thumb-tip"]
    assert made.weights[0].tolist() == [0.25, 0.75] and made.weights[1].tolist() == [0, 1]
    assert made.chain(0) == [1]
