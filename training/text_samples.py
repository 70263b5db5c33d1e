"""Renders crops of lettering, whole or damaged by a known degree, for `training/text.py`.

Texts, fonts and photographs are none of those of `benchmarks/validity/text_render.py`, whose
painters and kinds of damage are used here with other constants and colours. Debian packages:
fonts-open-sans, -bebas-neue, -quattrocento, -cabin, -adf-baskervald, -humor-sans, -breip, -play,
-kristi, -rufscript, -femkeklaver, -levien-typoscript, -dkg-handwriting, -arphic-gbsn00lp,
-arphic-gkai00mp, -wqy-microhei, -droid-fallback, -dejavu, -linuxlibertine, -liberation, -noto-cjk.
"""

import argparse
import sys
from functools import cache
from pathlib import Path

import cv2
import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "benchmarks" / "validity")]
import text_render as render  # noqa: E402

from iqmetrics.nets.text.strokes import grey  # noqa: E402

ZH = (
    "truetype/arphic-gbsn00lp/gbsn00lp.ttf", "truetype/arphic-gkai00mp/gkai00mp.ttf",
    "truetype/wqy/wqy-microhei.ttc", "opentype/noto/NotoSansCJK-Regular.ttc",
    "opentype/noto/NotoSerifCJK-Bold.ttc", "truetype/droid/DroidSansFallbackFull.ttf",
)  # fmt: skip
LATIN = (
    "truetype/open-sans/OpenSans-Bold.ttf", "truetype/open-sans/OpenSans-Light.ttf",
    "opentype/bebas-neue/BebasNeue-Regular.otf", "opentype/quattrocento/Quattrocento-Regular.otf",
    "truetype/adf/BaskervaldADFStd-Italic.otf", "truetype/adf/BaskervaldADFStd-Heavy.otf",
    "truetype/dejavu/DejaVuSerif-Bold.ttf", "truetype/humor-sans/Humor-Sans.ttf",
    "opentype/cabin/Cabin-Bold.otf", "opentype/cabin/Cabin-Italic.otf",
    "opentype/linux-libertine/LinLibertine_RB.otf", "opentype/play/Play-Regular.otf",
    "truetype/liberation/LiberationMono-Bold.ttf",
)  # fmt: skip
SCRIPT = (
    "opentype/levien/TypoScript.otf", "truetype/rufscript/Rufscript010.ttf",
    "truetype/breip/Breip.ttf", "truetype/kristi/Kristi.ttf",
    "truetype/femkeklaver/femkeklaver.ttf", "truetype/fifthhorseman/dkgBd.ttf",
)  # fmt: skip
TEXTS_ZH = (
    "今日特价", "夜市小吃", "请勿停车", "会议中心", "红茶馆", "高山流水",
    "恭喜发财", "小心地滑", "中医诊所", "电影院", "免费停车", "龙凤呈祥",
    "家常便饭", "售票处", "环境保护", "书法展览", "平安快乐", "手机维修",
    "南门广场", "双喜临门", "洗手间", "古城客栈", "世界杯", "万事如意",
    "老火锅", "音乐会", "自行车", "儿童乐园", "深夜食堂", "黄金海岸",
    "木工坊", "青年旅社",
)  # fmt: skip
TEXTS_LATIN = (
    "LIVE MUSIC", "Ice Cream", "KEEP OUT", "Thank You", "Hardware", "Sunday Market",
    "PIZZA", "Flower Shop", "LAST CHANCE", "Winter Festival", "Museum", "Do Not Enter",
    "Free Entry", "BOXING CLUB", "Quiet Zone", "Jazz Night", "VOTE", "Lucky Day", "Level 7",
    "Track 9", "No. 42", "Vol. 3", "Bus 61", "24 Hours", "Barber", "Queue Here",
    "Kids Menu", "XYLOPHONE", "Good Morning", "Vintage Books", "ROCK & ROLL", "Fjord Tours",
)  # fmt: skip

Pixels = render.Pixels
KINDS = ("none", "blur", "melt", "stroke_drop", "contrast", "pseudo_glyphs")
SHARES = (0.12, 0.14, 0.34, 0.16, 0.12, 0.12)


@cache
def photographs() -> tuple[Pixels, ...]:
    from skimage import data

    found = (
        data.rocket(), data.stereo_motorcycle()[0], data.immunohistochemistry(), data.grass(),
        data.gravel(), data.hubble_deep_field()[:500, :800],
    )  # fmt: skip
    return tuple(
        np.ascontiguousarray(np.stack([a] * 3, -1) if a.ndim == 2 else a[..., :3]) for a in found
    )


def background(rng: np.random.Generator, width: int, height: int) -> Pixels:
    """Some crop of some photograph, or a flat or graded ground."""
    if rng.random() < 0.25:
        ends = rng.uniform(0, 255, (2, 3))
        ramp = np.linspace(0, 1, width)[None, :, None]
        ground = ends[0] * (1 - ramp) + ends[int(rng.random() < 0.5)] * ramp
        return np.broadcast_to(ground, (height, width, 3)).astype(np.uint8).copy()
    image = photographs()[rng.integers(6)]
    scale = max(width / image.shape[1], height / image.shape[0]) * rng.uniform(1.0, 2.0)
    size = (int(image.shape[1] * scale) + 1, int(image.shape[0] * scale) + 1)
    image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    x, y = rng.integers(size[0] - width + 1), rng.integers(size[1] - height + 1)
    return np.ascontiguousarray(image[y : y + height, x : x + width])


