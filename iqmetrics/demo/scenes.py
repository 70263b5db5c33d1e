"""Procedural captioned scenes: shapes, colours, counts, positions and short words, 64 x 64.

A `Scene` is the truth; `render` draws it, `caption` says it in English or Chinese, and `foils` says
it wrong in exactly one respect. What the tiny models of this package know is these scenes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Literal
from zlib import crc32

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

Language = Literal["en", "zh"]
Relation = Literal["left", "right", "above", "below"]

SIZE = 64
"""Side of a rendered scene in pixels."""

COLORS = {
    "red": ("红色", (220, 30, 30)),
    "green": ("绿色", (30, 160, 50)),
    "blue": ("蓝色", (40, 70, 220)),
    "yellow": ("黄色", (240, 220, 40)),
    "purple": ("紫色", (140, 50, 170)),
    "orange": ("橙色", (245, 135, 20)),
}
BACKGROUNDS = {
    "white": ("白色", (245, 245, 245)),
    "black": ("黑色", (12, 12, 12)),
    "gray": ("灰色", (128, 128, 128)),
}
SHAPES = {
    "circle": ("圆形", "circles"),
    "square": ("方块", "squares"),
    "triangle": ("三角形", "triangles"),
    "star": ("星星", "stars"),
    "cross": ("十字", "crosses"),
    "ring": ("圆环", "rings"),
}
NUMBERS = {1: ("one", "一"), 2: ("two", "两"), 3: ("three", "三"), 4: ("four", "四")}
WORDS = ("CAT", "DOG", "SUN", "MOON", "TREE", "OPEN", "STOP", "CAFE", "BOOK", "FISH", "LOVE", "ZEN")
RELATIONS: dict[Relation, tuple[str, str, Relation]] = {
    "left": ("to the left of", "左边", "right"),
    "right": ("to the right of", "右边", "left"),
    "above": ("above", "上方", "below"),
    "below": ("below", "下方", "above"),
}
FOILS = ("color", "background", "count", "shape", "word", "position", "binding")
"""In what a foil caption can be wrong."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A shape of one colour."""

    color: str
    shape: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be seen: `count` equal things, or a thing in relation to another, or a word.

    With `other` the first thing is `relation` of it and `count` is 1; with `word` the thing's
    colour is that of the letters and its shape is "".
    """

    background: str
    thing: Thing
    count: int = 1
    other: Thing | None = None
    relation: Relation | None = None
    word: str = ""

    @property
    def facts(self) -> str:
        """The same for two scenes that no caption could tell apart."""
        if self.other is not None and self.relation in ("right", "below"):
            turned = RELATIONS[self.relation][2]
            return replace(self, thing=self.other, other=self.thing, relation=turned).facts
        other = f"{self.relation} {self.other.color} {self.other.shape}" if self.other else ""
        return (
            f"{self.background}|{self.count} {self.thing.color} {self.thing.shape}|{other}|"
            f"{self.word}"
        )

    @property
    def held_out(self) -> bool:
        """Whether training never shows this combination: one in ten."""
        return crc32(self.facts.encode()) % 10 == 0


def draw(rng: Random) -> Scene:
    """A random scene: 2 in 10 show a word, 3 in 10 a count, 5 in 10 a pair."""
    kind = rng.random()
    background = rng.choice(list(BACKGROUNDS))
    if kind < 0.2:
        return Scene(background, Thing(rng.choice(list(COLORS)), ""), word=rng.choice(WORDS))
    if kind < 0.5:
        thing = Thing(rng.choice(list(COLORS)), rng.choice(list(SHAPES)))
        return Scene(background, thing, count=rng.choice(list(NUMBERS)))
    colors, shapes = rng.sample(list(COLORS), 2), rng.sample(list(SHAPES), 2)
    first, second = (Thing(c, s) for c, s in zip(colors, shapes, strict=True))
    return Scene(background, first, other=second, relation=rng.choice(list(RELATIONS)))


def stream(seed: int, held_out: bool | None = None) -> Iterator[Scene]:
    """Endless scenes; `held_out` True or False keeps only those (not) kept from training."""
    rng = Random(seed)
    while True:
        scene = draw(rng)
        if held_out is None or scene.held_out is held_out:
            yield scene


def distinct(scenes: Iterator[Scene], count: int) -> list[Scene]:
    """The next `count` scenes whose facts all differ: each has one right caption among them."""
    found: dict[str, Scene] = {}
    while len(found) < count:
        scene = next(scenes)
        found.setdefault(scene.facts, scene)
    return list(found.values())


def caption(scene: Scene, language: Language = "en", variant: int = 0) -> str:
    """The scene in words; `variant` (0..2) chooses among wordings."""
    return _english(scene, variant % 3) if language == "en" else _chinese(scene, variant % 3)


def _english(scene: Scene, variant: int) -> str:
    where = (f"on a {scene.background} background", f"on {scene.background}", "")[variant]
    lead = f"{scene.background} background with " if variant == 2 else ""
    thing = scene.thing
    if scene.word:
        said = f'the word "{scene.word.lower()}" in {thing.color}'
    elif scene.other:
        other = scene.other
        relation = RELATIONS[scene.relation or "left"][0]
        said = f"{_a(thing)} {relation} {_a(other)}"
    else:
        noun = thing.shape if scene.count == 1 else SHAPES[thing.shape][1]
        said = f"{NUMBERS[scene.count][0]} {thing.color} {noun}"
    return f"{lead}{said} {where}".strip()


def _a(thing: Thing) -> str:
    return f"{'an' if thing.color[0] in 'aeiou' else 'a'} {thing.color} {thing.shape}"


def _chinese(scene: Scene, variant: int) -> str:
    where = BACKGROUNDS[scene.background][0] + ("背景上", "的背景", "背景")[variant]
    color, thing = COLORS[scene.thing.color][0], scene.thing
    if scene.word:
        return f"{where}写着{color}的 {scene.word.lower()}"
    noun = color + SHAPES[thing.shape][0]
    if scene.other:
        other = COLORS[scene.other.color][0] + SHAPES[scene.other.shape][0]
        return f"{where}{noun}在{other}的{RELATIONS[scene.relation or 'left'][1]}"
    return f"{where}有{NUMBERS[scene.count][1]}个{noun}"


def all_foils(scene: Scene) -> dict[str, list[Scene]]:
    """Every way to make the scene wrong in one respect, for every respect that it has."""
    thing, other = scene.thing, scene.other
    colors = {thing.color, other.color if other else ""}
    found = {
        "color": [replace(scene, thing=replace(thing, color=c)) for c in COLORS if c not in colors],
        "background": [replace(scene, background=b) for b in BACKGROUNDS if b != scene.background],
    }
    if scene.word:
        return found | {"word": [replace(scene, word=w) for w in WORDS if w != scene.word]}
    shapes = {thing.shape, other.shape if other else ""}
    found["shape"] = [
        replace(scene, thing=replace(thing, shape=s)) for s in SHAPES if s not in shapes
    ]
    if other is None or scene.relation is None:
        return found | {"count": [replace(scene, count=n) for n in NUMBERS if n != scene.count]}
    swapped = replace(scene, thing=Thing(other.color, thing.shape))
    return found | {
        "position": [replace(scene, relation=RELATIONS[scene.relation][2])],
        "binding": [replace(swapped, other=Thing(thing.color, other.shape))],
    }


def foils(scene: Scene, rng: Random) -> dict[str, Scene]:
    """One random foil for every respect that the scene has."""
    return {kind: rng.choice(scenes) for kind, scenes in all_foils(scene).items()}


def every() -> Iterator[Scene]:
    """All 11,448 scenes that can be drawn; some pairs say the same from either side."""
    for background in BACKGROUNDS:
        for color in COLORS:
            for word in WORDS:
                yield Scene(background, Thing(color, ""), word=word)
            for shape in SHAPES:
                thing = Thing(color, shape)
                for count in NUMBERS:
                    yield Scene(background, thing, count=count)
                yield from _pairs(background, thing)


def _pairs(background: str, thing: Thing) -> Iterator[Scene]:
    for color in COLORS:
        for shape in SHAPES:
            if color != thing.color and shape != thing.shape:
                for relation in RELATIONS:
                    yield Scene(background, thing, other=Thing(color, shape), relation=relation)


def render(scene: Scene, rng: Random) -> "Image.Image":
    """The scene as a 64 x 64 RGB image; place, size, hue and noise vary with `rng`."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (2 * SIZE, 2 * SIZE), _vary(BACKGROUNDS[scene.background][1], rng, 8))
    pen = ImageDraw.Draw(image)
    if scene.word:
        _write(pen, scene, rng)
    else:
        things = [scene.thing] * scene.count if scene.other is None else [scene.thing, scene.other]
        for thing, (x, y, radius) in zip(things, _places(scene, rng), strict=True):
            _shape(pen, thing.shape, x, y, radius, _vary(COLORS[thing.color][1], rng, 14))
    return image.resize((SIZE, SIZE), Image.Resampling.BOX)


