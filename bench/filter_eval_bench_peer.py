"""Evaluates filters with numpy masks and with pyarrow.compute over the columns that filter_eval_bench.cc wrote.

Reads questions, a line of JSON each: hello; filter (the tree to measure next; answers the number of rows and two sums
over them, by each of the two); numpy and arrow (seconds of one evaluation, the mean of some repeats).
"""

import gc
import json
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

(AND, OR, NOT, EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, IN, BETWEEN, CONTAINS, EXISTS) = range(13)


class Unanswered(Exception):
    pass


class Column:
    def __init__(self, folder, name, kind, num_rows):
        def read(part, dtype):
            return np.fromfile(f"{folder}/{name}.{part}", dtype=dtype)

        self.kind = kind
        present = read("present", np.uint8)
        self.present = present != 0 if len(present) else None
        absent = None if self.present is None else ~self.present
        if kind in ("string", "set"):
            offsets, text = read("dictionary_offsets", np.uint64), read("dictionary_bytes", np.uint8).tobytes()
            self.dictionary = [text[a:b].decode() for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist())]
            self.place = {entry: code for code, entry in enumerate(self.dictionary)}
        if kind == "int":
            self.values = read("ints", np.int64)
            self.arrow = pa.array(self.values, mask=absent)
        elif kind == "real":
            self.values = read("reals", np.float64)
            self.arrow = pa.array(self.values, mask=absent)
        elif kind == "string":
            # Comparisons are fastest on codes, words are looked for in texts.
            self.values = read("codes", np.uint32)
            self.arrow = pa.array(self.values.astype(np.int32), mask=absent)
            self.texts = pa.DictionaryArray.from_arrays(self.arrow, pa.array(self.dictionary)).cast(pa.string())
        else:
            self.values = read("codes", np.uint32)
            starts = read("starts", np.uint64).astype(np.int64)
            self.row_of = np.repeat(np.arange(num_rows), np.diff(starts))
            self.arrow = pa.array(self.values.astype(np.int32))
            self.arrow_row_of = pa.array(self.row_of)

    def codes(self, texts):
        return [self.place.get(text, 0x7FFFFFFF) for text in texts]


class Numpy:
    def __init__(self, columns, num_rows):
        self.columns, self.num_rows = columns, num_rows

    def rows(self, node):
        return np.flatnonzero(self.mask(node))

    def mask(self, node):
        op, children = node["op"], node["children"]
        if op == NOT:
            return ~self.mask(children[0])
        if op in (AND, OR):
            result = self.mask(children[0])
            for child in children[1:]:
                result = result & self.mask(child) if op == AND else result | self.mask(child)
            return result
        column = self.columns[node["field"]]
        mask = self.set_mask(column, node) if column.kind == "set" else self.value_mask(column, node)
        return mask if column.present is None else mask & column.present

    def set_mask(self, column, node):
        mask = np.zeros(self.num_rows, dtype=bool)
        code = column.place.get(node["values"][0])
        if code is not None:
            mask[column.row_of[column.values == code]] = True
        return mask

    def value_mask(self, column, node):
        op, values, operands = node["op"], column.values, node["values"]
        if column.kind == "string":
            if op == CONTAINS:
                raise Unanswered
            operands = column.codes(operands)
        if op == EQUAL:
            return values == operands[0]
        if op == NOT_EQUAL:
            return values != operands[0]
        if op == LESS:
            return values < operands[0]
        if op == LESS_EQUAL:
            return values <= operands[0]
        if op == GREATER:
            return values > operands[0]
        if op == GREATER_EQUAL:
            return values >= operands[0]
        if op == BETWEEN:
            return (values >= operands[0]) & (values <= operands[1])
        if op == IN:
            return np.isin(values, operands)
        raise Unanswered


class Arrow:
    def __init__(self, columns, num_rows):
        self.columns, self.num_rows = columns, num_rows

    def rows(self, node):
        return pc.indices_nonzero(self.mask(node))

    def mask(self, node):
        op, children = node["op"], node["children"]
        if op == NOT:
            return pc.invert(self.mask(children[0]))
        if op in (AND, OR):
            result = self.mask(children[0])
            for child in children[1:]:
                result = pc.and_(result, self.mask(child)) if op == AND else pc.or_(result, self.mask(child))
            return result
        column = self.columns[node["field"]]
        mask = self.set_mask(column, node) if column.kind == "set" else self.value_mask(column, node)
        return mask.fill_null(False) if mask.null_count else mask

    def set_mask(self, column, node):
        mask = np.zeros(self.num_rows, dtype=bool)
        found = column.arrow_row_of.filter(pc.equal(column.arrow, column.codes(node["values"])[0]))
        mask[found.to_numpy(zero_copy_only=False)] = True
        return pa.array(mask)

    def value_mask(self, column, node):
        op, values, operands = node["op"], column.arrow, node["values"]
        if op == CONTAINS:
            mask = None
            for word in operands[0].split():
                one = pc.match_substring_regex(column.texts, rf"(^|[^\pL\pN]){word}([^\pL\pN]|$)", ignore_case=True)
                mask = one if mask is None else pc.and_(mask, one)
            return mask
        if column.kind == "string":
            operands = column.codes(operands)
        if op == BETWEEN:
            return pc.and_(pc.greater_equal(values, operands[0]), pc.less_equal(values, operands[1]))
        if op == IN:
            return pc.is_in(values, value_set=pa.array(operands, type=values.type))
        functions = {EQUAL: pc.equal, NOT_EQUAL: pc.not_equal, LESS: pc.less, LESS_EQUAL: pc.less_equal,
                     GREATER: pc.greater, GREATER_EQUAL: pc.greater_equal}
        return functions[op](values, operands[0])


def summary(engine, node):
    try:
        rows = np.asarray(engine.rows(node)).astype(np.int64)
    except Unanswered:
        return None
    return [len(rows), int(rows.sum()), int((rows * rows % 1_000_003).sum())]


def main():
    folder = sys.argv[1]
    pa.set_cpu_count(1)
    shape = json.load(open(f"{folder}/columns.json"))
    columns = {c["name"]: Column(folder, c["name"], c["type"], shape["num_rows"]) for c in shape["columns"]}
    engines = {"numpy": Numpy(columns, shape["num_rows"]), "arrow": Arrow(columns, shape["num_rows"])}
    node = None
    gc.disable()
    for line in sys.stdin:
        asked = json.loads(line)
        question = asked["question"]
        if question == "hello":
            answer = {"versions": f"numpy {np.__version__}, pyarrow {pa.__version__}"}
        elif question == "filter":
            node = asked["filter"]
            answer = {name: summary(engine, node) for name, engine in engines.items()}
        else:
            engine, repeats = engines[question], asked["repeats"]
            begin = time.perf_counter()
            for _ in range(repeats):
                engine.mask(node)
            answer = (time.perf_counter() - begin) / repeats
        print(json.dumps(answer), flush=True)


main()
