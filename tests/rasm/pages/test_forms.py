"""Forms: boxes with a digit each, leaders, check boxes and fields; on pictures that are drawn here, and by what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from rasm.document import Box, Line, Region, RegionKind, Word
from rasm.image import Pixels
from rasm.lines.recognizer import Reading, Recognizer, Sign
from rasm.pages.combs import as_numbers, without_rules
from rasm.pages.crops import Crop
from rasm.pages.fields import as_fields, leader_of, with_titles
from rasm.pages.found import FoundPage, TextLine
from rasm.pages.gaps import parted
from rasm.pages.reader import PageImage, PageReader
from rasm.text.charset import find_direction, logical_signs
from rasm.text.normalisation import finish_reading
from tests.paper import golden_line, sheet
from tests.paths import SHIPPED

SIZE = 34.0
BOX = (0.0, 0.0, 100.0, 20.0)


def boxes(digits: str, width: int = 44, height: int = 60, thick: int = 2) -> Pixels:
    """A comb with a digit in the middle of each box; a space leaves one empty."""
    image = Image.new("L", (width * len(digits) + thick, height), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(38)
    for k, digit in enumerate(digits):
        draw.rectangle((k * width, 0, (k + 1) * width + thick - 1, height - 1), outline=0, width=thick)
        draw.text(((k + 0.5) * width, height / 2), digit, fill=0, font=font, anchor="mm")
    return np.asarray(image, np.uint8)


def cut(pixels: Pixels, left: float = 0.0) -> Crop:
    return Crop(pixels, left, np.zeros(pixels.shape[1]), pixels < 128)


def reading(visual: str) -> Reading:
    """Each sign ten pixels wide."""
    direction, is_told = find_direction(visual)
    signs = [Sign(text, 0.9, 10.0 * at, 10.0 * (at + 1)) for text, at in logical_signs(visual, direction)]
    return Reading(finish_reading("".join(sign.text for sign in signs)), 0.9, signs, direction, is_told, visual)


@pytest.mark.parametrize("thick", [1, 2, 4])
def test_the_rules_between_boxes_are_painted_over(thick: int) -> None:
    crop = cut(boxes("1098234", thick=thick)[6:-6], 100.0)
    made, ((left, right),) = without_rules(crop, SIZE)
    assert left == 0 and right == pytest.approx(44 * 7, abs=thick)
    ink = made.pixels < 128
    assert (made.ink == ink).all()
    assert not any(ink[:, 44 * k : 44 * k + thick].any() for k in range(8))
    assert all(ink[:, 44 * k + 8 : 44 * k + 36].any() for k in range(7))


def test_a_line_may_end_before_its_last_box_does() -> None:
    crop = cut(boxes("1098234")[6:-6, 20:-20])
    _, ((left, right),) = without_rules(crop, SIZE)
    assert (left, right) == (0, crop.pixels.shape[1])


def test_words_are_no_boxes() -> None:
    crop = cut(golden_line("prose"))
    assert without_rules(crop, 30.0) == (crop, [])
    two = np.hstack([boxes("12"), np.full((60, 60), 255, np.uint8)])
    assert without_rules(cut(two), SIZE)[1] == []


def test_digits_in_boxes_are_one_number() -> None:
    drawn = "1 0 9 8 :ةيوهلا مقر"
    assert reading(drawn).text == "رقم الهوية: 8 9 0 1"
    made = as_numbers(reading(drawn), [(0.0, 70.0)])
    assert made.text == "رقم الهوية: 1098" and made.visual == "1098 :ةيوهلا مقر"
    assert [sign.text for sign in made.signs][-4:] == list("1098") and made.signs[-1].start_px == 60
    letters = reading("ت ن ب")
    assert as_numbers(letters, [(0.0, 50.0)]) is letters  # a name's letters stand apart as they are read


def test_a_page_with_a_number_in_boxes() -> None:
    page = sheet([(golden_line("prose"), 1110, 80), (golden_line("figures"), 1110, 160), (boxes("1098234"), 800, 260)], 1160, 460)
    read = PageReader(Recognizer(SHIPPED, threads=1)).read(PageImage(page))
    assert "1098234" in [line.text for line in read.lines]


def found_line(left: float, right: float, y: float, kind: str = "cell") -> TextLine:
    middle = np.array([[left, y], [right, y]])
    return TextLine(middle, middle + np.array([0, 10.0]), 12, 10, SIZE, kind, 0.5, 0.5, 0.95)


@pytest.mark.parametrize("ltr", [False, True])
def test_a_rule_after_a_label_is_its_leader(ltr: bool) -> None:
    label, above = found_line(600, 800, 100), found_line(200, 800, 40)
    edge = np.array([[112.0, 820, 1100] if ltr else [112.0, 300, 590]])

    def box(edges: NDArray[np.float64], *lines: TextLine, text: str = "الاسم:") -> Box | None:
        said = Reading(text, 0.9, [], "ltr" if ltr else "rtl")
        return leader_of(0, FoundPage([label, above, *lines], [], [], [], [], [], 0, edges=edges), said)

    found = box(edge)
    assert found is not None and (found[0], found[2]) == (edge[0, 1], edge[0, 2])
    assert box(edge, text="الاسم") is None  # no label
    assert box(edge, found_line(edge[0, 1] + 50, edge[0, 2] - 50, 98)) is None  # something is written there
    assert box(np.array([[112.0, 300, 1100]])) is None  # it runs beneath the label, too


def kinds(*given: tuple[RegionKind, str]) -> list[str]:
    return [region.kind for region in as_fields([Region(kind, BOX, [Line(text, 1.0, BOX)], level=3) for kind, text in given])]


def test_a_form_is_no_list() -> None:
    form = ["الاسم الرباعي: ....", "الجنس: ☐ ذكر ☑ أنثى", "العنوان: حي النزهة", "التوقيع: .... التاريخ: ..../..../...."]
    assert kinds(*(("list-item", text) for text in form)) == ["paragraph"] * 4
    contents = ["الباب الأول: مطرقات .... 417", "الباب الثاني .... 425"]
    assert kinds(*(("list-item", text) for text in contents)) == ["list-item"] * 2
    assert kinds(("list-item", "1- الاسم: ...."), ("list-item", "2- العنوان: ....")) == ["list-item"] * 2
    among = [
        "العنوان: حي النزهة",
        "المؤهل: ....",
        "أقر بما سبق.",
        "التوقيع: ....",
        "الفهرس",
        "أ .... 7",
        "ب .... 8",
        "ج .... 9",
    ]
    assert kinds(*(("list-item", text) for text in among)) == ["paragraph"] * 4 + ["list-item"] * 4
    assert kinds(("paragraph", "نص"), ("list-item", "اسم البنك: مصرف الراجحي")) == ["paragraph"] * 2


def filled(*texts: str, box: Box = BOX) -> list[Line]:
    """What becomes of lines whose words are parted by spaces."""
    lines = [Line(text, 1.0, box, words=[Word(word, 1.0, box) for word in text.split()]) for text in texts]
    ((made),) = (region.lines for region in as_fields([Region("paragraph", BOX, lines)]))
    for line in made:
        assert line.text == " ".join(word.text for word in line.words)
    return made


def test_strokes_to_write_on_are_leaders() -> None:
    (made,) = filled("الرقم: ـ / _ بـ _")
    assert made.text == "الرقم: ..../.... بـ _" and "".join(sign.text for sign in made.words[1].characters) == "..../...."
    assert filled("الاسم: _")[0].text == "الاسم: ...."


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("تاريخ الميلاد: //.... مكان الميلاد: ....", "تاريخ الميلاد: ..../..../.... مكان الميلاد: ...."),
        ("التاريخ: /....", "التاريخ: ..../..../...."),
        ("التاريخ: .... / -", "التاريخ: ..../..../...."),
        ("التاريخ: - / - / ....", "التاريخ: ..../..../...."),
        ("Date: _/_/_ Name: _", "Date: ..../..../.... Name: ...."),
        ("الموافق: // ١٤هـ", "الموافق: ..../..../ ١٤هـ"),
        ("حرر في: //٢٠م", "حرر في: ..../..../٢٠م"),
        ("تاريخ الإصدار: _/_/20_ الوظيفة:", "تاريخ الإصدار: ..../..../20.... الوظيفة:"),
        ("القيد: ..../....", "القيد: ..../...."),  # no date is asked for
        ("الاسم: ........", "الاسم: ...."),
        ("الاسم: -........", "الاسم: ...."),
    ],
)
def test_dates_to_fill_in_are_as_a_person_writes_them(read: str, written: str) -> None:
    assert filled(read)[0].text == written


@pytest.mark.parametrize(
    "text",
    [
        "التاريخ: / / 14هـ",  # places that are white
        "تاريخ الإصدار: 15/09/2024",
        "التاريخ: 15 / .... / ....",
        "http://example.org/....",
        "كتاب / قلم",
        "و/أو - ثم ...",
        "الباب الأول: مطرقات .... 417",
        "1/2",
    ],
)
def test_other_strokes_stay(text: str) -> None:
    assert filled(text)[0].text == text


def test_a_leader_that_was_found_as_two_lines_is_one() -> None:
    (made,) = filled("الاسم الرباعي: ....", "....")
    assert made.text == "الاسم الرباعي: ...."
    assert [line.text for line in filled("الاسم", "....")] == ["الاسم", "...."]


def row(text: str, left: float, right: float, top: float, kind: RegionKind = "paragraph") -> Region:
    box = (left, top, right, top + 40)
    return Region(kind, box, [Line(text, 1.0, box)])


FORM = [
    row("الاسم الرباعي: ....", 500, 1150, 200),
    row("تاريخ الميلاد: ..../..../....", 500, 1150, 260),
    row("الجنس: ☐ ذكر ☑ أنثى", 700, 1150, 320),
    row("أقر بأن ما سبق صحيح.", 750, 1150, 380),
]


@pytest.mark.parametrize("kind", ["other", "list-item", "paragraph", "heading"])
def test_a_single_line_in_the_middle_of_a_form_is_a_title(kind: RegionKind) -> None:
    page = [row("استمارة طلب توظيف", 450, 750, 80, kind), *FORM, row("إقرار", 560, 640, 460, kind), row("التوقيع: ....", 800, 1150, 520)]
    made = with_titles(page, 1200)
    assert [(region.kind, region.level) for region in (made[0], made[5])] == [("heading", 1), ("heading", 2)]
    assert made[1:5] == page[1:5] and made[6] == page[6]


def test_what_is_no_title_of_a_form() -> None:
    def kinds(*regions: Region, form: list[Region] = FORM) -> list[str]:
        page = [*form, *regions]
        return [after.kind for before, after in zip(page, with_titles(page, 1200), strict=True) if before != after]

    assert kinds(row("إقرار", 560, 640, 460), form=FORM[3:]) == []  # the page is no form
    assert kinds(row("إقرار", 300, 500, 460)) == []  # it stands at the side
    texts = ["الختم:", "الختم: ....", "- أول", "صفحة 3", "جميع المعلومات صحيحة.", "٢٠٢٤", "...."]
    assert [kinds(row(text, 560, 640, 460)) for text in texts] == [[]] * len(texts)
    assert kinds(row("سطر على عرض النص كله وهو ليس عنوانا", 80, 1120, 460)) == []
    assert kinds(row("إقرار", 560, 640, 460, "page-number")) == []
    everything = [replace(region, box=(400.0, region.box[1], 800.0, region.box[3])) for region in FORM]
    assert kinds(row("إقرار", 560, 640, 460), form=everything) == []  # all of the page is set so


def test_a_field_is_a_paragraph_whatever_the_finder_takes_it_for() -> None:
    (made,) = as_fields([Region("other", BOX, [Line("الاسم: ....", 1.0, BOX)])])
    assert made.kind == "paragraph"


def test_a_label_with_a_number_is_no_heading() -> None:
    assert kinds(("heading", "رقم الفاتورة: 00871-2024"), ("heading", "الباب الأول: الخيل")) == ["paragraph", "heading"]


def test_lines_over_several_columns_are_parted_where_the_rows_around_are_white() -> None:
    """Three rows of two columns, of which one was found as a line; and a wide gap that no other row has."""
    columns = [(600.0, 760.0), (400.0, 560.0)]
    lines = [found_line(*column, y) for y in (100.0, 150.0, 250.0) for column in columns] + [found_line(400, 760, 200)]
    pixels = np.full((40, 360), 255, np.uint8)
    pixels[10:30, :160] = pixels[10:30, 200:] = 0
    lone = found_line(100, 350, 300)
    alone = np.full((40, 250), 255, np.uint8)
    alone[10:30, :100] = alone[10:30, 140:] = 0
    whole = np.zeros((40, 160), np.uint8)
    whole[:10] = whole[30:] = 255
    crops = [cut(whole, line.middle[0, 0]) for line in lines[:6]]
    crops += [cut(pixels, 400.0), cut(alone, 100.0)]
    page, made = parted(FoundPage([*lines, lone], [], [], [], [], [], 0), crops)
    assert [(round(line.middle[0, 0]), round(line.middle[-1, 0])) for line in page.lines[6:]] == [(400, 560), (600, 760), (100, 350)]
    assert len(made) == len(page.lines) == 9 and made[7].left_px == pytest.approx(600 - SIZE / 4, abs=1)
    assert not (made[6].pixels[:, -5:] < 128).any() and (made[7].pixels < 128).any()


@pytest.mark.parametrize("ends", [(560.0, 560.0, 560.0), (560.0, 530.0, 560.0), (470.0, 540.0, 500.0)])
@pytest.mark.parametrize("gap", [18, 40])
@pytest.mark.parametrize("aside", [0, 25])
def test_lines_over_columns_of_text_are_parted_where_the_lines_around_end_and_begin(ends: Sequence[float], gap: int, aside: int) -> None:
    """A wide gap parts columns of which one is not set to one width; a narrow one where both are; none where it stands aside of them."""
    right = 560.0 + gap
    rows = zip((100.0, 140.0, 220.0), ends, strict=True)
    lines = [found_line(a, b, y, "paragraph") for y, end in rows for a, b in ((right, right + 300), (200.0, end))]
    crops = [cut(words(round(line.middle[-1, 0] - line.middle[0, 0]), []), line.middle[0, 0]) for line in lines]
    over = found_line(200, right + 300, 180, "paragraph")
    pixels = words(660 + gap, [(120, 128), (240, 248), (360 + aside, 360 + aside + gap), (480 + gap, 488 + gap)])
    page, _ = parted(FoundPage([*lines, over], [], [], [], [], [], 0), [*crops, cut(pixels, 200.0)])
    is_parted = not aside and (gap > SIZE or ends.count(560.0) > 1)
    wanted = [(200, 560), (round(right), round(right) + 300)] if is_parted else [(200, round(right) + 300)]
    assert [(round(line.middle[0, 0]), round(line.middle[-1, 0])) for line in page.lines[6:]] == [
        pytest.approx(pair, abs=2) for pair in wanted
    ]
    elsewhere, _ = parted(FoundPage([*lines[:2], over], [], [], [], [], [], 0), [*crops[:2], cut(pixels, 200.0)])
    assert len(elsewhere.lines) == 3  # one row tells nothing


def words(width: int, spaces: list[tuple[int, int]]) -> Pixels:
    """A line's picture, with white between its words."""
    pixels = np.full((40, width), 255, np.uint8)
    pixels[10:30] = 0
    for left, right in spaces:
        pixels[:, left:right] = 255
    return pixels
