"""iqm serve: who may ask, and what is printed; the server itself is not started here."""

import sys
from pathlib import Path
from typing import Any

import pytest
from factory import paint, scored
from iqmetrics.cli.main import run

uvicorn = pytest.importorskip("uvicorn")
client = pytest.importorskip("starlette.testclient")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    paint(tmp_path / "out" / "a.png")
    scored(tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    calls: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: calls.append((app, options)))
    return calls


def ask(app: Any, path: str, host: str) -> int:
    status: int = client.TestClient(app, base_url=f"http://{host}").get(path).status_code
    return status


def test_only_this_machine_is_answered_by_default(
    folder: Path, started: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", str(folder), "--token", "secret"]) == 0
    ((app, options),) = started
    assert (options["host"], options["port"]) == ("127.0.0.1", 8123)
    told = capsys.readouterr().err
    assert "http://127.0.0.1:8123/\n" in told
    assert "http://127.0.0.1:8123/feed/secret/scorecard.csv" in told
    assert ask(app, "/", "127.0.0.1:8123") == 200
    assert ask(app, "/", "evil.example") == 400


def test_beyond_this_machine_every_page_needs_the_token(
    folder: Path, started: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["serve", str(folder), "--host", "192.0.2.7", "--port", "9", "--name", "box.example"]
    assert run([*args, "--token", "secret"]) == 0
    ((app, _),) = started
    assert "http://192.0.2.7:9/?token=secret" in capsys.readouterr().err
    assert ask(app, "/", "192.0.2.7:9") == 403
    assert ask(app, "/?token=wrong", "192.0.2.7:9") == 403
    assert ask(app, "/?token=secret", "192.0.2.7:9") == 200
    assert ask(app, "/?token=secret", "box.example") == 200
    assert ask(app, "/?token=secret", "other.example") == 400


def test_a_token_is_made_up_anew_each_time(
    folder: Path, started: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    feeds = set()
    for _ in range(2):
        run(["serve", str(folder)])
        feeds.add(capsys.readouterr().err.split("/feed/")[1].split("/")[0])
    assert len(feeds) == 2
    assert all(len(token) >= 24 for token in feeds)


@pytest.mark.parametrize(
    "args", [["nowhere"], ["empty"], ["out", "--port", "70000"], ["out", "--port", "x"]]
)
def test_what_cannot_be_served_is_2(
    folder: Path, started: list[Any], args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    Path("empty").mkdir()
    assert run(["serve", *args]) == 2
    assert started == []


def test_a_port_that_is_taken_is_2(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(*_: Any, **__: Any) -> None:
        sys.exit(1)  # so uvicorn ends; its own words go to a log that outlives this test

    monkeypatch.setattr(uvicorn, "run", leave)
    assert run(["serve", str(folder), "--port", "9"]) == 2
    assert "nothing is served at 127.0.0.1:9" in capsys.readouterr().err


def test_without_the_package_the_command_to_get_it_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(["serve", str(folder)]) == 2
    assert "pip install 'iqmetrics[serve]'" in capsys.readouterr().err


def test_an_address_of_six_groups_stands_in_brackets(
    folder: Path, started: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", str(folder), "--host", "::1", "--token", "secret"]) == 0
    ((app, options),) = started
    assert options["host"] == "::1"
    told = capsys.readouterr().err
    assert "http://[::1]:8123/\n" in told
    assert "http://[::1]:8123/feed/secret/scorecard.csv" in told
    assert ask(app, "/", "[::1]:8123") == 200


@pytest.mark.parametrize("token", ["a/b", "a b", "ü", "a?b", "#"])
def test_a_token_that_no_address_can_hold_is_2(
    folder: Path, started: list[Any], token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", str(folder), "--token", token]) == 2
    assert f"--token {token} cannot stand in an address" in capsys.readouterr().err
    assert started == []
