import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from iqmetrics import weights
from iqmetrics.errors import BadInput, Unavailable, UnknownName
from iqmetrics.weights import bundle, download, loading, search
from iqmetrics.weights.ledger import Weight

BODY = os.urandom(3_000_000)
SHA = hashlib.sha256(BODY).hexdigest()


pytestmark = pytest.mark.usefixtures("no_weights")


def weight(**facts: object) -> Weight:
    base = Weight(
        "toy", "toy.safetensors", SHA, len(BODY), "MIT", True, "made here", ("clip",), False
    )
    return replace(base, **facts)


def known(monkeypatch: pytest.MonkeyPatch, *lines: Weight) -> None:
    table = {line.name: line for line in lines}
    for module in (search, bundle, loading):
        if hasattr(module, "ledger"):
            monkeypatch.setattr(module, "ledger", lambda: table)
        if hasattr(module, "entry"):
            monkeypatch.setattr(module, "entry", table.__getitem__)


def put(path: Path, body: bytes = BODY) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


# -- the ledger -----------------------------------------------------------------------------------


def test_every_line_of_the_ledger_is_complete() -> None:
    for name, line in weights.ledger().items():
        assert line.name == name and line.file and line.licence and line.source and line.used_by
        assert line.embedded or line.downloads(), name
        assert line.pinned if line.embedded else True


def test_embedded_weights_are_what_the_ledger_says() -> None:
    embedded = [line for line in weights.ledger().values() if line.embedded]
    assert embedded
    for line in embedded:
        found = weights.look(line)
        assert found is not None, line.name
        assert (found.state, found.path.stat().st_size) == ("verified", line.bytes), line.name


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match="clip-vit-b-32"):
        weights.entry("clip-vit-b32")


# -- search ---------------------------------------------------------------------------------------


def test_absent_weights_are_unavailable_with_the_one_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known(monkeypatch, weight())
    with pytest.raises(Unavailable) as caught:
        weights.find("toy")
    assert caught.value.hint == "iqm weights pull toy"


