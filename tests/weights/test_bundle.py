import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from toy_weights import BODY, SHA, known, put, tar, weight

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.weights import bundle, search

pytestmark = pytest.mark.usefixtures("no_weights")


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


def test_an_archive_that_is_a_link_stays_one(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = weight(sha256="", hub="org/repo")
    known(monkeypatch, line)
    put(no_weights / "iqm_weights_dir/toy/toy.safetensors")
    (no_weights / "b.tar").symlink_to(no_weights / "real.tar")
    bundle.pack([line], no_weights / "b.tar")
    assert (no_weights / "b.tar").is_symlink() and tarfile.is_tarfile(no_weights / "real.tar")


def test_packing_what_is_absent_names_the_command(no_weights: Path) -> None:
    with pytest.raises(Unavailable, match="pull toy"):
        bundle.pack([weight()], no_weights / "b.tar")
    assert not (no_weights / "b.tar").exists()


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


def test_a_manifest_of_another_shape_is_no_bundle(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, weight())
    for manifest in ([], {"weights": 3}, {"weights": ["toy"]}, {"weights": [{"name": "toy"}]}):
        with pytest.raises(BadInput, match="not a bundle"):
            bundle.unpack(tar(no_weights / "b.tar", {}, manifest))
    plain = no_weights / "latin.tar"
    with tarfile.open(plain, "w") as archive:
        info = tarfile.TarInfo("manifest.json")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"\xff\xfe"))
    with pytest.raises(BadInput, match="not a bundle"):
        bundle.unpack(plain)


def row(digest: str = SHA, file: str = "toy.safetensors") -> dict[str, object]:
    listed = {"file": file, "sha256": digest, "bytes": len(BODY)}
    return {"weights": [{"name": "toy", "files": [listed]}]}


def test_a_file_that_the_manifest_promises_must_be_there(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, weight())
    with pytest.raises(BadInput, match="not a bundle"):
        bundle.unpack(tar(no_weights / "b.tar", {}, row()))
    assert search.look(weight()) is None


def test_a_link_in_a_bundle_leads_nowhere_outside_of_it(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = put(no_weights / "secret", BODY)
    known(monkeypatch, weight())
    path = tar(no_weights / "b.tar", {}, row())
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("toy/toy.safetensors")
        link.type, link.linkname = tarfile.SYMTYPE, str(secret)
        archive.addfile(link)
    with pytest.raises(BadInput):
        bundle.unpack(path)
    assert search.look(weight()) is None


def test_a_pinned_file_must_have_the_digest_of_the_ledger_whatever_the_manifest_says(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = b"another network"
    promised = row(hashlib.sha256(other).hexdigest())
    for file in ("toy.safetensors", "deep/toy.safetensors"):
        known(monkeypatch, weight(file=file))
        path = tar(no_weights / "b.tar", {"toy/toy.safetensors": other}, promised)
        with pytest.raises(BadInput, match="not the right one"):
            bundle.unpack(path)


def test_a_bundle_cut_short_is_refused(no_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, weight())
    put(no_weights / "iqm_weights_dir/toy/toy.safetensors")
    bundle.pack([weight()], no_weights / "b.tar")
    whole = (no_weights / "b.tar").read_bytes()
    monkeypatch.setenv("IQM_WEIGHTS_DIR", str(no_weights / "elsewhere"))
    for length in (0, 100, 1000, 2_000_000):
        with pytest.raises(BadInput):
            bundle.unpack(put(no_weights / "cut.tar", whole[:length]))
    assert search.look(weight()) is None


def test_a_wrong_file_is_not_packed_and_leaves_no_part(no_weights: Path) -> None:
    put(no_weights / "iqm_weights_dir/toy/toy.safetensors", b"damaged")
    with pytest.raises(BadInput, match="is not toy"):
        bundle.pack([weight()], no_weights / "b.tar")
    assert not list(no_weights.glob("b.tar*"))


def test_the_manifest_comes_first_and_tells_licence_and_digest(no_weights: Path) -> None:
    put(no_weights / "iqm_weights_dir/toy/toy.safetensors")
    bundle.pack([weight()], no_weights / "b.tar")
    with tarfile.open(no_weights / "b.tar", "r:") as archive:
        assert archive.getnames() == ["manifest.json", "toy/toy.safetensors"]
        member = archive.extractfile("manifest.json")
        assert member is not None
        (listed,) = json.load(member)["weights"]
    assert listed == {
        "name": "toy",
        "licence": "MIT",
        "files": [{"file": "toy.safetensors", "sha256": SHA, "bytes": len(BODY)}],
    }