def _vary(color: tuple[int, int, int], rng: Random, by: int) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, c + rng.randint(-by, by))) for c in color)
    return red, green, blue


def _places(scene: Scene, rng: Random) -> list[tuple[float, float, float]]:
    """Centre and radius of each thing on the double-size canvas, without overlap."""
    if scene.other is not None:
        return _pair_places(scene.relation or "left", rng)
    largest = {1: 40, 2: 28, 3: 23, 4: 20}[scene.count]
    radius = rng.uniform(13, largest)
    places: list[tuple[float, float, float]] = []
    tries = 0
    while len(places) < scene.count:
        x, y = (rng.uniform(radius + 3, 2 * SIZE - radius - 3) for _ in range(2))
        if all(max(abs(x - a), abs(y - b)) > 2 * radius + 4 for a, b, _ in places):
            places.append((x, y, radius))
        elif (tries := tries + 1) > 60:
            places, tries, radius = [], 0, radius * 0.9
    return places


def _pair_places(relation: Relation, rng: Random) -> list[tuple[float, float, float]]:
    first, second = rng.uniform(14, 26), rng.uniform(14, 26)
    gap = rng.uniform(5, max(6.0, 116 - 2 * first - 2 * second))
    start = rng.uniform(3, max(4.0, 2 * SIZE - 2 * first - 2 * second - gap - 3))
    near, far = start + first, start + 2 * first + gap + second
    middle = rng.uniform(32, 96)
    across = [
        min(max(middle + rng.uniform(-9, 9), r + 2), 2 * SIZE - r - 2) for r in (first, second)
    ]
    if relation in ("right", "below"):
        near, far = 2 * SIZE - near, 2 * SIZE - far
    if relation in ("left", "right"):
        return [(near, across[0], first), (far, across[1], second)]
    return [(across[0], near, first), (across[1], far, second)]


