"""The reader: order, places, confidences, batches, and what it refuses.

Most tests read with ``barcode_model``, an ONNX graph whose steps are written into the pixels: it says exactly what a line
should read as. Where the arithmetic of a real network matters, the stored ``tiny_v1.onnx`` reads.
"""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from rasm.errors import ImageTooSmall, LineTooLong, ModelFileError
from rasm.image import ImageSettings, Pixels, pad_lines
from rasm.lines import recognizer as recognizer_module
from rasm.lines.ctc import best_path
from rasm.lines.recognizer import ModelInfo, Reading, Recognizer, Sign
from rasm.text.charset import CHARSET_1 as DEFAULT_CHARSET  # a class is a grey of the barcode: version 2 has more than there are greys
from rasm.text.charset import Charset, to_logical
from rasm.text.normalisation import finish_reading
from tests.fixtures.make import blocky_line
from tests.paths import FIXTURES, ROOT, SHIPPED

SETTINGS = ImageSettings(height_px=16, max_width_px=1024, bucket_px=64)
INFO = ModelInfo(
    "barcode", "3", DEFAULT_CHARSET, SETTINGS, normalisation="none", sources=("pixels",), step=9, seconds=2.5, metrics={"cer": 0.5}
)
STEP_PX = 4
SHARPNESS = 8.0
CERTAIN = float(np.exp(SHARPNESS) / (np.exp(SHARPNESS) + DEFAULT_CHARSET.classes - 1))  # what each step of a barcode gives its class


