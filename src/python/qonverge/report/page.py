"""Puts the page together: plain HTML with its style, its pictures and their data inside."""
from __future__ import annotations

import base64
import os
import re
from html import escape

from qonverge.report import finance, optimisation, quantum, resources, sampling, spectrum
from qonverge.report.baseline import CLASSICAL, answers_the_same, without_baseline, without_error
from qonverge.report.plot import number
from qonverge.report.scan import scan

TOPICS = (optimisation, quantum, sampling, finance, spectrum)
LONG_TEXT = 600  # characters; a fifth of it is shown
# What is looked at first; the others stand behind a click.
MAIN_RESOURCES = ("logical_qubits", "two_qubit_gates", "depth", "t_count", "total_t_count", "shots_per_energy", "shots",
                  "reliable_operations")


def plots_of(run):
    """All pictures that the run has data for, in the order of the page."""
    made = (plot(run) for topic in TOPICS for plot in topic.PLOTS)
    return [plot for plot in made if plot]


def words(name):
    return re.sub(r"(\d)_(\d)", r"\1.\2", name).replace("_", " ")


def measure(quantity):
    """A quantity as HTML: number, error, unit."""
    unit = f" {escape(quantity.unit)}" if quantity.unit else ""
    return escape(number(quantity.value, quantity.error)) + unit


def duration(seconds):
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes = int(seconds) // 60
    return f"{minutes} min {int(seconds) % 60} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def count(n, what):
    return f"{n} {what}" if n == "1" else f"{n} {what}s"


def facts(run):
    made = run.date.strftime("%Y-%m-%d %H:%M UTC") if run.date else ""
    ranks, threads = run.provenance.get("ranks", ""), run.provenance.get("threads", "")
    state = "complete" if run.done else f"stopped after step {run.steps}" if run.kind == "result" else "checkpoint"
    items = [f"task {run.task}", state, made, f"{count(ranks, 'rank')} × {count(threads, 'thread')}" if ranks else "",
             duration(run.seconds), f"{run.parts} parts" if run.parts > 1 else ""]
    return '<p class="facts">' + " ".join(f"<span>{escape(item)}</span>" for item in items if item) + "</p>"


def definition(name, html, description=""):
    what = f"<small>{escape(description)}</small>" if description else ""
    return f"<div><dt>{escape(name)}</dt><dd>{html}</dd>{what}</div>"


def definitions(quantities):
    return "<dl>" + "".join(definition(words(q.name), measure(q), q.description) for q in quantities) + "</dl>"


def distances(run):
    """Answer minus baseline."""
    head, rows = run.headline, []
    for q in run.baseline.values():
        if answers_the_same(head, q):
            far = head.value - q.value
            scale, unit = (1e3, "mHa") if q.unit == "Hartree" else (1, q.unit)
            rows.append(definition(f"minus {words(q.name)}", f"{number(float(f'{scale * far:.4g}'))} {escape(unit)}"))
    return "<dl>" + "".join(rows) + "</dl>" if rows else ""


def answer_card(run):
    kind = "Answer" if run.task in CLASSICAL else "Quantum answer"
    if run.headline is None:
        body = '<p class="what">Not known yet: the run was stopped before its end.</p>'
    else:
        head = run.headline
        unit = f" <small>{escape(head.unit)}</small>" if head.unit else ""
        body = (f'<div class="big">{big(head)}{unit}</div>'
                f'<p class="what"><code>{escape(head.name)}</code>: {escape(head.description)}</p>' +
                (f'<p class="what">{without_error(run)}</p>' if without_error(run) else "") + distances(run))
    return f'<section class="card answer"><h2>{kind}</h2>{body}</section>'


def big(quantity):
    """The number and its error, which may come to stand on a line of its own."""
    value, mark, error = number(quantity.value, quantity.error).partition(" ±")
    return escape(value) + (f" <span>±{escape(error)}</span>" if mark else "")


def baseline_card(run):
    body = (definitions(run.baseline.values()) if run.baseline else
            f'<p class="what">{without_baseline(run.task)}</p>')
    return f'<section class="card baseline"><h2>Classical baseline</h2>{body}</section>'


def hardware_card(run):
    if run.resources:
        first = [run.resources[name] for name in MAIN_RESOURCES if name in run.resources]
        rest = [q for name, q in run.resources.items() if name not in MAIN_RESOURCES]
        body = definitions(first) + (f"<details><summary>{len(rest)} more</summary>{definitions(rest)}</details>"
                                     if rest else "")
    elif run.task in CLASSICAL:
        body = '<p class="what">None: the answer was computed classically, without a circuit.</p>'
    else:
        body = '<p class="what">Not counted for this run.</p>'
    return f'<section class="card hardware"><h2>Cost on quantum hardware</h2>{body}</section>'


