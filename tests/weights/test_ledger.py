import pytest
from toy_weights import SHA, weight

from iqmetrics import weights
from iqmetrics.errors import UnknownName
from iqmetrics.nets import clip_source

pytestmark = pytest.mark.usefixtures("no_weights")


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


@pytest.mark.parametrize(
    ("scorer", "told"),
    [
        ("clip", "clip uses clip-vit-b-32; with another model clip-vit-l-14, "),
        ("diversity", "diversity uses clip-vit-b-32; with another model "),
        ("musiq", "musiq uses musiq-koniq"),
        ("fid", "fid uses inception-fid"),
        ("niqe", "niqe uses niqe-pristine, part of iqmetrics: nothing is to be fetched"),
        ("face", "face uses face_short, face_full, "),
    ],
)
def test_the_name_of_a_scorer_leads_to_its_weights(scorer: str, told: str) -> None:
    with pytest.raises(UnknownName) as caught:
        weights.entry(scorer)
    assert caught.value.hint.startswith(told)
    assert "tiny" not in caught.value.hint


def test_the_model_of_clip_that_is_told_first_is_its_default() -> None:
    used = [w for w in weights.ledger().values() if "clip" in w.used_by and not w.embedded]
    assert used[0].model == clip_source.DEFAULT


def test_addresses_of_hub_url_and_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    base = "https://huggingface.co"
    line = weight(hub="org/repo", extras=("vocab.txt", "other/clip:sub/merges.txt"))
    assert line.downloads() == {
        "toy.safetensors": f"{base}/org/repo/resolve/main/toy.safetensors",
        "vocab.txt": f"{base}/org/repo/resolve/main/vocab.txt",
        "merges.txt": f"{base}/other/clip/resolve/main/sub/merges.txt",
    }
    assert next(iter(line.downloads())) == line.file
    direct = weight(hub="org/repo", url="https://example.org/x.bin")
    assert direct.downloads() == {"toy.safetensors": "https://example.org/x.bin"}
    assert weight().downloads() == {}


def test_a_mirror_of_the_hub_may_end_in_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    (address,) = weight(hub="org/repo").downloads().values()
    assert address == "https://mirror.example/org/repo/resolve/main/toy.safetensors"


def test_a_prefix_of_a_digest_is_no_pin() -> None:
    assert weight().pinned
    assert not weight(sha256=SHA[:8]).pinned and not weight(sha256="").pinned


def test_names_files_and_models_of_the_ledger_are_unlike_each_other() -> None:
    lines = list(weights.ledger().values())
    assert len({(line.hub, line.url, line.file) for line in lines}) == len(lines)
    assert all(set(line.sha256) <= set("0123456789abcdef") for line in lines)
    assert all(isinstance(line.used_by, tuple) and isinstance(line.extras, tuple) for line in lines)
