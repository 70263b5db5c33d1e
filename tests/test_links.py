"""What is replaced where a link stands: the file it leads to, at whatever end of a chain."""

import os
from pathlib import Path

from iqmetrics.links import led


def test_a_link_is_followed_to_its_end(tmp_path: Path) -> None:
    real = tmp_path.resolve() / "real"
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("real")
    assert led(tmp_path / "one") == real  # not there yet
    real.touch()
    assert led(tmp_path / "one") == led(tmp_path / "two") == real


def test_what_is_no_link_stays_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    assert led(Path("a/../b")) == Path("a/../b")
    assert led(tmp_path / "link" / "file") == tmp_path / "link" / "file"


def test_a_link_that_leads_to_itself_is_what_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert os.path.basename(led(tmp_path / "loop")) == "loop"