def figure(plot):
    data = base64.b64encode(plot.csv().encode()).decode()
    return (f'<figure id="{plot.name}"><h3>{escape(plot.title)}</h3>{plot.svg}<figcaption>{escape(plot.caption)} '
            f'<a class="data" download="{plot.name}.csv" href="data:text/csv;base64,{data}">data (CSV)</a>'
            "</figcaption></figure>")


def figures(title, plots):
    if not plots:
        return ""
    return f'<h2>{title}</h2><div class="plots">{"".join(figure(plot) for plot in plots)}</div>'


def table(heads, rows):
    """rows: (class of the row, [(class of the cell, html)])."""
    top = "".join(f'<th class="{kind}">{escape(text)}</th>' for kind, text in heads)
    body = "".join(f'<tr class="{kind}">' + "".join(f'<td class="{c}">{html}</td>' for c, html in cells) + "</tr>"
                   for kind, cells in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def folded(text):
    """A long text shows its beginning, and the rest after a click."""
    if len(text) <= LONG_TEXT:
        return escape(text)
    return f"<details><summary>{escape(text[:LONG_TEXT // 5])} ...</summary>{escape(text)}</details>"


def values_table(run):
    if not run.values:
        return ""
    rows = []
    for q in run.values.values():
        kind = "long" if isinstance(q.value, str) else "number"
        rows.append(("", [("name", escape(q.name)), (kind, folded(number(q.value, q.error))), ("", escape(q.unit)),
                          ("what", escape(q.description))]))
    heads = [("", "name"), ("number", "value"), ("", "unit"), ("what", "meaning")]
    return "<h2>Further values</h2>" + table(heads, rows)


def deck_section(run):
    if not run.settings:
        return ""

    def row(setting):
        kind = "unset" if setting.value is None else "default" if setting.is_default else "chosen"
        value = "not set" if setting.value is None else escape(setting.value)
        return kind, [("name", escape(setting.key)), ("", value), ("origin", escape(setting.origin))]

    heads = [("", "key"), ("", "value"), ("", "where it comes from")]
    chosen = [s for s in run.settings if s.value is not None and not s.is_default]
    left = [s for s in run.settings if s.value is None or s.is_default]
    rest = (f"<details><summary>{len(left)} keys at their defaults or not set</summary>"
            f"{table(heads, [row(s) for s in left])}</details>" if left else "")
    return ("<h2>Deck</h2>" + table(heads, [row(s) for s in chosen]) + rest +
            f"<details><summary>the merged deck, to run again</summary><pre>{escape(run.deck_text)}</pre></details>")


def provenance_section(run):
    rows = [("", [("name", escape(name)), ("", escape(text))]) for name, text in run.provenance.items() if text]
    return "<h2>Provenance</h2>" + table([("", "item"), ("", "value")], rows)


def run_body(run):
    note = ("" if run.done else '<p class="note">This run is not complete. What stands here was known when it was '
            "stopped; the same command continues it.</p>")
    return (f"<header><h1>{escape(run.title)}</h1>{facts(run)}{note}</header>"
            f'<div class="cards">{answer_card(run)}{baseline_card(run)}{hardware_card(run)}</div>'
            + figures("Figures", plots_of(run)) + values_table(run)
            + figures("Time and memory", [p for p in (plot(run) for plot in resources.PLOTS) if p])
            + deck_section(run) + provenance_section(run))


def scan_body(runs, axis):
    plots, runs, places = scan(runs, axis)
    heads = [("number", "coordinate"), ("", "run"), ("number", "answer"), ("", "unit"), ("", "state")]
    rows = [("", [("number", escape(number(float(x)))), ("", escape(os.path.basename(run.path))),
                  ("number", escape(number(run.headline.value, run.headline.error)) if run.headline else "–"),
                  ("", escape(run.headline.unit) if run.headline else ""), ("", "complete" if run.done else "stopped")])
            for x, run in zip(places, runs)]
    return (f"<header><h1>{escape(runs[0].title)}: a scan</h1>"
            f'<p class="facts"><span>task {escape(runs[0].task)}</span><span>{len(runs)} runs</span></p></header>'
            + figures("Figures", plots) + "<h2>Runs</h2>" + table(heads, rows)
            + "<h2>Deck of the first run</h2>" + deck_section(runs[0]).replace("<h2>Deck</h2>", "", 1)
            + provenance_section(runs[0]))


def make_page(runs, axis=None):
    """The page of one run, or of several that make a scan, as text. Raises ScanError if they do not make one."""
    with open(os.path.join(os.path.dirname(__file__), "style.css"), encoding="utf-8") as file:
        style = file.read()
    body = run_body(runs[0]) if len(runs) == 1 else scan_body(runs, axis)
    files = ", ".join(os.path.basename(run.path) for run in runs[:4]) + (", ..." if len(runs) > 4 else "")
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(runs[0].title)} – Qonverge</title><style>{style}</style></head><body><main>{body}"
            f"<footer>Made by qonverge-report from {escape(files)}.</footer></main></body></html>\n")
