"""Writes tests/data/text/steps.golden: what the PyPI package `tokenizers` makes of many texts, step by step.

One line a step: {"part", "declaration", "cases": [[text, what becomes of it], ..]}. The unit tests of whitney/text compare
our steps with it; WHITNEY_TEXT_GOLDEN points them at another file.

    python3 tools/make_text_golden.py [--cases 12] [--seed 1] [--charsmap tokenizer.json] [-o FILE]
"""

import argparse
import base64
import json
import pathlib
import random
import struct

import tokenizers

ROOT = pathlib.Path(__file__).resolve().parent.parent
MARK = "\u2581"
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace("{1,3}", "")
CL100K = (CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+")
CL100K_SHORT = CL100K.replace(CONTRACTIONS, "'(?i:[sdmt]|ll|ve|re)")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
            r"|\s*[\r\n]+|\s+(?!\S)|\s+")
PATTERNS = [GPT2, LLAMA3, QWEN2, CL100K, CL100K_SHORT]
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
REGEXES = [f"(?:{p})" for p in PATTERNS] + [
    O200K, DEEPSEEK, "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", r" ?[^(\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+",
    r"\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+", r"\s+$", r"^\s+", r"\d", r"\d{3}(?=\d)", r"\w+|[^\w\s]+", r"\b", r"\B",
    r"(?<=[a-z])(?=[A-Z])", r"(?<!\d)\d+?", r"(?<=a|bc)d", r"(?<!a|bc)d", r"(a|ab)(c|bcd)?", r"(?:a|b)*?c", r"a{2,3}?", r"a{2}?", r"a{,2}b", r"a{x}",
    r"(?>a+)b", r"a*+a", r"(?:ab|a)++b", r"[a-c&&[^b]]+", r"[^a-c&&b-d]", r"[]a]+", r"[a\]-]+", r"[\w&&[^\d_]]+", r"(?i)STRABE|k",
    r"(?i:[a-f]+)X?", r"x(?i)y|z", r"(?m:.+)", r".+", r"\R", r"\h+", r"\H+", r"[[:space:][:digit:]]+", r"\p{^L}+", r"\P{N}+", r"\p{Lu}\p{Ll}*", r"\x41|\u0042|\x{43}",
    r"\A.", r".\z", r".\Z", r"^.", r".$", r"(a*)*", r"(a*)+b", r"(?:a?){3}", r"(|a)+", r"a||b", r"", r"\p{M}+", r"(?=a)\w", r"(?!a)\w+", r"(?=(?:ab)+c)a", r"\p{Sc}|\p{Pd}",
]
WORDS = ["the", "It's", "DON'T", "we'll", "I'D", "x'\u017f", "'S", " ", "  ", "   ", "\n", "\r\n", "\t", " \n ", "\n\n", "1", "2024", "12345", "3.14", "\u0663", "\u00b2", "\u00bd",
         "caf\u00e9", "cafe\u0301", "\u00c5ngstro\u0308m", "na\u00efve", "STRASSE", "stra\u00dfe", "\u0130stanbul", "\u039f\u03b4\u03c5\u03c3\u03c3\u03b5\u03cd\u03a3", "\u041f\u0440\u0438\u0432\u0435\u0442", "\u4e2d\u6587",
         "\u65e5\u672c\u8a9e", "\u3053\u3093", "\u30ab\u30bf", "\ud55c\uad6d\uc5b4", "\u1112\u1161\u11ab", "\u0e01\u0e33", "\u0e49", "\u0905\u0930\u094d\u0925", "\u0627\u0644", "\u05e9\u05b8", "\U0001f600", "\U0001f469\u200d\U0001f4bb", "\u00a9\u200d\u00ae", "\U0001f1eb\U0001f1f7",
         "\ufb01", "\u2460", "\u3392", "\uff21", "\u2126", "\u212a", "\u01c5", "\u0344", "\u0f73", "a\u0316\u0301", "q\u0301\u0316\u0345", "\u0958", "\U0001d15e", "\u2581", "_", "-", "\u2014", "!", "?!", "...", "\u2026", "$", "\u20ac", "+", "|", "(", "[x]", "\\", "/",
         "\x00", "\x01", "\x0b", "\x0c", "\x7f", "\x85", "\u00a0", "\u00ad", "\u200b", "\u200c", "\u200d", "\u2028", "\u3000", "\ufeff", "\ufffd", "\ue000", "\u0378", "\U0001e900", "\U00020000", "aaa", "ab", "abc", "abcd", "bcd", "d", "K", "k", "AbC", "B"]


