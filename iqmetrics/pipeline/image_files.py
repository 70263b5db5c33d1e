"""How a made image gets onto the disk: as PNG, whole or not at all."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


def png(image: "Image.Image") -> bytes:
    """The image as PNG bytes, with the text chunks (a ComfyUI workflow ...) it came with."""
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    for key, value in image.info.items():
        if isinstance(key, str) and isinstance(value, str) and len(key) < 80:
            texts.add_itxt(key, value)
    kept = image if image.mode in ("RGB", "RGBA", "L", "LA", "P", "1") else image.convert("RGB")
    buffer = io.BytesIO()
    kept.save(buffer, "PNG", pnginfo=texts, icc_profile=image.info.get("icc_profile"))
    return buffer.getvalue()


def save(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    try:
        new.write_bytes(data)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
