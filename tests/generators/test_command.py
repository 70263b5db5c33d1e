"""Programs as generators: answers in order, and every way a program can let one down."""

import json
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from iqmetrics.errors import BadInput
from iqmetrics.generators import command
from iqmetrics.generators.base import Request, Result
from iqmetrics.generators.command import Command

PROGRAM = f"{sys.executable} {Path(__file__).with_name('echo_model.py')}"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    monkeypatch.setenv("ECHO_LOG", str(tmp_path / "log"))
    made = Command(PROGRAM, batch=4, timeout_s=3.0, params={"steps": 8})
    made.open(measure=False)
    yield made
    made.close()


def test_each_request_gets_its_own_image_and_what_was_applied_is_told(model: Command) -> None:
    asked = [Request(f"p/{s}", "a cat", s, 24, 16, negative="dog") for s in (7, 9)]
    results = model(asked)
    assert [r.id for r in results] == ["p/7", "p/9"]
    assert [r.image.getpixel((0, 0)) for r in results if r.image] == [7, 9]
    assert results[0].image is not None and results[0].image.size == (24, 16)
    assert results[0].applied["steps"] == 8
    assert "negative" not in results[0].applied and results[0].not_applied == ("negative",)
    assert results[0].telemetry["steps_executed"] == 4


@pytest.mark.parametrize(
    ("prompt", "kind", "reason"),
    [
        ("refuse me", "refused", "not this"),
        ("die now", "failed", "ended with code 1: out of luck"),
        ("garbage", "no_image", "0.png is no image"),
    ],
)
def test_a_failure_is_typed_and_the_next_request_still_works(
    model: Command, prompt: str, kind: str, reason: str
) -> None:
    [failed] = model([Request("bad", prompt)])
    assert failed.error is not None and failed.error.kind == kind
    assert reason in failed.error.reason
    [fine] = model([Request("good", "a cat", 3)])
    assert fine.image is not None and fine.image.getpixel((0, 0)) == 3


def test_a_program_that_hangs_is_ended_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECHO_LOG", str(tmp_path / "log"))
    monkeypatch.setattr(command, "PATIENCE_S", 0.2)
    model = Command(PROGRAM, timeout_s=0.5)
    model.open(measure=False)
    first = model.running.process
    [late] = model([Request("late", "sleep")])
    assert late.error is not None and late.error.kind == "timeout"
    assert first.poll() is not None
    slower = Command(PROGRAM, timeout_s=5.0)
    [fine] = slower([Request("good", "a cat")])
    assert fine.image is not None
    slower.close()


def test_measured_images_carry_their_wall_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECHO_LOG", str(tmp_path / "log"))
    model = Command(PROGRAM)
    model.open(measure=True)
    model([Request("warm", "a cat")])
    [timed] = model([Request("p", "a cat")])
    model.close()
    assert 0 < timed.telemetry["latency_s"] < 3


@pytest.mark.parametrize("target", ["/no/such/program", ""])
def test_a_missing_program_is_one_sentence(target: str) -> None:
    with pytest.raises(BadInput, match=r"cannot be started|names no program"):
        Command(target).open(measure=False)


def test_the_fingerprint_changes_with_the_command_and_its_parameters() -> None:
    prints = [
        Command("a").fingerprint(),
        Command("b").fingerprint(),
        Command("a", params={"steps": 1}).fingerprint(),
    ]
    assert len({str(p) for p in prints}) == 3
    assert Command("a", timeout_s=1).fingerprint() == prints[0]


ANSWERS = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    for odd in json.loads(sys.argv[1]):
        print(odd if isinstance(odd, str) else json.dumps({"id": asked["id"], **odd}), flush=True)
