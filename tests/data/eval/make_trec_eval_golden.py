"""Writes qrels.txt, run.txt and trec_eval.tsv: what trec_eval makes of a run with every oddity.

    pip install pytrec-eval-terrier==0.5.11    (trec_eval itself, called from Python)
    python make_trec_eval_golden.py
"""

import pathlib
import random

import pytrec_eval

HERE = pathlib.Path(__file__).parent
MEASURES = ["map", "recip_rank", *(f"{name}_{k}" for name in ("ndcg_cut", "recall", "P") for k in (1, 3, 10, 50))]

rng = random.Random(17)
qrels, run = {}, {}
for q in range(14):
    query = f"q{q}"
    documents = [f"d{n}" for n in rng.sample(range(50), 40)]
    grades = [0] if q == 3 else [-1, 0, 0, 1, 2, 3]
    qrels[query] = {d: rng.choice(grades) for d in rng.sample(documents, rng.randint(1, 20))}
    if q == 5:
        continue  # judged, not in the run
    # Few distinct scores, some apart in float64 only: their order is that of the documents.
    run[query] = {d: rng.choice([0.5, 0.5 + 1e-12, 2.0, -1.25, 1e-3 * rng.randint(1, 9)])
                  for d in rng.sample(documents, rng.randint(1, 40))}
run["unjudged"] = {"d1": 1.0}

with open(HERE / "qrels.txt", "w") as file:
    for query, judged in qrels.items():
        file.writelines(f"{query} 0 {d} {grade}\n" for d, grade in judged.items())
with open(HERE / "run.txt", "w") as file:
    for query, hits in run.items():
        # Ranks are wrong on purpose: trec_eval looks at scores.
        file.writelines(f"{query} Q0 {d} {rank} {score!r} golden\n" for rank, (d, score) in enumerate(hits.items()))
found = pytrec_eval.RelevanceEvaluator(qrels, {"map", "recip_rank", "ndcg_cut.1,3,10,50", "recall.1,3,10,50",
                                               "P.1,3,10,50"}).evaluate(run)
with open(HERE / "trec_eval.tsv", "w") as file:
    file.write("\t".join(["query", *MEASURES]) + "\n")
    for query in qrels:
        file.write("\t".join([query, *(f"{found.get(query, {}).get(m, 0.0):.15g}" for m in MEASURES)]) + "\n")
