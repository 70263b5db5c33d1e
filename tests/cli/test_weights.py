import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from iqmetrics.cli.weights import command

from iqmetrics import weights
from iqmetrics.errors import IqmError
from iqmetrics.weights import search

pytestmark = pytest.mark.usefixtures("no_weights")


def run(*args: str) -> Result:
    return CliRunner().invoke(command, list(args), standalone_mode=False)


def place_clip(body: bytes = b"weights") -> Path:
    folder = weights.folder_of(weights.entry("clip-vit-b-32"))
    folder.mkdir(parents=True)
    path = folder / "open_clip_model.safetensors"
    path.write_bytes(body)
    search.note_of(path).write_text(hashlib.sha256(b"weights").hexdigest())
    return path


def test_list_is_the_licence_ledger() -> None:
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert set(rows) == set(weights.ledger())
    assert rows["niqe-pristine"]["here"] is True
    assert rows["clip-vit-b-32"]["here"] is False
    assert rows["clip-vit-b-32"]["licence"] == "MIT"
    assert "clip-vit-b-32" in run("list").stdout


def test_verify_tells_absent_verified_and_wrong() -> None:
    assert "absent" in run("verify", "clip-vit-b-32").stdout
    path = place_clip()
    result = run("verify", "clip-vit-b-32")
    assert "verified" in result.stdout and not result.return_value
    path.write_bytes(b"damaged")
    result = run("verify", "clip-vit-b-32")
    assert "wrong" in result.stdout and result.return_value == 2


def test_bundle_and_import(no_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place_clip()
    archive = str(no_weights / "w.tar")
    assert "clip-vit-b-32" in run("bundle", archive).stderr
    monkeypatch.setenv("IQM_WEIGHTS_DIR", str(no_weights / "other"))
    assert not weights.has("clip-vit-b-32")
    assert "clip-vit-b-32" in run("import", archive).stderr
    assert weights.has("clip-vit-b-32")


def test_bundle_of_nothing_says_what_to_do(no_weights: Path) -> None:
    result = run("bundle", str(no_weights / "w.tar"))
    assert isinstance(result.exception, IqmError)
    assert "pull" in result.exception.hint
    assert not os.path.exists(no_weights / "w.tar")


def test_an_unknown_weight_is_an_error() -> None:
    assert "did you mean" in str(run("pull", "clip-vit-b32").exception).lower()


def test_every_help_ends_with_an_example() -> None:
    for name in (None, "list", "pull", "verify", "bundle", "import"):
        text = run(*([name] if name else []), "--help").stdout
        assert text.strip().splitlines()[-1].strip().startswith("Example:  iqm weights")


def test_the_table_says_which_weights_may_be_used_commercially(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = dict(weights.ledger())
    held["musiq-ava"] = replace(held["musiq-ava"], commercial=False)
    monkeypatch.setattr(weights, "ledger", lambda: held)
    lines = {line.split()[0]: line for line in run("list").stdout.splitlines()[2:]}
    for name, weight in held.items():
        said = lines[name].split(weight.licence)[1].split()[0]
        assert said == ("no" if name == "musiq-ava" else "yes"), name


def test_verify_without_names_looks_at_all() -> None:
    """One wrong file among those that are here is enough for exit code 2."""
    said = {line.split()[0]: line.split()[1] for line in run("verify").stdout.splitlines()}
    assert set(weights.ledger()) <= set(said)
    assert said["niqe-pristine"] == "verified" and said["clip-vit-b-32"] == "absent"
    assert not run("verify").return_value
    place_clip(b"damaged")
    assert run("verify").return_value == 2
