"""The report as one HTML page with drawn figures, for the screen and for paper; no script, nothing from elsewhere. Pure."""

from collections.abc import Mapping, Sequence
from html import escape

from bench.matching.figures import Figures, Group

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d5dbe1; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } .met { color: #14683b; } .missed { color: #a32020; font-weight: 600; }
svg text { font: 12px system-ui, sans-serif; fill: #1c2733; } .automatic { fill: #1f6f54; }
.person { fill: #e0a73c; } .missed-bar { fill: #b7bec6; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } svg, table { break-inside: avoid; } }
"""

BAR, LABEL, ROW = 420, 190, 24


def page(figures: Figures, asked: Sequence[tuple[str, str, str, bool]], about: Mapping[str, str]) -> str:
    """The page.

    asked  what, how much is asked for, what was measured, whether it is met
    about  what was measured on, and where
    """
    rows = "".join(
        f'<tr><td>{escape(what)}</td><td class="number">{escape(wanted)}</td><td class="number">{escape(found)}</td>'
        f'<td class="{"met" if met else "missed"}">{"met" if met else "missed"}</td></tr>'
        for what, wanted, found, met in asked
    )
    said = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in about.items())
    reasons = "".join(
        f'<tr><td>{escape(reason)}</td><td class="number">{count:,}</td></tr>' for reason, count in figures.reasons.most_common()
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Match report</title>
<style>{STYLE}</style></head><body>
<h1>How well children are told apart</h1>
<p>Invented students of two systems that know half of their children in common, written down differently. United by the machine, or put
before a person; the rest is missed.</p>
<h2>What is asked for</h2>
<table><thead><tr><th>what</th><th>asked</th><th>measured</th><th></th></tr></thead><tbody>{rows}</tbody></table>
<h2>By the family's naming tradition</h2>{bars(figures.by_origin)}
<h2>By what the second system wrote differently</h2>{bars(figures.by_written)}
<h2>Twins and others</h2>{bars(figures.by_kind)}
<h2>Why a person is asked</h2>
<table><thead><tr><th>reason (several may hold)</th><th>pairs</th></tr></thead><tbody>{reasons}</tbody></table>
<h2>Measured on</h2><table><tbody>{said}</tbody></table>
</body></html>
"""


def bars(groups: Mapping[str, Group]) -> str:
    """A bar for each group, the largest first: the machine's share, people's, what is missed; the numbers beside it."""
    ordered = sorted(groups.items(), key=lambda item: -item[1].children)
    height = ROW * len(ordered) + 26
    drawn = [_bar(place, name, group) for place, (name, group) in enumerate(ordered)]
    legend = "".join(
        f'<rect class="{kind}" x="{LABEL + 130 * place}" y="{height - 14}" width="12" height="12"/>'
        f'<text x="{LABEL + 130 * place + 17}" y="{height - 4}">{name}</text>'
        for place, (kind, name) in enumerate((("automatic", "by the machine"), ("person", "before a person"), ("missed-bar", "missed")))
    )
    return f'<svg role="img" viewBox="0 0 {LABEL + BAR + 150} {height}" width="100%">{"".join(drawn)}{legend}</svg>'


def _bar(place: int, name: str, group: Group) -> str:
    top, automatic = place * ROW, group.recall * BAR
    person = (group.found - group.recall) * BAR
    missed = max(BAR - automatic - person, 0)
    return (
        f'<text x="0" y="{top + 15}">{escape(name.replace("_", " "))}</text>'
        f'<rect class="automatic" x="{LABEL}" y="{top + 3}" width="{automatic:.1f}" height="16"/>'
        f'<rect class="person" x="{LABEL + automatic:.1f}" y="{top + 3}" width="{person:.1f}" height="16"/>'
        f'<rect class="missed-bar" x="{LABEL + automatic + person:.1f}" y="{top + 3}" width="{missed:.1f}" height="16"/>'
        f'<text x="{LABEL + BAR + 8}" y="{top + 15}">{group.recall:.1%} / {group.found:.1%} of {group.children:,}</text>'
    )
