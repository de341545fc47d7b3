"""A statistic as a page to read and to print, and as CSV: of one node's answer or of several nodes' together. Pure.

The page is one file: no script, nothing fetched. Every number is in a table; the bars beside them say the same for the eye.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from safepassage.wire_statistics import Cell, StatisticsAcrossNodes, StatisticsAnswer, StatisticsQuestion

Statistic = StatisticsAnswer | StatisticsAcrossNodes

BAR: Final = 120
"""Width of the widest bar, in pixels."""

_STYLE: Final = """
:root{color-scheme:light dark;--page:light-dark(#f5f7f9,#0e141b);--surface:light-dark(#fff,#17202a);--ink:light-dark(#1b1f24,#e9eef3);
--soft:light-dark(#505a66,#adbac7);--line:light-dark(#d8dee4,#31404f);--bar:light-dark(#1f6fb8,#63aef0);--other:light-dark(#b85c00,#f0a04b)}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-inline-size:72rem;margin-inline:auto;padding:clamp(1rem,3vw,2rem)}h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.125rem;margin:0 0 .75rem}p{max-inline-size:48rem;margin:.25rem 0 1rem}.soft{color:var(--soft)}
section{background:var(--surface);border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin-block:1rem}
.wide{overflow-x:auto}.wide:focus-visible{outline:.1875rem solid var(--bar)}
table{border-collapse:collapse;inline-size:100%;font-size:.875rem}
th,td{text-align:start;padding:.375rem .75rem .375rem 0;border-block-start:1px solid var(--line);font-weight:400;vertical-align:middle}
thead th,thead td{border:0;color:var(--soft);vertical-align:bottom}
.n{text-align:end;font-variant-numeric:tabular-nums;white-space:nowrap}svg{display:block}
.students{fill:var(--bar)}.rate{fill:var(--other)}@page{margin:14mm}
@media print{:root{color-scheme:light}body{background:none;font-size:10pt}main{padding:0}section{border:0;padding:0}.wide{overflow:visible}
tr{break-inside:avoid}svg{print-color-adjust:exact}}
"""


_NOT_FULL: Final = (
    "These districts keep their students’ records in their own systems. Their students are counted here, as of whom nothing more is known: "
    "what the question asks is too low for them, and for every group that has them."
)
_LEFT_OUT: Final = "At least one node leaves these groups out, for they are small there."


def as_page(statistic: Statistic, *, names: dict[str, str] | None = None) -> str:
    """The HTML. `names` says what words are called that are ids: districts of an answer are named by itself."""
    question, called = statistic.question, _names(statistic) | (names or {})
    title = f"{_plain(question.population)} students" + (f" by {' and '.join(_plain(one) for one in question.by)}" if question.by else "")
    title = title[0].upper() + title[1:]
    parts = [_table(statistic.cells, question, called, title)]
    if statistic.not_full:
        whose = "".join(f"<li>{escape(name)}</li>" for name in statistic.not_full.values())
        parts.insert(0, f"<section><h2>Not full</h2><p>{_NOT_FULL}</p><ul>{whose}</ul></section>")
    hidden = "".join(f"<li>{escape(', '.join(called.get(one, one) for one in words))}</li>" for words in _not_told(statistic))
    if hidden:
        parts.append(f"<section><h2>Not told</h2><p>{_LEFT_OUT}</p><ul>{hidden}</ul></section>")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>'
        f"<h1>{escape(title)}</h1>{_about(statistic)}{''.join(parts)}</main></body></html>\n"
    )


def as_csv(statistic: Statistic) -> str:
    """A line a group: its words, students, and of each measure yes, known and rate. What is not told is empty.

    Where districts keep records themselves a last column says of each group whether it may have their students: `not_full`.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    question = statistic.question
    of_measures = [f"{one}.{part}" for one in question.measures for part in ("yes", "known", "rate")]
    marked = ["not_full"] if statistic.not_full else []
    place = question.by.index("district") if "district" in question.by else None
    writer.writerow([*question.by, "students", *of_measures, *marked])
    for cell in statistic.cells:
        told = [value for one in cell.measures or () for value in (one.yes, one.known, one.rate)]
        is_full = place is not None and cell.words[place] not in statistic.not_full
        writer.writerow([*cell.words, cell.students, *(told or [None] * len(of_measures)), *("no" if is_full else "yes" for _ in marked)])
    return text.getvalue()


def _about(statistic: Statistic) -> str:
    nodes = statistic.nodes if isinstance(statistic, StatisticsAcrossNodes) else (statistic.node,)
    return (
        f'<p class="soft">{escape(", ".join(nodes))}, as of {statistic.as_of.isoformat()}. Every count carries random noise with a '
        f"standard deviation of {statistic.noise:.1f} students, so that none shows any single student; groups that are too small are "
        "not told, and counts need not add up.</p>"
    )


def _names(statistic: Statistic) -> dict[str, str]:
    return dict(statistic.districts) if isinstance(statistic, StatisticsAnswer) else {}


def _not_told(statistic: Statistic) -> Sequence[tuple[str, ...]]:
    return statistic.not_told if isinstance(statistic, StatisticsAcrossNodes) else ()


def _table(cells: Sequence[Cell], question: StatisticsQuestion, called: dict[str, str], title: str) -> str:
    heads = [f'<th scope="col">{escape(_plain(one).capitalize())}</th>' for one in question.by or ("all",)]
    heads.append('<th scope="col" class="n">Students</th><td></td>')
    heads += [f'<th scope="col" class="n">{escape(_plain(one).capitalize())}</th><td></td>' for one in question.measures]
    most = max((cell.students or 0 for cell in cells), default=0)
    rows = "".join(f"<tr>{''.join(_row(cell, question, called, most))}</tr>" for cell in cells)
    return (
        '<section><h2 id="table">Groups</h2><div class="wide" role="region" aria-labelledby="table" tabindex="0">'
        f'<table aria-label="{escape(title)}"><thead><tr>{"".join(heads)}</tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _row(cell: Cell, question: StatisticsQuestion, called: dict[str, str], most: int) -> Iterator[str]:
    for place, word in enumerate(cell.words or ("all",)):
        tag = "th" if place == 0 else "td"
        scope = ' scope="row"' if place == 0 else ""
        yield f"<{tag}{scope}>{escape(called.get(word, _plain(word)))}</{tag}>"
    if cell.students is None or cell.measures is None:
        yield f'<td class="n">not told</td><td></td>{"<td></td><td></td>" * len(question.measures)}'
        return
    yield f'<td class="n">{cell.students:,}</td>{_bar("students", cell.students / most if most else 0)}'
    for one in cell.measures:
        yield '<td class="n">not told</td><td></td>' if one.rate is None else f'<td class="n">{one.rate:.1%}</td>{_bar("rate", one.rate)}'


def _bar(kind: str, share: float) -> str:
    drawn = f'<rect class="{kind}" width="{BAR * share:.1f}" height="12" rx="2"/>'
    return f'<td><svg width="{BAR}" height="12" aria-hidden="true" focusable="false">{drawn}</svg></td>'


def _plain(word: str) -> str:
    return word.replace("-", " ")
