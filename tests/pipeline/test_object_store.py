"""Images in an object store, and Parquet in and out: the same readings as from a folder."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from conformance import make_images
from factory import paint

import iqmetrics
from iqmetrics.errors import BadInput
from iqmetrics.views import export

pq = pytest.importorskip("pyarrow.parquet", reason="pip install 'iqmetrics[tables]'")
pa = pytest.importorskip("pyarrow")
IQM = "import sys; from iqmetrics.cli.main import main; main(sys.argv[1:])"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 server on this machine with 24 images in it; its environment variables are set."""
    if not (find_spec("moto") and find_spec("s3fs")):
        pytest.skip("moto and s3fs are not installed")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "any")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "any")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        import s3fs

        folder = tmp_path_factory.mktemp("images")
        make_images(folder, 24, fatal=0)
        system = s3fs.S3FileSystem(skip_instance_cache=True)
        system.mkdir("bucket")
        system.put(str(folder), "bucket/run", recursive=True)
        score(folder, folder / "iqm")
        patch.setenv("TEST_FOLDER", str(folder))
        yield "s3://bucket/run"
    server.stop()


def score(target: object, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    words = ["score", str(target), "--out", str(out), "--scorer", "size", "--workers", "1"]
    return subprocess.run(
        [sys.executable, "-c", IQM, *words, *options], capture_output=True, text=True, timeout=120
    )


def table(out: Path) -> str:
    return (out / "scores_long.csv").read_text("utf-8")


def test_a_bucket_gives_the_table_of_the_folder(bucket: str, tmp_path: Path) -> None:
    done = score(bucket, tmp_path)
    assert done.returncode == 0, done.stderr
    assert table(tmp_path) == table(Path(os.environ["TEST_FOLDER"]) / "iqm")
    assert "unsupported" in table(tmp_path) and "truncated" in table(tmp_path)
    assert "Nothing changed" in score(bucket, tmp_path).stderr


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")
def test_a_bucket_scored_on_ray_gives_the_same(bucket: str, tmp_path: Path) -> None:
    done = score(bucket, tmp_path, "--engine", "ray")
    assert done.returncode == 0, done.stderr
    assert table(tmp_path) == table(Path(os.environ["TEST_FOLDER"]) / "iqm")


def test_a_list_in_the_bucket_names_images_and_their_prompts(bucket: str, tmp_path: Path) -> None:
    import s3fs

    rows = [
        {"image": f"{bucket}/a/{n:03}.png", "prompt": f"from the list {n}", "model": "listed"}
        for n in (2, 4)
    ]
    with s3fs.S3FileSystem().open("bucket/lists/two.parquet", "wb") as file:
        pq.write_table(pa.Table.from_pylist(rows), file)
    done = score("s3://bucket/lists/two.parquet", tmp_path)
    assert done.returncode == 0, done.stderr
    records = json.loads((tmp_path / "scorecard.json").read_text("utf-8"))["models"]
    assert list(records) == ["listed"]
    assert "from the list 4" in table(tmp_path)


def test_parts_are_written_to_the_bucket(bucket: str, tmp_path: Path) -> None:
    import s3fs

    folder = Path(os.environ["TEST_FOLDER"])
    words = ["export", str(folder), "--out", "s3://bucket/feed", "--parquet", "--part-rows", "20"]
    done = subprocess.run(
        [sys.executable, "-c", IQM, *words], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    parts = sorted(system.ls("bucket/feed/scores_long"))
    rows = sum(pq.read_table(system.open(part)).num_rows for part in parts)
    assert rows == len(list(export.rows(folder / "iqm" / "scores_long.csv"))) - 1
    assert len(parts) == -(-rows // 20)


def test_an_empty_prefix_is_one_sentence(bucket: str, tmp_path: Path) -> None:
    done = score("s3://bucket/nothing", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: s3://bucket/nothing holds no file, or does not exist")


def test_a_list_of_files_here(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        paint(tmp_path / "in" / f"{name}.png", grey=len(name))
    rows = [{"path": f"in/{n}.png", "prompt": f"a {n}", "seed": 7} for n in ("one", "three")]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "list.parquet")
    result = iqmetrics.score(tmp_path / "list.parquet", scorers=("size",))
    found = {r.image: (r.prompt, r.seed) for r in result.run.records}
    assert found == {"one.png": ("a one", 7), "three.png": ("a three", 7)}
    assert len(result.readings()) == 2


def test_a_list_that_names_nothing(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([{"n": 1}]), tmp_path / "list.parquet")
    with pytest.raises(BadInput, match="names no image"):
        iqmetrics.score(tmp_path / "list.parquet", scorers=("size",))
    (tmp_path / "bad.parquet").write_bytes(b"PAR0")
    with pytest.raises(BadInput, match="is no Parquet table"):
        iqmetrics.score(tmp_path / "bad.parquet", scorers=("size",))
