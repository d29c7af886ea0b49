"""The report as one HTML file: pictures inside, no script, no network; every word of it escaped."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from io import BytesIO
from pathlib import Path

from PIL import Image

from medviewer.paths import resources
from medviewer.review.files import atomic_write
from medviewer.review.opinion_words import line
from medviewer.review.report_model import Fact, Figure, Group, Line, Report, Row
from medviewer.review.report_words import also

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Nothing may be fetched or run, whatever a header smuggled in."""


def write_html(report: Report, path: Path) -> None:
    """Write the report, all or nothing. Raises :class:`~medviewer.errors.WriteError`."""
    atomic_write(path, html_text(report))


def html_text(report: Report) -> str:
    """The whole page. The same report gives the same text. A number keeps its unit on its line (U+202F)."""
    style = (resources() / "report.css").read_text(encoding="utf-8")
    body = "\n".join(
        part
        for part in (
            _head(report),
            _facts(report.patient),
            _impression(report),
            _notices(report),
            _findings(report),
            _opinions(report),
            _measurements(report),
            _figures(report),
            _technique(report),
            _made(report),
            _foot(report),
        )
        if part
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(report.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="MedViewer {escape(report.app_version)}">\n'
        f"<title>{escape(report.title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    ).replace("\u2009", "\u202f")


def _head(report: Report) -> str:
    notes = "".join(f"<span>{escape(x)}</span>" for x in (report.status, report.progress) if x)
    return (
        f"<header><div><h1>{escape(report.title)}</h1><p>{escape(report.subtitle)}</p></div>"
        f"<div class=brand><b>MedViewer</b>{notes}</div></header>"
    )


def _facts(facts: tuple[Fact, ...]) -> str:
    items = "".join(f"<div><dt>{escape(f.label)}</dt><dd>{escape(f.value)}</dd></div>" for f in facts)
    return f"<dl class=facts>{items}</dl>"


def _impression(report: Report) -> str:
    own = [f"<p>{escape(line)}</p>" for line in report.impression.splitlines() if line.strip()]
    told = []
    for sentence in report.sentences:
        text, k = escape(sentence.text.rstrip()), sentence.figure
        link = f' (<a href="#figure-{k}">figure&nbsp;{k}</a>).'
        told.append(text if k is None else text.removesuffix(".") + link)
    if told:
        own.append(f"<p>{' '.join(told)}</p>")
    empty = "<p class=quiet>No impression was written and no finding accepted.</p>"
    return f"<section class=impression>{''.join(own) or empty}</section>"


def _notices(report: Report) -> str:
    if not report.notices:
        return ""
    return f"<section class=notices>{''.join(f'<p>{escape(x)}</p>' for x in report.notices)}</section>"


def _findings(report: Report) -> str:
    titled = any(group.title for group in report.groups)
    if not report.rows and not titled:
        return ""
    head = "<tr><th>Finding<th class=number>Value<th>Range or criterion<th>Image<th>Decision"
    groups = "\n".join(x for group in report.groups for x in (_model(group), *map(_group, group.rows)) if x)
    return f"<h2>Findings</h2>\n<table class=findings><thead>{head}</thead>\n{groups}\n</table>"


def _model(group: Group) -> str:
    """The model's name above its findings, where there are several."""
    if not group.title:
        return ""
    said = f" <span class=quiet>{escape(group.said)}</span>"
    return f"<tbody class=model><tr><td colspan=5><b>{escape(group.title)}</b>{said}</tbody>"


def _opinions(report: Report) -> str:
    if not report.comparisons:
        return ""
    return f"<h2>Second opinion</h2>\n{''.join(f'<p>{escape(line(c))}</p>' for c in report.comparisons)}"


def _group(row: Row) -> str:
    """One finding: its leading number, the others in one line, the notes."""
    name = ""
    if row.first.name and row.first.name.lower() not in row.title.lower():
        name = f"<span class=quiet>{escape(row.first.name)}</span>"
    key = escape(row.key_image)
    image = key if row.figure is None else f'<a href="#figure-{row.figure}">{key}</a>'
    image += f"<small>{escape(row.images)}</small>" if row.images else ""
    pill = f'<span class="pill {row.verdict.value}">{escape(row.decision)}</span>'
    reason = f" <span class=quiet>{escape(row.reason)}</span>" if row.reason else ""
    title = f"<th scope=row>{escape(row.title)}{name}</th>{_number(row.first)}"
    lines = [f"<tr>{title}<td>{image}<td>{pill}{reason}"]
    if row.below:
        lines.append(f"<tr><td colspan=5>{also(row.below, _quiet, escape)}")
    lines += [f"<tr><td colspan=5 class=note>{escape(note)}" for note in row.notes]
    return f"<tbody>{''.join(lines)}</tbody>"


def _quiet(text: str) -> str:
    return f"<span class=quiet>{escape(text)}</span>"


def _number(line: Line) -> str:
    if not line.indicative:
        return f"<td class=number>{escape(line.value)}<td>{escape(line.criterion)}"
    after = f" · {escape(line.criterion)}" if line.criterion else ""
    return f'<td class="number quiet">{escape(line.value)}<td><i>{escape(line.indicative)}</i>{after}'


def _measurements(report: Report) -> str:
    if not report.measurements:
        return ""
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(x)}" for x in (m.kind.capitalize(), m.value, m.image, m.by))
        for m in report.measurements
    )
    head = "<tr><th>Measured by the reader<th>Value<th>Image<th>By"
    return f"<h2>Measurements</h2>\n<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _figures(report: Report) -> str:
    if not report.figures:
        return f"<p class=quiet>{escape(report.no_figures)}</p>" if report.no_figures else ""
    return f"<h2>Key images</h2>\n<div class=figures>{''.join(_figure(f) for f in report.figures)}</div>"


def _figure(figure: Figure) -> str:
    out = BytesIO()
    Image.fromarray(figure.rgb).save(out, "PNG")
    rows, columns = figure.rgb.shape[:2]
    legend = "".join(
        f'<span><i style="background:{escape(x.colour)}"></i>{escape(x.name)} ({escape(x.words)})</span> '
        for x in figure.legend
    )
    flex = f"flex:{figure.aspect:.3f} 1 {round(figure.aspect * 240)}px"
    return (
        f'\n<figure id="figure-{figure.number}" style="{flex}">'
        f'<img width={columns} height={rows} alt="{escape(figure.caption)}" '
        f'src="data:image/png;base64,{b64encode(out.getvalue()).decode()}">'
        f"<figcaption><b>Figure {figure.number}.</b> {escape(figure.caption)} {legend}</figcaption></figure>"
    )


def _technique(report: Report) -> str:
    return f"<h2>Technique</h2>\n{_facts(report.technique)}" if report.technique else ""


def _made(report: Report) -> str:
    lines = "".join(
        f"<p><span class=quiet>{escape(f.label)}</span> {escape(f.value)}</p>" for f in report.made
    )
    legal = f"<p class=legal>{escape(report.legal)}</p>"
    return f"<h2>How this was made</h2>\n<div class=made>{lines}{legal}</div>"


def _foot(report: Report) -> str:
    return f"<footer><span>{escape(report.footer)}</span><b>{escape(report.legal)}</b></footer>"
