"""The options of ``POST /api/v1/ocr``, the formats of its reply, and ``POST /ocr`` in the LiteParse convention."""

import unicodedata
from typing import Any
from uuid import UUID

import pytest

from rasm.image import decode
from rasm.lines.recognizer import Reading, Recognizer
from rasm.pages.reader import page_of_line
from rasm.text.languages import Evidence, write_in
from rasm.text.normalisation import Profile, apply_profile
from tests.serving import TINY_MODEL, error, field_part, file_part, form, get, line_png, post, post_form

pytestmark = pytest.mark.usefixtures("django_is_set_up")
LINES = [line_png(seed=seed) for seed in range(12)]
READ = [reading.text for reading in Recognizer(TINY_MODEL).read([decode(line) for line in LINES])]


@pytest.mark.parametrize(
    "profile",
    [Profile(), Profile(diacritics="strip"), Profile(tatweel="strip"), Profile(digits="western"), Profile(digits="arabic_indic")],
)
def test_the_text_comes_as_read_and_as_profiled(profile: Profile) -> None:
    options = {"diacritics": profile.diacritics, "tatweel": profile.tatweel, "digits": profile.digits}
    results = post(*[("a.png", line) for line in LINES], options=options).json()["results"]
    assert [result["text_as_read"] for result in results] == READ
    assert [result["text"] for result in results] == [apply_profile(text, profile) for text in READ]
    assert [line["text"] for result in results for line in result["lines"]] == [result["text"] for result in results]


def test_the_language_decides_which_letters_are_written() -> None:
    files = [("a.png", line) for line in LINES]
    for language in ("fa", "ckb", "ar"):
        results = post(*files, options={"language": language}).json()["results"]
        assert [result["text"] for result in results] == [write_in(text, language) for text in READ]
        assert {result["language"] for result in results} == {language}
    found = post(*files).json()["results"]
    assert [result["language"] for result in found] == [Evidence().add([text]).language for text in READ], "each file has its own"
    assert {(result["direction"], result["lines"][0]["direction"]) for result in found} <= {("rtl", "rtl"), ("ltr", "ltr")}
    assert error(post(files[0], options={"language": "en"})) == (422, "unsupported_language")


def test_unknown_signs_are_marked_or_left_out() -> None:
    from backend.api import results  # Django has to be set up before
    from backend.api.schemas.options import OutputOptions

    page = page_of_line(Reading("صباح \ufffd الخير", 0.8, []), 90, 20)
    for unknown, text in (("mark", "صباح \ufffd الخير"), ("leave_out", "صباح الخير")):
        result = results.empty_result("a.png", 0)
        results.fill(result, page, results.Output.of(OutputOptions(unknown=unknown)))  # type: ignore[arg-type]
        assert (result.text, result.text_as_read) == (text, "صباح \ufffd الخير")


def test_what_it_gives_out_is_nfc_without_control_marks() -> None:
    for text in READ:
        assert unicodedata.is_normalized("NFC", text)
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf")]


def test_characters_when_asked_for() -> None:
    [result] = post(("a.png", LINES[0]), options={"detail": "characters"}).json()["results"]
    [line] = result["lines"]
    assert "".join(c["text"] for c in line["characters"]).split() == READ[0].split()
    for character in line["characters"]:
        left, top, right, bottom = character["bbox"]
        assert 0 <= left <= right <= 320 and (top, bottom) == (0, 32)
        assert 0 <= character["confidence"] <= 1


def test_the_model_by_name() -> None:
    for name in ("tiny", ""):
        assert post(("a.png", LINES[0]), options={"model": name}).json()["model"]["name"] == "tiny"
    refusal = post(("a.png", LINES[0]), options={"model": "huge"})
    assert error(refusal) == (404, "unknown_model")
    assert "tiny" in refusal.json()["error"]["message"]


@pytest.mark.parametrize("mode", ["auto", "line"])
def test_modes_that_read_lines(mode: str) -> None:
    assert post(("a.png", LINES[0]), options={"mode": mode}).json()["results"][0]["text"] == READ[0]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"pdf_text": "trust"}, "invalid_request"),
        ({"text_layer": "trust"}, "invalid_request"),
        ({"line_breaks": "yes"}, "invalid_request"),
        ({"password": "x" * 201}, "invalid_request"),
        ({"mode": "word"}, "invalid_request"),
        ({"least_confidence": "1.5"}, "invalid_request"),
        ({"least_confidence": "nan"}, "invalid_request"),
        ({"least_confidence": "much"}, "invalid_request"),
        ({"digits": "roman"}, "invalid_request"),
        ({"diacritics": ""}, "invalid_request"),
        ({"format": "odt"}, "invalid_request"),
        ({"model": "x" * 201}, "invalid_request"),
        ({"digit": "western"}, "invalid_request"),
        ({"digits": ["western", "western"]}, "invalid_request"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], code: str) -> None:
    reply = post(("a.png", LINES[0]), options=options)
    assert error(reply) == (422, code)
    assert reply.json()["error"]["message"].isascii()


def test_a_refused_option_is_named_with_what_there_is() -> None:
    message = post(("a.png", LINES[0]), options={"digit": "western"}).json()["error"]["message"]
    assert "'digit'" in message and "digits" in message
    message = post(("a.png", LINES[0]), options={"digits": "roman"}).json()["error"]["message"]
    assert message.startswith("digits:") and "arabic_indic" in message