"""


def answer(tmp_path: Path, *said: object) -> Result:
    """What becomes of one request when the program says these lines."""
    (tmp_path / "odd.py").write_text(ANSWERS)
    words = [sys.executable, str(tmp_path / "odd.py"), json.dumps(said)]
    model = Command(shlex.join(words), timeout_s=5.0)
    try:
        model.open(measure=False)
        (result,) = model([Request("1", "a cat", 7)])
    finally:
        model.close()
    return result


@pytest.mark.parametrize(
    "noise",
    ["50%|###   |", "", "[]", "null", '{"id": []}', '{"id": {"a": 1}}', '{"id": "other"}',
     "[" * 100_000, "{", '"1"', "\x1b[31mlog"],
)  # fmt: skip
def test_other_lines_of_a_program_are_no_answer(tmp_path: Path, noise: str) -> None:
    result = answer(tmp_path, noise, {"error": "no", "kind": "refused"})
    assert result.error is not None
    assert (result.error.kind, result.error.reason) == ("refused", "no")


@pytest.mark.parametrize("field", ["telemetry", "applied", "not_applied"])
@pytest.mark.parametrize("odd", [5, "text", None, True, {"a": 1}, ["seed"]])
def test_an_odd_field_of_an_answer_does_not_cost_the_image(
    tmp_path: Path, field: str, odd: object
) -> None:
    Image.new("L", (8, 8), 9).save(tmp_path / "made.png")
    result = answer(tmp_path, {"path": str(tmp_path / "made.png"), field: odd})
    assert result.error is None and result.image is not None
    assert isinstance(result.applied, dict) and isinstance(result.telemetry, dict)
    assert result.not_applied == (("seed",) if (field, odd) == ("not_applied", ["seed"]) else ())


@pytest.mark.parametrize("kind", ["refused", "nonsense", 5, None, ["refused"]])
def test_the_kinds_of_failure_are_a_closed_set(tmp_path: Path, kind: object) -> None:
    result = answer(tmp_path, {"error": "no", "kind": kind})
    assert result.error is not None
    assert result.error.kind == ("refused" if kind == "refused" else "failed")


@pytest.mark.parametrize("path", ["a\0b.png", "/", "x" * 5000, "/dev/null/x.png"])
def test_a_path_that_is_no_file_is_no_image(tmp_path: Path, path: str) -> None:
    result = answer(tmp_path, {"path": path})
    assert result.error is not None and result.error.kind == "no_image"


def test_an_image_too_large_to_decode_is_a_failure_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("L", (64, 64)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    result = answer(tmp_path, {"path": str(tmp_path / "bomb.png")})
    assert result.error is not None and result.error.kind == "no_image"
    assert "bomb" in result.error.reason


def run_code(
    tmp_path: Path, code: str, timeout_s: float = 5.0, prompt: str = "a cat"
) -> tuple[Result, float]:
    """What becomes of one request to this program, and after how many seconds."""
    (tmp_path / "odd.py").write_text("import json, os, sys, time\n" + code)
    model = Command(shlex.join([sys.executable, str(tmp_path / "odd.py")]), timeout_s=timeout_s)
    model.open(measure=False)
    began = time.monotonic()
    try:
        (result,) = model([Request("1", prompt, 7)])
    finally:
        model.close()
    return result, time.monotonic() - began


def test_a_program_that_only_chatters_is_too_late_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line of its log used to give it as much time again."""
    monkeypatch.setattr(command, "PATIENCE_S", 0.1)
    late, took = run_code(
        tmp_path, "while True:\n    print('loading', flush=True)\n    time.sleep(0.05)", 0.4
    )
    assert late.error is not None and late.error.kind == "timeout"
    assert late.error.reason == "no answer in 0.4 s" and took < 6


LONG = "a cat " * 200_000
"""More than a pipe holds."""


