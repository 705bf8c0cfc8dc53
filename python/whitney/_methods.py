"""One class for each learner and index, made from its declaration."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any, Optional, Union

import numpy as np

from . import _convert, _training, _whitney
from ._calls import Progress, call
from ._graphs import Graph, read_graph
from ._indexes import Hits, Index, index
from ._item_models import ItemModel
from ._options import given_options, option_lines
from ._recommenders import Recommended, Recommender, read_interactions
from ._tables import Embeddings, Table, as_embeddings
from ._texts import as_corpus
from ._whitney import Error

COMMON = {"seed": None, "threads": None, "progress": False}


def learn(method: str, data: Any, *, seed: Optional[int] = None, threads: Optional[int] = None,
          progress: Progress = False, **options: Any) -> Union[Embeddings, ItemModel, Recommender, Table]:
    """Learns embeddings from data by a method such as "fastrp", a table of communities or parts ("louvain"), a
    recommender ("rp3beta") or a model of items ("pinsage").

    data is a Graph, or anything that `whitney.read_graph` takes; of a recommender or a model of items Interactions, or
    anything that `whitney.read_interactions` takes; of a method for texts ("hashed_ngrams") what whitney.Corpus takes. The
    same seed gives the same bytes at any number of threads; `whitney.methods("learn")` lists methods and options. A method that trains by gradients runs in a process of
    its own and reads the path of a file; Ctrl-C stops it, and with checkpoint= it can go on.
    """
    kind = _whitney.learner_input(method)
    given = given_options(options)
    if _training.trains(method, *given.values()):
        return _training.learn(method, data, given, seed=seed, threads=threads, progress=progress)
    told = call(threads, seed, progress)
    if kind == "interactions":
        return Recommender._of(_whitney.learn_recommender(method, read_interactions(data, threads=threads)._native, given, told))
    if kind == "corpus":
        return Embeddings._of(_whitney.learn_corpus(method, as_corpus(data)._native, given, told))
    if kind != "graph":
        raise Error(f"{method} learns from a {kind}, which this version's Python cannot hand over yet: whitney learn "
                    f"{method} FILE does it on the command line")
    made = Table if _whitney.learner_output(method) == "table" else Embeddings
    return made._of(_whitney.learn_graph(method, read_graph(data, threads=threads)._native, given, told))


class Estimator:
    """What every class of a method has: options as keywords, by scikit-learn's contract.

    seed : of all randomness; absent: 42. threads : absent: what the machine allows. progress : True draws a line on
    standard error, a callable hears (stage, done, total, unit).
    """

    _whitney_method: dict = {}

    def __init__(self, **options: Any):
        known = self._defaults()
        unknown = {name: value for name, value in options.items() if name not in known and "__" not in name}
        if unknown:
            _whitney.resolve_options(self._whitney_method["verb"], self._whitney_method["name"], unknown)
        for name, value in {**known, **options}.items():
            setattr(self, name, value)

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        declared = {option["name"]: option["default"] for option in cls._whitney_method["options"]}
        return {**{name: tuple(v) if isinstance(v, list) else v for name, v in declared.items()}, **COMMON}

    def _given(self) -> dict[str, Any]:
        """Options as the method takes them: those that are not as declared."""
        params = {**vars(self), **self.get_params(deep=False)}
        defaults = self._defaults()
        return given_options({name: value for name, value in params.items()
                              if name not in COMMON and not name.endswith("_") and not name.startswith("_")
                              and (name not in defaults or not _same(value, defaults[name]))})

    def _call(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in COMMON}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The options as they were given, by name."""
        params = {}
        for name in self._defaults():
            value = params[name] = getattr(self, name)
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                params.update({f"{name}__{key}": inner for key, inner in value.get_params().items()})
        return params

    def set_params(self, **params: Any):
        """Changes options; an unknown one is an Error that names the nearest known one."""
        known = self._defaults()
        for name, value in params.items():
            outer, _, inner = name.partition("__")
            if inner and hasattr(getattr(self, outer, None), "set_params"):
                getattr(self, outer).set_params(**{inner: value})
                continue
            if name not in known and not inner:
                _whitney.resolve_options(self._whitney_method["verb"], self._whitney_method["name"], {name: value})
            setattr(self, name, value)
        return self

    def _note_features(self, X: Any, width: int) -> None:
        self.n_features_in_ = width
        names = list(X.columns) if _convert.is_pandas(X) and hasattr(X, "columns") else None
        if names is not None and all(isinstance(name, str) for name in names):
            self.feature_names_in_ = np.array(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _require_fit(self, name: str) -> None:
        if hasattr(self, name):
            return
        text = f"this {type(self).__name__} instance is not fitted yet; call fit first"
        try:
            from sklearn.exceptions import NotFittedError
        except ImportError:
            raise Error(text) from None
        raise NotFittedError(text)

    def __sklearn_is_fitted__(self) -> bool:
        return any(name.endswith("_") and not name.startswith("_") for name in vars(self))

    def __sklearn_tags__(self):
        from sklearn.utils import InputTags, Tags, TargetTags
        return Tags(estimator_type=None, target_tags=TargetTags(required=False), input_tags=InputTags())

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        defaults = self._defaults()
        shown = [f"{name}={value!r}" for name, value in self.get_params(deep=False).items()
                 if not _same(value, defaults[name])]
        return f"{type(self).__name__}({', '.join(shown)})"


def _same(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and isinstance(value, (bool, int, float, str, tuple))
                                and value == default)


class Learner(Estimator):
    """Learns embeddings of the nodes of a graph: a Graph, or anything that `whitney.read_graph` takes."""

    def fit(self, X: Any, y: Any = None):
        """Learns; the result is `embeddings_`. y is not used."""
        graph = self._graph(X)
        self.embeddings_ = learn(self._whitney_method["name"], graph, **self._given(), **self._call())
        self._note_features(X, graph.num_nodes)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Embeddings:
        """Learns and returns the Embeddings, a row for each node."""
        return self.fit(X).embeddings_

    def transform(self, X: Any) -> Embeddings:
        """Learns the embeddings of a graph with the same options and seed; those of the fitted graph are the same.

        The methods of this version keep no trained state: nothing of the fitted graph goes into another one.
        """
        self._require_fit("embeddings_")
        return learn(self._whitney_method["name"], self._graph(X), **self._given(), **self._call())

    def _graph(self, X: Any) -> Graph:
        return read_graph(X, threads=self.threads)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns: the class's name and a number, fastrp0, fastrp1, ..."""
        self._require_fit("embeddings_")
        return np.array([f"{type(self).__name__.lower()}{i}" for i in range(self.embeddings_.dim)], dtype=object)

    def __sklearn_tags__(self):
        from sklearn.utils import TransformerTags
        tags = super().__sklearn_tags__()
        tags.estimator_type = "transformer"
        tags.transformer_tags = TransformerTags(preserves_dtype=[])
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = True
        tags.input_tags.positive_only = True
        return tags


class TextLearner(Estimator):
    """Learns embeddings of texts: a list, a pandas Series, a whitney.Corpus, the path of a file."""

    def fit(self, X: Any, y: Any = None):
        """Learns; the result is `embeddings_`. y is not used."""
        self.embeddings_ = learn(self._whitney_method["name"], X, **self._given(), **self._call())
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Embeddings:
        """Learns and returns the Embeddings, a row for each text."""
        return self.fit(X).embeddings_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


class TableLearner(Estimator):
    """Learns a number of each node of a graph, its community or part: a Graph, or anything that `whitney.read_graph` takes."""

    def fit(self, X: Any, y: Any = None):
        """Learns; the result is the Table `table_`, its numbers alone are `labels_`. y is not used."""
        graph = read_graph(X, threads=self.threads)
        self.table_ = learn(self._whitney_method["name"], graph, **self._given(), **self._call())
        self.labels_ = next(iter(self.table_.attributes.values()))
        self._note_features(X, graph.num_nodes)
        return self

    def fit_predict(self, X: Any, y: Any = None) -> np.ndarray:
        """Learns and returns `labels_`, in the order of the graph's ids."""
        return self.fit(X).labels_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "clusterer"
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = True
        tags.input_tags.positive_only = True
        return tags


class RecommenderEstimator(Estimator):
    """Learns a recommender from events: Interactions, or anything that `whitney.read_interactions` takes."""

    def fit(self, X: Any, y: Any = None):
        """Learns; the result is the whitney.Recommender `recommender_`. y is not used."""
        self.recommender_ = learn(self._whitney_method["name"], X, **self._given(), **self._call())
        return self

    def recommend(self, users: Any = None, k: int = 10, filter: Optional[str] = None, **options: Any) -> Recommended:
        """As `whitney.Recommender.recommend`."""
        self._require_fit("recommender_")
        return self.recommender_.recommend(users, k, filter, **{"threads": self.threads, **options})

    def similar_items(self, items: Any, k: int = 10, filter: Optional[str] = None, **options: Any) -> Recommended:
        """As `whitney.Recommender.similar_items`."""
        self._require_fit("recommender_")
        return self.recommender_.similar_items(items, k, filter, **{"threads": self.threads, **options})

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class ItemModelEstimator(Estimator):
    """Learns a model of items from events: Interactions, or anything that `whitney.read_interactions` takes."""

    def fit(self, X: Any, y: Any = None):
        """Learns; the result is the whitney.ItemModel `model_`, its items' vectors are `embeddings_`. y is not used."""
        self.model_ = learn(self._whitney_method["name"], X, **self._given(), **self._call())
        self.embeddings_ = self.model_.items
        return self

    def transform(self, X: Any, features: Any = None) -> Embeddings:
        """The vectors of all items of events, by their features (absent: the file of the option `features`)."""
        self._require_fit("model_")
        return self.model_.embed(X, self.features if features is None else features, threads=self.threads)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class IndexEstimator(Estimator):
    """Builds an index over vectors; `index_` is the whitney.Index."""

    def fit(self, X: Any, y: Any = None):
        """Builds the index over Embeddings or n x d vectors. y is not used."""
        embeddings = as_embeddings(X)
        _require_rows(embeddings)
        self.index_ = index(self._whitney_method["name"], embeddings, **self._given(), **self._call())
        self._note_features(X, embeddings.dim)
        return self

    def search(self, query: Any, k: int = 10, filter: Optional[str] = None, **options: Any) -> Hits:
        """As `whitney.Index.search`."""
        self._require_fit("index_")
        return self.index_.search(query, k, filter, **{"threads": self.threads, **options})


class TextIndexEstimator(Estimator):
    """Builds an index over texts; `index_` is the whitney.Index."""

    def fit(self, X: Any, y: Any = None):
        """Builds the index over texts: a list, a pandas Series, a whitney.Corpus, ... y is not used."""
        self.index_ = index(self._whitney_method["name"], X, **self._given(), **self._call())
        return self

    def search(self, query: Any, k: int = 10, filter: Optional[str] = None, **options: Any) -> Hits:
        """As `whitney.Index.search`: the query is a str, or a list of them."""
        self._require_fit("index_")
        return self.index_.search(query, k, filter, **{"threads": self.threads, **options})

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


class RaggedIndexEstimator(TextIndexEstimator):
    """Builds an index over sparse rows, or rows of several vectors; `index_` is the whitney.Index."""

    def fit(self, X: Any, y: Any = None):
        """Builds the index over EncodedTexts, a scipy sparse matrix ("sparse") or a list of arrays. y is not used."""
        return super().fit(X, y)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = False
        tags.input_tags.sparse = _whitney.index_input(self._whitney_method["name"]) == "sparse"
        return tags


LEARNERS = {"embeddings": Learner, "table": TableLearner, "model": RecommenderEstimator}
"""The base class by what a method makes of a graph or of events."""
LEARNERS = {"embeddings": Learner, "table": TableLearner, "model": RecommenderEstimator,
            "item_model": ItemModelEstimator}
"""The base class by what a method makes."""

INDEX_ESTIMATORS = {"vectors": IndexEstimator, "texts": TextIndexEstimator, "sparse": RaggedIndexEstimator,
                    "vector sets": RaggedIndexEstimator}
"""The base class by what a method's indexes are made of."""


def _require_rows(embeddings: Embeddings) -> None:
    if len(embeddings) == 0 or embeddings.dim == 0:
        what = "sample" if len(embeddings) == 0 else "feature"
        raise Error(f"vectors are empty: 0 {what}(s) (shape={embeddings.shape}) while a minimum of 1 is required.")


def _document(method: dict, base: type) -> str:
    parts = [method["summary"], ""]
    if method["description"]:
        parts += [textwrap.fill(method["description"], 100), ""]
    parts += ["Parameters", "----------"]
    parts += option_lines(method["options"])
    parts += ["seed : int, optional", "    Of all randomness; absent: 42. Same seed, same bytes.",
              "threads : int, optional", "    Absent: what the machine and its container allow.",
              "progress : bool or callable", "    True draws a line on standard error; a callable hears (stage, done, "
              "total, unit).", ""]
    if method["source"]:
        parts += [f"Source: {method['source']}"]
    return "\n".join(parts)


def make_class(method: dict) -> type:
    """The class of a declared method: keyword-only options with their defaults, and a page of documentation."""
    if method["verb"] == "index":
        base = INDEX_ESTIMATORS[_whitney.index_input(method["name"])]
    else:
        base = TextLearner if _whitney.learner_input(method["name"]) == "corpus" else \
            LEARNERS[_whitney.learner_output(method["name"])]

    def __init__(self, **options: Any):
        Estimator.__init__(self, **options)

    kind = inspect.Parameter
    made = type(method["class_name"], (base,), {
        "__init__": __init__, "__doc__": _document(method, base), "__module__": "whitney", "_whitney_method": method})
    keywords = [kind(name, kind.KEYWORD_ONLY, default=value) for name, value in made._defaults().items()]
    own = [kind("self", kind.POSITIONAL_OR_KEYWORD)]
    __init__.__signature__ = inspect.Signature(own + keywords)
    __init__.__qualname__ = f"{method['class_name']}.__init__"
    made.__signature__ = inspect.Signature(keywords)
    return made


CLASSES = {method["class_name"]: make_class(method)
           for method in _whitney.methods() if method["verb"] in ("learn", "index")}
