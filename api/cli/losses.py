"""The worst queries of an evaluation as people read them: texts cut to a few lines, ranks, and what decided."""

import textwrap
from collections.abc import Mapping, Sequence

import typer

from api.services.evaluating import BASELINES, OURS, Loss, Placed, Worst

SYSTEMS = {"bm25": "BM25", "dense": "dense", "rrf": "rank fusion", "weighted": "weighted sum", "matching": "ours"}
"""What people call the systems."""

_WIDTH = 100
_LINES = 4  # of a text at most
_TOLD = 4  # features that decided, at most
_INDENT = "     "


def show_worst(worst: Worst) -> None:
    """Write both lists to standard output."""
    _show(f"Queries on which ours loses most against the best baseline: {len(worst.lost)}", worst.lost)
    _show(f"Of the others, those with the lowest nDCG@10: {len(worst.lowest)}", worst.lowest)


def _show(title: str, losses: Sequence[Loss]) -> None:
    typer.echo(f"\n{title}\n{'-' * len(title)}")
    for place, loss in enumerate(losses, start=1):
        typer.echo(f"{place:>3}. {loss.query}: nDCG@10 {loss.ndcg:.3f}, {SYSTEMS[loss.best]} {loss.best_ndcg:.3f}")
        _text("asked", loss.text)
        if loss.put is None:
            typer.echo(f"{_INDENT}nothing was ranked at place {loss.place}")
        else:
            _placed(f"put at place {loss.place}", loss.put)
        _placed("due there", loss.due)
        if loss.decided:
            decided = f"decided (logits for what was put): {_deciding(loss.decided)}"
            typer.echo(textwrap.fill(decided, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT * 2))


def _placed(role: str, document: Placed) -> None:
    grade = "not judged" if document.grade is None else f"grade {document.grade}"
    said = "not read" if document.probability is None or document.band is None else f"{document.band} {document.probability:.2f}"
    _text(f"{role} [{grade}, {said}] {document.id}", document.text)
    ranks = ", ".join(f"{SYSTEMS[system]} {document.ranks[system] or '-'}" for system in (*BASELINES, OURS))
    typer.echo(f"{_INDENT * 2}ranks: {ranks}")
    if document.features:
        features = "  ".join(f"{name} {value:.2f}" for name, value in document.features.items() if value)
        typer.echo(textwrap.fill(f"features: {features}", _WIDTH, initial_indent=_INDENT * 2, subsequent_indent=_INDENT * 4))
    for flag in document.flags:
        typer.echo(textwrap.fill(f"flag: {flag}", _WIDTH, initial_indent=_INDENT * 2, subsequent_indent=_INDENT * 4))


def _deciding(decided: Mapping[str, float]) -> str:
    """The features that spoke loudest, for or against."""
    loudest = sorted(decided.items(), key=lambda each: -abs(each[1]))[:_TOLD]
    return ", ".join(f"{name} {logits:+.2f}" for name, logits in loudest)


def _text(role: str, text: str) -> None:
    found = textwrap.wrap(f"{role}: {text}", _WIDTH - len(_INDENT), max_lines=_LINES, placeholder=" …", subsequent_indent=_INDENT)
    for line in found:
        typer.echo(_INDENT + line)
