"""Pages that Chromium draws: their labels are what stands there, exactly, whatever the kind of document."""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from lxml import etree

from model.rendering.pages.__main__ import main
from model.rendering.pages.browser import Browser
from model.rendering.pages.documents import page_of
from model.rendering.pages.faces import HELD_OUT_FAMILIES, Face, Faces, Family, find_families
from model.rendering.pages.html import Draw, Sheet, document
from model.rendering.pages.kinds import HELD_OUT_KINDS, KINDS
from model.rendering.pages.labels import BLOCK_KINDS, LineLabel, PageLabels, labels_from_dict, read_labels
from model.rendering.pages.measure import measure
from model.rendering.pages.pictures import Pictures
from model.rendering.pages.preview import draw_labels
from model.rendering.pages.synthesis import DrawnPage, PageArtist, chosen_kinds
from model.rendering.pages.wording import Wording, language_of
from model.rendering.texts import TextSource, load_texts
from rasm.errors import ConfigError, DatasetError
from rasm.formats import write_pages
from tests.paths import ROOT

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


def wording() -> Wording:
    return Wording(load_texts([str(ROOT / "examples" / "text")]))


def faces() -> Faces:
    return Faces(find_families([str(FONTS)]))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as started:
        yield started


@pytest.fixture(scope="module")
def artist(browser: Browser) -> PageArtist:
    return PageArtist(browser, wording(), faces(), Pictures(), list(KINDS))


def drawn(browser: Browser, body: str, css: str = "", width: int = 900, height: int | None = None) -> DrawnPage:
    family = next(f for f in find_families([str(FONTS)]) if f.name == "DejaVu Sans")
    sheet = Sheet(body, f"body{{font:20px/1.6 'DejaVu Sans';padding:20px}}{css}", width, height)
    drawing = browser.draw(document(sheet, [family]), sheet.width_px, sheet.height_px)
    return DrawnPage(drawing.pixels, measure(drawing, "book", "1", [family.name]))


# -- without a browser


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_its_parts_are(kind: str) -> None:
    words, typefaces, pictures = wording(), faces(), Pictures()
    for seed in range(20):
        draw = Draw(random.Random(f"{kind} {seed}"), words, typefaces, pictures)
        html = document(KINDS[kind][0](draw), draw.families)
        assert set(re.findall(r'data-kind="([^"]*)"', html)) <= set(BLOCK_KINDS)
        assert kind == "nothing" or "data-kind" in html


def test_held_out_kinds_and_families_are_apart_from_the_others() -> None:
    assert set(HELD_OUT_KINDS) < set(KINDS)
    assert set(chosen_kinds(None)) | set(chosen_kinds(None, held_out=True)) == set(KINDS)
    assert not set(chosen_kinds(None)) & set(chosen_kinds(None, held_out=True))
    known = [Family(name, "text", True, (Face("x.ttf", 400, False),)) for name in ("Amiri", HELD_OUT_FAMILIES[0])]
    assert [f.name for f in Faces(known).arabic] == ["Amiri"]
    assert [f.name for f in Faces(known, held_out=True).arabic] == [HELD_OUT_FAMILIES[0]]


def _family(name: str, signs: Iterable[str], style: str = "text") -> Family:
    return Family(name, style, True, (Face(f"{name}.ttf", 400, False),), frozenset(signs))


def test_a_language_is_set_in_families_that_have_its_letters() -> None:
    rng = random.Random(1)
    arabic, persian = _family("Arabic", "ابت"), _family("Persian", "ابتپچژگکی")
    families = Faces([arabic, persian])
    assert {families.text(rng, "fa").name for _ in range(20)} == {"Persian"}
    assert {families.display(rng, "fa").name for _ in range(20)} == {"Persian"}
    assert {families.text(rng).name for _ in range(40)} == {"Arabic", "Persian"}
    assert {Faces([arabic]).text(rng, "ur").name for _ in range(5)} == {"Arabic"}, "where none has them"


def test_text_has_no_signs_that_its_family_would_show_as_boxes() -> None:
    text = "وَلَٰكِن يُؤَاخِذُكُم بِمَا كَسَبَتۡ قُلُوبُكُمۡۗ"
    draw = Draw(random.Random(3), Wording([TextSource("verses", [text], 1.0)]), faces(), Pictures())
    draw.language, draw.title_family = "ar", _family("Plain", set(text) - set("ۡۗ"))
    assert draw.title_family.lacks(text) == set("ۡۗ")
    assert not set(draw.title(20, 60)) & set("ۡۗ")


