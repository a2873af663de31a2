"""Halves of verses that stand like columns, told from columns by what they say."""

from __future__ import annotations

import numpy as np
import pytest

from rasm.document import Line, Page
from rasm.lines.recognizer import Recognizer
from rasm.pages import verses
from rasm.pages.found import TextLine
from rasm.pages.reader import PageImage, PageReader
from rasm.pages.verses import Placed
from tests.paper import golden_line, sheet
from tests.paths import SHIPPED

# Imru' al-Qays, the first verses of the Mu'allaqa, and Ibn Malik, those of the Alfiyya
ONE_RHYME = [
    ("قفا نبك من ذكرى حبيب ومنزل", "بسقط اللوى بين الدخول فحومل"),
    ("فتوضح فالمقراة لم يعف رسمها", "لما نسجتها من جنوب وشمأل"),
    ("ترى بعر الآرام في عرصاتها", "وقيعانها كأنه حب فلفل"),
    ("كأني غداة البين يوم تحملوا", "لدى سمرات الحي ناقف حنظل"),
    ("وقوفا بها صحبي علي مطيهم", "يقولون لا تهلك أسى وتجمل"),
]
COUPLETS = [
    ("قال محمد هو ابن مالك", "أحمد ربي الله خير مالك"),
    ("مصليا على النبي المصطفى", "وآله المستكملين الشرفا"),
    ("وأستعين الله في ألفيه", "مقاصد النحو بها محويه"),
    ("تقرب الأقصى بلفظ موجز", "وتبسط البذل بوعد منجز"),
]
# Ibn al-Khatib's muwashshah: the rhyme changes from strophe to strophe, and comes back
STROPHES = [
    ("جادك الغيث إذا الغيث همى", "يا زمان الوصل بالأندلس"),
    ("لم يكن وصلك إلا حلما", "في الكرى أو خلسة المختلس"),
    ("إذ يقود الدهر أشتات المنى", "ينقل الخطو على ما يرسم"),
    ("زمرا بين فرادى وثنا", "مثلما يدعو الوفود الموسم"),
    ("والحيا قد جلل الروض سنا", "فثغور الزهر فيه تبسم"),
    ("وروى النعمان عن ماء السما", "كيف يروي مالك عن أنس"),
    ("فكساه الحسن ثوبا معلما", "يزدهي منه بأبهى ملبس"),
    ("في ليال كتمت سر الهوى", "بالدجى لولا شموس الغرر"),
    ("مال نجم الكأس فيها وهوى", "مستقيم السير سعد الأثر"),
    ("وطر ما فيه من عيب سوى", "أنه مر كلمح البصر"),
]
# al-Jahiz, al-Hayawan, cut into lines of two columns
PROSE = [
    ("جنبك الله الشبهة وعصمك من", "وجعل بينك وبين المعرفة نسبا"),
    ("الحيرة وجعل بينك وبين الصدق", "وحبب إليك التثبت وزين في"),
    ("سببا وزين في عينك الإنصاف", "عينك العدل وأذاقك حلاوة"),
    ("وأذاقك حلاوة التقوى وأشعر", "التقوى وأشعر قلبك عز الحق"),
    ("قلبك عز الحق وأودع صدرك", "وأودع صدرك برد اليقين وطرد"),
]
Rows = list[tuple[str, str]]


def placed(text: str, right: int, row: int) -> Placed:
    y = 100.0 + 60 * row
    box = (right - 400, round(y) - 30, right, round(y) + 10)
    baseline = np.array([(box[0], y), (box[2], y)])
    middle = baseline - np.array([0.0, 12.0])
    return TextLine(middle, baseline, 18.0, 22.0, 46.0, "paragraph", 0.5, 0.5, 1.0), Line(text, 1.0, box, [(x, y) for x, y in baseline])


def columns(rows: Rows, first_row: int = 0) -> list[list[Placed]]:
    return [[placed(row[half], x, i + first_row) for i, row in enumerate(rows)] for half, x in ((0, 1000), (1, 540))]


def joined(regions: list[list[Placed]]) -> list[list[Placed]]:
    return [lines for _, lines in verses.joined(regions)]