def text(random_):
    words = []
    for _ in range(random_.randint(1, 7)):
        words.append(random_.choice(WORDS))
        if random_.random() < 0.3:
            words.append(" ")
        if random_.random() < 0.1:
            c = random_.choice([random_.randrange(0x250), random_.randrange(0x3000), random_.randrange(0x110000)])
            words.append("" if 0xD800 <= c < 0xE000 else chr(c))
    return "".join(words)


def charsmap(entries):
    """A small double-array trie: children of a node are placed where all their slots are free."""
    trie, pool = {}, b""
    for key, value in entries:
        node = trie
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[None] = len(pool)
        pool += value.encode() + b"\0"
    units, used = {}, {0}

    def place(node, at, label):
        base = next(b for b in range(1, 1 << 20) if (at ^ b) not in used and all((at ^ b ^ (c or 0)) not in used for c in node) and b < 1 << 21)
        units[at] = base << 10 | label | (0x100 if None in node else 0)
        slots = {c: at ^ base ^ (c or 0) for c in node}
        used.update(slots.values())
        for c, slot in slots.items():
            if c is None:
                units[slot] = node[None] | 1 << 31
            else:
                place(node[c], slot, c)

    place(trie, 0, 0)
    blob = b"".join(struct.pack("<I", units.get(i, 0)) for i in range((max(units) | 255) + 1))
    return base64.b64encode(struct.pack("<I", len(blob)) + blob + pool).decode()


SMALL_MAP = charsmap([("\uff21", "A"), ("e\u0301", "\u00e9"), ("a", "X"), ("\ufb01", "fi"), ("\r", "<CR>"), ("\u3000", " "), ("\u00a9", "(c)"),
                      ("\u200d", ""), ("\u0e33", "\u0e4d\u0e32"), ("\u2460", "1"), ("\u0301", ""), ("\u0600", "P")])


