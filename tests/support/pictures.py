"""Small PNGs of screenshots: at most 32 colours, which is what a page of flat colours and grey letters has.

The browser decodes its own picture, so that nothing but numpy and zlib is needed here.
"""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

_PIXELS = """async (encoded) => {
  const picture = new Image();
  picture.src = "data:image/png;base64," + encoded;
  await picture.decode();
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const drawn = canvas.getContext("2d");
  drawn.drawImage(picture, 0, 0);
  const bytes = drawn.getImageData(0, 0, picture.width, picture.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 30000) text += String.fromCharCode(...bytes.subarray(at, at + 30000));
  return [picture.width, picture.height, btoa(text)];
}"""
_COLOURS = 32
_STEP = 0b11110000
"""Colours that differ by less than sixteen steps in each channel are one."""


def smaller(png: bytes, blank: Page) -> bytes:
    """Return a PNG of the same picture with few colours.

    Args:
        png: As the browser made it.
        blank: An empty page of the browser, to decode it in.

    """
    width, height, encoded = blank.evaluate(_PIXELS, base64.b64encode(png).decode())
    pixels = np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(-1, 4)[:, :3]
    coarse = (pixels & _STEP).astype(np.uint32)
    packed = coarse[:, 0] << 16 | coarse[:, 1] << 8 | coarse[:, 2]
    _, first, places, counts = np.unique(packed, return_index=True, return_inverse=True, return_counts=True)
    # The true colour of the first pixel of each kind: a white page stays white.
    colours = pixels[first].astype(np.int32)
    kept = np.argsort(counts)[::-1][:_COLOURS]
    distance = ((colours[:, None, :] - colours[None, kept, :]) ** 2).sum(axis=2)
    nearest = distance.argmin(axis=1).astype(np.uint8)
    return _png(width, height, colours[kept].astype(np.uint8), nearest[places.reshape(-1)])


def _png(width: int, height: int, palette: NDArray[np.uint8], indexes: NDArray[np.uint8]) -> bytes:
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = indexes.reshape(height, width)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", palette.tobytes()),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
