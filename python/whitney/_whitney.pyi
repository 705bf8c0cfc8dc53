"""
The native part of whitney: converts, releases the GIL, calls the library, wraps. Use `import whitney`.
"""

from collections.abc import Sequence

from whitney import Error as Error


class Call:
    """What a long call is told: threads, seed and who hears of its progress."""

    def __init__(self, threads: int | None = None, seed: int | None = None, progress: object | None = None) -> None: ...

class Matrix:
    """Rows x columns of one type, packed; shares memory where it can."""

    @property
    def rows(self) -> int: ...

    @property
    def cols(self) -> int: ...

    @property
    def dtype(self) -> str: ...

    def numpy(self) -> object:
        """The same memory as a numpy array, read-only (bfloat16: as float32)."""

def matrix_view(array: object) -> Matrix | None:
    """
    The memory of a packed 2-d array as a Matrix; None when its type or layout has to be changed first.
    """

class Ids:
    """The names of n rows: all int or all str."""

    @staticmethod
    def row_numbers(n: int) -> Ids: ...

    @staticmethod
    def from_list(ids: list) -> Ids: ...

    @staticmethod
    def from_integers(array: object) -> Ids:
        """Shows a packed array of uint64."""

    @staticmethod
    def from_utf8(offsets: object, bytes: object) -> Ids:
        """
        Strings: number i is bytes[offsets[i]:offsets[i + 1]], uint64 and uint8, packed.
        """

    def __len__(self) -> int: ...

    @property
    def is_integer(self) -> bool: ...

    def numpy(self) -> object:
        """uint64 without a copy, or an object array of str."""

    @property
    def utf8(self) -> tuple:
        """Strings as from_utf8 takes them."""

    def find(self, id: object) -> int | None:
        """The row of an id; None when there is none."""

    def did_you_mean(self, text: str) -> str: ...

