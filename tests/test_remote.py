"""Files elsewhere: listed, copied for as long as they are read, written whole, and clear errors."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iqmetrics import remote
from iqmetrics.errors import BadInput, ImageProblem, Unavailable

fsspec = pytest.importorskip("fsspec", reason="pip install 'iqmetrics[remote]'")


@pytest.fixture
def bucket() -> str:
    system = fsspec.filesystem("memory")
    system.rm("/", recursive=True) if system.ls("/") else None
    for path, data in {"/b/x/1.png": b"one", "/b/x/y/2.png": b"two", "/b/z.txt": b"z"}.items():
        with system.open(path, "wb") as file:
            file.write(data)
    return "memory://b"


@pytest.mark.parametrize(
    ("path", "yes"),
    [("s3://b/k", True), ("gs://b", True), ("memory://x", True), ("a/b.png", False),
     ("/a://b", False), ("C:\\a", False), ("C:/a", False), ("://", False), ("", False)],
)  # fmt: skip
def test_urls_are_told_from_paths(path: str, yes: bool) -> None:
    assert remote.is_remote(path) is yes


def test_every_file_below_a_folder_is_listed(bucket: str) -> None:
    assert {(f.path, f.size) for f in remote.files(bucket)} == {
        ("x/1.png", 3),
        ("x/y/2.png", 3),
        ("z.txt", 1),
    }
    assert {f.path for f in remote.files(bucket + "/x/")} == {"1.png", "y/2.png"}
    assert all(f.mtime_ns > 0 for f in remote.files(bucket))


@pytest.mark.parametrize("url", ["memory://nothing-here", "memory://b/none"])
def test_an_empty_place_is_said(bucket: str, url: str) -> None:
    with pytest.raises(BadInput, match="holds no file, or does not exist"):
        remote.files(url)


def test_a_kind_of_url_that_nobody_knows() -> None:
    with pytest.raises(BadInput, match="nosuch"):
        remote.files("nosuch://b")


def test_without_fsspec_the_command_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(Unavailable, match=r"s3:// needs fsspec.*\n.*iqmetrics\[remote\]"):
        remote.files("s3://b")
    with pytest.raises(ImageProblem, match=r"iqmetrics\[remote\]") as error:
        remote.read("s3://b/a.png", 10)
    assert error.value.status == "unreadable"


def test_single_files_are_looked_up_in_order(bucket: str) -> None:
    found = remote.looked_up(bucket, ["z.txt", "x/1.png"])
    assert [(f.path, f.size) for f in found] == [("z.txt", 1), ("x/1.png", 3)]
    with pytest.raises(BadInput, match=r"x/none\.png cannot be read"):
        remote.looked_up(bucket, ["x/none.png"])


def test_another_version_of_a_file_has_another_number() -> None:
    one = remote._found("a", {"size": 1, "ETag": '"abc"'})
    assert one == remote._found("a", {"size": 1, "ETag": '"abc"'})
    assert one.version != remote._found("a", {"size": 1, "ETag": '"abd"'}).version
    assert 0 <= one.version < 2**63, "as SQLite keeps it"


def test_a_copy_lives_as_long_as_it_is_read(bucket: str) -> None:
    with remote.local_copy(bucket + "/x/1.png", 10) as path:
        assert Path(path).read_bytes() == b"one"
        assert path.endswith(".png")
    assert not os.path.exists(path)
    with remote.local_copy("here.png", 10) as path:
        assert path == "here.png"


def test_too_large_and_absent_files_are_problems_of_one_image(bucket: str) -> None:
    assert remote.read(bucket + "/x/1.png", 3) == b"one"
    with pytest.raises(ImageProblem) as caught:
        remote.read(bucket + "/x/1.png", 2)
    assert caught.value.status == "too_large"
    with pytest.raises(ImageProblem) as caught:
        remote.read(bucket + "/x/none.png", 2)
    assert caught.value.status == "unreadable"
    assert "FileNotFoundError" in caught.value.reason


@pytest.mark.parametrize("place", ["memory://b/new/f.bin", "local"])
def test_a_new_file_appears_whole_or_not_at_all(bucket: str, tmp_path: Path, place: str) -> None:
    name = str(tmp_path / "new" / "f.bin") if place == "local" else place
    with pytest.raises(ZeroDivisionError), remote.create(name) as file:
        file.write(b"%d" % (1 // 0))
    assert not remote.remove(name)
    with remote.create(name) as file:
        file.write(b"whole")
    data = Path(name).read_bytes() if place == "local" else remote.read(name, 99)
    assert data == b"whole"
    assert place != "local" or os.listdir(tmp_path / "new") == ["f.bin"]
    assert remote.remove(name)
    assert not remote.remove(name)


@pytest.mark.parametrize(
    ("urls", "root"),
    [
        (["s3://b/x/a.png"], "s3://b/x"),
        (["s3://b/x/a.png", "s3://b/y/b.png"], "s3://b"),
        (["s3://b/xa/a.png", "s3://b/xb/b.png"], "s3://b"),
        (["s3://b/a.png", "s3://b/x/b.png"], "s3://b"),
    ],
)
def test_the_folder_that_holds_all(urls: list[str], root: str) -> None:
    assert remote.common_root(urls) == root


@pytest.mark.parametrize(
    "urls", [["s3://b/a.png", "gs://b/a.png"], ["s3://b/a", "/b/a"], ["s3://b/a", "s3://c/a"]]
)
def test_images_in_several_places_are_refused(urls: list[str]) -> None:
    with pytest.raises(BadInput, match="several"):
        remote.common_root(urls)


def test_a_place_that_cannot_be_listed_asks_for_credentials(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file system raises what it likes."""

    class Refused(Exception):
        pass

    def find(*_: object, **__: object) -> None:
        raise Refused("403")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "find", find)
    with pytest.raises(BadInput) as error:
        remote.files(bucket)
    assert error.value.message == f"{bucket} cannot be listed: 403"
    assert error.value.hint == "Are credentials set?"


