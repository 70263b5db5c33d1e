from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.nets import pyiqa_build

pytest.importorskip("pyiqa")


@pytest.fixture
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("IQM_WEIGHTS_DIR", "TORCH_HOME", "HF_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def test_nothing_is_downloaded_and_torch_is_left_as_it_was(nothing_here: Path) -> None:
    before = torch.load, torch.hub.download_url_to_file
    with pytest.raises(Unavailable) as caught:
        pyiqa_build.build("musiq", "cpu")
    assert caught.value.hint == "iqm weights pull musiq-koniq"
    assert (torch.load, torch.hub.download_url_to_file) == before


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(BadInput, match="does not fit musiq"):
        pyiqa_build.build("musiq", "cpu", str(path))
    with pytest.raises(BadInput, match="not safetensors"):
        pyiqa_build._own_state(tmp_path / "other.pth")


def test_a_pickle_nobody_vouches_for_stays_shut(tmp_path: Path) -> None:
    for name in ("plain.pth", "named-01234567.pth"):
        (tmp_path / name).write_bytes(b"any")
        with pytest.raises(BadInput, match="nobody published"):
            pyiqa_build._admit(tmp_path / name)


def test_a_pickle_whose_name_holds_its_digest_is_admitted(tmp_path: Path) -> None:
    import hashlib

    body = b"weights"
    path = tmp_path / f"net-{hashlib.sha256(body).hexdigest()[:8]}.pth"
    path.write_bytes(body)
    pyiqa_build._admit(path)


def test_a_file_outside_the_ledger_has_a_command_too(nothing_here: Path) -> None:
    told = pyiqa_build._command("some-12345678.pth")
    assert told.startswith(f"hf download {pyiqa_build.REPO} some-12345678.pth")
