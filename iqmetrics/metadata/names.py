"""What folder and file names tell: a seed, a date, a grid folder."""

import re

from iqmetrics.metadata import midjourney
from iqmetrics.metadata.facts import NONE, Facts
from iqmetrics.metadata.selection import split_suffix

A1111_NAME = re.compile(r"(\d{5})-(\d+)(?:-.*)?")
"""`00012-123456.png`: counter and seed (the default name of AUTOMATIC1111)."""
SEED_WORD = re.compile(r"(?:^|[-_ .])seed[-_= ]?(\d+)(?=$|[-_ .])", re.IGNORECASE)
DATE = re.compile(r"(19|20)\d\d([-_.]?\d\d([-_.]?\d\d)?)?([-_ T].*)?")
NUMBERED = re.compile(r"\d+")
TOOL_FOLDERS = re.compile(
    r"(txt2img|img2img|extras)([-_](images|grids|samples))?|samples|images|outputs?|"
    r"init-images|save|saved|favou?rites|text|image|video|local|raw",
    re.IGNORECASE,
)
PROMPT_ID = re.compile(r"[0-9a-f]{12}")


def read_name(path: str) -> Facts:
    """The facts in an image's relative path; its seed with little confidence."""
    stem = split_suffix(path.rsplit("/", 1)[-1])[0]
    if "-" not in stem and "seed" not in stem.lower():
        return NONE
    if guess := midjourney.read_name(stem):
        return guess
    found = A1111_NAME.fullmatch(stem)
    seed = found[2] if found else ""
    if not seed and (word := SEED_WORD.search(stem)):
        seed = word[1]
    if seed and len(seed) <= 20:
        return Facts(source="file name", confidence="low", seed=int(seed))
    return NONE


def is_model_folder(name: str) -> bool:
    """Whether a folder may be called after a model: no date, number, prompt id or tool's folder."""
    return not any(pattern.fullmatch(name) for pattern in (DATE, NUMBERED, PROMPT_ID, TOOL_FOLDERS))
