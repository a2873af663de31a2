"""Line images -> texts: one ONNX file, with everything needed to read with it inside.

Where it stands: the fourth and fifth steps of reading. ``backend/`` and ``python -m evaluation`` call ``Recognizer``; ``export.py``
writes the files it opens. No torch here: the serving environment does not have it.

The graph takes ``images``, uint8 (batch, 1, height, width) as ``line_to_array`` gives them. It gives ``log_probabilities``,
float32 (batch, steps, classes): scaling to float and log-softmax are inside. The file's ``metadata_props`` hold the fields of
``ModelInfo``, as JSON, under keys that begin with ``rasm.``.

A BiLSTM sees the padding, so a line that is padded to the width of its neighbours reads differently in other company.
Here each line is padded by its own width alone (``ImageSettings.bucket_width``), and batched only with lines of the same
padded width. All steps are decoded. So a batch of one reads as a batch of many. Few widths also spare ONNX Runtime the planning
of a new shape for each line.

A line whose signs stand denser than steps can tell them (Nastaliq, vowelled text) is read again, drawn out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from rasm.config import from_dict
from rasm.errors import ModelFileError, RasmError
from rasm.image import ImageSettings, Pixels, line_to_array, pad_lines, widen
from rasm.lines.ctc import Decoded, best_path, stretch_of
from rasm.text.bidi import Direction
from rasm.text.charset import TATWEEL, UNKNOWN, Charset, find_direction, logical_signs
from rasm.text.normalisation import finish_reading, is_spaced_out

FORMAT_VERSION = 1
MAX_BATCH_COLUMNS = 8_192  # pixel columns a batch: more lines at a time are not faster on a CPU, and bounds the memory
_PREFIX = "rasm."

LogProbabilities = NDArray[np.float32]


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says about itself."""

    name: str
    version: str
    charset: Charset
    image: ImageSettings
    precision: Literal["fp32", "int8"] = "fp32"
    fixed_ranges: bool = False  # of int8: whether its scales are the same for all lines (see export.py), so that it may batch them
    calibration: tuple[float, float] = (1.0, 0.0)  # of confidences: slope and offset of their logit (Platt 1999); see export.py
    spread: float = 0.0  # signs a step that dense lines are drawn out to; 0: it was not trained on such lines
    normalisation: str = ""  # what was done to the labels it was trained on, for people
    sources: tuple[str, ...] = ()  # what it was trained on, for people
    step: int = 0
    seconds: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    @property
    def settings_digest(self) -> str:
        """Names the transform of the images; see ``ImageSettings.digest``."""
        return self.image.digest()

    def calibrated(self, probabilities: Sequence[float]) -> list[float]:
        """Confidences of the network's probabilities."""
        p = np.clip(probabilities, 1e-6, 1 - 1e-6)
        slope, offset = self.calibration
        return (1 / (1 + np.exp(-(slope * np.log(p / (1 - p)) + offset)))).tolist()

    def to_metadata(self) -> dict[str, str]:
        """The ``metadata_props`` of the ONNX file: each field as JSON."""
        fields = {**asdict(self), "settings_digest": self.settings_digest}
        return {_PREFIX + key: json.dumps(value, ensure_ascii=False) for key, value in fields.items()}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str]) -> ModelInfo:
        """Raises ModelFileError, or another RasmError, where it cannot be understood."""
        if _PREFIX + "format_version" not in metadata:
            raise ModelFileError("an ONNX file without Rasm's metadata; export.py writes them")
        try:
            fields: dict[str, Any] = {k.removeprefix(_PREFIX): json.loads(v) for k, v in metadata.items() if k.startswith(_PREFIX)}
            if (version := fields["format_version"]) != FORMAT_VERSION:
                raise ModelFileError(f"format version {version}; this Rasm reads version {FORMAT_VERSION}")
            digest = fields.pop("settings_digest")
            charset, image = Charset(**fields.pop("charset")), from_dict(ImageSettings, fields.pop("image"))
            info = cls(
                charset=charset,
                image=image,
                sources=tuple(fields.pop("sources")),
                calibration=tuple(fields.pop("calibration", (1.0, 0.0))),
                **fields,
            )
        except (ValueError, TypeError, KeyError, AttributeError) as e:
            raise ModelFileError(f"broken metadata ({type(e).__name__}: {e})") from e
        if digest != image.digest():
            raise ModelFileError(
                f"made for line images of the settings {digest}; this Rasm makes {image.digest()} of them: export it again"
            )
        return info


