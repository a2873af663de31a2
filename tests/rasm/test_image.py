"""Whatever the file, the same picture: upright, dark on white, at the model's height, or an error that says why."""

import io
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from rasm.errors import EmptyImage, ImageTooLarge, ImageTooSmall, LineTooLong, UnreadableImage, UnsupportedImage
from rasm.image import MAX_JPEG_SCANS, ImageSettings, Pixels, decode, line_to_array, pad_lines, shape_of, shrink, to_grey, widen

SETTINGS = ImageSettings()
FORMATS = ["PNG", "JPEG", "WEBP", "BMP", "TIFF"]


def picture() -> Pixels:
    """Dark strokes on white, another in each quarter, so that turning it shows."""
    grey = np.full((40, 200), 255, np.uint8)
    grey[5:15, 10:60] = 0
    grey[25:30, 120:190] = 80
    grey[30:36, 20:25] = 0
    return grey


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def difference(a: Pixels, b: Pixels) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


@pytest.mark.parametrize("format", FORMATS)
def test_formats(format: str) -> None:
    read = to_grey(decode(encoded(Image.fromarray(picture()), format)))
    assert read.shape == (40, 200)
    assert difference(read, picture()) < 3


def modes() -> dict[str, bytes]:
    grey = Image.fromarray(picture())
    ink = Image.fromarray(255 - picture())  # the strokes as opacity
    transparent = Image.merge("RGBA", [Image.new("L", grey.size, 0)] * 3 + [ink])
    deep = picture().astype(np.uint16)
    palette = grey.convert("P")
    palette.info.clear()
    return {
        "1-bit": encoded(grey.convert("1", dither=Image.Dither.NONE)),
        "1-bit TIFF, fax": encoded(grey.convert("1", dither=Image.Dither.NONE), "TIFF", compression="group4"),
        "palette": encoded(palette),
        "palette with transparency": encoded(transparent.quantize(8)),
        "RGB": encoded(grey.convert("RGB")),
        "RGBA, black ink of varying opacity": encoded(transparent),
        "LA": encoded(Image.merge("LA", [Image.new("L", grey.size, 0), ink])),
        "16-bit PNG": encoded(Image.fromarray(deep * 257)),
        "16-bit TIFF": encoded(Image.fromarray(deep * 257), "TIFF"),
        "16-bit that holds 8": encoded(Image.fromarray(deep)),
        "32-bit integers": encoded(Image.fromarray(picture().astype(np.int32)), "TIFF"),
        "floats to 1": encoded(Image.fromarray(picture().astype(np.float32) / 255), "TIFF"),
        "floats with holes": encoded(Image.fromarray(np.where(picture() == 0, np.nan, picture()).astype(np.float32)), "TIFF"),
        "CMYK TIFF": encoded(grey.convert("CMYK"), "TIFF"),
        "CMYK JPEG": encoded(grey.convert("CMYK"), "JPEG", quality=95),
    }


@pytest.mark.parametrize(("mode", "data"), modes().items(), ids=modes().keys())
def test_modes(mode: str, data: bytes) -> None:
    read = to_grey(decode(data))
    expected = np.where(picture() < 128, 0, 255) if mode.startswith("1-bit") else picture()
    assert read.dtype == np.uint8
    assert difference(read, expected) < 3, mode


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_orientation(orientation: int, format: str) -> None:
    turned = {2: "fliplr", 3: "rot180", 4: "flipud", 5: "T", 6: "rot90", 7: "anti", 8: "rot270"}
    stored = {
        "": lambda a: a,
        "fliplr": np.fliplr,
        "rot180": lambda a: np.rot90(a, 2),
        "flipud": np.flipud,
        "T": np.transpose,
        "rot90": lambda a: np.rot90(a, 1),  # shown by turning it clockwise
        "anti": lambda a: np.rot90(a, 2).T,
        "rot270": lambda a: np.rot90(a, 3),
    }[turned.get(orientation, "")](picture())
    exif = Image.Exif()
    exif[0x0112] = orientation
    read = to_grey(decode(encoded(Image.fromarray(np.ascontiguousarray(stored)), format, exif=exif)))
    assert read.shape == (40, 200)
    assert difference(read, picture()) < 4