def _shape(
    pen: "ImageDraw.ImageDraw",
    shape: str,
    x: float,
    y: float,
    radius: float,
    color: tuple[int, int, int],
) -> None:
    box = (x - radius, y - radius, x + radius, y + radius)
    if shape == "circle":
        pen.ellipse(box, fill=color)
    elif shape == "ring":
        pen.ellipse(box, outline=color, width=max(4, round(radius * 0.32)))
    elif shape == "square":
        pen.rectangle(box, fill=color)
    elif shape == "cross":
        arm = radius * 0.33
        pen.rectangle((x - radius, y - arm, x + radius, y + arm), fill=color)
        pen.rectangle((x - arm, y - radius, x + arm, y + radius), fill=color)
    else:
        pen.polygon(_corners(shape, x, y, radius), fill=color)


def _corners(shape: str, x: float, y: float, radius: float) -> list[tuple[float, float]]:
    from math import cos, pi, sin

    if shape == "triangle":
        return [(x, y - radius), (x + radius, y + radius), (x - radius, y + radius)]
    reach = [radius if i % 2 == 0 else radius * 0.42 for i in range(10)]
    return [(x + r * sin(i * pi / 5), y - r * cos(i * pi / 5)) for i, r in enumerate(reach)]


def _write(pen: "ImageDraw.ImageDraw", scene: Scene, rng: Random) -> None:
    font = _font(rng.randrange(34, 49, 2) if len(scene.word) < 4 else rng.randrange(28, 37, 2))
    left, top, right, bottom = pen.textbbox((0, 0), scene.word, font=font)
    x = rng.uniform(2, max(3.0, 2 * SIZE - (right - left) - 2)) - left
    y = rng.uniform(2, 2 * SIZE - (bottom - top) - 2) - top
    pen.text((x, y), scene.word, font=font, fill=_vary(COLORS[scene.thing.color][1], rng, 14))


@cache
def _font(size: int) -> "ImageFont.FreeTypeFont":
    from PIL import ImageFont

    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow was built without FreeType"
    return font
