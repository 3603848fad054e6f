"""Discount of synonyms: quality of each ranking with hand-written groups, by the discount.

    python -m tests.benchmarks.synonyms FOLDER...

Each folder is a collection as for `quality`. The groups were written from general knowledge of the
subjects, not from the judgments. The means are over the queries that have a synonym, then over the
collections. `query.synonyms` has the figures that chose SYNONYM_DISCOUNT.
"""

import sys
from pathlib import Path

from tests.benchmarks.measuring import table
from tests.benchmarks.quality import NDCG, RECALL
from tipsearch.evaluate.collection import read_qrels, read_queries
from tipsearch.evaluate.measures import DEPTH, evaluate
from tipsearch.index import Index
from tipsearch.query import synonyms

DISCOUNTS = (0.0, 0.125, 0.25, 0.375, 0.5, 0.75, 1.0)
RANKINGS = ("bm25", "feedback", "hybrid")
RULES = """
wing, airfoil, aerofoil
shock wave, shock
boundary layer, viscous layer
heat transfer, aerodynamic heating
aeroelastic, flutter
hypersonic, high mach number
helicopter, rotorcraft
buckling, instability
aircraft, airplane, aeroplane
jet, exhaust
drag, resistance
shell, cylinder
panel, plate
speed, velocity
tumor, tumour, neoplasm, cancer, carcinoma
heart, cardiac, myocardial
kidney, renal, nephric
liver, hepatic
lung, pulmonary
blood, hematologic, haematological
child, children, infant, pediatric
brain, cerebral
newborn, neonatal, infant
fetus, foetus, fetal
drug, medication, pharmaceutical
hypothermia, cooling
bacteria, microbial, bacterium
high blood pressure, hypertension
heart attack, myocardial infarction
gene, genetic
stem cell, progenitor
mouse, mice, murine
HIV, AIDS, human immunodeficiency virus
elderly, aged, older
diet, nutrition, dietary
death, mortality
obesity, overweight, body mass index
growth, proliferation
decrease, reduce, lower
increase, raise, elevate
information retrieval, document retrieval
library, libraries, librarian
computer, automated, mechanized, machine
article, paper, document
journal, periodical
index, indexing, cataloging
abstract, summary
citation, reference
book, monograph
scientist, researcher
order, purchase
refund, reimbursement, money back
deliver, delivery, ship, shipping, dispatch
cod, cash on delivery
phone, telephone, mobile
cost, price, charge, rate
cancel, return
discount, offer, coupon
job, position, employment, work
vaccine, vaccination, immunization
mask, face covering
covid, coronavirus, corona
store, shop, outlet
cheap, low price
delete, remove
error, bug, exception
picture, image, photo
build, compile
""".strip().splitlines()


def measured(folder: Path) -> dict[tuple[str, float], tuple[float, float]]:
    """The mean nDCG and recall of each ranking at each discount, 0 for no synonyms."""
    index, _ = Index.ingest(folder / "corpus.jsonl", ranking="hybrid", synonyms=RULES)
    plain, _ = Index.ingest(folder / "corpus.jsonl", ranking="hybrid", older=index)
    qrels, texts = read_qrels(folder / "qrels.tsv"), read_queries(folder / "queries.jsonl")
    queries = {id: texts[id] for id in qrels if id in texts and index.parse(texts[id]).synonyms}
    print(f"{folder.name}: {len(queries)} queries with a synonym", file=sys.stderr)
    found = {}
    for ranking in RANKINGS:
        for discount in DISCOUNTS:
            synonyms.SYNONYM_DISCOUNT = discount
            run: dict[str, list[tuple[str, float]]] = {}
            for id, text in queries.items():
                hits = (index if discount else plain).query(text, DEPTH, ranking=ranking)
                run[id] = [(hit.id, hit.score) for hit in hits]
            means = evaluate(run, {id: qrels[id] for id in queries}).means
            found[ranking, discount] = means[NDCG].mean, means[RECALL].mean
    return found


def main() -> None:
    """Print the means over the collections."""
    folders = [measured(Path(folder)) for folder in sys.argv[1:]]
    rows = []
    for discount in DISCOUNTS:
        cells = [f"{discount:g}"]
        for ranking in RANKINGS:
            pairs = zip(*(found[ranking, discount] for found in folders), strict=True)
            cells.append(" / ".join(f"{sum(values) / len(values):.4f}" for values in pairs))
        rows.append(tuple(cells))
    print(table(("discount", *RANKINGS), rows))


if __name__ == "__main__":
    main()