def test_the_shape_of_a_png_is_told_without_decoding_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow looks for EXIF behind the pixels. Where the file has none, nothing is decoded; where it has, it is found."""
    exif = Image.Exif()
    exif[0x0112] = 6
    upright, turned = (encoded(Image.fromarray(picture()), "PNG", **options) for options in ({}, {"exif": exif}))
    assert shape_of(turned)[1] == (40, 200)

    def refuse(self: Image.Image) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", refuse)
    assert shape_of(upright) == (1.0, (200, 40))


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("size", [(60, 90), (101, 150), (199, 301), (31, 40)], ids=str)
def test_shrinking_keeps_the_mean_of_each_place(size: tuple[int, int], channels: tuple[int, ...]) -> None:
    coarse = np.random.default_rng(3).integers(0, 256, (6, 9, *channels), dtype=np.uint8)
    image = cv2.resize(coarse, (603, 402), interpolation=cv2.INTER_CUBIC)
    small = shrink(image, size[1], size[0])
    assert small.shape == (*size, *channels) and small.dtype == np.uint8
    exact = cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - exact).mean() < 3


def test_a_line_that_is_drawn_out_is_the_same_line() -> None:
    line = line_to_array(picture(), SETTINGS)
    wide = widen(line, 1.5)
    assert wide.shape == (line.shape[0], round(1.5 * line.shape[1]))
    back = cv2.resize(wide, line.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(back.astype(int) - line).mean() < 6


def test_broken_exif_does_not_matter() -> None:
    data = encoded(Image.fromarray(picture()), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert decode(data).shape[:2] == (40, 200)


def test_the_first_frame_is_read() -> None:
    data = encoded(Image.fromarray(picture()), "TIFF", save_all=True, append_images=[Image.new("L", (9, 9))])
    assert np.array_equal(decode(data), picture())


def test_no_image() -> None:
    with pytest.raises(EmptyImage):
        decode(b"")
    with pytest.raises(UnsupportedImage):
        decode(b"%PDF-1.7 ...")
    with pytest.raises(UnsupportedImage):
        decode(encoded(Image.fromarray(picture()), "GIF"))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("format", FORMATS)
def test_truncated(format: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 200), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), format)
    with pytest.raises(UnreadableImage):
        decode(data[: int(len(data) * share)])


def test_size_is_bounded_before_decoding() -> None:
    data = encoded(Image.fromarray(picture()))
    assert decode(data, max_pixels=7_999).shape == (20, 100)
    with pytest.raises(ImageTooLarge, match="200 x 40 px"):
        decode(data, max_pixels=600)
    with pytest.raises(ImageTooLarge):
        decode(data, max_side_px=199)
    huge = bytearray(encoded(Image.new("1", (8, 8))))
    huge[16:24] = (60_000).to_bytes(4, "big") * 2  # a bomb: the header promises 3.6 thousand million pixels
    huge[29:33] = zlib.crc32(huge[12:29]).to_bytes(4, "big")
    with pytest.raises(ImageTooLarge, match="more than"):
        decode(bytes(huge))
    with pytest.raises(ImageTooSmall):
        decode(encoded(Image.new("L", (100, 3))))


def test_a_jpeg_of_endless_scans_is_not_decoded() -> None:
    data = encoded(Image.fromarray(picture()), "JPEG", progressive=True)
    assert decode(data).shape == (40, 200)
    with pytest.raises(UnreadableImage, match="scans"):
        decode(data + b"\xff\xda" * (MAX_JPEG_SCANS + 1))


def test_a_line_has_the_models_height_and_keeps_its_aspect() -> None:
    line = line_to_array(picture(), SETTINGS)
    assert line.shape == (48, 240)
    assert line.dtype == np.uint8
    assert (line.min(), line.max()) == (0, 255)
    assert line_to_array(np.repeat(np.repeat(picture(), 3, 0), 3, 1), SETTINGS).shape == (48, 240)
    assert line_to_array(picture(), ImageSettings(height_px=64)).shape == (64, 320)


def test_light_on_dark_is_turned() -> None:
    assert difference(line_to_array(255 - picture(), SETTINGS), line_to_array(picture(), SETTINGS)) < 1


def test_contrast_is_stretched() -> None:
    faint = (picture() // 4 + 120).astype(np.uint8)
    assert difference(line_to_array(faint, SETTINGS), line_to_array(picture(), SETTINGS)) < 3


def test_colour_or_grey_is_the_same() -> None:
    assert np.array_equal(line_to_array(np.stack([picture()] * 3, 2), SETTINGS), line_to_array(picture(), SETTINGS))


@pytest.mark.parametrize("paper", [0, 128, 255])
def test_nothing_on_it_is_white(paper: int) -> None:
    blank = np.full((40, 200), paper, np.uint8)
    blank[::7, ::5] ^= 8  # noise
    assert (line_to_array(blank, SETTINGS) == 255).all()


@pytest.mark.parametrize("turn", [0, 255])
def test_a_lone_digit_on_a_wide_line_is_kept(turn: int) -> None:
    wide = np.full((60, 1500), 255, np.uint8)
    wide[20:40, 740:746] = 0
    line = line_to_array(wide ^ turn, SETTINGS)
    assert line.min() == 0
    assert (line[16:32, 593:596] < 64).all()
    assert (line < 128).mean() < 0.01


def test_a_line_that_cannot_be() -> None:
    with pytest.raises(LineTooLong, match="2561 px wide"):
        line_to_array(np.zeros((48, 2561), np.uint8), SETTINGS)
    assert line_to_array(np.zeros((48, 2560), np.uint8), SETTINGS).shape == (48, 2560)
    with pytest.raises(ImageTooSmall):
        line_to_array(np.zeros((3, 100), np.uint8), SETTINGS)


def test_padding_is_paper_on_the_right_and_depends_on_the_width_alone() -> None:
    line = np.zeros((48, 65), np.uint8)
    batch = pad_lines([line, line[:, :30]], SETTINGS.bucket_width(65))
    assert batch.shape == (2, 1, 48, 128)
    padded = batch[0, 0]
    assert (padded[:, :65] == 0).all()
    assert (padded[:, 65:] == 255).all()
    assert (batch[1, 0, :, 30:] == 255).all()
    assert [SETTINGS.bucket_width(w) for w in (0, 1, 64, 65)] == [64, 64, 64, 128]


def test_the_digest_names_the_transform() -> None:
    assert ImageSettings().digest() == ImageSettings().digest()
    assert len({ImageSettings().digest(), ImageSettings(height_px=64).digest(), ImageSettings(max_width_px=99).digest()}) == 3