def test_a_face_with_some_arabic_letters_is_no_latin_companion() -> None:
    assert not [f for f in find_families([str(FONTS)]) if not f.arabic and f.signs & set("ابتثج")]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="no such kind of document: novel"):
        chosen_kinds(["novel"])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("العلم في الصغر كالنقش في الحجر", "ar"),
        ("هر که بامش بیش برفش بیشتر", "fa"),
        ("ایک پنتھ دو کاج ٹھیک ہے", "ur"),
        ("Actions speak louder than words", "en"),
        ("Après la pluie, le beau temps dans la ville", "fr"),
    ],
)
def test_languages_are_told_apart(text: str, language: str) -> None:
    assert language_of(text) == language


def some_labels() -> PageLabels:
    line = LineLabel("نص", 0, [(10.0, 50.0), (90.0, 50.0)], 12.5, 4.0, 8.0, -1.0, 16.0)
    return labels_from_dict(
        {
            "format": "rasm-page-labels",
            "version": 1,
            "kind": "book",
            "seed": "1",
            "width_px": 100,
            "height_px": 80,
            "direction": "rtl",
            "families": ["Amiri"],
            "blocks": [{"kind": "heading", "box": [10, 37.5, 90, 54], "level": 2}],
            "lines": [{**vars(line), "words": [{"text": "نص", "box": [10, 30, 90, 60]}]}],
            "tables": [],
            "gutters": [[0, 0, 5, 80]],
            "rules": [],
            "pictures": [],
        }
    )


def test_labels_survive_their_file(tmp_path: Path) -> None:
    labels = some_labels()
    path = tmp_path / "1.json"
    path.write_text(labels.to_json(), encoding="utf-8")
    assert read_labels(path) == labels
    assert labels.lines[0].box == (10, 37.5, 90, 54)
    assert labels.lines[0].core == [(10, 42), (90, 42), (90, 49), (10, 49)]


@pytest.mark.parametrize(("written", "instead"), [('"version":1', '"version":2'), ('"heading"', '"title"'), ('"book"', "book")])
def test_other_labels_are_refused(tmp_path: Path, written: str, instead: str) -> None:
    path = tmp_path / "1.json"
    path.write_text(some_labels().to_json().replace(written, instead), encoding="utf-8")
    with pytest.raises(DatasetError, match=re.escape(str(path))):
        read_labels(path)


# -- drawn


@needs_chromium
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_with_its_ink_inside_its_lines(artist: PageArtist, kind: str) -> None:
    page = artist.page("3", kind)
    labels = page.labels
    assert page.pixels.shape == (labels.height_px, labels.width_px, 3)
    assert (len(labels.lines) == 0) == (kind == "nothing")
    assert draw_labels(page.pixels, labels).shape == page.pixels.shape
    for line in labels.lines:
        left, top, right, bottom = line.box
        assert 0 <= left < right <= labels.width_px
        assert 0 <= top < bottom <= labels.height_px
        assert line.text == " ".join(w.text for w in line.words)
        assert -line.above_px < line.core_below_px <= line.below_px
        assert line.core_above_px <= line.above_px
    # ink of text, found apart from the labels: what changes when text is taken away
    name, draw, sheet = artist.sheet("3", kind)
    drawing = artist.browser.draw(document(sheet, draw.families), sheet.width_px, sheet.height_px)
    ink = np.abs(drawing.pixels.astype(int) - drawing.without_text).max(axis=2) > 60
    inside = np.zeros(ink.shape, np.uint8)
    for line in labels.lines:
        cv2.fillPoly(inside, [np.round(np.array(line.polygon)).astype(np.int32)], 1)
    skipped = (
        sheet.body.count("data-skip") + sheet.body.count('class="cb on') + sheet.body.count("text-shadow") + sheet.css.count("text-shadow")
    )
    if ink.any() and not skipped:
        assert (ink & (inside > 0)).sum() > 0.97 * ink.sum()
    assert name == kind


@needs_chromium
def test_the_same_seed_gives_the_same_page(artist: PageArtist) -> None:
    first, again, other = artist.page("7", "report"), artist.page("7", "report"), artist.page("8", "report")
    assert np.array_equal(first.pixels, again.pixels)
    assert first.labels == again.labels
    assert first.labels.text != other.labels.text


