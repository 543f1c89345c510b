"""What all pictures of the report share: their look, and a Plot, which is a picture with its data."""
from __future__ import annotations

import csv
import io
import logging
import re
from dataclasses import dataclass
from math import floor, log10

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # what it says of its caches is no message of the report

import matplotlib  # noqa: E402 (it speaks while it is imported)

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402 (the backend is chosen first)

INK, GREY, LIGHT = "#1f2933", "#7b8794", "#d9dee3"
ANSWER, BASELINE, HARDWARE, WARM = "#1f5f8b", "#b8561b", "#4b7f52", "#9b2d4f"
WIDTH, HEIGHT = 4.7, 3.1  # inches: the text stays readable when the picture is as wide as a phone

STYLE = {
    "font.family": "DejaVu Sans", "font.size": 8.5, "axes.titlesize": 9, "axes.labelsize": 8.5,
    "xtick.labelsize": 8, "ytick.labelsize": 8, "legend.fontsize": 8, "axes.edgecolor": GREY, "axes.linewidth": 0.7,
    "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": LIGHT, "grid.linewidth": 0.5, "lines.linewidth": 1.4,
    "legend.frameon": False, "svg.fonttype": "path", "svg.hashsalt": "qonverge", "axes.axisbelow": True,
    "axes.formatter.use_mathtext": True, "axes.formatter.useoffset": False, "figure.constrained_layout.use": True,
}


@dataclass
class Plot:
    """A picture and what it shows. `columns` are the drawn data: {heading with unit: values}, for the CSV beside it."""
    name: str  # "journal": letters and hyphens; the id on the page
    title: str
    caption: str
    svg: str
    columns: dict

    def csv(self):
        """The data as CSV text; shorter columns end earlier."""
        columns = [list(values) for values in self.columns.values()]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        for i in range(max(map(len, columns), default=0)):
            writer.writerow([column[i] if i < len(column) else "" for column in columns])
        return out.getvalue()


def new_axes(height=HEIGHT):
    """A figure and its axes, in the report's look."""
    matplotlib.rcParams.update(STYLE)
    return plt.subplots(figsize=(WIDTH, height))


def finish(figure, name, title, caption, columns):
    """Draws the figure and closes it."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    svg = out.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg"):], flags=re.S)
    # Several pictures share one page: ids get the name of theirs.
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>',
                 rf'<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="\1" role="img" aria-label="{title}">', svg,
                 count=1)
    return Plot(name, title, caption, svg, columns)


def axis_label(what, unit):
    """"energy / Hartree"; without a unit `what` alone."""
    return f"{what} / {unit}" if unit else what


def spread(positions, gap):
    """Positions moved apart to at least `gap`, in their order and as near as can be to where they were."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    groups = []  # [sum of wanted places of the first, members]
    for i in order:
        groups.append([positions[i], [i]])
        while len(groups) > 1 and groups[-1][0] / len(groups[-1][1]) < (
                groups[-2][0] / len(groups[-2][1]) + gap * len(groups[-2][1])):
            total, members = groups.pop()
            groups[-1][0] += total - gap * len(groups[-1][1]) * len(members)
            groups[-1][1] += members
    placed = list(positions)
    for total, members in groups:
        for k, i in enumerate(members):
            placed[i] = total / len(members) + gap * k
    return placed


def legend(axes, columns=2):
    """Names of what is drawn, above the frame: there they cannot hide anything."""
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=columns, borderaxespad=0.2, columnspacing=1.4,
                handlelength=1.6)


def label_lines(axes, lines):
    """Names reference lines at the right edge, without overlap. lines: [(value, text, colour)]; draws the lines too."""
    low, high = axes.get_ylim()
    shown = [line for line in lines if low <= line[0] <= high]
    heights = [axes.transAxes.inverted().transform(axes.transData.transform((1, v)))[1] for v, _, _ in shown]
    for (value, text, colour), height in zip(shown, spread(heights, 0.068)):
        axes.axhline(value, color=colour, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1.5)
        axes.annotate(text, (1.015, min(max(height, 0.02), 0.99)), xycoords="axes fraction", va="center", ha="left",
                      color=colour, fontsize=7.5, annotation_clip=False)


def number(value, error=None):
    """A number for people: with an error, to two digits of it."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return grouped(value)
    if error:
        return with_error(value, error)
    if value == int(value) and abs(value) < 1e15:
        return grouped(int(value))
    return exponent_of(f"{value:.10g}")


def grouped(value):
    """A whole number in groups of three digits."""
    return f"{value:,}".replace(",", "\u202f").replace("-", "\u2212")


def with_error(value, error):
    digits = 1 - floor(log10(abs(error)))
    if -1 <= digits <= 12:
        return f"{value:.{max(digits, 0)}f} ± {error:.{max(digits, 0)}f}".replace("-", "\u2212")
    return f"{exponent_of(f'{value:.6g}')} ± {exponent_of(f'{error:.2g}')}"


def exponent_of(text):
    """"1.2e-05" with a proper minus and power of ten."""
    mantissa, mark, power = text.partition("e")
    mantissa = mantissa.replace("-", "\u2212")
    if not mark:
        return mantissa
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}·10{raised}"