def colours(rng: np.random.Generator, ground: Pixels) -> tuple[np.ndarray, float]:
    """Ink that stands out, as in the ladders or of any hue."""
    under = float(ground.mean())
    ink = np.full(3, 20.0 if under > 127 else 250.0)
    return (rng.uniform(0, 90, 3) if under > 127 else rng.uniform(165, 255, 3)) if (
        rng.random() < 0.4
    ) else ink, under


def melted(ink: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    """Wavy displacement of any fineness, as strong as the ladders' at the same level."""
    h, w = ink.shape
    sigma, strength = h * rng.uniform(0.06, 0.13), level * h * 0.12
    field = [
        cv2.GaussianBlur(rng.standard_normal((h, w)).astype(np.float32), (0, 0), sigma)
        for _ in "xy"
    ]
    field = [f / f.std() * strength for f in field]
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    return cv2.remap(ink, xs + field[0], ys + field[1], cv2.INTER_LINEAR)


def dropped(ink: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    h, w = ink.shape
    out, size = ink.copy(), rng.uniform(0.06, 0.12)
    for _ in range(int(level * 0.75 * w / h / (1.78 * size) ** 2 * 1.2)):
        at = (int(rng.random() * w), int(rng.random() * h))
        cv2.circle(out, at, max(1, round(size * h)), 0, -1)
    return out


def crop(rng: np.random.Generator, kind: str, level: float) -> Pixels:
    """One line of lettering as the detector would cut it out, damaged by `level` (0..1)."""
    hanzi = rng.random() < 0.5
    text = str(rng.choice(TEXTS_ZH if hanzi else TEXTS_LATIN))
    fonts = ZH if hanzi else (SCRIPT if rng.random() < 0.35 else LATIN)
    size = int(np.exp(rng.uniform(np.log(24), np.log(100))))
    ink = np.pad(render.mask(text, str(rng.choice(fonts)), size), max(2, round(size * 0.16)))
    if kind == "melt":
        ink = melted(ink, level, rng)
    elif kind == "stroke_drop":
        ink = dropped(ink, level, rng)
    elif kind == "pseudo_glyphs":
        ink = render.pseudo(ink, level, int(rng.integers(1 << 30)))
    elif kind != "none":
        ink = render.MASK_DAMAGE[kind](ink, level, 0)
    h, w = ink.shape
    ground = background(rng, w + 40, h + 40)
    colour, _ = colours(rng, ground)
    share = np.pad(ink / 255.0, 20)[..., None]
    out = (ground * (1 - share) + colour * share).round().astype(np.uint8)
    return _taken(_nuisance(out, rng), ink, rng)


def _taken(image: Pixels, ink: Pixels, rng: np.random.Generator) -> Pixels:
    """Cut out about the letters, never quite the same, here and there a little askew."""
    ys, xs = np.nonzero(ink > 12) if (ink > 12).any() else np.nonzero(ink >= 0)
    x0, x1, y0, y1 = xs.min() + 20, xs.max() + 21, ys.min() + 20, ys.max() + 21
    h = max(8, y1 - y0)
    left, right = (rng.uniform(-0.02, 0.25) * h for _ in "lr")
    top, bottom = (rng.uniform(-0.03, 0.22) * h for _ in "tb")
    corners = np.array(
        [[x0 - left, y0 - top], [x1 + right, y0 - top], [x1 + right, y1 + bottom],
         [x0 - left, y1 + bottom]], np.float32,
    )  # fmt: skip
    if rng.random() < 0.3:
        corners += rng.normal(0, 0.03 * h, (4, 2)).astype(np.float32)
    w, h = int(x1 - x0 + left + right), int(y1 - y0 + top + bottom)
    to = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, to)
    return np.asarray(
        cv2.warpPerspective(
            image, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )


def _nuisance(image: Pixels, rng: np.random.Generator) -> Pixels:
    """What is no damage: JPEG, a little noise, a little softness."""
    if rng.random() < 0.25:
        ok, data = cv2.imencode(
            ".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 96))]
        )
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if ok else image
    if rng.random() < 0.25:
        noisy = image + rng.normal(0, rng.uniform(1, 8), image.shape)
        image = np.clip(noisy, 0, 255).astype(np.uint8)
    return image


def drawn(rng: np.random.Generator) -> tuple[Pixels, float, str]:
    """A crop, its damage 0..1, and the kind."""
    kind = str(rng.choice(KINDS, p=SHARES))
    slight = rng.random() < 0.5
    level = 0.0 if kind == "none" else float(rng.uniform(0.0, 0.35) if slight else rng.random())
    return crop(rng, kind, level), level, kind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--fonts", type=Path, default=render.FONTS)
    args = parser.parse_args()
    render.FONTS = args.fonts
    rng = np.random.default_rng(args.seed)
    found = [
        (grey(image), image.shape[0], *rest)
        for image, *rest in (drawn(rng) for _ in range(args.count))
    ]
    pixels, rows, damage, kinds = zip(*found, strict=True)
    np.savez_compressed(
        args.out, pixels=np.concatenate(pixels, 1), widths=[p.shape[1] for p in pixels],
        rows=rows, damage=damage, kinds=kinds,
    )  # fmt: skip


if __name__ == "__main__":
    main()