def normalizers():
    flags = [(True, True, None, True), (True, True, None, False), (True, False, True, False), (False, True, False, True),
             (False, False, True, False), (True, False, False, False)]
    for clean, chinese, accents, lower in flags:
        yield {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese, "strip_accents": accents, "lowercase": lower}
    yield from ({"type": t} for t in ["Lowercase", "StripAccents", "NFC", "NFD", "NFKC", "NFKD", "Nmt", "ByteLevel"])
    yield from ({"type": "Strip", "strip_left": a, "strip_right": b} for a, b in [(True, True), (True, False), (False, True)])
    for pattern, content in [({"String": " "}, MARK), ({"String": "ab"}, ""), ({"Regex": " {2,}"}, " "), ({"Regex": r"\s+"}, "\u00e9"),
                             ({"Regex": "x*"}, "-"), ({"Regex": "[\u064b-\u0652]|\\p{M}"}, ""), ({"Regex": r"(?<=\d)(?=\d)"}, ",")]:
        yield {"type": "Replace", "pattern": pattern, "content": content}
    yield {"type": "Prepend", "prepend": MARK}
    yield {"type": "Precompiled", "precompiled_charsmap": SMALL_MAP}
    yield {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": MARK}, {"type": "Replace", "pattern": {"String": " "}, "content": MARK}]}
    yield {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Sequence", "normalizers": [{"type": "Lowercase"}]}]}


# Letters of several forms, for (?i): single letters that are several in another case, and those several.
FOLDING = ["\u00df", "\u1e9e", "s", "S", "\u017f", "f", "F", "i", "I", "\u0130", "i\u0307", "\ufb00", "\ufb01", "\ufb03", "t", "\ufb05",
           "\ufb06", "\u02bcn", "\u0149", "\u03b1\u03b9", "\u1fb3", "\u1fbc", "\u1fb7", "\u03b1\u0342\u03b9", "\u0390",
           "\u1fd3", "\u0565\u0582", "\u0587", "x"]


def folding_patterns(random_):
    """Yields (pattern, declaration) of literals, groups and classes under (?i)."""
    def letters(most):
        return "".join(random_.choice(FOLDING) for _ in range(random_.randint(1, most)))
    fixed = ["ss", "\u00df", "ffi", "\ufb03", "first", "stra\u00dfe", "s|\u00df", "\u00df|s", "[\u00dfx]s", r"[\p{L}]x", r"\p{L}x", "[^\u00df]x",
             "(?<=ss)x", "(?<=\u00df)x", "(?<=[\u00df])x", "(?=ss)..", "a(?:s)s", "a(s)s", "s(?:ss)", "(?:ss)s", "\u00df+", "ss+", "s{2}"]
    for pattern in fixed + [letters(4) for _ in range(60)] + [f"{letters(2)}(?:{letters(2)})" for _ in range(10)]:
        yield {"type": "Replace", "pattern": {"Regex": "(?i)" + pattern}, "content": "<>"}


def folding_text(random_, pattern):
    """Joins forms that the pattern's letters take, and others."""
    own = "".join(c for c in pattern[4:] if c in "".join(FOLDING)) + "x" * ("x" in pattern)
    folded = own.casefold()
    for letter in random_.sample([f for f in FOLDING if len(f) == 1 and len(f.casefold()) > 1], 6):
        folded = folded.replace(letter.casefold(), letter)
    forms = [own, own.casefold(), own.upper(), folded, random_.choice(FOLDING), random_.choice(FOLDING)]
    return "".join(random_.choice(forms) for _ in range(random_.randint(1, 4)))


def pre_tokenizers():
    yield from ({"type": t} for t in ["BertPreTokenizer", "Whitespace", "WhitespaceSplit"])
    yield from ({"type": "Punctuation", "behavior": b} for b in BEHAVIORS)
    yield from ({"type": "Digits", "individual_digits": b} for b in [True, False])
    yield {"type": "CharDelimiterSplit", "delimiter": "a"}
    yield {"type": "FixedLength", "length": 3}
    for behavior in BEHAVIORS:
        for invert in [True, False]:
            yield {"type": "Split", "pattern": {"String": "a"}, "behavior": behavior, "invert": invert}
            yield {"type": "Split", "pattern": {"Regex": r"\d|\s|"}, "behavior": behavior, "invert": invert}
            yield {"type": "Split", "pattern": {"Regex": GPT2}, "behavior": behavior, "invert": invert}
    for scheme in ["always", "first", "never"]:
        for split in [True, False]:
            yield {"type": "Metaspace", "replacement": MARK, "prepend_scheme": scheme, "split": split}
    yield {"type": "Metaspace", "replacement": MARK, "add_prefix_space": True}
    yield {"type": "Metaspace", "replacement": "_", "add_prefix_space": False, "prepend_scheme": "never"}
    yield {"type": "Metaspace", "replacement": "_", "str_rep": "_", "add_prefix_space": True, "prepend_scheme": "first"}
    for prefix in [True, False]:
        for regex in [True, False]:
            yield {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    for steps in [[{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": MARK, "prepend_scheme": "always", "split": True}],
                  [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": MARK, "prepend_scheme": "first", "split": True}],
                  [{"type": "Digits", "individual_digits": True}, {**byte_level, "use_regex": True, "add_prefix_space": True}],
                  [{"type": "Split", "pattern": {"Regex": r"\p{N}{1,3}"}, "behavior": "Isolated", "invert": False},
                   {"type": "Split", "pattern": {"Regex": DEEPSEEK}, "behavior": "Isolated", "invert": False}, byte_level],
                  [{"type": "Whitespace"}, {"type": "Punctuation", "behavior": "Isolated"}, {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": False}]}]]:
        yield {"type": "Sequence", "pretokenizers": steps}
    for pattern in PATTERNS + REGEXES:
        yield {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def step(part, declaration):
    made = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None,
            "decoder": None, "model": {"type": "WordLevel", "vocab": {"u": 0}, "unk_token": "u"}, part: declaration}
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(made))
    if part == "normalizer":
        return tokenizer.normalizer.normalize_str
    return lambda text: [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--charsmap", help="a tokenizer.json whose Precompiled normaliser is compared too")
    parser.add_argument("-o", dest="out", default=str(ROOT / "tests/data/text/steps.golden"))
    args = parser.parse_args()
    steps = [("normalizer", d) for d in normalizers()] + [("pre_tokenizer", d) for d in pre_tokenizers()]
    if args.charsmap:
        steps.append(("normalizer", json.loads(pathlib.Path(args.charsmap).read_text())["normalizer"]))
    num_plain = len(steps)
    steps += [("normalizer", d) for d in folding_patterns(random.Random(args.seed))]
    lines = []
    for number, (part, declaration) in enumerate(steps):
        random_ = random.Random(f"{args.seed} {number}")
        run = step(part, declaration)
        folding = number >= num_plain
        texts = [folding_text(random_, declaration["pattern"]["Regex"]) if folding else text(random_) for _ in range(args.cases)]
        cases = [[t, run(t)] for t in texts]
        lines.append(json.dumps({"part": part, "declaration": declaration, "cases": cases}, ensure_ascii=False, separators=(",", ":")) + "\n")
    pathlib.Path(args.out).write_text("".join(lines))


if __name__ == "__main__":
    main()
