"""Damaged and hostile files: facts or a problem in words, never another error, and quickly."""

import json
import random
import time
from pathlib import Path

import pytest
from written_outputs import CONVENTIONS, picture

from iqmetrics.metadata import Facts, read_facts

READ = (".png", ".jpg", ".webp", ".txt", ".json", ".yaml")


@pytest.fixture(scope="module")
def good_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("good")
    for name, writer in CONVENTIONS.items():
        (folder / name).mkdir()
        writer(folder / name)
    for suffix in ("avif", "gif", "tiff", "bmp"):
        picture().save(folder / f"x.{suffix}")
    named = [path for path in sorted(folder.rglob("*")) if path.suffix in READ]
    return [*named, *sorted(folder.glob("x.*"))]


def damaged(data: bytes, chance: random.Random) -> bytes:
    """`data` with some bytes flipped, taken out or put in, mostly near the start."""
    found = bytearray(data)
    near = min(len(found), 4000 if chance.random() < 0.7 else len(found))
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(max(1, min(near, len(found))))
        kind = chance.random()
        if kind < 0.6 and found:
            found[at] = chance.randrange(256)
        elif kind < 0.8:
            del found[at : at + chance.randint(1, 20)]
        else:
            found[at:at] = chance.randbytes(chance.randint(1, 8))
    return bytes(found)


def read_damaged(good_files: list[Path], folder: Path, seed: int, count: int) -> float:
    """Seconds that the slowest of `count` damaged files took to read."""
    chance = random.Random(seed)
    slowest = 0.0
    for _ in range(count):
        source = chance.choice(good_files)
        path = folder / f"m{source.suffix}"
        path.write_bytes(damaged(source.read_bytes(), chance))
        start = time.perf_counter()
        facts = read_facts(str(path))
        slowest = max(slowest, time.perf_counter() - start)
        assert Facts.from_json(facts.to_json()) == facts
        assert facts.problem == facts.problem.strip()
    return slowest


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
def test_damaged_files(seed: int, good_files: list[Path], tmp_path: Path) -> None:
    assert read_damaged(good_files, tmp_path, seed, 250) < 10


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(10, 20))
def test_many_damaged_files(seed: int, good_files: list[Path], tmp_path: Path) -> None:
    assert read_damaged(good_files, tmp_path, seed, 5000) < 10


@pytest.mark.parametrize(
    "suffix", [".png", ".jpg", ".webp", ".avif", ".gif", ".tiff", ".bmp", ".txt", ".json", ".yaml"]
)
@pytest.mark.parametrize("content", [b"", b"\0", b"\xff" * 1000, b"a" * 1000, bytes(range(256))])
def test_nonsense_under_any_name(suffix: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / f"x{suffix}").write_bytes(content)
    facts = read_facts(str(tmp_path / f"x{suffix}"))
    assert facts.problem or suffix in (".txt", ".json", ".yaml")


def test_a_deep_graph_is_refused_quickly(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"1": {"class_type": "A", "inputs": ' * 5000)
    assert "not JSON" in read_facts(str(tmp_path / "x.json")).problem


def test_a_graph_that_fans_out_is_read_quickly(tmp_path: Path) -> None:
    """Each node is fed twice by the next: 2^60 paths, which must not all be walked."""
    nodes = {
        str(n): {
            "class_type": "ConditioningCombine",
            "inputs": {"conditioning_1": [str(n + 1), 0], "conditioning_2": [str(n + 1), 0]},
        }
        for n in range(60)
    }
    nodes["60"] = {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["99", 0]}}
    nodes["k"] = {
        "class_type": "KSampler",
        "inputs": {"seed": 1, "steps": 2, "positive": ["0", 0], "latent_image": ["99", 0]},
    }
    nodes["s"] = {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}
    (tmp_path / "x.json").write_text(json.dumps(nodes))
    start = time.perf_counter()
    facts = read_facts(str(tmp_path / "x.json"))
    assert facts.prompt == "a fox"
    assert time.perf_counter() - start < 5


def test_text_that_doubles_is_not_built(tmp_path: Path) -> None:
    nodes = {
        str(n): {
            "class_type": "StringConcatenate",
            "inputs": {"string_a": [str(n + 1), 0], "string_b": [str(n + 1), 0], "delimiter": " "},
        }
        for n in range(60)
    }
    nodes["60"] = {"class_type": "PrimitiveString", "inputs": {"value": "a fox"}}
    nodes["e"] = {"class_type": "CLIPTextEncode", "inputs": {"text": ["0", 0], "clip": ["99", 0]}}
    nodes["k"] = {
        "class_type": "KSampler",
        "inputs": {"seed": 1, "steps": 2, "positive": ["e", 0], "latent_image": ["99", 0]},
    }
    nodes["s"] = {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}
    (tmp_path / "x.json").write_text(json.dumps(nodes))
    facts = read_facts(str(tmp_path / "x.json"))
    assert facts.confidence == "low"
    assert len(facts.prompt or "") <= 1 << 20


def test_a_chain_longer_than_is_followed_is_not_trusted(tmp_path: Path) -> None:
    nodes = {str(n): {"class_type": "Reroute", "inputs": {"": [str(n + 1), 0]}} for n in range(500)}
    nodes["500"] = {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["99", 0]}}
    nodes["k"] = {
        "class_type": "KSampler",
        "inputs": {"seed": 1, "steps": 2, "positive": ["0", 0], "latent_image": ["99", 0]},
    }
    nodes["s"] = {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}
    (tmp_path / "x.json").write_text(json.dumps(nodes))
    facts = read_facts(str(tmp_path / "x.json"))
    assert (facts.prompt, facts.confidence, facts.problem) == (None, "low", "")
