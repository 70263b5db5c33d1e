import socket
from pathlib import Path
from threading import Thread

import pytest
from toy_weights import BODY, SHA, Hub, known, put, weight

from iqmetrics import weights
from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.weights import download, search

pytestmark = pytest.mark.usefixtures("no_weights")


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


def test_a_server_that_cannot_resume_starts_over(hub: type[Hub]) -> None:
    hub.resumes = False
    part = put(search.folder_of(weight()) / "toy.safetensors.part", BODY[:1000])
    assert download.pull(weight(hub="org/repo"), lambda *_: None).read_bytes() == BODY
    assert not part.exists()


def test_a_part_that_is_whole_only_gets_its_name(hub: type[Hub]) -> None:
    put(search.folder_of(weight()) / "toy.safetensors.part")
    assert download.pull(weight(hub="org/repo"), lambda *_: None).read_bytes() == BODY
    assert hub.asked == [str(len(BODY))]


def test_a_part_of_something_else_is_found_out(hub: type[Hub]) -> None:
    part = put(search.folder_of(weight()) / "toy.safetensors.part", b"x" * 1000)
    with pytest.raises(BadInput, match="not"):
        download.pull(weight(hub="org/repo"), lambda *_: None)
    assert not part.exists(), "so that the next try starts afresh"
    assert download.pull(weight(hub="org/repo"), lambda *_: None).read_bytes() == BODY


@pytest.mark.parametrize("code", [401, 404, 500])
def test_an_answer_that_is_no_file_is_named(hub: type[Hub], code: int) -> None:
    hub.refuses = code
    with pytest.raises(Unavailable, match=f"answered {code}"):
        download.pull(weight(hub="org/repo"), lambda *_: None)
    assert list(search.folder_of(weight()).iterdir()) == []


def test_extras_are_fetched_with_it(hub: type[Hub]) -> None:
    line = weight(hub="org/repo", extras=("org/words:deep/vocab.txt",))
    told: set[str] = set()
    download.pull(line, lambda name, *_: told.add(name))
    assert told == {"toy.safetensors", "vocab.txt"}
    assert (search.extra(line, "vocab.txt") or Path()).read_bytes() == BODY


def test_a_server_that_speaks_no_http_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            line, _ = server.accept()
            with line:
                line.recv(1000)
                line.sendall(b"220 mail.example ready\r\n")

        Thread(target=greet, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(Unavailable, match="cannot be reached"):
            download.pull(weight(hub="org/repo"), lambda *_: None)


def test_progress_is_told_once_at_the_end_where_nobody_looks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for done in (1_000_000, 2_000_000, 4_000_000):
        download._say("toy.bin", done, 4_000_000)
    download._say("toy.bin", 5, 0)
    assert capsys.readouterr().err == "toy.bin: 4.0 MB 100 %\n"