@needs_chromium
def test_lines_end_where_columns_do(browser: Browser) -> None:
    words = [f"كلمة{n}" for n in range(60)]
    body = f'<div data-kind="paragraph" class="c" data-columns="2">{" ".join(words)}</div>'
    page = drawn(browser, body, ".c{columns:2;column-gap:40px;height:300px;column-fill:balance;text-align:justify}")
    (gutter,) = page.labels.gutters
    assert gutter[2] - gutter[0] == pytest.approx(40, abs=1)
    assert " ".join(line.text for line in page.labels.lines) == " ".join(words)
    sides = [line.box[0] > gutter[0] for line in page.labels.lines]
    assert all(line.box[0] >= gutter[2] - 1 or line.box[2] <= gutter[0] + 1 for line in page.labels.lines)
    assert sides == sorted(sides, reverse=True)  # all of the right column, then all of the left
    assert len({line.block for line in page.labels.lines}) == 1


@needs_chromium
def test_a_line_is_where_its_ink_is(browser: Browser) -> None:
    page = drawn(browser, '<p data-kind="paragraph">سلام</p><p data-kind="heading" data-level="2" style="font-size:60px">عنوان</p>')
    grey = cv2.cvtColor(page.pixels, cv2.COLOR_RGB2GRAY)
    assert [line.size_px for line in page.labels.lines] == [20, 60]
    assert [(b.kind, b.level) for b in page.labels.blocks] == [("paragraph", None), ("heading", 2)]
    for line in page.labels.lines:
        left, top, right, bottom = (round(v) for v in line.box)
        around = grey[max(0, top - 6) : bottom + 6, left - 6 : right + 6]
        ys, xs = np.nonzero(around < 200)
        assert abs(xs.min() - 6) <= 1
        assert abs(ys.min() - 6) <= 1
        assert abs(xs.max() + 1 - 6 - (right - left)) <= 1
        assert abs(ys.max() + 1 - 6 - (bottom - top)) <= 1
        # ends of letters that stand on the line
        assert abs(line.baseline[0][1] - bottom) < 0.5 * line.size_px


@needs_chromium
def test_raised_numbers_and_other_scripts_stay_in_their_line(browser: Browser) -> None:
    page = drawn(browser, "<p data-kind='paragraph'>قال <b>Smith</b> (1999) في كتابه<sup style='font-size:11px'>(٣)</sup> كذا</p>")
    (line,) = page.labels.lines
    assert line.text == "قال Smith (1999) في كتابه(٣) كذا"
    assert line.direction == "rtl"


@needs_chromium
def test_a_line_of_two_directions_is_one_line(browser: Browser) -> None:
    """The first English word stands at the far end of the English."""
    text = "كتاب: a set of written, printed or blank pages fastened along one side and encased"
    page = drawn(browser, f"<p data-kind='list-item' style='white-space:nowrap'>{text}</p>", "body{font-size:14px}")
    assert [line.text for line in page.labels.lines] == [text]


@needs_chromium
def test_columns_of_one_line_are_two_lines(browser: Browser) -> None:
    body = '<p data-kind="paragraph" class="c" data-columns="2">كلمة واحدة<br>كلمة أخرى</p>'
    page = drawn(browser, body, ".c{columns:2;column-gap:30px;width:300px;text-align-last:justify}")
    assert [line.text for line in page.labels.lines] == ["كلمة واحدة", "كلمة أخرى"]


@needs_chromium
def test_of_two_flows_side_by_side_one_is_read_after_the_other(browser: Browser) -> None:
    rows = "".join(
        f'<div style="display:flex"><p style="flex:1" data-flow="0">حق {k}</p><p style="flex:1" data-flow="1">right {k}</p></div>'
        for k in range(3)
    )
    page = drawn(browser, f"<h1>عنوان</h1>{rows}<p>نهاية</p>")
    assert [line.text for line in page.labels.lines] == ["عنوان", "حق 0", "حق 1", "حق 2", "right 0", "right 1", "right 2", "نهاية"]


@needs_chromium
def test_tables_have_their_spans_and_their_empty_cells(browser: Browser) -> None:
    body = """<table data-table="ruled"><tr><td data-kind="cell" rowspan="2">أ</td><td data-kind="cell" colspan="2">ب</td></tr>
    <tr><td data-kind="cell"></td><td data-kind="cell">ج</td></tr></table>"""
    page = drawn(browser, body, "td{border:1px solid #000;width:90px;height:40px}")
    (table,) = page.labels.tables
    assert (table.rows, table.columns, table.ruled) == (2, 3, True)
    cells = [(c.row, c.column, c.row_span, c.column_span) for c in page.labels.blocks if c.kind == "cell"]
    assert cells == [(0, 0, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1), (1, 2, 1, 1)]
    assert [line.text for line in page.labels.lines] == ["أ", "ب", "ج"]
    assert len(page.labels.rules) >= 16