def barcode_model(
    path: Path,
    metadata: dict[str, str] | None = None,
    classes: int = DEFAULT_CHARSET.classes,
    width: str | int = "width",
    column: int = 0,
) -> Path:
    """An ONNX file that reads class ``255 - pixel`` in every fourth column of the first row, from ``column`` on."""

    def constant(name: str, value: Any, dtype: Any = np.int64) -> TensorProto:
        return numpy_helper.from_array(np.array(value, dtype=dtype), name)

    nodes = [
        helper.make_node("Slice", ["images", "starts", "ends", "axes", "strides"], ["columns"]),
        helper.make_node("Reshape", ["columns", "shape"], ["pixels"]),
        helper.make_node("Cast", ["pixels"], ["integers"], to=TensorProto.INT64),
        helper.make_node("Sub", ["paper", "integers"], ["classes"]),
        helper.make_node("OneHot", ["classes", "depth", "values"], ["logits"]),
        helper.make_node("LogSoftmax", ["logits"], ["log_probabilities"], axis=-1),
    ]
    constants = [
        *(constant(n, v) for n, v in (("starts", [0, column]), ("ends", [1, 1 << 30]), ("axes", [2, 3]), ("strides", [1, STEP_PX]))),
        *(constant(n, v) for n, v in (("shape", [0, -1]), ("paper", 255), ("depth", classes))),
        constant("values", [0, SHARPNESS], np.float32),
    ]
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["batch", 1, SETTINGS.height_px, width])
    steps = helper.make_tensor_value_info("log_probabilities", TensorProto.FLOAT, ["batch", "steps", classes])
    graph = helper.make_graph(nodes, "barcode", [images], [steps], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(model, INFO.to_metadata() if metadata is None else metadata)
    onnx.save(model, path)
    return path


def barcode(text: str, margin_steps: int = 0, charset: Charset = DEFAULT_CHARSET) -> Pixels:
    """A line that ``barcode_model`` reads as ``text``: a step for each sign, a blank one between, a margin on both sides."""
    steps = [0] * margin_steps + [c for sign in charset.encode(text) for c in (sign, 0)] + [0] * margin_steps
    row = np.repeat(255 - np.array(steps), STEP_PX).astype(np.uint8)
    return np.tile(row, (SETTINGS.height_px, 1))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    return Recognizer(barcode_model(tmp_path_factory.mktemp("model") / "barcode.onnx"), threads=1)


@pytest.fixture(scope="module")
def tiny() -> Recognizer:
    return Recognizer(FIXTURES / "tiny_v1.onnx", threads=1)


TEXTS = [
    "السلام عليكم",
    "كَتَّبَ الطُّلَّابُ",
    "من 1996-2000 إلى ٢٠٠٥",
    "قال (مرحبا) «أهلا» [هنا]",
    "كتب Smith & Co. عام 25%",
    "قال  لي",
    "a",
    "جـــد",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_in_logical_order(reader: Recognizer, text: str) -> None:
    (reading,) = reader.read_arrays([barcode(text)])
    assert reading.text == finish_reading(text)
    assert "".join(c.text for c in reading.signs) == text
    assert reading.confidence == pytest.approx(CERTAIN)
    assert all(c.confidence == pytest.approx(CERTAIN) for c in reading.signs)


def test_joins_that_are_all_drawn_out_are_how_it_is_set(reader: Recognizer) -> None:
    (reading,) = reader.read_arrays([barcode("الـصـبـر مـفـتـاح", margin_steps=2)])
    assert reading.text == "".join(sign.text for sign in reading.signs) == "الصبر مفتاح"
    assert "ـ" not in reading.visual and len(reading.visual) == len(reading.signs)
    assert all(a.start_px > b.start_px for a, b in itertools.pairwise(reading.signs))


@pytest.mark.parametrize("text", [t for t in TEXTS if len(t) > 1])
def test_each_character_is_where_its_sign_was_drawn(reader: Recognizer, text: str) -> None:
    line = barcode(text, margin_steps=3)
    (reading,) = reader.read_arrays([line])
    drawn = sorted(reading.signs, key=lambda c: c.start_px)
    assert all(a.end_px == b.start_px for a, b in itertools.pairwise(drawn))
    assert drawn[0].start_px >= 0 and drawn[-1].end_px <= line.shape[1]
    # what is drawn from left to right reads as the text again, in the pixels that each character names
    centres = [int((c.start_px + c.end_px) / 2) for c in reading.signs]
    seen = {x: DEFAULT_CHARSET.characters[255 - int(line[0, x]) - 1] for x in centres}
    assert to_logical("".join(seen[x] for x in sorted(centres))) == text


@pytest.mark.parametrize(
    ("spread", "width_px", "widths_read"),
    [
        (0.25, 128, [128, 256]),  # half a sign a step: twice as wide
        (0.0, 128, [128]),  # a model that was not trained on such lines reads them once
        (0.25, 768, [768, 1024]),  # no wider than the model reads
    ],
)
def test_dense_lines_are_read_again_drawn_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spread: float, width_px: int, widths_read: list[int]
) -> None:
    reader = Recognizer(barcode_model(tmp_path / "m.onnx", replace(INFO, spread=spread).to_metadata(), column=2), threads=1)
    seen: list[int] = []
    run = reader.log_probabilities

    def watched(images: Pixels) -> NDArray[np.float32]:
        seen.append(images.shape[3])
        return run(images)

    monkeypatch.setattr(reader, "log_probabilities", watched)
    text = "ابتث" * (width_px // 32)  # a sign and a blank: two steps of four pixels
    sparse = barcode("اب", margin_steps=16)
    dense_reading, sparse_reading = reader.read_arrays([barcode(text), sparse], [2 * width_px, sparse.shape[1]])
    assert sparse_reading.text == "اب"
    assert seen == [width_px, reader.info.image.bucket_width(sparse.shape[1]), *widths_read[1:]]
    if widths_read[-1] != 1024:  # where whole steps are drawn out to whole steps, the barcode can be read
        assert dense_reading.text == text
    # places are in the pixels of the given image, however it was read
    places = sorted((sign.start_px + sign.end_px) / 2 for sign in dense_reading.signs)
    assert 0 <= places[0] < 16 and 2 * width_px - 24 < places[-1] <= 2 * width_px


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("السلام عليكم", "rtl"),
        ("Hello, world (12).", "ltr"),
        ("+966 11 465 2210", "ltr"),
        ("عام 1996", "rtl"),
        ("٢٠٠٥", "rtl"),
        ("see كتاب and more words", "ltr"),
    ],
)
def test_a_line_has_the_direction_of_its_words(reader: Recognizer, text: str, direction: str) -> None:
    (reading,) = reader.read_arrays([barcode(text)])
    assert (reading.text, reading.direction) == (text, direction)
    starts = [c.start_px for c in reading.signs if c.text in "Hello"]
    assert direction == "rtl" or starts == sorted(starts), "English letters stand where they are, from left to right"