def test_places_in_order(no_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = weight(hub="org/repo")
    known(monkeypatch, line)
    made = [
        put(no_weights / "iqm_weights_dir/toy/toy.safetensors"),
        put(no_weights / "iqm_weights_dir/toy.safetensors"),
        put(no_weights / "hf_home/hub/models--org--repo/snapshots/abc/toy.safetensors"),
        put(no_weights / "torch_home/hub/checkpoints/toy.safetensors"),
        put(no_weights / "torch_home/hub/pyiqa/toy.safetensors"),
        put(no_weights / "home/.insightface/models/toy.safetensors"),
    ]
    assert list(search.places(line)) == made
    assert weights.find("toy") == made[0]


def test_a_wrong_file_is_refused_by_name(no_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, weight())
    path = put(no_weights / "iqm_weights_dir/toy/toy.safetensors", b"something else")
    with pytest.raises(BadInput, match=str(path)):
        weights.find("toy")


def test_a_published_prefix_is_compared_as_far_as_it_goes(no_weights: Path) -> None:
    path = put(no_weights / "x.pth")
    assert search.check(weight(sha256=SHA[:8]), path).state == "verified"
    assert search.check(weight(sha256="0" * 8), path).state == "wrong"


def test_an_unpinned_file_is_checked_against_the_hub_cache(no_weights: Path) -> None:
    line = weight(sha256="", hub="org/repo")
    blob = put(no_weights / f"hf_home/hub/models--org--repo/blobs/{SHA}")
    link = no_weights / "hf_home/hub/models--org--repo/snapshots/abc/toy.safetensors"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    assert search.look(line).state == "verified"
    blob.write_bytes(b"damaged")
    assert search.look(line).state == "wrong"


def test_an_unpinned_bare_name_is_not_taken_from_shared_folders(no_weights: Path) -> None:
    put(no_weights / "iqm_weights_dir/toy.safetensors")
    put(no_weights / "torch_home/hub/checkpoints/toy.safetensors")
    assert search.look(weight(sha256="")) is None


# -- loading --------------------------------------------------------------------------------------


def test_a_pickle_needs_a_digest_that_matches(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    path = no_weights / "toy.pth"
    torch.save({"a": torch.ones(3)}, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    known(monkeypatch, weight(file="toy.pth", sha256=""))
    with pytest.raises(BadInput, match="pickle"):
        weights.load_state("toy", path)
    known(monkeypatch, weight(file="toy.pth", sha256="1" * 64))
    with pytest.raises(BadInput, match="pickle"):
        weights.load_state("toy", path)
    known(monkeypatch, weight(file="toy.pth", sha256=digest))
    assert weights.load_state("toy", path)["a"].tolist() == [1, 1, 1]
    monkeypatch.setattr(torch, "__version__", "2.9.1")
    with pytest.raises(BadInput, match="unsafely"):
        weights.load_state("toy", path)


def test_a_pickle_that_runs_code_is_not_run(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pickle

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (no_weights / "trapped",)

    path = put(no_weights / "toy.pth", pickle.dumps(Trap()))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    known(monkeypatch, weight(file="toy.pth", sha256=digest))
    with pytest.raises(Exception):  # noqa: B017, PT011
        weights.load_state("toy", path)
    assert not (no_weights / "trapped").exists()


# -- download -------------------------------------------------------------------------------------


class Hub(BaseHTTPRequestHandler):
    """A small hub: redirects, publishes a digest, resumes; can break off."""

    published = SHA
    breaks_after = 0
    asked: list[str] = []

    def do_GET(self) -> None:
        if self.path.startswith("/org/"):
            self.send_response(302)
            self.send_header("Location", "/blob")
            self.send_header("X-Linked-Etag", f'"{self.published}"')
            self.end_headers()
            return
        start = int((self.headers.get("Range") or "bytes=0-").split("=")[1].rstrip("-"))
        type(self).asked.append(str(start))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(BODY) - start))
        self.end_headers()
        end = self.breaks_after or len(BODY)
        type(self).breaks_after = 0
        self.wfile.write(BODY[start:end])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    Hub.published, Hub.breaks_after, Hub.asked = SHA, 0, []
    server = HTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield Hub
    server.shutdown()
    server.server_close()


def test_pull_fetches_verifies_and_tells(hub: type[Hub]) -> None:
    told: list[tuple[int, int]] = []
    line = weight(hub="org/repo")
    path = download.pull(line, lambda _name, done, total: told.append((done, total)))
    assert path.read_bytes() == BODY
    assert told[-1] == (len(BODY), len(BODY))
    assert search.look(line).state == "verified"
    download.pull(line)
    assert hub.asked == ["0"], "what is there is not fetched again"


def test_an_unpinned_file_is_held_to_what_the_source_published(hub: type[Hub]) -> None:
    line = weight(sha256="", hub="org/repo")
    download.pull(line, lambda *_: None)
    assert (search.look(line).state, search.look(line).sha256) == ("verified", SHA)
    search.folder_of(line).joinpath("toy.safetensors").write_bytes(b"damaged later")
    assert search.look(line).state == "wrong"


def test_a_file_other_than_published_is_removed(hub: type[Hub]) -> None:
    hub.published = "f" * 64
    with pytest.raises(BadInput, match="ffff"):
        download.pull(weight(sha256="", hub="org/repo"), lambda *_: None)
    assert list(search.folder_of(weight()).iterdir()) == []


def test_a_broken_download_is_resumed(hub: type[Hub]) -> None:
    hub.breaks_after = 1_200_000
    with pytest.raises(Unavailable, match="resume"):
        download.pull(weight(hub="org/repo"), lambda *_: None)
    assert search.look(weight()) is None, "a part is no weight"
    assert download.pull(weight(hub="org/repo"), lambda *_: None).read_bytes() == BODY
    assert hub.asked[0] == "0" and int(hub.asked[1]) > 0


def test_find_downloads_only_when_allowed(hub: type[Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, weight(hub="org/repo"))
    with pytest.raises(Unavailable):
        weights.find("toy")
    assert hub.asked == []
    monkeypatch.setenv("IQM_ALLOW_DOWNLOAD", "1")
    assert weights.find("toy").read_bytes() == BODY


def test_what_has_no_address_cannot_be_pulled() -> None:
    with pytest.raises(BadInput, match="no address"):
        download.pull(weight())


# -- bundles --------------------------------------------------------------------------------------


def test_a_bundle_goes_to_another_machine(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = weight(sha256="", hub="org/repo", extras=("tokenizer.json",))
    known(monkeypatch, line)
    put(no_weights / "iqm_weights_dir/toy/toy.safetensors")
    put(no_weights / "iqm_weights_dir/toy/tokenizer.json", b"{}")
    assert bundle.pack([line], no_weights / "b.tar") == ["toy"]
    monkeypatch.setenv("IQM_WEIGHTS_DIR", str(no_weights / "elsewhere"))
    assert search.look(line) is None
    assert bundle.unpack(no_weights / "b.tar") == ["toy"]
    assert search.look(line).state == "verified"
    assert search.extra(line, "tokenizer.json").read_bytes() == b"{}"


def test_packing_what_is_absent_names_the_command(no_weights: Path) -> None:
    with pytest.raises(Unavailable, match="pull toy"):
        bundle.pack([weight()], no_weights / "b.tar")
    assert not (no_weights / "b.tar").exists()


def tar(path: Path, files: dict[str, bytes], manifest: object) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, body in {"manifest.json": json.dumps(manifest).encode(), **files}.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return path


@pytest.mark.parametrize(
    ("name", "file", "digest"),
    [
        ("toy", "../../evil", SHA),
        ("toy", "toy.safetensors", "0" * 64),
        ("other", "toy.safetensors", SHA),
    ],
    ids=["outside", "other content", "unknown"],
)
def test_a_bad_bundle_is_refused(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch, name: str, file: str, digest: str
) -> None:
    known(monkeypatch, weight())
    row = {"name": name, "files": [{"file": file, "sha256": digest, "bytes": len(BODY)}]}
    path = tar(no_weights / "b.tar", {f"{name}/{file}": BODY}, {"format": 1, "weights": [row]})
    with pytest.raises(BadInput):
        bundle.unpack(path)
    assert search.look(weight()) is None
    assert not (no_weights / "evil").exists() and not (no_weights.parent / "evil").exists()


def test_what_is_no_bundle_is_refused(no_weights: Path) -> None:
    with pytest.raises(BadInput, match="not a bundle"):
        bundle.unpack(put(no_weights / "b.tar", b"hello"))
    with pytest.raises(BadInput, match="not a bundle"):
        bundle.unpack(tar(no_weights / "c.tar", {}, {"no": "weights"}))
