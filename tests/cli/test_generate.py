"""iqm generate and iqm suites as a user runs them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from iqmetrics.cli.main import run

ECHO = Path(__file__).parents[1] / "generators" / "echo_model.py"


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ECHO_LOG", str(tmp_path / "log"))
    path = tmp_path / "mine.suite.toml"
    path.write_text(
        'sizes = [[32, 16]]\nseeds = [1, 2]\n[[prompt]]\nid = "cat"\ntext = "a cat"\n'
        'negative = "dog"\n[[prompt]]\nid = "no"\ntext = "refuse"\n'
    )
    return str(path)


@pytest.fixture
def model() -> str:
    return f"echo=command:{sys.executable} {ECHO}"


def test_images_failures_and_what_was_not_applied_are_told(
    suite: str, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    args = ["generate", suite, "--model", model, "--out", str(out)]
    assert run(args) == 0
    told = capsys.readouterr()
    assert "2 refused" in told.out
    assert "echo: 2 images are missing, the first because: not this" in told.err
    assert "echo does not take: negative" in told.err
    assert len(list(out.rglob("*.png"))) == 2
    asked = len((tmp_path / "log").read_text().splitlines())
    assert run([*args, "--json"]) == 0
    [again] = json.loads(capsys.readouterr().out)
    assert (again["made"], again["kept"], again["failures"]) == (0, 2, {"refused": 2})
    assert "--retry-refused asks again" in told.err
    capsys.readouterr()
    assert run([*args, "--strict"]) == 3, "an image that was refused earlier is still missing"
    assert len((tmp_path / "log").read_text().splitlines()) == asked


def test_strict_asks_for_every_image_and_a_quiet_run_still_says_why(
    suite: str, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["generate", suite, "--model", model, "--out", str(tmp_path / "out"), "--quiet"]
    assert run([*args, "--strict"]) == 3
    told = capsys.readouterr().err
    assert told == "echo: 2 images are missing, the first because: not this\n"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--model", "nothing:x"], "no generator named 'nothing'"),
        (["--model", "command:/no/such/program"], "cannot be started"),
        (["--model", "folder:x", "--seeds", "a"], "--seeds a is not a list of numbers"),
        ([], "Missing option '--model'"),
    ],
)
def test_what_the_user_can_fix_is_two(
    suite: str, tmp_path: Path, args: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["generate", suite, "--out", str(tmp_path / "out"), *args]) == 2
    assert told in capsys.readouterr().err


def test_a_killed_run_is_finished_by_the_same_command(suite: str, tmp_path: Path) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text(
        f"import time, runpy\ntime.sleep(0)\nreal = time.sleep\nimport json\n"
        f"_loads = json.loads\njson.loads = lambda s: (real(0.25), _loads(s))[1]\n"
        f"runpy.run_path({str(ECHO)!r})\n"
    )
    out = tmp_path / "out"
    args = [
        "generate", suite, "--model", f"echo=command:{sys.executable} {slow}", "--out", str(out),
        "--seeds", ",".join(map(str, range(8))), "--limit", "1",
    ]  # fmt: skip
    code = "import sys; from iqmetrics.cli.main import main; main(sys.argv[1:])"
    process = subprocess.Popen([sys.executable, "-c", code, *args], env=os.environ)
    while len(list(out.rglob("*.png"))) < 3 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {p: p.read_bytes() for p in out.rglob("*.png")}
    asked = len((tmp_path / "log").read_text().splitlines())
    assert len(before) < 8
    assert run([*args, "--quiet"]) == 0
    assert len(list(out.rglob("*.png"))) == 8
    assert all(path.read_bytes() == data for path, data in before.items())
    more = len((tmp_path / "log").read_text().splitlines()) - asked
    assert more <= 8 - len(before) + 1, "what was there is not made again"
    rows = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert [r["status"] for r in rows] == ["ok"] * 8


def test_score_reads_what_generate_wrote(suite: str, model: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(["generate", suite, "--model", model, "--out", str(out), "--quiet"]) == 0
    assert run(["score", str(out), "--scorer", "size", "--quiet"]) == 0
    card = json.loads((out / "iqm" / "scorecard.json").read_text())
    [row] = [r for r in card["rows"] if r["metric"] == "size.as_requested"]
    assert (row["model"], row["mean"], row["images"]) == ("echo", 1.0, 2)


def test_generators_lists_and_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generators"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in ("diffusers", "comfyui", "openai", "hf", "folder"))
    assert run(["generators", "comfyui"]) == 0
    assert "timeout_s = 900.0" in capsys.readouterr().out
    assert run(["generators", "openai", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["options"]["key_env"] == "'OPENAI_API_KEY'"
    assert run(["generators", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) >= 7
    assert run(["generators", "comfy"]) == 2


def test_suites_lists_shows_and_converts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["suites"]) == 0
    assert "comparison" in capsys.readouterr().out
    assert run(["suites", "--json"]) == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)} >= {"hands", "faces"}
    assert run(["suites", "hands"]) == 0
    assert "potter" in capsys.readouterr().out
    assert run(["suites", "hands", "--jsonl"]) == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert first["id"] == "open-palm"
    assert run(["suites", "hands", "--toml"]) == 0
    assert "[[prompt]]" in capsys.readouterr().out
    assert run(["suites", "hands", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pick"] == 1
