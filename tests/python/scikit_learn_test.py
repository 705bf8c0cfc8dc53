"""The classes of methods keep scikit-learn's contract."""

import inspect
import unittest

import networkx
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import whitney

GRAPH = networkx.karate_club_graph()

# What scikit-learn's checks ask of every estimator and these cannot give, with the reason.
OTHER_EXCEPTION = "wants a TypeError for cells that are dicts, and whitney.Error is a ValueError"
CANNOT = {
    "FastRP": {
        "check_dtype_object": OTHER_EXCEPTION,
        "check_estimators_nan_inf": "gives a 10 x 3 matrix, which is refused as no graph before its values are looked at",
        "check_fit_idempotent": "transforms rows of a graph that are no graph: 20 x 80",
        "check_methods_sample_order_invariance": "wants rows of X to be samples, and a node's vector depends on the others",
        "check_methods_subset_invariance": "wants rows of X to be samples, and a node's vector depends on the others",
        "check_n_features_in_after_fitting": "wants other graphs refused, and transform learns any graph",
        "check_transformer_data_not_an_array": "gives a list of lists, which means (sources, targets)",
    },
    "HNSW": {"check_dtype_object": OTHER_EXCEPTION},
    "SymphonyQG": {"check_dtype_object": OTHER_EXCEPTION},
    "IVF": {"check_dtype_object": OTHER_EXCEPTION},
    "LSH": {"check_dtype_object": OTHER_EXCEPTION},
    "Flat": {"check_dtype_object": OTHER_EXCEPTION},
    "Sparse": {},  # and these take rows that are no matrix
    "MultiVector": {},
    "BM25": {},  # takes texts: scikit-learn keeps to the checks that hand over no matrix
}


@pytest.mark.parametrize("name", list(CANNOT))
def test_check_estimator(name):
    failed = {}
    for estimator, check in estimator_checks_generator(getattr(whitney, name)(), legacy=True):
        try:
            check(estimator)
        except unittest.SkipTest:
            pass
        except Exception as error:
            failed[getattr(check, "func", check).__name__] = f"{type(error).__name__}: {error}"
    assert {title: error for title, error in failed.items() if title not in CANNOT[name]} == {}


def test_signatures_are_keywords_with_the_declared_defaults():
    parameters = inspect.signature(whitney.FastRP).parameters
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())
    assert parameters["dim"].default == 256 and parameters["weights"].default == (0, 0, 1, 6.67)
    assert {"seed", "threads", "progress"} < set(parameters)
    assert "dim : int in [1, 65536], default 256" in whitney.FastRP.__doc__
    with pytest.raises(TypeError):
        whitney.FastRP(64)


def test_params_are_kept_as_given_and_cloned():
    model = whitney.FastRP(dim=8, weights=[0, 1.5], seed=3)
    assert repr(clone(model)) == "FastRP(dim=8, weights=[0, 1.5], seed=3)"
    assert model.set_params(dim=9) is model and model.get_params()["dim"] == 9
    with pytest.raises(whitney.Error, match='did you mean "weights"'):
        model.set_params(weihgts=[1])
    with pytest.raises(whitney.Error, match="dim"):
        whitney.FastRP(dim="many").fit(GRAPH)


def test_a_class_does_what_the_function_does():
    model = whitney.FastRP(dim=8, seed=1)
    learned = whitney.learn("fastrp", GRAPH, dim=8, seed=1)
    fitted = model.fit_transform(GRAPH)
    assert fitted.vectors.tobytes() == learned.vectors.tobytes()
    assert fitted.provenance == learned.provenance and model.embeddings_ is fitted
    assert model.transform(GRAPH).vectors.tobytes() == learned.vectors.tobytes()


def test_a_learner_stands_in_a_pipeline():
    adjacency = networkx.to_scipy_sparse_array(GRAPH, weight=None, format="csr")
    made = make_pipeline(whitney.FastRP(dim=8, seed=1), StandardScaler()).fit_transform(adjacency)
    assert made.shape == (34, 8)


def test_a_class_of_communities_is_a_clusterer():
    adjacency = networkx.to_scipy_sparse_array(GRAPH, weight=None, format="csr")
    model = whitney.Louvain()
    labels = model.fit_predict(adjacency)
    table = whitney.learn("louvain", adjacency)
    assert isinstance(table, whitney.Table) and model.labels_ is labels
    assert labels.tolist() == table.attributes["community"].tolist()
    quality = table.provenance["quality"]
    assert quality["modularity"] > 0.41 and quality["communities"] == len(set(labels.tolist()))
    assert networkx.community.modularity(
        GRAPH, [set(np.flatnonzero(labels == c)) for c in set(labels)], weight=None) == pytest.approx(quality["modularity"])


def test_a_table_keeps_its_record_in_its_file(tmp_path):
    table = whitney.learn("leiden", GRAPH, seed=3)
    table.save(tmp_path / "c.safetensors")
    assert whitney.open(tmp_path / "c.safetensors").provenance == table.provenance


def test_an_index_class_searches():
    x = np.eye(5, dtype=np.float32)
    hits = whitney.HNSW(m=4).fit(x).search(x[2], k=1)
    assert hits.ids.tolist() == [[2]]
    with pytest.raises(ValueError, match="not fitted"):
        whitney.Flat().search(x)