def test_no_more_of_a_file_is_fetched_than_may_be_read(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = type(fsspec.filesystem("memory"))
    asked, cat = [], system.cat_file

    def noted(self: object, path: str, **part: int) -> bytes:
        asked.append(part)
        data: bytes = cat(self, path, **part)
        return data

    monkeypatch.setattr(system, "cat_file", noted)
    assert remote.read(bucket + "/x/1.png", 3) == b"one"
    assert asked == [{"start": 0, "end": 4}], "one byte more tells that it is too large"


@pytest.mark.parametrize(
    ("info", "mtime_ns"),
    [
        ({"mtime": 1.5}, 1_500_000_000),
        ({"LastModified": datetime(2020, 1, 1, tzinfo=UTC)}, 1_577_836_800 * 10**9),
        ({"created": 2, "mtime": None}, 2 * 10**9),
        ({"LastModified": 3, "mtime": 9}, 3 * 10**9),
        ({}, 0),
    ],
)
def test_every_system_says_in_its_own_way_when_a_file_changed(
    info: dict[str, object], mtime_ns: int
) -> None:
    found = remote._found("a", info)
    assert (found.mtime_ns, found.size) == (mtime_ns, 0)


def test_the_tag_of_a_file_is_read_in_both_spellings() -> None:
    one, two = remote._found("a", {"ETag": "x"}), remote._found("a", {"etag": "x"})
    assert one.version == two.version != remote._found("a", {}).version


@pytest.mark.parametrize(
    ("urls", "hint"),
    [
        (["s3://b/a", "s3://c/a"], "Make one run for each"),
        (["s3://b/a", "/b/a"], "One run for each"),
    ],
)
def test_images_in_several_places_are_to_be_scored_apart(urls: list[str], hint: str) -> None:
    with pytest.raises(BadInput) as error:
        remote.common_root(urls)
    assert error.value.hint == hint
