"""The images on which all engines must agree: good, corrupt, and fatal to a scorer's process."""

from pathlib import Path

from PIL import Image

SCORERS = ("size", "fatal_scorers:Mean", "fatal_scorers:Fatal", "fatal_scorers:Spread")
RAISES, EXITS, IS_KILLED, ENDS_SETS = 201, 211, 212, 213
"""Grey levels on which `fatal_scorers` do that."""


def make_images(folder: Path, count: int, fatal: int = 3) -> None:
    """Paint `count` images of two models, four images a prompt.

    One makes a scorer raise; one is no image and one is cut short; the first `fatal` of three end
    the process that judges them: by an exit, by SIGKILL, and only as a member of a set.
    """
    places = ((count // 4, EXITS), (count // 2, IS_KILLED), (3 * count // 4, ENDS_SETS))
    special = {count // 20: RAISES, **dict(places[:fatal])}
    for number in range(count):
        path = folder / "ab"[number % 2] / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        grey = special.get(number, number % 200)
        Image.new("RGB", (32 + number % 5, 24), (grey, grey, number % 200)).save(path)
        path.with_suffix(".txt").write_text(f"prompt {number // 8}", "utf-8")
    (folder / "a" / "no-image.png").write_bytes(b"not an image")
    cut = folder / "b" / "005.png"
    cut.write_bytes(cut.read_bytes()[:60])
