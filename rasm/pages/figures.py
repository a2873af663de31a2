"""Pictures that were found on a page -> figures among its regions, in reading order.

Where it stands: ``rasm/pages/reader.py`` calls it last. Lines within a picture, as in diagrams and on photographs, are regions of their
own, and a picture that is most of the page, or has a table on it, is a ground and no figure.
"""

from __future__ import annotations

from collections.abc import Sequence

from rasm.document import Box, Region

_SMALLEST = 2.0  # of the median line's height: bullets and marks are smaller, or narrower
_GROUND = 0.15  # of a figure: where lines cover more of it, it is what they stand on


def with_figures(regions: Sequence[Region], pictures: Sequence[Box]) -> list[Region]:
    """``pictures``: boxes, as those of the regions, of the page as it was given. A figure stands before the first region
    beneath it, of those that are above or beneath it at all; else last."""
    found = list(regions)
    heights = sorted(line.box[3] - line.box[1] for region in regions for line in region.lines)
    least = _SMALLEST * heights[len(heights) // 2] if heights else 0.0
    for picture in sorted(pictures, key=lambda box: box[1]):
        left, top, right, bottom = picture
        if min(right - left, bottom - top) < least or _covered(picture, regions) > _GROUND:
            continue
        at = len(found)
        for k, region in enumerate(found):
            beneath = region.box[1] > (top + bottom) / 2 and region.box[0] < right and region.box[2] > left
            if beneath:
                at = k
                break
        found.insert(at, Region("figure", picture, []))
    return found


def _covered(picture: Box, regions: Sequence[Region]) -> float:
    """The share of a picture that lines and cells of tables cover."""
    boxes = [cell.box for region in regions for cell in region.cells] + [line.box for region in regions for line in region.lines]
    left, top, right, bottom = picture
    area = sum(max(0.0, min(right, box[2]) - max(left, box[0])) * max(0.0, min(bottom, box[3]) - max(top, box[1])) for box in boxes)
    return area / max((right - left) * (bottom - top), 1e-6)