def test_arabic_is_placed_from_right_to_left(reader: Recognizer) -> None:
    (reading,) = reader.read_arrays([barcode("ابت")])
    assert [c.text for c in reading.signs] == ["ا", "ب", "ت"]
    assert [(c.start_px, c.end_px) for c in reading.signs] == [(14, 22), (6, 14), (0, 6)]


def test_places_are_in_pixels_of_the_given_image(reader: Recognizer) -> None:
    line = barcode("ابت", margin_steps=2)
    small, large = reader.read_arrays([line, line], [line.shape[1], 3 * line.shape[1]])
    for a, b in zip(small.signs, large.signs, strict=True):
        assert (b.start_px, b.end_px) == pytest.approx((3 * a.start_px, 3 * a.end_px))


def test_a_sign_alone_has_the_line_to_itself(reader: Recognizer) -> None:
    (reading,) = reader.read_arrays([barcode("ب", margin_steps=5)])
    assert [(c.start_px, c.end_px) for c in reading.signs] == [(0, 48)]


def test_read_is_prepare_and_read_arrays(tiny: Recognizer) -> None:
    images = [np.repeat(blocky_line(w).repeat(2, axis=0), 2, axis=1) for w in (40, 200)]
    images.append(np.stack([blocky_line(90)] * 3, axis=2))  # RGB
    assert tiny.read(images) == tiny.read_arrays([tiny.prepare(i) for i in images], [i.shape[1] for i in images])
    for image, reading in zip(images, tiny.read(images), strict=True):
        assert all(0 <= c.start_px <= c.end_px <= image.shape[1] for c in reading.signs)


def test_no_lines_no_readings(reader: Recognizer) -> None:
    assert reader.read([]) == []


def test_an_empty_line_reads_as_nothing_with_the_blanks_confidence(reader: Recognizer) -> None:
    (reading,) = reader.read([np.full((40, 300), 255, np.uint8)])
    assert (reading.text, reading.signs) == ("", [])
    assert reading.confidence == pytest.approx(CERTAIN)


def test_narrowest_and_widest_lines(tiny: Recognizer) -> None:
    height_px, widest_px = tiny.info.image.height_px, tiny.info.image.max_width_px
    narrow, wide = tiny.read_arrays([blocky_line(1), blocky_line(widest_px)])
    assert all(0 <= c.start_px <= c.end_px <= 1 for c in narrow.signs)
    assert len(wide.signs) > 0
    assert len(tiny.read([np.zeros((100 * height_px, 50), np.uint8)])) == 1  # 0.5 px wide at the model's height


def test_a_line_that_cannot_be_read_is_named_and_the_others_can_be_kept(tiny: Recognizer) -> None:
    good, too_long, too_small = blocky_line(100), np.zeros((32, 701), np.uint8), np.zeros((3, 100), np.uint8)
    with pytest.raises(LineTooLong, match="701"):
        tiny.read([good, too_long])
    with pytest.raises(ImageTooSmall):
        tiny.read([good, too_small])
    assert tiny.read_arrays([tiny.prepare(good)])[0].text == tiny.read([good])[0].text


