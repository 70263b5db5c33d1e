"""The way from a folder to records, in one step or in the steps of a caller that caches."""

from pathlib import Path

from factory import paint

from iqmetrics import metadata
from iqmetrics.metadata import Facts


def folder(tmp_path: Path) -> Path:
    for model in "ab":
        path = paint(tmp_path / model / "0.png", ord(model))
        path.with_suffix(".txt").write_text(f"prompt of {model}")
    return tmp_path


def test_every_name_that_is_offered_is_there() -> None:
    assert all(hasattr(metadata, name) for name in metadata.__all__)
    assert metadata.__all__ == sorted(metadata.__all__, key=lambda n: (n[0].islower(), n))


def test_step_by_step_is_the_same_as_at_once(tmp_path: Path) -> None:
    root = str(folder(tmp_path))
    selection = metadata.select_folder(root)
    facts = {
        e.path: metadata.read_facts(f"{root}/{e.path}") for e in metadata.describing(selection)
    }
    records, _ = metadata.assemble(root, selection, facts)
    at_once, _ = metadata.read_folder(root)
    assert list(records) == list(at_once)
    assert [r.prompt for r in records] == ["prompt of a", "prompt of b"]


def test_facts_may_be_stored_between_the_steps(tmp_path: Path) -> None:
    root = str(folder(tmp_path))
    selection = metadata.select_folder(root)
    facts = {
        e.path: metadata.read_facts(f"{root}/{e.path}") for e in metadata.describing(selection)
    }
    stored = {path: Facts.from_json(found.to_json()) for path, found in facts.items()}
    assert stored == facts


def test_chosen_files_find_their_sidecars(tmp_path: Path) -> None:
    root, selection = metadata.select_files([folder(tmp_path) / "a" / "0.png"])
    facts = {
        e.path: metadata.read_facts(f"{root}/{e.path}") for e in metadata.describing(selection)
    }
    (record,), _ = metadata.assemble(root, selection, facts)
    assert record.prompt == "prompt of a"