def texts(regions: list[list[Placed]]) -> list[list[str]]:
    return [[line.text for _, line in region] for region in regions]


@pytest.mark.parametrize("rows", [ONE_RHYME, COUPLETS, STROPHES], ids=["one rhyme", "couplets", "strophes"])
def test_halves_of_verses_are_read_row_by_row(rows: Rows) -> None:
    assert texts(joined(columns(rows))) == [[half for row in rows for half in row]]


def test_columns_of_one_region_are_parted_from_what_stands_around_them() -> None:
    right, left = columns(ONE_RHYME, 2)
    found = verses.joined([[placed("وقال الشاعر", 1000, 0), *right, *left, placed("ثم قال", 1000, 9)]])
    assert [is_verse for is_verse, _ in found] == [False, True, False]
    assert texts([lines for _, lines in found]) == [["وقال الشاعر"], [half for row in ONE_RHYME for half in row], ["ثم قال"]]


def test_what_stands_around_verses_stays_where_it_was() -> None:
    above, below = [placed("وقال الشاعر", 1000, 0)], [placed("ثم قال", 1000, 9)]
    found = texts(joined([above, *columns(ONE_RHYME, 2), below]))
    assert found == [["وقال الشاعر"], [half for row in ONE_RHYME for half in row], ["ثم قال"]]


def test_a_verse_by_itself_is_known_by_the_gutter_of_the_others() -> None:
    right, left = columns(ONE_RHYME, 4)
    lone, introduction, number = columns(COUPLETS[:1]), [placed("ثم قال", 1000, 1)], [placed("٢٩", 800, 12)]
    # as Breuel's rules order them: a left half after what stands under its right one
    found = texts(joined([[*lone[0], *introduction], lone[1], right, number, left]))
    assert found == [[*COUPLETS[0], "ثم قال"], [half for row in ONE_RHYME for half in row], ["٢٩"]]


def test_columns_of_prose_stay_columns() -> None:
    for rows in (PROSE, PROSE * 3):
        assert texts(joined(columns(rows))) == [[row[0] for row in rows], [row[1] for row in rows]]


def test_three_rows_are_too_few_to_tell() -> None:
    assert len(joined(columns(ONE_RHYME[:3]))) == 2


@pytest.mark.parametrize("missing", [(0, 2), (1, 2)], ids=["right", "left"])
def test_a_half_that_was_not_found_does_not_part_the_others(missing: tuple[int, int]) -> None:
    halves = columns(ONE_RHYME)
    gone = halves[missing[0]].pop(missing[1])[1].text
    assert texts(joined(halves)) == [[half for row in ONE_RHYME for half in row if half != gone]]


def test_a_misread_rhyme_is_forgiven() -> None:
    rows = [*ONE_RHYME[:2], (ONE_RHYME[2][0], ONE_RHYME[2][1][:-1] + "د"), *ONE_RHYME[3:]]
    assert len(joined(columns(rows))) == 1


def test_a_page_without_columns_is_left_alone() -> None:
    regions = [[placed(text, 1000, i) for i, (text, _) in enumerate(PROSE)], [placed("ثم", 1000, 8)]]
    assert texts(joined(regions)) == texts(regions)
    assert joined([]) == []


def read(right: str, left: list[str]) -> Page:
    half = golden_line(right)[:, -500:]
    lines = [(half, 1150, 60 + 75 * row) for row in range(6)]
    lines += [(golden_line(name)[:, :500], 560, 60 + 75 * row) for row, name in enumerate(left)]
    return PageReader(Recognizer(SHIPPED, threads=1), orient=False).read(PageImage(sheet(lines, 1240, 560)))


def test_a_page_of_verses_is_read_across_and_one_of_prose_down() -> None:
    poem, prose = read("prose", ["figures"] * 6), read("prose", ["figures", "prose", "heading"] * 2)
    assert [len(region.lines) for region in poem.regions] == [12]
    assert all("\t" in row for row in poem.regions[0].text.split("\n"))
    assert len({line.text for line in prose.lines[:6]}) == 1
