"""PDF, HTML and JSON: readable back, neat, and nothing in them can be injected."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from medviewer.ai.findings import Finding, Measurement, ResultState
from medviewer.errors import UsageError, WriteError
from medviewer.review.report import Report, build
from medviewer.review.report_html import html_text, write_html
from medviewer.review.report_pdf import pdf_bytes
from medviewer.review.result_json import report_dict, result_dict, result_text, write_report_json
from medviewer.review.session import Session
from tests.review.makers import NOW, clock, make_findings, make_result, make_scan, make_series, make_volume

KEY = "1.2.3.1"
EVIL = "<img src=x onerror=alert(1)>&</para>'\""


def make_report(name: str = "Doe^Jane", reason: str = "", impression: str = "", **facts: object) -> Report:
    session = Session("reader01", clock=clock)
    study = {k: facts.pop(k) for k in ("accession", "description") if k in facts}
    result = facts.pop("result", make_result())
    session.open(make_scan(make_series(**facts), name=name, **study))  # type: ignore[arg-type]
    session.show(KEY)
    session.set_volume(KEY, make_volume())
    session.add_result(result, session.start_analysis(KEY, "lung-ct"))  # type: ignore[arg-type]
    if session.state.findings:
        session.accept(session.state.findings[0].id)
        session.reject(session.state.findings[1].id, reason)
    session.set_impression(impression)
    return build(session.state, now=NOW, app_version="0.1.0")


def pages(report: Report) -> list[str]:
    return [
        page.extract_text().replace("\u2009", " ").replace("\xa0", " ")
        for page in PdfReader(BytesIO(pdf_bytes(report))).pages
    ]


def test_that_the_pdf_says_what_the_report_says() -> None:
    text = " ".join(
        " ".join(pages(make_report(reason="breathing artefact", impression="Own words."))).split()
    )
    for words in (
        "CT Chest: analysis report",
        "Doe, Jane (58 y, M)",
        "Own words. Low attenuation of 9.6 %",
        "accepted",
        "rejected",
        "breathing artefact",
        "not reviewed",
        "Draft, not signed",
        "lung-ct 1.0.0",
        "Figure 1.",
    ):
        assert words in text


def test_that_every_page_is_numbered_marked_and_says_whose_it_is() -> None:
    many = tuple(
        Finding(f"f{k}", f"Finding {k}", "S.", measurements=(Measurement("v", k, "mL"),)) for k in range(80)
    )
    report = make_report(
        result=make_result(findings=many), impression="\n".join(["A long impression. " * 20] * 30)
    )
    told = pages(report)
    assert len(told) >= 3
    for number, text in enumerate(told, start=1):
        assert f"Page {number} of {len(told)}" in text
        assert "Research use. Not for diagnostic use." in text
        assert "Doe, Jane" in text
    assert sum("Finding 79" in text for text in told) == 1


@pytest.mark.parametrize(
    "name",
    [
        "王^小东",
        "Wang^XiaoDong=王^小东",
        "ヤマダ^タロウ",
        "김^희중",
        "Иванов^Пётр",
        "Müller-Łukasiewicz^Çağrı",
        "Παπάς^Νίκος",
    ],
)
def test_that_names_of_many_scripts_can_be_read_back_from_the_pdf(name: str) -> None:
    text = "".join(pages(make_report(name)))
    for part in re.split(r"[\^=]", name):
        assert part in text


def test_that_letters_no_font_of_ours_has_are_owned_up_to_and_kept_in_the_html() -> None:
    report = make_report("محمد")
    assert "Some letters cannot be printed" in " ".join("".join(pages(report)).split())
    assert "محمد" in html_text(report)
    assert "Some letters" not in "".join(pages(make_report("王^小东")))


def test_that_the_pdf_embeds_its_own_fonts_only_and_names_no_patient_in_its_metadata() -> None:
    data = pdf_bytes(make_report("王^小东"))
    assert b"Helvetica" not in data
    reader = PdfReader(BytesIO(data))
    told = str(reader.metadata)
    assert "王" not in told
    assert "ID-77" not in told
    assert "diagnostic" in told


def test_that_the_same_report_gives_the_same_bytes() -> None:
    report = make_report()
    assert pdf_bytes(report) == pdf_bytes(report)
    assert html_text(report) == html_text(report)


class Tags(HTMLParser):
    """Collects the tags a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def evil_report() -> Report:
    findings = (
        replace(make_findings()[0], label=EVIL, sentence=EVIL, criterion=EVIL),
        *make_findings()[1:],
    )
    return make_report(
        f"{EVIL}^Jane",
        EVIL,
        EVIL,
        accession=EVIL,
        body_part=EVIL,
        description=EVIL,
        result=make_result(findings=findings, checked=(EVIL,)),
    )


