"""Every figure of python -m evaluation beyond CER and WER, on strings whose answers are known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from evaluation import alignment, calibration, statistics
from evaluation.comparison import compare
from evaluation.datasets import Sample
from evaluation.engines import EngineReading
from evaluation.infix import count_infix, infix_distance
from evaluation.line_finding import KnownLine, LineCounts, count_lines
from evaluation.scoring import Scored, figures, score
from evaluation.timing import Run
from evaluation.words import count_words, script_of, words_of


def scored(*pairs: tuple[str, str], sources: str = "", unlabelled: str = "") -> Scored:
    samples = [
        Sample(str(i), sources[i] if sources else "s", truth, array=np.zeros((8, 8), np.uint8), unlabelled=unlabelled)
        for i, (truth, _) in enumerate(pairs)
    ]
    return score(samples, [EngineReading(read) for _, read in pairs])


@pytest.mark.parametrize(
    ("truth", "read", "expected"),
    [
        ("ب", "ت", "dots"),
        ("ي", "ن", "dots"),
        ("ة", "ه", "dots"),
        ("ى", "ي", "dots"),
        ("ف", "ق", "dots"),
        ("ج", "خ", "dots"),
        ("أ", "ا", "hamza"),
        ("آ", "إ", "hamza"),
        ("و", "ؤ", "hamza"),
        ("ئ", "ى", "hamza"),
        ("ء", "", "hamza"),
        ("", "ء", "hamza"),
        ("ا", "ل", "letters"),
        ("ب", "س", "letters"),
        ("ئ", "ب", "letters"),
        ("ا", "", "letters"),
        ("", "ل", "letters"),
        ("ا", "1", "letters"),
        ("1", "ا", "digits"),
        ("٣", "", "digits"),
        (".", "،", "punctuation"),
        ("", "«", "punctuation"),
        ("", "+", "punctuation"),
        (" ", "", "spaces"),
        ("", " ", "spaces"),
        (" ", "ا", "spaces"),
        ("A", "B", "latin"),
        ("é", "", "latin"),
        ("я", "", "other"),
    ],
)
def test_the_class_of_an_edit(truth: str, read: str, expected: str) -> None:
    assert alignment.class_of_edit(truth, read) == expected


def test_classes_by_hand() -> None:
    # ب->ت dots, أ->ا hamza, a comma missed, 12 -> 13 a digit, c invented, a space missed
    out = figures(scored(("باب أحمد، 12 ab قال لي", "تاب احمد 13 abc قاللي")))
    classes = out["classes"]
    errors = {name: row["errors"] for name, row in classes.items()}
    assert errors == {"letters": 0, "dots": 1, "hamza": 1, "digits": 1, "punctuation": 1, "spaces": 1, "latin": 1, "other": 0}
    of = {name: row["of"] for name, row in classes.items()}
    # dots: ب ب ح د ق ي have siblings that differ in dots; hamza: ا أ ا ي
    assert of == {"letters": 12, "dots": 6, "hamza": 4, "digits": 2, "punctuation": 1, "spaces": 5, "latin": 2, "other": 0}
    assert classes["digits"]["rate"] == 0.5 and classes["spaces"]["rate"] == pytest.approx(1 / 5)
    assert classes["other"]["rate"] is None, "there is nothing of it to read"
    assert sum(errors.values()) == out["normalised"]["edits"] == 6
    assert classes["dots"]["share"] == pytest.approx(1 / 6) and classes["other"]["share"] == 0
    assert (out["missed"], out["invented"]) == (pytest.approx(2 / 22), pytest.approx(1 / 22))


def test_errors_by_class_add_up_to_the_normalised_edits() -> None:
    letters = "ابتثجحخأإآءؤئةىي 123٤٥،.؟()abé"
    rng = np.random.default_rng(0)
    for _ in range(50):
        truth, read = ("".join(rng.choice(list(letters), 30)) for _ in range(2))
        out = figures(scored((truth, read)))
        assert sum(row["errors"] for row in out["classes"].values()) == out["normalised"]["edits"]
        assert sum(row["count"] for row in out["confusions"]) == out["normalised"]["edits"]


@pytest.mark.parametrize(
    ("truth", "read", "missing", "wrong", "invented"),
    [
        ("كَتَبَ", "كَتَبَ", 0, 0, 0),
        ("كَتَبَ", "كتب", 3, 0, 0),
        ("كتب", "كَتَبَ", 0, 0, 3),
        ("كَتَبَ", "كُتِبَ", 0, 2, 0),
        ("مُحَمَّد", "مُحَمَد", 1, 0, 0),  # the shadda alone
        ("مُحَمَّد", "مُحَمُّد", 0, 1, 0),  # the vowel on it
        ("مُحَمَّد", "مُحَم\u064e\u0651د", 0, 0, 0),  # typed in the other order
        ("كَتَبَ", "كَبَ", 1, 0, 0),  # the mark of a missed letter
        ("كَبَ", "كَتَبَ", 0, 0, 1),
        ("كـَتب", "كَتب", 0, 0, 0),  # tatweel is no letter
        ("آن", "ا\u0653ن", 0, 0, 0),  # madda is a letter's part, however typed
    ],
)
def test_diacritics(truth: str, read: str, missing: int, wrong: int, invented: int) -> None:
    got = alignment.diacritics(truth, read)
    assert (got.missing, got.wrong, got.invented) == (missing, wrong, invented)


def test_diacritics_are_per_hundred_letters_of_the_truth() -> None:
    out = figures(scored(("كَتَبَ", "كتب"), ("قال", "قَال")))
    assert out["diacritics"]["missing"] == pytest.approx(100 * 3 / 6)
    assert out["diacritics"]["invented"] == pytest.approx(100 / 6)
    assert (out["diacritics"]["of"], out["diacritics"]["letters"]) == (3, 6)
    assert out["normalised"]["cer"] == 0, "diacritics are no part of it"


def test_what_labels_leave_out_is_no_error() -> None:
    fatha = "\u064e"
    assert figures(scored(("كتب", "كَتَبَ")))["raw"]["edits"] == 3
    assert figures(scored(("كتب", "كَتَبَ"), unlabelled=fatha))["raw"]["edits"] == 0


def test_confusions() -> None:
    out = figures(scored(("بيت", "نيت"), ("باب", "ناب"), ("قال لي", "قاللي")))
    assert out["confusions"][0] == {"truth": "ب", "read": "ن", "count": 2, "class": "dots"}
    assert out["confusions"][1] == {"truth": " ", "read": "", "count": 1, "class": "spaces"}


def test_exact_lines_median_lengths_and_sources() -> None:
    out = figures(scored(("ا" * 10, "ا" * 10), ("ب" * 10, "ب" * 9), ("ج" * 30, "ج" * 24), sources="xyy"))
    assert out["normalised"]["exact"] == pytest.approx(1 / 3)
    assert out["normalised"]["cer"] == pytest.approx(7 / 50)
    assert out["normalised"]["cer_median"] == pytest.approx(0.1), "of 0, 0.1 and 0.2"
    by_length = [(row["from"], row["to"], row["lines"], row["cer"]) for row in out["by_length"]]
    assert by_length == [(0, 20, 2, pytest.approx(1 / 20)), (21, 40, 1, pytest.approx(6 / 30))]
    by_source = [(row["source"], row["lines"], row["cer"], row["exact"]) for row in out["by_source"]]
    assert by_source == [("y", 2, pytest.approx(7 / 40), 0.0), ("x", 1, 0.0, 1.0)]


def test_line_breaks_are_spaces() -> None:
    out = figures(scored(("سطر أول\nسطر ثان", "سطر\nأول سطر ثان")))
    assert [out[rule]["edits"] for rule in ("raw", "normalised", "kitab", "letters")] == [0, 0, 0, 0]


def test_expected_calibration_error_by_hand() -> None:
    # bin 0.9-1.0: four signs of 0.95, three right: |0.95 - 0.75|; bin 0.5-0.6: one of 0.5, right: |0.5 - 1|
    sums = calibration.sums([0.95] * 4 + [0.5], [True, True, True, False, True])
    assert calibration.expected_calibration_error(sums) == pytest.approx((4 * 0.2 + 1 * 0.5) / 5)
    low, high = calibration.reliability(sums, [(i / 10, 1.0) for i in range(calibration.BINS)])
    assert low == {"from": 0.5, "to": 0.6, "count": 1, "confidence": 0.5, "right": 1.0, "right_interval": (0.5, 1.0)}
    assert (high["count"], high["confidence"], high["right"]) == (4, pytest.approx(0.95), 0.75)
    assert math.isnan(calibration.expected_calibration_error(calibration.sums([], [])))
    certain = calibration.sums([1.0, 1.0], [True, True])
    assert calibration.expected_calibration_error(certain) == 0, "1.0 belongs to the last bin"
    assert calibration.expected_calibration_error(np.stack([sums, certain])).tolist() == pytest.approx([0.26, 0.0])
    assert calibration.right_by_bin(np.stack([sums, certain]))[:, -1].tolist() == [0.75, 1.0]


def test_which_signs_are_right() -> None:
    confidences, right = calibration.right_characters("بيت", [("ن", 0.4), ("ي", 0.9), ("\u064e", 0.3), ("ت", 0.8), ("ا", 0.2)])
    assert confidences == [0.4, 0.9, 0.8, 0.2], "a mark that labels may leave out is not asked about"
    assert right == [False, True, True, False]
    _, right = calibration.right_characters("ص ٣ ....", [(c, 1.0) for c in "ص 3 …"])
    assert all(right), "digit sets and leaders are unified, as the CER unifies them"


def test_calibration_of_lines_and_of_none() -> None:
    sample = Sample("a", "s", "ابتث", array=np.zeros((8, 8), np.uint8))
    out = figures(score([sample], [EngineReading("ابتس", 0.95, tuple(zip("ابتس", (1.0, 1.0, 1.0, 0.0))))]))
    assert out["calibration"]["lines"]["ece"] == pytest.approx(0.2), "confidence 0.95, three quarters right"
    assert out["calibration"]["characters"]["ece"] == 0, "it knew which one was wrong"
    assert figures(scored(("ا", "ا")))["calibration"] == {"characters": None, "lines": None}


def test_intervals_are_those_of_the_bootstrap_over_lines() -> None:

    def rate(sums: statistics.Floats) -> statistics.Floats:
        return sums[:, [0]] / sums[:, [1]]

    rng = np.random.default_rng(1)
    edits = rng.binomial(50, 0.1, 400).astype(float)
    counts = np.stack([edits, np.full(400, 50.0)], axis=1)
    (interval,) = statistics.intervals(counts, rate)
    assert interval is not None
    # the standard error of a mean of 400 shares is known: the interval is about 1.96 of them wide on each side
    error = (edits / 50).std(ddof=1) / 20
    assert interval[0] == pytest.approx((edits / 50).mean() - 1.96 * error, abs=0.3 * error)
    assert interval[1] == pytest.approx((edits / 50).mean() + 1.96 * error, abs=0.3 * error)
    assert statistics.intervals(counts, rate) == [interval], "seeded"
    assert statistics.intervals(counts[:1], rate) == [None], "one line tells nothing of others"
    # lines are all of one length: the mean of what each line adds is that rate, by whichever way it is drawn
    assert statistics.intervals_of_samples(edits / 50, [np.mean]) == [pytest.approx(interval)]


def test_the_interval_of_a_median_by_hand() -> None:
    # of three lines, all draws have a median between the least and the greatest, and more than 1 in 40 has either
    assert statistics.intervals_of_samples(np.array([1.0, 2.0, 9.0]), [np.median]) == [(1.0, 9.0)]
    assert statistics.intervals_of_samples(np.array([2.0, 2.0, 2.0]), [np.median, np.mean]) == [(2.0, 2.0)] * 2


def _without_interval(figure: Any, name: str) -> list[str]:
    """The names of numbers that are no counts and have no interval."""
    if isinstance(figure, list):
        return [lacking for row in figure for lacking in _without_interval(row, name)]
    if not isinstance(figure, dict):
        return [name] if isinstance(figure, float) else []
    with_interval = {key.removesuffix("_interval") for key in figure if key.endswith("_interval")}
    for key in with_interval & {k for k, value in figure.items() if value is not None}:
        low, high = figure[f"{key}_interval"]
        assert low <= figure[key] <= high, f"{name}.{key}"
    return [n for key, value in figure.items() if key not in with_interval for n in _without_interval(value, f"{name}.{key}")]


def test_every_figure_has_its_interval_around_it() -> None:
    truth, wrong = "باب أحمد، 12 كَتَبَ a", "تاب احمد. 13 كُتبَ bc"
    samples = [Sample(str(i), "xy"[i % 2], truth * (1 + i % 2), array=np.zeros((8, 8), np.uint8)) for i in range(60)]
    texts = [(wrong if i % 3 else truth) * (1 + i % 2) for i in range(60)]
    out = figures(score(samples, [EngineReading(text, 0.9, tuple((c, 0.9) for c in text)) for text in texts]))
    lacking = {name.rpartition(".")[2] for name in _without_interval(out, "")}
    assert lacking == {"from", "to", "confidence"}, "of the bins of calibration, which are no figures"
    for row, name in (
        *((out[rule], what) for rule in ("raw", "normalised", "kitab", "letters") for what in ("cer", "wer", "exact")),
        *((out["classes"][name], "rate") for name in ("dots", "hamza", "digits", "punctuation", "latin")),
        *((out["diacritics"], what) for what in ("missing", "wrong")),
        *((row, what) for row in (*out["by_length"], *out["by_source"]) for what in ("cer", "cer_letters", "exact")),
        *((row, "ece") for row in out["calibration"].values()),
        (out, "invented"),
    ):
        low, high = row[f"{name}_interval"]
        assert low < high, name


def test_intervals_of_a_source_are_those_of_its_lines_alone() -> None:
    pairs = [("ابتث", "ابت" if i % 3 else "ابتث") for i in range(20)]
    out = figures(scored(*pairs, *pairs[:7], sources="x" * 20 + "y" * 7))
    alone = figures(scored(*pairs))
    assert out["by_source"][0]["source"] == "x"
    assert all(out["by_source"][0][name] == alone["normalised"][name] for name in ("cer", "cer_interval", "exact", "exact_interval"))
    assert out["by_source"][0]["cer_interval"] != out["normalised"]["cer_interval"]
    assert alone["by_length"][0]["cer_interval"] == alone["normalised"]["cer_interval"]


def test_speed_and_its_interval_over_turns() -> None:
    even = Run([], [2.0, 2.0, 1.0], [10, 10, 5])
    assert even.per_second == 5.0 and even.per_second_interval == (5.0, 5.0)
    uneven = Run([], [1.0, 2.0, 5.0], [10, 10, 10])
    assert uneven.per_second == pytest.approx(30 / 8)
    assert uneven.per_second_interval == (2.0, 10.0), "the slowest turn, or the quickest, three times: 1 draw in 27 each"
    assert Run([], [2.0], [10]).per_second_interval is None


def test_permutation_test_against_known_probabilities() -> None:
    # all of n lines on one side: of 2^n ways to exchange readings, two are as extreme
    assert statistics.paired_permutation_p(np.ones(5)) == pytest.approx(2 / 2**5)
    assert statistics.paired_permutation_p(np.array([1.0, -1.0, 0.0, 0.0])) == 1.0
    assert statistics.paired_permutation_p(np.zeros(10)) == 1.0
    assert statistics.paired_permutation_p(np.ones(200)) == pytest.approx(1 / 5_000), "two sides of 1 / 10,000, the least it can say"


def test_comparison_of_two_engines() -> None:
    truths = ["ابتثجحخدذر"] * 12
    good, bad = [(t, t if i else t[:-1]) for i, t in enumerate(truths)], [(t, t[:-2]) for t in truths]
    runs = {"a": Run([], [1.0, 1.0], [6, 6]), "b": Run([], [4.0, 2.0], [6, 6])}
    (row,) = compare({"a": scored(*good), "b": scored(*bad)}, runs, {"a": True, "b": True})
    cer = row["normalised"]["cer"]
    assert (row["first"], row["second"]) == ("a", "b")
    assert cer["difference"] == pytest.approx((1 - 24) / 120) and cer["ratio"] == pytest.approx(1 / 24)
    assert cer["difference_interval"][0] < cer["difference"] < cer["difference_interval"][1] < 0
    assert cer["p"] == pytest.approx(2 / 2**12)
    shares = row["kitab"]["ratio_of_samples"]  # one line of 1 / 2, eleven of 0
    assert shares["mean"] == pytest.approx(1 / 24) and shares["median"] == 0.0
    assert shares["mean_interval"][0] <= shares["mean"] <= shares["mean_interval"][1]
    assert row["lines"] == {"first_better": 12, "second_better": 0, "alike": 0}
    assert row["speed"] == {"ratio": 3.0, "ratio_interval": (2.0, 4.0), "ratio_lowest": 2.0, "ratio_highest": 4.0}
    (row,) = compare({"a": scored(*good), "b": scored(*good)}, runs, {"a": True, "b": False})
    assert row["speed"] is None and row["normalised"]["cer"]["p"] == 1.0


def test_lines_of_a_page_are_compared_by_place() -> None:
    known = [KnownLine("ا" * n, (0, 100 * i, 400, 100 * i + 50)) for i, n in enumerate((10, 20, 30))]
    whole = [line.box for line in known]
    assert count_lines(known, whole) == LineCounts(3, 3, 3, 3, 60, 0, 2, 2)
    # the second before the first; the third in two halves, neither of which covers it; a speck that is no line
    halves = [(0.0, 200.0, 190.0, 250.0), (210.0, 200.0, 400.0, 250.0)]
    found = count_lines(known, [whole[1], whole[0], *halves, (0.0, 900.0, 10.0, 910.0)])
    assert found == LineCounts(3, 2, 5, 4, 60, 30, 1, 0)
    assert (found.recall, found.precision, found.order) == (pytest.approx(2 / 3), 0.8, 0.0)
    # two columns of two lines that are read across: each line is followed by one of the other column
    four = [KnownLine("ا", (x, y, x + 100, y + 50)) for x in (200, 0) for y in (0, 60)]
    across = count_lines(four, [four[i].box for i in (0, 2, 1, 3)])
    assert (across.recalled, across.neighbours, across.in_order) == (4, 3, 0)
    # two columns taken for one line: one of them at most is covered by it, and it lies on neither
    columns = [KnownLine("ا", (0, 0, 100, 50)), KnownLine("ا", (110, 0, 210, 50))]
    merged = count_lines(columns, [(0.0, 0.0, 210.0, 50.0)])
    assert merged.precise == 0
    assert found + merged == LineCounts(5, 4, 6, 4, 62, 30, 1, 0)


def test_figures_of_lines_of_known_place() -> None:
    sample = Sample("p", "s", "ابت\nثج", lines=(KnownLine("ابت", (0, 0, 100, 20)), KnownLine("ثج", (0, 40, 100, 60))))
    seen = figures(score([sample, sample], [EngineReading("ابت", lines=((0, 0, 99, 20),))] * 2))["line_finding"]
    assert (seen["known"], seen["found"], seen["characters"], seen["lost"]) == (4, 2, 10, 4)
    assert (seen["recall"], seen["precision"], seen["characters_lost"]) == (0.5, 1.0, 0.4)
    assert seen["recall_interval"] == (0.5, 0.5)
    unknown = figures(score([sample], [EngineReading("ابت")]))["line_finding"]
    assert unknown["known"] == 0 and unknown["recall"] is None, "an engine that tells no places"


@pytest.mark.parametrize(
    ("truth", "read", "edits", "parted_edits"),
    [
        ("قال زيد\nثم مضى", "قال زيد ثم مضى", 0, 0),
        ("قال زيد\nثم مضى", "رأس ١٢ قال زيد ثم مضى حاشية", 0, 0),  # beyond both ends
        ("قال زيد\nثم مضى", "قال زيد كككك ثم مضى", 4, 0),  # between two lines of the label
        ("قال زيد ثم مضى", "قال زيد كككك ثم مضى", 4, 4),  # and within one
        ("قال زيد\nثم مضى", "زيد ثم مضى", 3, 3),  # what the label has and the reading lacks
        ("قال زيد\nثم مضى", "", 11, 11),
        ("قال زيد\nثم مضى", "قال ريد ثم مصى", 2, 2),
        ("قال زيد\nثم مضى", "ثم مضى قال زيد", 5, 5),  # order counts: the shorter line is missed
        ("زيد\nزيد", "زيد", 3, 3),  # nothing is read twice
        ("أحمدُ، ١٢", "احمد", 0, 0),  # letters alone, folded
    ],
)
def test_text_that_a_label_leaves_out_is_no_error(truth: str, read: str, edits: int, parted_edits: int) -> None:
    counted = count_infix(truth, read)
    assert (counted.edits, counted.parted_edits) == (edits, parted_edits)


def test_infix_distance_is_that_to_the_best_stretch() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        truth, read = ("".join(rng.choice(list("ابت"), n)) for n in (8, 12))
        stretches = [read[a:b] for a in range(13) for b in range(a, 13)]
        assert infix_distance([truth], read) == min(Levenshtein.distance(truth, stretch) for stretch in stretches)
        parted = [
            Levenshtein.distance(truth[:4], read[a:b]) + Levenshtein.distance(truth[4:], read[c:d])
            for a in range(13) for b in range(a, 13) for c in range(b, 13) for d in range(c, 13)
        ]  # fmt: skip
        assert infix_distance([truth[:4], truth[4:]], read) == min(parted)


def test_infix_rates_are_of_the_labels_letters() -> None:
    out = figures(scored(("باب زيد", "رأس باب ريد"), ("قال", "قال")))["infix"]
    assert (out["letters"], out["edits"]) == (9, 1) and out["cer"] == pytest.approx(1 / 9)
    assert out["cer_interval"] is not None and out["cer_parted"] == out["cer"]


def test_words_are_found_in_any_order_and_in_theirs() -> None:
    counts = count_words("قال زيد، ٣ مرات\nثم قال yes", "ثم قال زيد 3 مرات")
    assert (counts["words"], counts["words found"], counts["words in order"]) == (7, 5, 4), "قال once, yes not; ثم is too early"
    assert (counts["words arabic"], counts["words arabic found"]) == (5, 4)
    assert (counts["words digits"], counts["words digits found"], counts["words latin"], counts["words latin found"]) == (1, 1, 1, 0)
    assert words_of("قَالَ، (زيد) A-1!") == ["قال", "زيد", "A", "1"]
    assert [script_of(word) for word in ("قال", "ب12", "12", "B12", "я")] == ["arabic", "arabic", "digits", "latin", "other"]
    out = figures(scored(("ا ب ج د", "د ا ب"), ("1", "2"), sources="xy"))
    assert (out["words"]["found"], out["words"]["in_order"]) == (pytest.approx(3 / 5), pytest.approx(2 / 5))
    assert (out["words"]["digits"], out["words"]["latin"]) == (0.0, None)
    assert [row["words_found"] for row in out["by_source"]] == [0.75, 0.0]
