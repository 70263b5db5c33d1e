"""Renders lettering with known text over photographs: the ladders that `text` is measured on."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
FONTS = Path("/usr/share/fonts")
FONTS_ZH = (
    "opentype/noto/NotoSansCJK-Bold.ttc",
    "opentype/noto/NotoSerifCJK-Regular.ttc",
    "truetype/wqy/wqy-zenhei.ttc",
    "truetype/arphic/ukai.ttc",
    "truetype/arphic/uming.ttc",
    "truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf",
)
FONTS_EN = (
    "truetype/dejavu/DejaVuSans-Bold.ttf",
    "truetype/liberation/LiberationSerif-Regular.ttf",
    "truetype/comfortaa/Comfortaa-Bold.ttf",
    "opentype/roboto/slab/RobotoSlab-Regular.otf",
    "truetype/lato/Lato-Black.ttf",
    "opentype/lobster/lobster.otf",
)
FONTS_SCRIPT = (
    "opentype/dancingscript/DancingScript-Bold.otf",
    "opentype/lobster/lobster.otf",
    "opentype/lobstertwo/LobsterTwo-BoldItalic.otf",
    "opentype/kaushanscript/KaushanScript-Regular.otf",
    "truetype/leckerli-one/LeckerliOne-Regular.ttf",
)
TEXTS_ZH = (
    "开业大吉", "欢迎光临", "新鲜水果", "禁止吸烟", "春夏秋冬", "图书馆",
    "人民公园", "生日快乐", "安全出口", "特价促销", "北京烤鸭", "学海无涯",
)  # fmt: skip
TEXTS_EN = (
    "GRAND OPENING", "Fresh Coffee", "NO PARKING", "Welcome Home", "Book Store", "EXIT ONLY",
    "Happy Birthday", "STAFF", "Open Late", "Garden Party", "SUMMER SALE", "Bakery",
)  # fmt: skip
TEXTS_MIXED = (
    "Café 咖啡", "2026新年", "SALE 50% OFF", "Room 305", "地铁2号线", "ABC银行",
    "24小时营业", "Gate B12", "Wi-Fi 免费", "NO. 7 大街", "T恤 99元", "Est. 1987",
)  # fmt: skip
TEXTS = TEXTS_ZH + TEXTS_EN + TEXTS_MIXED


@dataclass(frozen=True)
class Lettering:
    """A text with the font that draws it and the photograph behind it."""

    text: str
    font: str
    photo: int


def has_hanzi(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


def letterings(texts: tuple[str, ...] = TEXTS, fonts: tuple[str, ...] = ()) -> list[Lettering]:
    """Each text with a font that has its characters, fonts and photographs taking turns."""
    return [
        Lettering(
            t, (fonts or (FONTS_ZH if has_hanzi(t) else FONTS_EN))[i % len(fonts or FONTS_ZH)], i
        )
        for i, t in enumerate(texts)
    ]


@cache
def photographs() -> tuple[Pixels, ...]:
    """Colour photographs of the scikit-image wheel, without lettering in them."""
    from skimage import data

    return tuple(
        np.ascontiguousarray(getattr(data, name)()[..., :3])
        for name in ("astronaut", "chelsea", "coffee", "cat")
    )


def background(photo: int, width: int, height: int, offset: int = 0) -> Pixels:
    """A crop of a photograph, scaled to cover the canvas; the astronaut only by his face."""
    image = photographs()[photo % 4]
    if photo % 4 == 0:
        image = image[:200, :330]
    scale = max(width / image.shape[1], height / image.shape[0])
    size = (math.ceil(image.shape[1] * scale), math.ceil(image.shape[0] * scale))
    out = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(out[y : y + height, x : x + width])


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / name), size)


def mask(text: str, name: str, size: int, vertical: bool = False) -> Pixels:
    """The letters as a tight grey mask, 255 = ink."""
    if vertical:
        cells = [mask(c, name, size) for c in text]
        width = max(c.shape[1] for c in cells)
        rows = []
        for c in cells:
            cell = np.zeros((round(size * 1.12), width), np.uint8)
            y, x = max(0, (cell.shape[0] - c.shape[0]) // 2), (width - c.shape[1]) // 2
            cell[y : y + c.shape[0], x : x + c.shape[1]] = c[: cell.shape[0]]
            rows.append(cell)
        return np.concatenate(rows)
    face = font(name, size)
    x0, y0, x1, y1 = (int(v) for v in face.getbbox(text))
    image = Image.new("L", (x1 - x0 + 4, y1 - y0 + 4))
    ImageDraw.Draw(image).text((2 - x0, 2 - y0), text, 255, face)
    return np.asarray(image).copy()


def painted(canvas: Pixels, ink: Pixels, centre: tuple[float, float], alpha: float = 1.0) -> Pixels:
    """The canvas with a mask painted on it, white or black, whichever stands out there."""
    h, w = ink.shape
    x, y = round(centre[0] - w / 2), round(centre[1] - h / 2)
    whole = np.zeros(canvas.shape[:2], np.float32)
    x0, y0, x1, y1 = max(0, x), max(0, y), min(canvas.shape[1], x + w), min(canvas.shape[0], y + h)
    whole[y0:y1, x0:x1] = ink[y0 - y : y1 - y, x0 - x : x1 - x] / 255
    under = canvas[y0:y1, x0:x1].mean()
    colour = 20.0 if under > 127 else 250.0
    share = (whole * alpha)[..., None]
    return (canvas * (1 - share) + colour * share).round().astype(np.uint8)


def panel(item: Lettering, size: int = 72, width: int = 448, height: int = 160) -> Pixels:
    """One text in the middle of a canvas, shrunk where it would not fit."""
    ink = mask(item.text, item.font, size)
    while ink.shape[1] > width - 16:
        size -= 2
        ink = mask(item.text, item.font, size)
    return painted(background(item.photo, width, height), ink, (width / 2, height / 2))


def turned(item: Lettering, quarter: int, size: int = 56, side: int = 512) -> Pixels:
    """One text on a square canvas, turned by quarters of a circle."""
    ink = np.rot90(mask(item.text, item.font, size), quarter)
    return painted(background(item.photo, side, side), ink, (side / 2, side / 2))


def bent(item: Lettering, radius: float, size: int = 40, side: int = 512) -> Pixels:
    """One text on a circle, outward, its middle at the top."""
    ink = mask(item.text, item.font, size)
    h, w = ink.shape
    ys, xs = np.mgrid[0:side, 0:side].astype(np.float32)
    dx, dy = xs - side / 2, ys - side / 2
    r, angle = np.hypot(dx, dy), np.arctan2(dx, -dy)
    flat = cv2.remap(
        ink,
        (angle * radius + w / 2).astype(np.float32),
        (h / 2 - (r - radius)).astype(np.float32),
        cv2.INTER_LINEAR,
        borderValue=0,
    )
    flat[np.abs(angle) > math.pi * 0.95] = 0
    return painted(background(item.photo, side, side), flat, (side / 2, side / 2))


def small(item: Lettering, size: int, side: int = 512) -> Pixels:
    """Small lettering somewhere on a square canvas."""
    ink = mask(item.text, item.font, size)
    x = side * (0.3 + 0.1 * (item.photo % 5))
    return painted(
        background(item.photo, side, side), ink, (x, side * (0.25 + 0.1 * (item.photo % 6)))
    )


# --- damage: each takes the letters' mask, a level 0..1 and a seed, and answers a mask -----------


def _blur(ink: Pixels, level: float, seed: int) -> Pixels:
    sigma = level * 0.1 * ink.shape[0]
    return cv2.GaussianBlur(ink, (0, 0), sigma) if sigma > 0.1 else ink


def _melt(ink: Pixels, level: float, seed: int) -> Pixels:
    rng = np.random.default_rng(seed)
    h, w = ink.shape
    sigma, strength = h * 0.09, level * h * 0.12
    field = [
        cv2.GaussianBlur(rng.standard_normal((h, w)).astype(np.float32), (0, 0), sigma)
        for _ in "xy"
    ]
    field = [f / f.std() * strength for f in field]
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    return cv2.remap(ink, xs + field[0], ys + field[1], cv2.INTER_LINEAR)


def _drop(ink: Pixels, level: float, seed: int) -> Pixels:
    rng = np.random.default_rng(seed)
    h, w = ink.shape
    out = ink.copy()
    total = int(level * 0.75 * w * h / (0.16 * h) ** 2 * 1.2)
    for x, y in zip(rng.random(400)[:total] * w, rng.random(400)[:total] * h, strict=True):
        cv2.circle(out, (int(x), int(y)), max(1, round(0.09 * h)), 0, -1)
    return out


def _fade(ink: Pixels, level: float, seed: int) -> Pixels:
    return (ink * (1 - 0.95 * level)).astype(np.uint8)


MASK_DAMAGE: dict[str, Callable[[Pixels, float, int], Pixels]] = {
    "blur": _blur,
    "melt": _melt,
    "stroke_drop": _drop,
    "contrast": _fade,
}
COMMON_ZH = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往收冬藏闰余成岁律吕调阳云腾致雨露结为霜"


def substituted(text: str, level: float, seed: int) -> str:
    """The text with a growing share of its characters replaced by others of the same kind."""
    rng = np.random.default_rng(seed)
    places = [i for i, c in enumerate(text) if c.isalnum()]
    out = list(text)
    for i in rng.permutation(places)[: round(level * len(places))]:
        pool = (
            COMMON_ZH
            if has_hanzi(out[i])
            else ("BDGHKMQRWXYZ" if out[i].isupper() else "bdghkmqrwxyz")
        )
        pool = "2345679" if out[i].isdigit() else pool
        out[i] = next(c for c in rng.permutation(list(pool)) if c.casefold() != out[i].casefold())
    return "".join(out)


def pseudo(ink: Pixels, level: float, seed: int) -> Pixels:
    """Letters recombined from mirrored quarters of the others: square cells, swapped at random."""
    rng = np.random.default_rng(seed)
    h, w = ink.shape
    out = ink.copy()
    cells = max(2, round(w / h))
    edges = np.linspace(0, w, cells + 1).astype(int)
    half = h // 2
    for cell in rng.permutation(cells)[: round(level * cells)]:
        for top in (0, half):
            for part in (0, 1):
                other = int((cell + 1 + rng.integers(cells - 1)) % cells)
                size = min(
                    (edges[cell + 1] - edges[cell]) // 2, (edges[other + 1] - edges[other]) // 2
                )
                x = edges[cell] + part * size
                src = edges[other] + (1 - part) * size
                out[top : top + half, x : x + size] = ink[top : top + half, src : src + size][
                    :, ::-1
                ]
    return out


DAMAGES = (*MASK_DAMAGE, "substitution", "pseudo_glyphs")
LEVELS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def damaged(item: Lettering, kind: str, level: float, size: int = 72) -> Pixels:
    """A panel whose letters are damaged in one way, 0 = none, 1 = wholly."""
    text = substituted(item.text, level, item.photo) if kind == "substitution" else item.text
    ink = mask(text, item.font, size)
    while ink.shape[1] > 424:
        size -= 2
        ink = mask(text, item.font, size)
    ink = np.pad(ink, 12)
    if kind in MASK_DAMAGE:
        ink = MASK_DAMAGE[kind](ink, level, item.photo)
    elif kind == "pseudo_glyphs":
        ink = pseudo(ink, level, item.photo)
    return painted(background(item.photo, 448, 160), ink, (224, 80))


def ladder(items: list[Lettering], kind: str) -> Iterator[tuple[Lettering, float, Pixels]]:
    for item in items:
        for level in LEVELS:
            yield item, level, damaged(item, kind, level)