def test_a_program_that_never_reads_is_too_late_however_much_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing to it used to wait without end."""
    monkeypatch.setattr(command, "PATIENCE_S", 0.1)
    late, took = run_code(tmp_path, "time.sleep(60)", 0.4, LONG)
    assert late.error is not None and late.error.kind == "timeout" and took < 6


def test_a_program_that_answers_before_it_reads_is_heard(tmp_path: Path) -> None:
    code = "print(json.dumps({'id': '1', 'error': 'no', 'kind': 'refused'}), flush=True)\n"
    told, _ = run_code(tmp_path, code + "for line in sys.stdin: pass", 5.0, LONG)
    assert told.error is not None and (told.error.kind, told.error.reason) == ("refused", "no")


@pytest.mark.parametrize("said", ["loading", '{"id": "1", "error": "no"}'])
def test_chatter_without_a_pause_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """As long as there was a next line, nobody looked at the clock; nor where an answer came twice."""
    monkeypatch.setattr(command, "PATIENCE_S", 0.1)
    (tmp_path / "odd.py").write_text(f"while True: print({said!r}, flush=True)")
    words = [sys.executable, str(tmp_path / "odd.py")]
    model = Command(shlex.join(words), batch=2, timeout_s=0.4)
    model.open(measure=False)
    results = model([Request("1", "a cat"), Request("2", "a dog")])
    model.close()
    assert "timeout" in [result.error.kind for result in results if result.error]


def test_a_process_that_the_program_left_behind_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the pipes of the program, as those of a script do."""
    monkeypatch.setattr(command, "PATIENCE_S", 0.1)
    code = "import subprocess\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(9)'])"
    late, took = run_code(tmp_path, code, 0.4, LONG)
    assert late.error is not None and late.error.kind == "timeout" and took < 6


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no processes to look at here")
def test_what_a_program_started_ends_with_it_when_it_is_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that starts the model would leave it behind, and what it holds of the GPU."""
    monkeypatch.setattr(command, "PATIENCE_S", 0.1)
    started = tmp_path / "started"
    model = f"import os, time; open({str(started)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    late, _ = run_code(
        tmp_path, f"import subprocess\nsubprocess.run([sys.executable, '-c', {model!r}])"
    )
    assert late.error is not None and late.error.kind == "timeout"
    until = time.monotonic() + 10
    while (gone := _gone(int(started.read_text()))) is False and time.monotonic() < until:
        time.sleep(0.05)
    assert gone


def _gone(pid: int) -> bool:
    """Whether a process has ended; a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_program_that_closes_its_output_and_goes_on_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It used to be waited for without end."""
    monkeypatch.setattr(command, "PATIENCE_S", 0.1)
    gone, took = run_code(tmp_path, "sys.stdin.readline(); os.close(1); time.sleep(60)")
    assert gone.error is not None and gone.error.kind == "failed"
    assert "the program ended with code -9" in gone.error.reason and took < 20


def test_a_program_that_ends_without_an_answer_tells_its_last_words(tmp_path: Path) -> None:
    code = "sys.stdin.readline(); sys.stderr.write('x' * 999 + '\\nno such\\n  model'); sys.exit(3)"
    gone, _ = run_code(tmp_path, code)
    assert gone.error is not None
    assert gone.error.reason.startswith("the program ended with code 3: ")
    assert gone.error.reason.endswith(" no such model") and len(gone.error.reason) < 500


@pytest.mark.parametrize("target", ['python "my model.py', "python 'x"])
def test_a_quote_too_few_is_one_sentence(target: str) -> None:
    for use in (lambda m: m.open(measure=False), lambda m: m.fingerprint()):
        with pytest.raises(BadInput, match="No closing quotation") as error:
            use(Command(target))
        assert error.value.hint == "Close every quote"


def test_prompts_of_any_script_reach_the_program(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(
        "import json, sys\nfor line in sys.stdin.buffer:\n"
        "    asked = json.loads(line.decode('utf-8'))\n"
        "    print(json.dumps({'id': asked['id'], 'error': asked['prompt']}), flush=True)\n"
    )
    model = Command(shlex.join([sys.executable, str(tmp_path / "echo.py")]), timeout_s=5.0)
    model.open(measure=False)
    try:
        (told,) = model([Request("ä", "雪, 狐\n»x« \U0001f98a")])
    finally:
        model.close()
    assert told.error is not None and told.error.reason == "雪, 狐\n»x« \U0001f98a"


def test_a_program_is_started_once_and_its_end_is_seen(model: Command) -> None:
    """Loading a model takes minutes: only a dead program is started again."""
    first = model.running.process
    for seed in range(3):
        model([Request("p", "a cat", seed)])
    assert model.running.process is first
    first.kill()
    first.wait()
    [fine] = model([Request("p", "a cat", 5)])
    assert fine.image is not None and model.running.process is not first
    model.close()
    assert model.running is None


def test_what_was_applied_is_what_the_program_says_else_what_was_asked(tmp_path: Path) -> None:
    Image.new("L", (8, 8), 9).save(tmp_path / "made.png")
    made = {"path": str(tmp_path / "made.png")}
    assert answer(tmp_path, made).applied == {"prompt": "a cat", "seed": 7}
    assert answer(tmp_path, {**made, "not_applied": ["seed"]}).applied == {"prompt": "a cat"}
    assert answer(tmp_path, {**made, "applied": {"seed": 8}}).applied == {"seed": 8}


@pytest.mark.parametrize(("batch", "measured"), [(1, True), (2, False)])
def test_images_that_wait_for_each_other_have_no_latency(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int, measured: bool
) -> None:
    monkeypatch.setenv("ECHO_LOG", str(tmp_path / "log"))
    model = Command(PROGRAM, batch=batch)
    model.open(measure=True)
    results = model([Request(str(n), "a cat", n) for n in range(batch)])
    model.close()
    assert ["latency_s" in result.telemetry for result in results] == [measured] * batch


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_bytes_that_are_not_utf8_do_not_end_the_listening(tmp_path: Path, stream: str) -> None:
    """A log in a code page of old: the answer comes behind it."""
    code = f"sys.stdin.readline(); sys.{stream}.buffer.write(b'gr\\xfc\\xdfe\\n')\n"
    code += "print(json.dumps({'id': '1', 'error': 'no', 'kind': 'refused'}), flush=True)"
    told, _ = run_code(tmp_path, code)
    assert told.error is not None and (told.error.kind, told.error.reason) == ("refused", "no")


def test_commands_that_are_alike_are_equal_whether_they_run_or_not(model: Command) -> None:
    other = Command(PROGRAM, batch=4, timeout_s=3.0, params={"steps": 8})
    assert model == other and hash(model) == hash(other) and repr(model) == repr(other)
    assert model != Command(PROGRAM, batch=5, timeout_s=3.0, params={"steps": 8})