class Column:
    """One attribute of n rows: int, real, bool, string, date or set."""

    @staticmethod
    def from_list(name: str, values: list, type: str | None = None) -> Column:
        """The type that fits all values; None is no value."""

    @staticmethod
    def from_array(name: str, values: object, type: str, present: object | None = None) -> Column:
        """Shows a packed array: int64 (int, date), float64 (real), uint8 (bool)."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...

    def __len__(self) -> int: ...

    @property
    def ints(self) -> object: ...

    @property
    def reals(self) -> object: ...

    @property
    def bools(self) -> object: ...

    @property
    def codes(self) -> object: ...

    @property
    def starts(self) -> object: ...

    @property
    def present(self) -> object:
        """1 where the row has a value; empty when every row has one."""

    @property
    def dictionary(self) -> list:
        """The distinct strings, sorted by bytes."""

    def value(self, row: int) -> object: ...

def arrow_column(name: str, array: object) -> Column: ...

def arrow_ids(array: object) -> Ids: ...

def arrow_matrix(array: object) -> Matrix:
    """
    Vectors of a list array: shown where they are float32, float16, int8 or uint8 in one piece.
    """

class Table:
    """Ids and attributes without vectors."""

    def __init__(self, ids: Ids, columns: Sequence[Column]) -> None: ...

    @staticmethod
    def read(path: str, id_field: str | None, call: Call) -> Table: ...

    def save(self, path: str, force: bool, call: Call) -> None: ...

    def columns_for(self, ids: Ids) -> tuple[list[Column], int, int]:
        """
        Columns of the rows of these ids, how many of them it lacks, and how many of its own were not asked for.
        """

    @property
    def ids(self) -> Ids: ...

    @property
    def columns(self) -> list[Column]: ...

    @property
    def record(self) -> object: ...

class Embeddings:
    """Ids, vectors, typed attributes, and the record of how they were made."""

    def __init__(self, ids: Ids, vectors: Matrix, columns: Sequence[Column], record: dict, call: Call) -> None: ...

    @staticmethod
    def read(path: str, id_field: str | None, call: Call) -> Embeddings: ...

    def save(self, path: str, force: bool, call: Call) -> None: ...

    @property
    def ids(self) -> Ids: ...

    @property
    def vectors(self) -> Matrix: ...

    @property
    def columns(self) -> list[Column]: ...

    @property
    def record(self) -> object: ...

    @property
    def metric(self) -> str: ...

    def join(self, table: Table) -> tuple[Embeddings, int, int]: ...

class CompressedEmbeddings:
    """Embeddings whose vectors are held as codes."""

    def decode(self, call: Call) -> Embeddings: ...

    def save(self, path: str, force: bool, call: Call) -> None: ...

    @property
    def ids(self) -> Ids: ...

    @property
    def columns(self) -> list[Column]: ...

    @property
    def record(self) -> object: ...

    @property
    def metric(self) -> str: ...

    @property
    def dim(self) -> int: ...

    @property
    def bytes_per_vector(self) -> int: ...

def compress(method: str, embeddings: Embeddings, options: dict, call: Call) -> CompressedEmbeddings: ...

class Graph:
    """A graph as CSR over nodes with any ids."""

    @staticmethod
    def read(path: str, directed: bool, weighted: bool | None, call: Call) -> Graph: ...

    @staticmethod
    def from_integers(ids: object, sources: object, targets: object, weights: object, directed: bool, call: Call) -> Graph: ...

    @staticmethod
    def from_strings(ids: list, sources: list, targets: list, weights: object, directed: bool, call: Call) -> Graph: ...

    @staticmethod
    def from_rows(ids: Ids, sources: object, targets: object, weights: object, directed: bool, call: Call) -> Graph:
        """Of edges between the rows of ids, uint32."""

    @staticmethod
    def from_matrix(ids: Ids, indptr: object, indices: object, data: object, directed: bool, call: Call) -> Graph: ...

    @property
    def ids(self) -> Ids: ...

    @property
    def directed(self) -> bool: ...

    @property
    def weighted(self) -> bool: ...

    @property
    def num_nodes(self) -> int: ...

    @property
    def num_edges(self) -> int: ...

    @property
    def offsets(self) -> object: ...

    @property
    def targets(self) -> object: ...

    @property
    def weights(self) -> object: ...

class PartGraph:
    """A piece of a graph: CSR, rows in the whole, which are its own."""

    def __init__(self, ids: Ids | None, offsets: object, targets: object, weights: object, directed: bool, rows: object, is_core: object) -> None: ...

    @property
    def ids(self) -> Ids: ...

    @property
    def offsets(self) -> object: ...

    @property
    def targets(self) -> object: ...

    @property
    def weights(self) -> object: ...

    @property
    def directed(self) -> bool: ...

    @property
    def rows(self) -> object: ...

    @property
    def is_core(self) -> object:
        """1 for its own nodes, 0 for others; empty: all are its own."""

class Piece:
    """One graph that is embedded by itself, and how."""

    def __init__(self, what: str, seed: int, column: int, columns: int, normalize: bool, part: PartGraph) -> None: ...

    @property
    def what(self) -> str: ...

    @property
    def seed(self) -> int: ...

    @property
    def column(self) -> int: ...

    @property
    def columns(self) -> int: ...

    @property
    def normalize(self) -> bool: ...

    @property
    def part(self) -> PartGraph: ...

class PartitionPlan:
    """What a partitioned embedding embeds, level by level."""

    def __init__(self, graph: Graph, options: dict, call: Call) -> None: ...

    @property
    def is_whole(self) -> bool: ...

    @property
    def dim(self) -> int: ...

    @property
    def level(self) -> int: ...

    @property
    def num_pieces(self) -> int: ...

    @property
    def part_of(self) -> object:
        """n uint32: the part of level 0 of each node."""

    @property
    def levels(self) -> object: ...

    def piece(self, part: int, call: Call) -> Piece: ...

    def frame(self, call: Call) -> Piece | None:
        """The nodes to which parts are taken; None: there are none."""

    def next_level(self, call: Call) -> bool:
        """Goes on to the border's graph; False: there is none."""

    def neighborhood(self, part: int, call: Call) -> PartGraph:
        """What smoothing a part's vectors looks at."""

def embed_piece(piece: Piece, options: dict, call: Call) -> Matrix:
    """A vector for each of its nodes."""

def align_part(part: PartGraph, vectors: Matrix, frame_rows: object, frame_vectors: Matrix, options: dict, call: Call) -> Matrix:
    """Its own nodes' vectors, taken to the frame."""

def smooth_part(neighborhood: PartGraph, vectors: Matrix, call: Call) -> Matrix:
    """One pass of smoothing for its own nodes."""