def test_a_batch_of_one_reads_as_a_batch_of_many(tiny: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    widths = [*range(1, 200, 13), *[64] * 5, *[300] * 40, 321, 320, 319, 700, 650]
    lines = [blocky_line(w, seed) for seed, w in enumerate(widths)]
    alone = [tiny.read_arrays([line])[0] for line in lines]
    shuffled = np.random.default_rng(0).permutation(len(lines))
    for columns in (recognizer_module.MAX_BATCH_COLUMNS, 700):  # large batches and small ones
        monkeypatch.setattr(recognizer_module, "MAX_BATCH_COLUMNS", columns)
        together = tiny.read_arrays([lines[i] for i in shuffled])
        for i, reading in zip(shuffled, together, strict=True):
            assert reading.text == alone[i].text
            assert reading.confidence == pytest.approx(alone[i].confidence, abs=1e-5)
            for a, b in zip(reading.signs, alone[i].signs, strict=True):
                assert (a.text, a.start_px, a.end_px) == (b.text, b.start_px, b.end_px)
                assert a.confidence == pytest.approx(b.confidence, abs=1e-5)


def test_batches_are_bounded_and_of_one_padded_width(tiny: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = []
    monkeypatch.setattr(recognizer_module, "MAX_BATCH_COLUMNS", 1000)
    inner = tiny.log_probabilities
    monkeypatch.setattr(tiny, "log_probabilities", lambda images: (shapes.append(images.shape), inner(images))[1])
    tiny.read_arrays([blocky_line(w) for w in (300, 30, 290, 31, 32, 310, 33, 700)])
    assert sorted(shapes) == sorted([(3, 1, 32, 32), (1, 1, 32, 64), (3, 1, 32, 320), (1, 1, 32, 704)])


def test_threads_may_read_at_once(tiny: Recognizer) -> None:
    lines = [blocky_line(w, w) for w in range(50, 650, 50)]
    expected = tiny.read_arrays(lines)
    with ThreadPoolExecutor(4) as pool:
        assert all(readings == expected for readings in pool.map(tiny.read_arrays, [lines] * 12))


def test_the_stored_model_of_version_1_reads_as_it_did(tiny: Recognizer) -> None:
    assert (tiny.info.name, tiny.info.version, tiny.info.format_version, tiny.info.precision) == ("tiny", "1", 1, "fp32")
    expected = json.loads((FIXTURES / "tiny_v1.json").read_text(encoding="utf-8"))
    for line, reading in zip(expected, tiny.read_arrays([blocky_line(e["width_px"]) for e in expected]), strict=True):
        scores = tiny.log_probabilities(pad_lines([blocky_line(line["width_px"])], tiny.info.image.bucket_width(line["width_px"])))
        (decoded,) = best_path(scores, [scores.shape[1]])
        assert tiny.info.charset.decode(decoded.classes, "rtl") == line["text"], "in the direction that all lines had then"
        # version 1 gave the geometric mean of what are now, uncalibrated, the confidences of the characters
        assert np.exp(np.mean(np.log([c.confidence for c in reading.signs]))) == pytest.approx(line["confidence"], abs=1e-3)


def test_info_survives_the_metadata() -> None:
    assert ModelInfo.from_metadata(INFO.to_metadata()) == INFO


def without(key: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda metadata: {k: v for k, v in metadata.items() if k != key}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: {}, "without Rasm's metadata"),
        (without("rasm.charset"), "broken metadata.*charset"),
        (lambda m: m | {"rasm.charset": "{"}, "broken metadata"),
        (lambda m: m | {"rasm.image": "[]"}, "broken metadata"),
        (lambda m: m | {"rasm.colour": "1"}, "broken metadata.*colour"),
        (lambda m: m | {"rasm.format_version": "2"}, "format version 2; this Rasm reads version 1"),
        (lambda m: m | {"rasm.settings_digest": '"00000000"'}, "00000000"),
        (lambda m: m | {"rasm.image": json.dumps({"height_px": 16, "dpi": 300})}, "dpi"),
        (lambda m: replace(INFO, charset=Charset("ابت")).to_metadata(), "217 classes; its charset has 4"),
        (lambda m: replace(INFO, image=replace(SETTINGS, height_px=48)).to_metadata(), "wanted is .* 48"),
    ],
)
def test_metadata_that_do_not_fit_are_refused(tmp_path: Path, change: Callable[[dict[str, str]], dict[str, str]], message: str) -> None:
    path = barcode_model(tmp_path / "model.onnx", change(INFO.to_metadata()))
    with pytest.raises(ModelFileError, match=message) as caught:
        Recognizer(path)
    assert str(path) in str(caught.value)


