from pathlib import Path

import pytest
from toy_weights import SHA, known, put, weight

from iqmetrics import weights
from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.weights import search

pytestmark = pytest.mark.usefixtures("no_weights")


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


def test_a_note_of_the_source_comes_before_the_name_in_the_cache(no_weights: Path) -> None:
    line = weight(sha256="")
    path = put(no_weights / "iqm_weights_dir/toy/toy.safetensors")
    assert search.check(line, path).state == "unverified"
    search.note_of(path).write_text(f"{SHA}  https://example.org\n", "utf-8")
    found = search.check(line, path)
    assert (found.state, found.sha256) == ("verified", SHA)
    search.note_of(path).write_text("0" * 64, "utf-8")
    assert search.check(line, path).state == "wrong"
    assert search.check(weight(), path).against == "the ledger", "which knows better than a note"


def test_an_empty_note_says_nothing(no_weights: Path) -> None:
    path = put(no_weights / "iqm_weights_dir/toy/toy.safetensors")
    search.note_of(path).write_text("\n", "utf-8")
    found = search.check(weight(sha256=""), path)
    assert (found.state, found.against) == ("unverified", "")


def test_a_file_in_the_cache_that_is_no_link_proves_nothing(no_weights: Path) -> None:
    path = put(no_weights / "hf_home/hub/models--org--repo/snapshots/abc/toy.safetensors")
    found = search.look(weight(sha256="", hub="org/repo"))
    assert found is not None
    assert (found.path, found.state) == (path, "unverified")


def test_extras_lie_beside_the_weight_or_in_the_cache_of_their_own_repository(
    no_weights: Path,
) -> None:
    line = weight(hub="org/repo", extras=("vocab.txt", "other/clip:merges.txt"))
    assert search.extra(line, "vocab.txt") is None
    hub = no_weights / "hf_home/hub"
    vocab = put(hub / "models--org--repo/snapshots/a/vocab.txt", b"v")
    put(hub / "models--org--repo/snapshots/a/merges.txt", b"not these")
    merges = put(hub / "models--other--clip/snapshots/b/merges.txt", b"m")
    assert search.extra(line, "vocab.txt") == vocab
    assert search.extra(line, "merges.txt") == merges
    own = put(no_weights / "iqm_weights_dir/toy/merges.txt", b"m")
    assert search.extra(line, "merges.txt") == own


def test_folders_of_the_environment_come_first(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(no_weights / "straight"))
    line = weight(hub="org/repo")
    put(no_weights / "hf_home/hub/models--org--repo/snapshots/a/toy.safetensors")
    assert search.look(line) is None
    straight = put(no_weights / "straight/models--org--repo/snapshots/a/toy.safetensors")
    assert search.look(line).path == straight
    monkeypatch.delenv("IQM_WEIGHTS_DIR")
    assert search.own_folder() == no_weights / "xdg_cache_home/iqmetrics/weights"


def test_having_a_file_is_not_being_sure_of_it(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, weight())
    assert not weights.has("toy")
    put(no_weights / "iqm_weights_dir/toy/toy.safetensors", b"damaged")
    assert weights.has("toy")


def test_a_folder_of_that_name_is_no_file(no_weights: Path) -> None:
    (no_weights / "iqm_weights_dir/toy/toy.safetensors").mkdir(parents=True)
    assert search.look(weight()) is None


def test_where_caches_lie_when_no_variable_says_so(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HOME", "TORCH_HOME", "XDG_CACHE_HOME", "IQM_WEIGHTS_DIR"):
        monkeypatch.delenv(name)
    cache = no_weights / "home" / ".cache"
    made = [
        put(cache / "iqmetrics/weights/toy/toy.safetensors"),
        put(cache / "huggingface/hub/models--org--repo/snapshots/abc/toy.safetensors"),
        put(cache / "torch/hub/checkpoints/toy.safetensors"),
    ]
    assert list(search.places(weight(hub="org/repo"))) == made
    assert list(search.hub_files("", "toy.safetensors")) == []


@pytest.mark.parametrize(("said", "fetched"), [(None, 0), ("", 0), ("0", 0), ("1", 1)])
def test_nothing_is_fetched_unless_allowed(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch, said: str | None, fetched: int
) -> None:
    from iqmetrics.weights import download

    asked = []

    def pull(line: object) -> None:
        asked.append(line)
        put(no_weights / "iqm_weights_dir/toy/toy.safetensors")

    known(monkeypatch, weight())
    monkeypatch.setattr(download, "pull", pull)
    if said is None:
        monkeypatch.delenv("IQM_ALLOW_DOWNLOAD", raising=False)
    else:
        monkeypatch.setenv("IQM_ALLOW_DOWNLOAD", said)
    if fetched:
        assert weights.find("toy").name == "toy.safetensors"
    else:
        with pytest.raises(Unavailable):
            weights.find("toy")
    assert len(asked) == fetched
