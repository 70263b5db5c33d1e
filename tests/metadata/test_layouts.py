from iqmetrics.metadata.layouts import read_layout


def test_oneig_needs_every_image_to_fit() -> None:
    fits = [f"images/{kind}/m/{n:03d}.webp" for kind in ("anime", "human") for n in range(2)]
    found = read_layout(fits)
    assert (found[fits[3]].model, found[fits[3]].prompt_id) == ("m", "human-001")
    assert read_layout([*fits, "other.png"]) == {}
    assert read_layout(["anime/m/fox.webp"]) == {}


def test_generated_layout() -> None:
    found = read_layout(["images/flux/0123456789ab/42.png", "readme.png"])
    facts = found["images/flux/0123456789ab/42.png"]
    assert (facts.model, facts.prompt_id, facts.seed) == ("flux", "0123456789ab", 42)
    assert list(found) == ["images/flux/0123456789ab/42.png"]


def test_other_folders() -> None:
    assert read_layout(["a/b/1.png", "a/2024/1.png"]) == {}
    assert read_layout([]) == {}
