"""The manifest survives kills, and says of every image whether it is there."""

import json
from pathlib import Path

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.pipeline import manifest as module
from iqmetrics.pipeline.manifest import JOURNAL, NAME, Manifest, read


def row(name: str, status: str = "ok", **more: object) -> dict[str, object]:
    return {"file_name": name, "request": "k", "status": status, "bytes": 3, **more}


def test_planned_rows_are_pending_until_they_are_added(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.plan([row("a.png"), row("b.png")])
    assert [r["status"] for r in read(tmp_path / NAME)] == ["pending", "pending"]
    with manifest:
        manifest.add(row("a.png"))
    assert [r["status"] for r in read(tmp_path / NAME)] == ["ok", "pending"]
    assert not (tmp_path / JOURNAL).exists()


def test_a_manifest_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    real = tmp_path / "kept" / "real.jsonl"
    (tmp_path / NAME).symlink_to(real)
    Manifest(tmp_path).plan([row("a.png")])
    assert (tmp_path / NAME).is_symlink()
    assert [r["file_name"] for r in read(real)] == ["a.png"]
    assert [path.name for path in real.parent.iterdir()] == ["real.jsonl"]


def test_a_killed_run_loses_no_row(tmp_path: Path) -> None:
    killed = Manifest(tmp_path)
    killed.plan([row("a.png"), row("b.png")])
    killed.__enter__()
    killed.add(row("a.png"))
    with (tmp_path / JOURNAL).open("a") as journal:
        journal.write('{"file_name": "b.png", "sta')
    (tmp_path / "a.png").write_bytes(b"123")
    resumed = Manifest(tmp_path)
    assert resumed.done("a.png", "k") and not resumed.done("b.png", "k")


def test_done_needs_the_same_request_and_the_same_file(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.rows["a.png"] = row("a.png")
    assert not manifest.done("a.png", "k"), "no file"
    (tmp_path / "a.png").write_bytes(b"123")
    assert manifest.done("a.png", "k") and not manifest.done("a.png", "other")
    (tmp_path / "a.png").write_bytes(b"1")
    assert not manifest.done("a.png", "k"), "cut short"


def test_a_refusal_is_remembered_for_its_own_request(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.rows["a.png"] = row("a.png", "refused")
    assert manifest.refused("a.png", "k") and not manifest.refused("a.png", "other")


def test_a_plan_can_be_taken_back_where_there_was_an_image(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.rows = {"a.png": row("a.png", request="old"), "b.png": row("b.png", "refused")}
    (tmp_path / "a.png").write_bytes(b"123")
    manifest.plan([row("a.png"), row("b.png"), row("c.png")])
    for name in ("a.png", "b.png", "c.png"):
        manifest.restore(name)
    assert manifest.rows["a.png"]["request"] == "old"
    assert manifest.rows["b.png"]["status"] == manifest.rows["c.png"]["status"] == "pending"


def test_only_an_image_that_is_there_comes_back(tmp_path: Path) -> None:
    """One that was deleted since, or a file that a refused request left, is no image."""
    manifest = Manifest(tmp_path)
    manifest.rows = {"gone.png": row("gone.png"), "refused.png": row("refused.png", "refused")}
    (tmp_path / "refused.png").write_bytes(b"123")
    manifest.plan([row("gone.png"), row("refused.png")])
    for name in ("gone.png", "refused.png"):
        manifest.restore(name)
        assert manifest.rows[name]["status"] == "pending"


def test_a_state_is_not_taken_for_another(tmp_path: Path) -> None:
    """A file beside a failed row may be half written; an image that is there is no refusal."""
    (tmp_path / "a.png").write_bytes(b"123")
    manifest = Manifest(tmp_path)
    for status in ("ok", "refused", "failed", "pending"):
        manifest.rows["a.png"] = row("a.png", status)
        found = (manifest.done("a.png", "k"), manifest.refused("a.png", "k"))
        assert found == (status == "ok", status == "refused")


def test_rows_of_other_suites_stay(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(json.dumps(row("old.png")) + "\n")
    Manifest(tmp_path).plan([row("new.png")])
    assert [r["file_name"] for r in read(tmp_path / NAME)] == ["old.png", "new.png"]


def test_a_broken_manifest_is_named_by_line(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(json.dumps(row("old.png")) + "\nnot json\n")
    with pytest.raises(BadInput, match="line 2"):
        Manifest(tmp_path)


def test_a_full_disk_is_one_sentence_and_leaves_the_old_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Manifest(tmp_path)
    manifest.plan([row("a.png")])

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(BadInput, match="No space left on device"):
        manifest.plan([row("b.png")])
    assert [r["file_name"] for r in read(tmp_path / NAME)] == ["a.png"]
    assert [p.name for p in tmp_path.iterdir()] == [NAME]


def test_a_folder_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "none")
    with pytest.raises(BadInput, match=r"manifest\.jsonl cannot be written: No such file") as error:
        manifest.write()
    assert "the same command again" in error.value.hint


def test_a_journal_cut_inside_a_character_loses_that_row_only(tmp_path: Path) -> None:
    whole = json.dumps(row("a.png", prompt="夏"), ensure_ascii=False).encode()
    half = json.dumps(row("b.png", prompt="夏"), ensure_ascii=False).encode()
    (tmp_path / JOURNAL).write_bytes(whole + b"\n" + half[: half.index("夏".encode()) + 2])
    assert {name: r["prompt"] for name, r in Manifest(tmp_path).rows.items()} == {"a.png": "夏"}


def test_a_journal_that_somebody_removed_is_not_missed(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add(row("a.png"))
        (tmp_path / JOURNAL).unlink()
    assert [r["file_name"] for r in read(tmp_path / NAME)] == ["a.png"]


def test_a_value_that_json_does_not_know_is_written_as_text(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add(row("a.png", params={"lora": Path("x/y.safetensors")}))
    assert read(tmp_path / NAME)[0]["params"] == {"lora": "x/y.safetensors"}


def test_words_that_are_not_utf8_are_kept_as_escapes(tmp_path: Path) -> None:
    """The reason of a failure may hold a file name as it is on disk."""
    reason = "cannot read 夏 \udcff.png\u2028"
    with Manifest(tmp_path) as manifest:
        manifest.add({**row("a.png"), "reason": reason})
        assert b"\\udcff" in (tmp_path / ".manifest.journal").read_bytes()
    assert "夏".encode() in (tmp_path / NAME).read_bytes(), "what is UTF-8 can be read by people"
    assert read(tmp_path / NAME)[0]["reason"] == reason


@pytest.mark.parametrize(
    "line", [b'{"file_name": "\xff.png"}', b"[]", b'{"file_name": 5}', b"{}", b"\xff\xfe{"]
)
def test_any_broken_line_is_named_and_nothing_is_overwritten(tmp_path: Path, line: bytes) -> None:
    whole = json.dumps(row("old.png")).encode() + b"\n\n" + line + b"\n"
    (tmp_path / NAME).write_bytes(whole)
    with pytest.raises(BadInput, match="line 3, is not a row"):
        Manifest(tmp_path)
    assert (tmp_path / NAME).read_bytes() == whole


def test_an_image_of_another_length_or_request_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"12345")
    made = {**row("a.png"), "status": "ok", "request": "k", "bytes": 5}
    with Manifest(tmp_path) as manifest:
        manifest.add(made)
        assert manifest.done("a.png", "k")
        assert not manifest.done("a.png", "other")
        assert not manifest.done("b.png", "k")
        (tmp_path / "a.png").write_bytes(b"1234")
        assert not manifest.done("a.png", "k"), "cut short since"
        (tmp_path / "a.png").unlink()
        assert not manifest.done("a.png", "k"), "gone"


def test_a_manifest_that_an_editor_saved_is_read(tmp_path: Path) -> None:
    """With a byte order mark and other ends of lines, as one on Windows writes them."""
    lines = [json.dumps(row("a.png", prompt="é")), json.dumps(row("b.png")), "", ""]
    (tmp_path / NAME).write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    assert [r["file_name"] for r in read(tmp_path / NAME)] == ["a.png", "b.png"]
    with Manifest(tmp_path) as manifest:
        manifest.add(row("b.png", "refused"))
    assert [r["status"] for r in read(tmp_path / NAME)] == ["ok", "refused"]


def test_a_broken_line_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(json.dumps(row("a.png")) + "\n{\n")
    with pytest.raises(BadInput, match="line 2, is not a row of a manifest") as error:
        read(tmp_path / NAME)
    assert error.value.hint == "Move the file away; images whose row is lost are made again."


def test_the_manifest_is_rewritten_while_images_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for each image: the journal has those that came since."""
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    with Manifest(tmp_path) as manifest:
        manifest.add(row("a.png"))
        assert read(tmp_path / NAME) == []
        now[0] += module.EVERY_S + 0.1
        manifest.add(row("b.png"))
        assert len(read(tmp_path / NAME)) == 2
        manifest.add(row("c.png"))
        assert len(read(tmp_path / NAME)) == 2, "just now it was"
        assert len((tmp_path / JOURNAL).read_text().splitlines()) == 3
    assert len(read(tmp_path / NAME)) == 3


def test_a_disk_that_is_slow_is_written_to_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]

    def slow(_: int) -> None:
        now[0] += 5.0

    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(module.os, "fsync", slow)
    with Manifest(tmp_path) as manifest:
        now[0] += 5.0 * module.SHARE - 1
        manifest.add(row("a.png"))
        assert read(tmp_path / NAME) == []
        now[0] += 2
        manifest.add(row("b.png"))
        assert len(read(tmp_path / NAME)) == 2