class Sign(NamedTuple):
    """One sign of a line. ``start_px`` and ``end_px`` are counted from the left of the given image.

    CTC knows where a sign was recognised, not where it begins: the borders lie midway between neighbours, good to about
    half a letter. ``confidence`` is the probability that the sign is right: the network's at the step where it is highest,
    calibrated on lines that it was not trained on (``ModelInfo.calibration``).
    """

    text: str
    confidence: float
    start_px: float
    end_px: float


@dataclass(frozen=True)
class Reading:
    """What one line says.

    text: in logical order, as ``rasm.text.normalisation.finish_reading`` gives it out.
    confidence: 0 to 1; the mean of the characters' confidences, and so the share of them that is expected to be right. Of a
    line read as empty, the blank's probability at the step where it is lowest: how sure it is that nothing is there.
    signs: in logical order, as they were read, before ``finish_reading`` (which trims and joins spaces).
    direction: the base direction of the line. direction_is_told: whether the line itself tells it, by ``find_direction``; its
    paragraph may know better where it does not.
    visual: the signs as drawn, from left to right.
    """

    text: str
    confidence: float
    signs: list[Sign]
    direction: Direction = "rtl"
    direction_is_told: bool = True
    visual: str = ""

    @property
    def known_confidence(self) -> float:
        """That of the signs that are known. A stranger has none, but takes nothing from the words beside it: so whether a line is text
        at all is told by this."""
        known = [sign.confidence for sign in self.signs if sign.text != UNKNOWN]
        return sum(known) / len(known) if known and len(known) < len(self.signs) else self.confidence

    def running(self, direction: Direction) -> Reading:
        """The same signs in the order that they have in a line of this base direction."""
        if direction == self.direction or not self.visual:
            return self
        drawn = dict(self.drawn())
        signs = [drawn[at]._replace(text=text) for text, at in logical_signs(self.visual, direction)]
        return replace(self, text=_text_of(signs), signs=signs, direction=direction)

    def drawn(self) -> list[tuple[int, Sign]]:
        """The signs, and where in ``visual`` each stands; none of a reading that does not tell ``visual``."""
        places = logical_signs(self.visual, self.direction) if self.visual else []
        return [(at, sign) for sign, (_, at) in zip(self.signs, places, strict=bool(places))]

    def with_signs(self, new: Sequence[Sign]) -> Reading:
        """The same with these signs, each as a word of its own, where they stand in the image; the rest is in the order that it has then.
        Only of readings that tell ``visual``, or are empty."""
        signs = [sign._replace(text=text) for text, (_, sign) in zip(self.visual, sorted(self.drawn(), key=itemgetter(0)), strict=True)]
        for sign in sorted(new, key=lambda sign: sign.start_px):
            middle = (sign.start_px + sign.end_px) / 2
            at = sum((other.start_px + other.end_px) / 2 < middle for other in signs)
            space_before = [Sign(" ", sign.confidence, sign.start_px, sign.start_px)] if at and not signs[at - 1].text.isspace() else []
            space_after = [Sign(" ", sign.confidence, sign.end_px, sign.end_px)] if signs[at:] and not signs[at].text.isspace() else []
            signs[at:at] = [*space_before, sign, *space_after]
        visual = "".join(sign.text for sign in signs)
        logical = [signs[at]._replace(text=text) for text, at in logical_signs(visual, self.direction)]
        confidence = self.confidence if self.text else min(sign.confidence for sign in new)
        return replace(self, text=_text_of(logical), confidence=confidence, signs=logical, visual=visual)

    def without(self, places: Collection[int]) -> Reading:
        """The same without what stands at these places of ``visual``; the rest is in the order that it has then."""
        kept = [sign for at, sign in sorted(self.drawn(), key=itemgetter(0)) if at not in places]
        visual = "".join(sign for at, sign in enumerate(self.visual) if at not in places)
        signs = [kept[at]._replace(text=text) for text, at in logical_signs(visual, self.direction)]
        return replace(self, text=_text_of(signs), signs=signs, visual=visual)


