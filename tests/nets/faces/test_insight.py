"""The insightface adapter through insightface itself, on a synthetic pack, with sockets blocked."""

import socket

import numpy as np
import pytest
from nets.faces.people import astronaut, sized

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.nets.faces import detect, find, insight
from iqmetrics.nets.faces.insight import Pack, find_pack

pytest.importorskip("insightface")
pytest.importorskip("onnx")

from nets.faces.pack import write_pack

BOX = (215.0, 85.0, 350.0, 230.0)
EYES = ((258.0, 132.0), (309.0, 132.0))


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No network, no pack of this machine's user."""

    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.delenv(insight.VARIABLE, raising=False)
    monkeypatch.setattr(insight, "HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_pack(tmp_path_factory.mktemp("packs") / "buffalo_test", BOX, EYES, yaw=12)


def test_nothing_is_found_and_nothing_is_made_where_there_is_no_pack(tmp_path):
    assert find_pack() is None
    assert not (tmp_path / "home").exists()


def test_a_pack_is_found_by_folder_by_root_by_name_and_by_variable(folder, monkeypatch):
    assert find_pack(str(folder)) == Pack("buffalo_test", folder)
    assert find_pack(str(folder.parent)) == Pack("buffalo_test", folder)
    monkeypatch.setenv(insight.VARIABLE, str(folder.parent))
    assert find_pack("buffalo_test") == find_pack() == Pack("buffalo_test", folder)


def test_the_home_of_insightface_is_the_last_place(folder, monkeypatch):
    monkeypatch.setattr(insight, "HOME", str(folder.parent))
    assert find_pack() == Pack("buffalo_test", folder)


def test_a_pack_without_landmarks_is_refused_by_name(tmp_path):
    write_pack(tmp_path / "buffalo_sc", BOX, EYES, landmarks=False)
    assert insight._packs(tmp_path) == []
    with pytest.raises(BadInput, match="buffalo_sc"):
        find_pack(str(tmp_path / "buffalo_sc"))


def test_files_named_like_landmarks_that_are_none_are_refused(tmp_path):
    made = write_pack(tmp_path / "odd", BOX, EYES, landmarks=False)
    (made / "2d106det.onnx").write_bytes((made / "det_10g.onnx").read_bytes())
    with pytest.raises(BadInput, match="no landmark"):
        insight.open_pack(Pack("odd", made))


def test_a_broken_file_is_told(tmp_path):
    made = write_pack(tmp_path / "broken", BOX, EYES)
    (made / "det_10g.onnx").write_bytes(b"not onnx")
    with pytest.raises(BadInput, match="cannot load"):
        insight.open_pack(Pack("broken", made))


def test_without_the_package_the_error_names_the_extra(folder, monkeypatch):
    monkeypatch.setattr(insight, "find_spec", lambda name: None)
    assert not insight.installed()
    with pytest.raises(Unavailable, match=r"iqmetrics\[insightface\]"):
        insight.open_pack(Pack("elsewhere", folder))


def test_the_digest_changes_with_the_files(tmp_path, folder):
    other = write_pack(tmp_path / "other", BOX, EYES, yaw=3)
    same = write_pack(tmp_path / "same", BOX, EYES, yaw=12)
    assert Pack("a", other).digest != Pack("b", folder).digest
    assert Pack("c", same).digest == Pack("b", folder).digest
    assert len(Pack("b", folder).digest) == 8


def test_box_eyes_landmarks_and_pose_arrive_in_picture_pixels(folder):
    picture = sized(astronaut(), 640)
    (face,) = insight.detect(Pack("buffalo_test", folder), [picture])[0]
    assert face.box == pytest.approx(BOX, abs=1)
    assert face.score == pytest.approx(0.93, abs=1e-3)
    np.testing.assert_allclose(face.points[:2], EYES, atol=1)
    assert face.landmarks.shape == (106, 2)
    inside = (face.landmarks > 100) & (face.landmarks < 460)
    assert inside.all()
    assert abs(face.yaw) == pytest.approx(12, abs=2)


def test_the_mesh_is_traced_in_its_boxes(folder):
    picture = sized(astronaut(), 640)
    found = insight.detect(Pack("buffalo_test", folder), [picture])
    (face,) = find.trace_found([picture], found)[0]
    (own,) = find.trace_found([picture], detect.detect([picture]))[0]
    assert face.flag > 0.95
    assert np.abs(face.mesh[:, :2] - own.mesh[:, :2]).max() < 8
    assert face.landmarks is not None and own.landmarks is None
    back = find.mirrored(face, 640)
    assert back.yaw == -face.yaw
    np.testing.assert_allclose(back.landmarks[:, 0], 640 - face.landmarks[:, 0])
