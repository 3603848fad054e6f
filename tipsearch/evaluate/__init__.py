"""Evaluation of a ranking: qrels and runs, measures, paired comparison, known items."""

from tipsearch.evaluate.measures import (
    Comparison,
    Difference,
    Evaluation,
    Mean,
    answers,
    compare,
    evaluate,
    measure,
    ranker,
)

__all__ = [
    "Comparison",
    "Difference",
    "Evaluation",
    "Mean",
    "answers",
    "compare",
    "evaluate",
    "measure",
    "ranker",
]