@needs_chromium
def test_leaders_join_a_row_and_bullets_are_no_text(browser: Browser) -> None:
    body = f"""<div data-kind="list-item" data-join style="display:flex"><span>مقدمة</span>
    <span data-leader style="flex:1;overflow:hidden;white-space:nowrap">{"." * 200}</span><span>٧</span></div>
    <div style="display:flex"><span data-skip>•</span><span data-kind="list-item">بند</span></div>
    <div data-kind="check-box" data-checked="1" style="width:20px;height:20px"></div><div data-ignore data-kind="mark">ختم</div>"""
    page = drawn(browser, body)
    assert [(line.text, line.ignored) for line in page.labels.lines] == [("مقدمة … ٧", False), ("بند", False), ("ختم", True)]
    assert [b.checked for b in page.labels.blocks if b.kind == "check-box"] == [True]
    assert page.labels.text == "مقدمة … ٧\n\nبند"


@needs_chromium
def test_what_does_not_fit_is_not_drawn(browser: Browser) -> None:
    text = " ".join(f"كلمة{n}" for n in range(400))
    page = drawn(browser, f'<div data-fill style="height:200px;overflow:hidden"><p data-kind="paragraph">{text}</p></div>', height=260)
    assert page.labels.lines
    assert all(line.box[3] <= 221 and not line.ignored for line in page.labels.lines)
    assert text.startswith(" ".join(line.text for line in page.labels.lines))


@needs_chromium
def test_invisible_text_is_no_line_and_faint_text_is_ignored(browser: Browser) -> None:
    body = '<p style="color:#fff">لا يرى</p><p style="color:#eee">خافت</p><p>ظاهر</p>'
    page = drawn(browser, body, "body{background:#fff}")
    assert [(line.text, line.ignored) for line in page.labels.lines] in (
        [("ظاهر", False)],
        [("خافت", True), ("ظاهر", False)],
    )


@needs_chromium
def test_alto_and_page_say_what_the_labels_say(artist: PageArtist) -> None:
    labels = artist.page("4", "invoice").labels
    read = [line for line in labels.lines if not line.ignored]
    page = page_of(labels)
    assert [line.text for line in page.lines] == [line.text for line in read]
    assert page_of(replace(labels, lines=[replace(line, ignored=True) for line in labels.lines])).lines == []
    for form, line_tag in (("alto", "TextLine"), ("page", "TextLine")):
        file = io.BytesIO()
        write_pages([page], form, file, name="1.jpg")
        root = etree.fromstring(file.getvalue())
        found = [e for e in root.iter() if etree.QName(e).localname == line_tag]
        assert len(found) == len(read)
        if form == "alto":
            texts = [" ".join(s.get("CONTENT") for s in e if etree.QName(s).localname == "String") for e in found]
            tops = [float(e.get("VPOS")) for e in found]
            assert tops == [pytest.approx(line.box[1], abs=1) for line in read]
        else:
            texts = [e.findtext("{*}TextEquiv/{*}Unicode") for e in found]
        assert texts == [line.text for line in read]


@needs_chromium
def test_pages_are_written_and_a_stopped_run_goes_on(tmp_path: Path) -> None:
    def draw(*more: str) -> int:
        command = [
            sys.executable,
            "-m",
            "model.rendering.pages",
            "--fonts",
            str(FONTS),
            "--kinds",
            "receipt",
            "poem",
            "--workers",
            "1",
            *more,
        ]
        return subprocess.run(command, cwd=ROOT).returncode

    out = tmp_path / "pages"
    assert draw("--out", str(out), "--count", "2", "--formats", "alto", "page") == 0
    assert sorted(p.name for p in out.iterdir()) == [f"00000{n}{s}" for n in (0, 1) for s in (".alto.xml", ".jpg", ".json", ".page.xml")]
    before = {p.name: p.stat().st_mtime_ns for p in out.iterdir()}
    assert draw("--out", str(out), "--count", "3") == 0
    assert {p.name for p in out.iterdir()} - before.keys() == {"000002.jpg", "000002.json"}
    assert all((out / name).stat().st_mtime_ns == time for name, time in before.items())
    labels = read_labels(out / "000000.json")
    pixels = cv2.imread(str(out / "000000.jpg"))
    assert pixels is not None
    assert pixels.shape[:2] == (labels.height_px, labels.width_px)
    assert draw("--preview", str(tmp_path / "sheet.png"), "--count", "2") == 0
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None


def test_without_chromium_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--out", str(tmp_path / "pages")]) == 2
    assert "install it (on Debian: apt install chromium)" in capsys.readouterr().err