@pytest.mark.parametrize("path", ["/api/v1/ocr", "/api/v1/ocr/document"])
def test_options_may_stand_in_the_address(path: str) -> None:
    file = ("a.png", LINES[0])
    reply = post(file, path=f"{path}?format=text&digits=western&mode=line")
    assert reply["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.content.decode() == f"{apply_profile(READ[0], Profile(digits='western'))}\n"
    both = post(file, path=f"{path}?format=text", options={"digits": "western"})  # one here, one there
    assert both.content == reply.content


@pytest.mark.parametrize("path", ["/api/v1/ocr", "/api/v1/ocr/document", "/api/v1/jobs", "/ocr", "/api/v1/picture"])
def test_an_option_that_is_not_known_is_refused_wherever_it_stands(path: str) -> None:
    name = "file" if path in ("/ocr", "/api/v1/picture") else "files"
    wanted = [field_part(b"format", b"text")] if path.endswith("document") else []
    for query, fields in (("?digit=western", []), ("", [field_part(b"digit", b"western")])):
        refusal = post_form(form(file_part(LINES[0], field=name.encode()), *wanted, *fields), path + query)
        assert error(refusal) == (422, "invalid_request")
        message = refusal.json()["error"]["message"]
        assert message.startswith(f"there is no option 'digit'; there are: {name}, ")


def test_an_option_is_sent_once_wherever_it_stands() -> None:
    for path, options in (("?digits=western", {"digits": "western"}), ("?digits=western&digits=western", {})):
        refusal = post(("a.png", LINES[0]), path=f"/api/v1/ocr{path}", options=options)
        assert error(refusal) == (422, "invalid_request")
        assert refusal.json()["error"]["message"] == "digits: sent 2 times; send it once"


@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/jobs", f"/api/v1/jobs/{UUID(int=1)}"])
def test_addresses_without_options_refuse_them(path: str) -> None:
    refusal = get(f"{path}?format=text")
    assert error(refusal) == (422, "invalid_request")
    assert refusal.json()["error"]["message"] == "there is no option 'format'; there are: none"


def test_a_document_has_to_be_named_and_json_is_none() -> None:
    for options in ({}, {"format": "json"}):
        refusal = post(("a.png", LINES[0]), path="/api/v1/ocr/document", options=options)
        assert error(refusal) == (422, "invalid_request")
        assert refusal.json()["error"]["message"].startswith("format: ")
    reply = post(("a.png", LINES[0]), path="/api/v1/ocr/document", options={"format": "alto"}, Accept="application/json")
    assert reply["Content-Type"].startswith("application/alto+xml")  # whatever else is accepted
    refused = post(("a.png", b"notes"), path="/api/v1/ocr/document", options={"format": "alto"})
    assert refused.status_code == 415 and refused.json()["results"]


def test_a_file_in_another_field_is_refused() -> None:
    reply = post_form(form(file_part(LINES[0]), file_part(LINES[0], field=b"image")))
    assert error(reply) == (422, "invalid_request")
    assert "'image'" in reply.json()["error"]["message"]


# formats


@pytest.mark.parametrize(
    ("options", "accept"), [({"format": "text"}, "*/*"), ({"format": "text"}, "application/json"), ({}, "text/plain"), ({}, "text/*;q=0.5")]
)
def test_plain_text_by_option_or_by_header(options: dict[str, str], accept: str) -> None:
    reply = post(("a.png", LINES[0]), ("b.png", LINES[1]), options={**options, "digits": "western"}, Accept=accept)
    assert reply["Content-Type"] == "text/plain; charset=utf-8"
    expected = [apply_profile(text, Profile(digits="western")) for text in READ[:2]]
    assert reply.content.decode() == "".join(f"{text}\n" for text in expected)


@pytest.mark.parametrize("accept", ["*/*", "application/json", "image/png", "", "nonsense", "text/html,application/xhtml+xml,*/*;q=0.8"])
def test_json_for_all_others(accept: str) -> None:
    assert post(("a.png", LINES[0]), Accept=accept).json()["results"][0]["text"] == READ[0]


def test_plain_text_cannot_hold_an_error_so_the_reply_is_the_error_with_all_results() -> None:
    reply = post(("a.png", LINES[0]), ("b.png", b"notes"), options={"format": "text"})
    assert reply.status_code == 415
    assert reply.json()["error"]["code"] == "unsupported_format"
    assert [result["text"] for result in reply.json()["results"]] == [READ[0], None]


# POST /ocr


def liteparse(*parts: bytes) -> Any:
    return post_form(form(*parts), "/ocr")


@pytest.mark.parametrize("language", [None, b"ar", b"ara", b"fa", b"ku"])
def test_liteparse(language: bytes | None) -> None:
    reply = liteparse(file_part(LINES[0], field=b"file"), *([field_part(b"language", language)] if language else []))
    assert reply.status_code == 200
    [result] = reply.json()["results"]
    assert result.keys() == {"text", "bbox", "confidence"}
    written = write_in(READ[0], {b"fa": "fa", b"ku": "ckb"}.get(language or b"", "ar"))  # type: ignore[arg-type]
    assert result["text"] == written and result["bbox"] == [0, 0, 320, 32] and 0 < result["confidence"] <= 1


def test_liteparse_refusals() -> None:
    image = file_part(LINES[0], field=b"file")
    assert error(liteparse()) == (422, "no_files")
    assert error(liteparse(image, image)) == (422, "invalid_request")
    assert error(liteparse(image, field_part(b"language", b"en"))) == (422, "unsupported_language")
    assert error(liteparse(image, field_part(b"lang", b"ar"))) == (422, "invalid_request")
    assert liteparse(file_part(b"notes", field=b"file")).status_code == 415