class Recognizer:
    """A model file, open for reading. ``read`` may be called from several threads at once."""

    def __init__(
        self,
        path: str | Path,
        *,
        threads: int | None = None,
        decoder: Literal["greedy", "beam"] = "greedy",
        providers: Sequence[str] = ("CPUExecutionProvider",),
    ) -> None:
        """``threads``: those of one call; all cores if None. ``decoder``: the likeliest sign of each step, or the search of
        ``rasm/lines/beam.py``, which reads better and takes longer. Raises ModelFileError where the file cannot be used.
        """
        path = Path(path)
        if not path.is_file():
            raise ModelFileError(f"{path}: no such model file")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3  # errors only; what stops the reading is raised
        options.enable_mem_pattern = False  # planned anew for each of many shapes, it costs more than it spares
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=list(providers))
        except Exception as e:  # ONNX Runtime's exceptions have no common base but Exception
            raise ModelFileError(f"{path}: not an ONNX file that can be read ({type(e).__name__})") from e
        try:
            self.info = ModelInfo.from_metadata(self._session.get_modelmeta().custom_metadata_map)
            self._check_graph()
        except RasmError as e:
            raise ModelFileError(f"{path}: {e}") from e
        self._decode: Callable[[LogProbabilities, Sequence[int]], list[Decoded]] = best_path
        if decoder == "beam":
            from rasm.lines.beam import BeamSearch  # its library is not needed for the best path

            self._decode = BeamSearch(self.info.charset)

    def _check_graph(self) -> None:
        """The metadata and the graph must be of one model."""
        inputs = [(i.name, i.type, i.shape) for i in self._session.get_inputs()]
        outputs = [(o.name, o.type, o.shape) for o in self._session.get_outputs()]
        height_px, classes = self.info.image.height_px, self.info.charset.classes
        if [i[:2] for i in inputs] != [("images", "tensor(uint8)")] or [o[:2] for o in outputs] != [("log_probabilities", "tensor(float)")]:
            raise ModelFileError(f"inputs {inputs} and outputs {outputs} are not those of Rasm")
        batch, channels, height, width = inputs[0][2]
        if (channels, height) != (1, height_px) or isinstance(batch, int) or isinstance(width, int):
            raise ModelFileError(
                f"the graph takes images {inputs[0][2]}; wanted is [batch, 1, {height_px}, width], with any batch and width"
            )
        if outputs[0][2][-1] != classes:
            raise ModelFileError(f"the graph gives {outputs[0][2][-1]} classes; its charset has {classes}")

    def read(self, lines: Sequence[Pixels]) -> list[Reading]:
        """The text of each line image, as ``rasm.image.decode`` returns them, in order.

        Raises LineTooLong or ImageTooSmall for the first line that cannot be read. To keep the others, call ``prepare``
        for each line and ``read_arrays`` for those that are left.
        """
        return self.read_arrays([self.prepare(line) for line in lines], [line.shape[1] for line in lines])

    def prepare(self, image: Pixels) -> Pixels:
        """The array that the network sees of a line image. Raises LineTooLong, ImageTooSmall."""
        return line_to_array(image, self.info.image)

    def read_arrays(self, lines: Sequence[Pixels], widths_px: Sequence[int] | None = None) -> list[Reading]:
        """The text of each line that ``prepare`` has made, in order.

        ``widths_px``: the widths of the images the lines were made of, in whose pixels characters are then placed.
        """
        widths_px = widths_px if widths_px is not None else [line.shape[1] for line in lines]
        readings = self._read_as_they_are(lines, widths_px)
        drawn_out: dict[int, Pixels] = {}
        for i, (line, reading) in enumerate(zip(lines, readings, strict=True)):
            times = min(stretch_of(len(reading.visual), line.shape[1], self.info.spread), self.info.image.max_width_px / line.shape[1])
            if times > 1:
                drawn_out[i] = widen(line, times)
        again = self._read_as_they_are([*drawn_out.values()], [widths_px[i] for i in drawn_out])
        for i, reading in zip(drawn_out, again, strict=True):
            readings[i] = reading
        return readings

    def _read_as_they_are(self, lines: Sequence[Pixels], widths_px: Sequence[int]) -> list[Reading]:
        readings: list[Reading | None] = [None] * len(lines)
        for batch in self._batches(lines):
            width_px = self.info.image.bucket_width(lines[batch[0]].shape[1])
            log_probabilities = self.log_probabilities(pad_lines([lines[i] for i in batch], width_px))
            steps = log_probabilities.shape[1]
            for i, decoded, scores in zip(batch, self._decode(log_probabilities, [steps] * len(batch)), log_probabilities, strict=True):
                line_px = lines[i].shape[1]
                readings[i] = self._reading(decoded, scores, width_px / steps * widths_px[i] / line_px, widths_px[i])
        return [r for r in readings if r is not None]

    def log_probabilities(self, images: Pixels) -> LogProbabilities:
        """(batch, 1, height_px, width_px) uint8, all padded to the width of one bucket -> (batch, steps, classes)."""
        return np.asarray(self._session.run(["log_probabilities"], {"images": images})[0], dtype=np.float32)

    def give_back_memory(self) -> None:
        """To the system, all but what the network itself takes: ONNX Runtime keeps what its largest batch took, for the next one."""
        blank = np.full((1, 1, self.info.image.height_px, self.info.image.bucket_px), 255, np.uint8)
        self._session.run(["log_probabilities"], {"images": blank}, shrinking())

    def batch_size(self, width_px: int) -> int:
        """The most lines of the padded width ``width_px`` that are read at a time."""
        # ONNX Runtime's int8 LSTM takes its scales from the whole batch: unless they are fixed, each line has to be read alone
        alone = self.info.precision == "int8" and not self.info.fixed_ranges
        return 1 if alone else max(1, MAX_BATCH_COLUMNS // width_px)

    def _batches(self, lines: Sequence[Pixels]) -> Iterator[list[int]]:
        """Indices of lines of one padded width, as many as memory allows."""
        by_width: dict[int, list[int]] = defaultdict(list)
        for i, line in enumerate(lines):
            by_width[self.info.image.bucket_width(line.shape[1])].append(i)
        for width_px, indices in by_width.items():
            size = self.batch_size(width_px)
            for start in range(0, len(indices), size):
                yield indices[start : start + size]

    def _reading(self, decoded: Decoded, log_probabilities: LogProbabilities, step_px: float, width_px: int) -> Reading:
        """``step_px``: how many pixels of the given image one step is; ``width_px``: the width of the given image."""
        if not decoded.classes:
            return Reading("", float(np.exp(log_probabilities.max(axis=1).min())), [])
        visual = "".join(self.info.charset.characters[c - 1] for c in decoded.classes)
        borders = _borders(np.asarray(decoded.steps), step_px, width_px).tolist()
        # that a sign is none that is known may be sure: what it is, is not
        confidences = [0.0 if c == UNKNOWN else p for c, p in zip(visual, self.info.calibrated(decoded.probabilities), strict=True)]
        direction, is_told = find_direction(visual)
        signs = [Sign(text, confidences[i], borders[i], borders[i + 1]) for text, i in logical_signs(visual, direction)]
        reading = Reading(_text_of(signs), sum(confidences) / len(confidences), signs, direction, is_told, visual)
        if TATWEEL in visual and is_spaced_out("".join(sign.text for sign in signs)):  # how it is set, not what it says
            return reading.without([at for at, c in enumerate(visual) if c == TATWEEL])
        return reading


def _text_of(signs: Sequence[Sign]) -> str:
    return finish_reading("".join(sign.text for sign in signs))


def shrinking() -> onnxruntime.RunOptions:
    """Of a run after which ONNX Runtime keeps no more memory than it needs."""
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def _borders(steps: NDArray[np.int64], step_px: float, width_px: int) -> NDArray[np.float64]:
    """The borders of signs recognised at ``steps``, one more than there are signs, within 0..width_px."""
    centres = (steps + 0.5) * step_px
    between = (centres[1:] + centres[:-1]) / 2
    # the outermost signs are as wide outwards as inwards; a sign alone has the line to itself
    first = 2 * centres[0] - between[0] if len(between) else 0.0
    last = 2 * centres[-1] - between[-1] if len(between) else width_px
    return np.clip(np.concatenate([[first], between, [last]]), 0, width_px)