class Corpus:
    """Texts with ids."""

    def __init__(self, ids: Ids, texts: list) -> None: ...

    @staticmethod
    def read(path: str, id_field: str | None, text_field: str, call: Call) -> Corpus: ...

    @property
    def ids(self) -> Ids: ...

    def __len__(self) -> int: ...

    def texts(self) -> list: ...

    def text(self, row: int) -> object: ...

class EncodedTexts:
    """Several vectors of each text, or weights of words."""

    @staticmethod
    def open(path: str, call: Call) -> EncodedTexts: ...

    def arrays(self) -> tuple[object, object, object]:
        """
        (values, starts, words): rows x d, starts of texts, None; or weights, starts of texts, words.
        """

    @property
    def ids(self) -> Ids: ...

    @property
    def num_words(self) -> int: ...

    @property
    def record(self) -> object: ...

    def save(self, path: str, force: bool, call: Call) -> None: ...

def holds_encoded_texts(path: str) -> bool:
    """True for an artifact of EncodedTexts."""

class Ragged:
    """Sparse rows, or rows of several vectors."""

    @staticmethod
    def sparse(indptr: object, indices: object, data: object, num_dims: int) -> Ragged:
        """Rows of a CSR matrix; dimensions of a row may come in any order."""

    @staticmethod
    def sets(starts: object, vectors: Matrix) -> Ragged: ...

    @staticmethod
    def of_encoded(encoded: EncodedTexts) -> Ragged: ...

    @staticmethod
    def open(path: str, call: Call) -> Ragged: ...

    def named(self, ids: Ids | None, columns: Sequence[Column], metric: str | None) -> Ragged:
        """The same rows with ids, further columns and a metric."""

    def join(self, table: Table) -> tuple[Ragged, int, int]:
        """
        (rows with the table's columns, rows that it lacks, rows of it that nobody asked for)
        """

    def arrays(self) -> tuple[object, object, object]:
        """(starts, values, indices) of sparse rows, or (starts, vectors, None)."""

    @property
    def is_sparse(self) -> bool: ...

    @property
    def dim(self) -> int: ...

    @property
    def size(self) -> int: ...