def test_files_that_are_no_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no such model file"):
        Recognizer(tmp_path / "missing.onnx")
    for contents in (b"", b"not a model", (FIXTURES / "tiny_v1.onnx").read_bytes()[:20_000]):
        (tmp_path / "broken.onnx").write_bytes(contents)
        with pytest.raises(ModelFileError, match=r"broken\.onnx"):
            Recognizer(tmp_path / "broken.onnx")


def test_a_graph_of_one_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="any batch and width"):
        Recognizer(barcode_model(tmp_path / "frozen.onnx", width=256))


def test_a_graph_of_another_program_is_refused(tmp_path: Path) -> None:
    model = onnx.load(barcode_model(tmp_path / "barcode.onnx"))
    model.graph.input[0].name = model.graph.node[0].input[0] = "lines"
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(ModelFileError, match="are not those of Rasm"):
        Recognizer(tmp_path / "other.onnx")


def test_reading_loads_no_torch() -> None:
    code = "import sys, rasm.lines.recognizer; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.parametrize(
    "first", ["from rasm.lines.recognizer import Recognizer", "import export; from rasm.lines.recognizer import Recognizer"]
)
def test_nobody_is_told_what_is_read(first: str, tmp_path: Path) -> None:
    """ONNX Runtime's own builds tell Microsoft, and keep a number of the machine, unless they are told not to: rasm/__init__.py."""
    read = f"{first}; import numpy; Recognizer('{SHIPPED}').read([numpy.full((48, 200), 255, numpy.uint8)])"
    # on a CI server it tells nothing by itself
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    subprocess.run([sys.executable, "-c", read], cwd=ROOT, env={**environment, "HOME": str(tmp_path), "XDG_CACHE_HOME": ""}, check=True)
    assert not [path for path in tmp_path.rglob("*") if "microsoft" in str(path).lower()]


def test_a_sign_that_is_not_known_is_no_sure_one() -> None:
    """That it is none of the known signs may be sure; what it is, is not. The words beside it are as sure as without it."""
    unknown = "\ufffd"
    signs = [Sign("ا", 0.9, 0, 8), Sign("ب", 0.7, 8, 16), Sign(unknown, 0.0, 16, 24)]
    reading = Reading("اب" + unknown, 1.6 / 3, signs)
    assert reading.known_confidence == pytest.approx(0.8)
    assert Reading("اب", 0.8, signs[:2]).known_confidence == 0.8
    assert Reading(unknown, 0.0, signs[2:]).known_confidence == 0.0, "of nothing but strangers"


def test_a_stranger_is_read_with_no_confidence(tmp_path: Path) -> None:
    charset = Charset("اب\ufffd", 2)
    info = replace(INFO, charset=charset)
    reader = Recognizer(barcode_model(tmp_path / "small.onnx", info.to_metadata(), charset.classes), threads=1)
    [reading] = reader.read_arrays([barcode("ب\ufffdا", charset=charset)])
    assert reading.text == "ب\ufffdا"
    by_sign = {sign.text: sign.confidence for sign in reading.signs}
    assert by_sign["\ufffd"] == 0 and by_sign["ا"] > 0.9
    assert reading.confidence == pytest.approx(sum(by_sign.values()) / 3)
