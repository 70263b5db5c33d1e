import pytest

from iqmetrics.metadata.names import is_model_folder, read_name


@pytest.mark.parametrize(
    ("path", "seed"),
    [
        ("00012-123456.png", 123456),
        ("txt2img/2024-01-01/00012-123456-a red fox.png", 123456),
        ("fox_seed42.png", 42),
        ("fox-Seed=42-v2.png", 42),
        ("seed 7.png", 7),
        ("ComfyUI_00001_.png", None),
        ("2024-05-01.png", None),
        ("1024x1024.png", None),
        ("seedling_42.png", None),
        ("00012-1234567890123456789012345.png", None),
    ],
)
def test_seed_in_a_name(path: str, seed: int | None) -> None:
    facts = read_name(path)
    assert facts.seed == seed
    assert seed is None or facts.confidence == "low"


@pytest.mark.parametrize("name", ["flux-dev", "sd3.5", "model a", "2b-model", "v1", "dall-e-3"])
def test_folders_called_after_models(name: str) -> None:
    assert is_model_folder(name)


@pytest.mark.parametrize(
    "name",
    [
        "2024-05-01",
        "20240501",
        "2024-05",
        "2024_05_01 evening",
        "00012",
        "3",
        "txt2img-images",
        "txt2img-grids",
        "0123456789ab",
        "outputs",
    ],
)
def test_folders_called_after_something_else(name: str) -> None:
    assert not is_model_folder(name)