def test_that_nothing_from_the_headers_becomes_a_tag_in_the_html() -> None:
    text = html_text(evil_report())
    parser = Tags()
    parser.feed(text)
    images = [attrs for tag, attrs in parser.seen if tag == "img"]
    assert len(images) == len(evil_report().figures)
    assert all(str(a["src"]).startswith("data:image/png;base64,") and "onerror" not in a for a in images)
    assert "script" not in {tag for tag, _ in parser.seen}
    assert not [a for _, attrs in parser.seen for a in attrs if a.startswith("on")]
    assert "&lt;img src=x" in text
    assert "http" not in re.sub(r"http-equiv", "", text)


def test_that_markup_in_headers_is_printed_as_it_stands_in_the_pdf() -> None:
    text = " ".join("".join(pages(evil_report())).split())
    assert "<img src=x onerror=alert(1)>&</para>'\"" in text


def test_that_a_very_long_word_or_reason_still_makes_a_pdf() -> None:
    report = make_report("X" * 64, "because " * 1500, "Y" * 3000, accession="1" * 64)
    assert len(pages(report)) >= 2


def test_that_control_characters_do_no_harm() -> None:
    text = "".join(pages(make_report("Doe^Ja\x1b[31mne", "a\x00b\tc")))
    assert "\x1b" not in text
    assert "a b c" in text


@pytest.mark.parametrize("state", [s for s in ResultState if s is not ResultState.NOT_RUN])
def test_that_every_state_can_be_written(state: ResultState) -> None:
    report = make_report(result=make_result(state))
    assert "CT Chest" in pages(report)[0]
    assert "CT Chest" in html_text(report)
    assert report_dict(report)["result"]["state"] == str(state)


def test_that_the_html_links_sentences_to_figures_that_exist() -> None:
    text = html_text(make_report())
    targets = re.findall(r'href="#([^"]+)"', text)
    assert targets
    assert all(f'id="{target}"' in text for target in targets)


def test_that_result_json_is_the_schema_to_the_letter() -> None:
    data = result_dict(make_result())
    assert data["schema"] == "medviewer.result/1"
    assert data["state"] == "findings"
    assert {"id", "version", "weights_sha256", "intended_use"} <= data["model"].keys()
    assert {"device", "dtype", "seconds", "started", "app", "torch"} <= data["run"].keys()
    finding = data["findings"][1]
    assert finding["code"] == {"scheme": "SCT", "value": "3341006", "meaning": "Right lung"}
    assert (finding["score"], finding["score_meaning"], finding["threshold"]) == (None, None, None)
    assert (finding["segment"], finding["slices"], finding["key_slice"]) == (1, [1, 6], 2)
    volume = {"name": "volume", "value": 2643.4, "unit": "mL", "range": [2611, 2675]}
    assert volume.items() <= finding["measurements"][0].items()
    assert data["findings"][2]["segment"] == 2
    assert data["findings"][0]["segment"] is None
    assert data["findings"][2]["warnings"][0]["code"] == "CUT"


def test_that_what_could_not_be_measured_is_null_and_not_nan() -> None:
    odd = replace(
        make_findings()[0], measurements=(Measurement("x", float("nan"), "%", (0.0, float("inf"))),)
    )
    text = result_text(make_result(findings=(odd,)))
    assert "NaN" not in text
    assert json.loads(text)["findings"][0]["measurements"][0]["range"] == [0.0, None]


def test_that_a_run_that_never_was_is_not_written() -> None:
    with pytest.raises(UsageError):
        result_dict(make_result(ResultState.NOT_RUN))


def test_that_the_report_json_holds_decisions_and_the_full_hash(tmp_path: Path) -> None:
    write_report_json(make_report(reason="no"), tmp_path / "report.json")
    data = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert data["schema"] == "medviewer.report/1"
    assert [row["verdict"] for row in data["rows"]] == ["accepted", "rejected", "pending"]
    assert data["rows"][1]["reason"] == "no"
    assert len(data["result"]["model"]["weights_sha256"]) == 64


@pytest.mark.usefixtures("full_disk")
def test_that_a_full_disk_leaves_no_half_report(tmp_path: Path) -> None:
    report = make_report()
    for write, name in ((write_html, "a.html"), (write_report_json, "a.json")):
        with pytest.raises(WriteError, match="full"):
            write(report, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