class Model:
    """A text encoder."""

    @staticmethod
    def open(path: str, options: dict, call: Call) -> Model: ...

    def encode(self, texts: list, options: dict, call: Call) -> tuple[object, object, object]:
        """
        (values, starts, words): n x d, None, None; or rows x d, starts of texts, None; or weights, starts of texts, words.
        """

    def features(self, texts: list, options: dict, call: Call) -> tuple[object, object, object, object]:
        """
        (ids, starts, states, vectors): tokens run, starts of texts, a state a token, a vector a text.
        """

    def encode_corpus(self, corpus: Corpus, columns: Sequence[Column], options: dict, call: Call) -> Embeddings: ...

    def encode_texts(self, corpus: Corpus, options: dict, call: Call) -> EncodedTexts:
        """
        What encode_corpus gives, of several vectors a text or weights of words.
        """

    def gives_embeddings(self, options: dict) -> bool:
        """True when each text gets one vector."""

    def encode_queries(self, record: dict, dim: int, texts: list, call: Call) -> Matrix:
        """Vectors of queries for vectors of this record and width."""

    def encode_ragged_queries(self, record: dict, is_sparse: bool, dim: int, texts: list, call: Call) -> Ragged:
        """The same for weights of words, or several vectors a text."""

    def num_values(self, options: dict) -> int:
        """Width of a vector under the options."""

    @property
    def path(self) -> str: ...

    @property
    def prompts(self) -> dict:
        """Name to text."""

    @property
    def architecture(self) -> str:
        """"bert", "qwen3", ...; "static" for a table of tokens."""

    @property
    def default_prompt_name(self) -> str | None: ...

    @property
    def query_prompt_name(self) -> str | None: ...

    @property
    def document_prompt_name(self) -> str | None: ...

    @property
    def dim(self) -> int: ...

    @property
    def num_layers(self) -> int: ...

    @property
    def max_length(self) -> int | None: ...

    @property
    def precision(self) -> str: ...

    @property
    def similarity(self) -> str: ...

    @property
    def metric(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

def encode_options() -> list:
    """Declarations of the options of a model's encode."""

def encoded_precision(record: dict) -> str:
    """
    The precision of the model that encoded the texts of vectors of this record.
    """

class Searcher:
    """An index with its attributes ready for filters."""

    @staticmethod
    def build(method: str, embeddings: Embeddings, options: dict, call: Call) -> Searcher: ...

    @staticmethod
    def of_codes(compressed: CompressedEmbeddings) -> Searcher: ...

    @staticmethod
    def build_texts(method: str, corpus: Corpus, columns: Sequence[Column], options: dict, call: Call) -> Searcher: ...

    @staticmethod
    def open(path: str, call: Call) -> Searcher: ...

    def search(self, queries: Matrix, k: int, filter: str, options: dict, excluded: Sequence[int], exact: bool, explain: bool, timeout_ms: float | None, call: Call) -> tuple[object, object, object, object, object, bool]:
        """
        (rows, values, ids: m x k; counts: m; explain; whether the time was up)
        """

    def search_texts(self, queries: list, k: int, filter: str, options: dict, excluded: Sequence[int], exact: bool, explain: bool, timeout_ms: float | None, call: Call) -> tuple[object, object, object, object, object, bool]: ...

    @staticmethod
    def build_ragged(method: str, rows: Ragged, options: dict, call: Call) -> Searcher: ...

    def search_ragged(self, queries: Ragged, k: int, filter: str, options: dict, excluded: Sequence[int], exact: bool, explain: bool, timeout_ms: float | None, call: Call) -> tuple[object, object, object, object, object, bool]: ...

    def add_ragged(self, rows: Ragged, call: Call) -> None: ...

    def ragged(self, row: int) -> Ragged: ...

    def matches(self, filter: str, call: Call) -> object: ...

    def add(self, embeddings: Embeddings, call: Call) -> None: ...

    def add_texts(self, corpus: Corpus, columns: Sequence[Column], call: Call) -> None: ...

    def remove(self, ids: Ids, call: Call) -> None: ...

    def save(self, path: str, force: bool, call: Call) -> None: ...

    def find(self, id: object) -> int | None:
        """The live row of an id; None when there is none."""

    def vector(self, row: int) -> object: ...

    def live_rows(self) -> object: ...

    def search_options(self) -> list: ...

    @property
    def ids(self) -> Ids: ...

    @property
    def columns(self) -> list[Column]: ...

    @property
    def record(self) -> object: ...

    @property
    def input(self) -> str:
        """What it is asked by: "vectors", "texts", "sparse" or "vector sets"."""

    @property
    def method(self) -> str: ...

    @property
    def metric(self) -> str: ...

    @property
    def dim(self) -> int: ...

    @property
    def num_live(self) -> int: ...

    @property
    def size_bytes(self) -> int: ...

def index_input(method: str) -> str:
    """
    What an index is made of: "vectors", "texts", "sparse" or "vector sets".
    """

def fuse(searches: Sequence[Sequence[tuple[Sequence[str], Sequence[float]]]], k: int, options: dict, call: Call) -> list[list[tuple[str, float, list[int | None]]]]:
    """Per query (id, score, rank in each search), best first."""

def fusion_options() -> list:
    """Declarations of the options of a fusion."""

class Interactions:
    """Events of users with items, a row for each user."""

    @staticmethod
    def read(path: str, options: dict, call: Call) -> Interactions: ...

    @staticmethod
    def places_that_count(values: object, size: int, what: str, options: dict, call: Call) -> object: ...

    @staticmethod
    def of_rows(users: Ids, items: Ids, user_rows: object, item_rows: object, values: object, times: object, call: Call) -> Interactions: ...

    def that_count(self, options: dict, call: Call) -> Interactions: ...

    def write(self, path: str, force: bool, call: Call) -> None: ...

    def k_core(self, options: dict, call: Call) -> Interactions: ...

    def split(self, options: dict, call: Call) -> tuple[Interactions, Interactions, Interactions, str]: ...

    @property
    def users(self) -> Ids: ...

    @property
    def items(self) -> Ids: ...

    @property
    def size(self) -> int: ...

    @property
    def offsets(self) -> object: ...

    @property
    def targets(self) -> object: ...

    @property
    def values(self) -> object: ...

    @property
    def times(self) -> object: ...

def events_options() -> tuple[list, list]:
    """Declarations of the options of a core, and of a split."""

def learn_recommender(method: str, events: Interactions, options: dict, call: Call) -> Recommender: ...

class Recommender:
    """A trained recommender, asked for items."""

    @staticmethod
    def open(path: str) -> Recommender: ...

    def save(self, path: str, force: bool, call: Call) -> None: ...

    def recommend(self, users: list, k: int, filter: str, keep_seen: bool, call: Call) -> tuple[object, object, object, object, bool]: ...

    def recommend_to_new(self, items_of_users: list, k: int, filter: str, keep_seen: bool, call: Call) -> tuple[object, object, object, object, bool]: ...

    def recommend_by(self, index: Searcher, users: list, k: int, filter: str, keep_seen: bool, options: dict, exact: bool, timeout_ms: float | None, call: Call) -> tuple[object, object, object, object, bool]: ...

    def recommend_to_new_by(self, index: Searcher, items_of_users: list, k: int, filter: str, keep_seen: bool, options: dict, exact: bool, timeout_ms: float | None, call: Call) -> tuple[object, object, object, object, bool]: ...

    def similar_items(self, items: list, k: int, filter: str, call: Call) -> tuple[object, object, object, object, bool]: ...

    def with_attributes(self, table: Table) -> Recommender: ...

    @property
    def users(self) -> Ids: ...

    @property
    def items(self) -> Ids: ...

    @property
    def columns(self) -> list[Column]: ...

    @property
    def record(self) -> object: ...

    def factors(self, of_users: bool) -> object: ...

def holds_item_model(path: str) -> bool: ...

class ItemModel:
    """A trained model that embeds items."""

    @staticmethod
    def open(path: str) -> ItemModel: ...

    def save(self, path: str, force: bool, call: Call) -> None: ...

    def embed(self, events: Interactions, features: Embeddings, call: Call) -> Embeddings: ...

    @property
    def items(self) -> Embeddings: ...

    @property
    def form(self) -> str: ...

    @property
    def settings(self) -> object: ...

    @property
    def record(self) -> object: ...

def save_pinsage(path: str, items: Embeddings, settings: dict, weights: dict, call: Call) -> None: ...

class PinSageModel:
    """A trained PinSage in the pieces that Spark's tasks run."""

    @staticmethod
    def open(path: str) -> PinSageModel: ...

    @property
    def num_layers(self) -> int: ...

    @property
    def num_hidden(self) -> int: ...

    @property
    def num_features(self) -> int: ...

    def embed(self, features: Matrix, events: Interactions, call: Call) -> Matrix: ...

    def surroundings(self, events: Interactions, call: Call) -> tuple: ...

    def inputs(self, features: Matrix, degrees: object, call: Call) -> Matrix: ...

    def project(self, layer: int, h: Matrix, call: Call) -> Matrix: ...

    def own_part(self, layer: int, h: Matrix, call: Call) -> Matrix: ...

    def combine(self, layer: int, offsets: object, columns: object, weights: object, projected: Matrix, own: Matrix, call: Call) -> Matrix: ...

    def finish(self, h: Matrix, call: Call) -> Matrix: ...

class Report:
    """Figures with names and units, in rows."""

    @property
    def title(self) -> str: ...

    @property
    def notes(self) -> list[str]: ...

    def to_text(self) -> str:
        """An aligned table for people."""

    def to_dict(self) -> object:
        """title, rows of labels and figures, notes."""

def evaluate(verb: str, task: str, paths: Sequence[str], options: dict, call: Call) -> Report: ...

def task_inputs(verb: str, task: str, count: int) -> list[str]:
    """Names of so many input files of a task, in order."""

version: str = '0.1.0'

def methods() -> list:
    """Every method's declaration."""

def info() -> dict:
    """Version, SIMD level, threads, and what the container allows."""

def require_method(verb: str, name: str) -> None:
    """Throws Error, with the nearest known name, when there is none."""

def resolve_options(verb: str, name: str, given: dict) -> object: ...

def learner_input(method: str) -> str:
    """"graph", "corpus" or "table"."""

def learner_output(method: str) -> str:
    """"embeddings" or "table"."""

def learn_graph(method: str, graph: Graph, options: dict, call: Call) -> Embeddings | Table | "whitney::RecommenderModel" | ItemModel: ...

def learn_corpus(method: str, corpus: Corpus, options: dict, call: Call) -> Embeddings | Table | "whitney::RecommenderModel" | ItemModel: ...

def kind_of_file(path: str) -> str:
    """
    Kind of an artifact: embeddings, table, index, model; empty when foreign.
    """

def allow_threads_after_fork() -> None: ...
