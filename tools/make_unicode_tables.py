"""Writes whitney/text/unicode_tables.cc and tests/data/text/unicode.golden.

Needs the PyPI packages `tokenizers` and `regex`. The sets that tokenizer.json steps speak of (white space, \\p{..},
punctuation, marks, lower case, the normal forms) differ between the versions of Unicode that the `tokenizers` library
was built with, so each is asked from that library, code point by code point. Combining classes, composition and
grapheme classes have no such door: they come from the Unicode character database (Python's unicodedata, `regex`), as
far as the library's normal forms show that it knows the character.

The golden is one checksum per 4096 code points and question, which the unit test computes again from our own code.

    python3 tools/make_unicode_tables.py [--check]
"""

import argparse
import pathlib
import sys
import unicodedata
import zlib

import regex
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

ROOT = pathlib.Path(__file__).resolve().parent.parent
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
ALL = "".join(map(chr, POINTS))
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn".split()
FORMS = ["NFC", "NFD", "NFKC", "NFKD"]
GRAPHEMES = ["Other", "CR", "LF", "Control", "Extend", "ZWJ", "Regional_Indicator", "Prepend", "SpacingMark", "L", "V", "T",
             "LV", "LVT"]
BLOCK = 128


def matched(pattern):
    """The code points that the library's regular expression takes."""
    rest = normalizers.Replace(Regex(f"(?m:{pattern})"), "").normalize_str(ALL)
    return set(POINTS) - set(map(ord, rest))


def outcome(normalizer, wanted):
    """The code points that a normaliser turns, between two letters, into `wanted`."""
    return {c for c in POINTS if normalizer.normalize_str("q" + chr(c) + "q") == wanted}


def words(pre_tokenizer, c):
    return [word for word, _ in pre_tokenizer.pre_tokenize_str("q" + chr(c) + "q")]


def bert(**chosen):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **chosen})


def properties():
    """In the order of the bits of Property."""
    isolated = lambda step: {c for c in POINTS if words(step, c) == ["q", chr(c), "q"]}
    chinese = bert(handle_chinese_chars=True)
    return [
        {c for c in POINTS if words(pre_tokenizers.WhitespaceSplit(), c) == ["q", "q"]},
        matched(r"\p{L}"),
        matched(r"\p{N}"),
        matched(r"\w"),
        isolated(pre_tokenizers.Digits(True)),
        isolated(pre_tokenizers.Punctuation()),
        outcome(bert(strip_accents=True), "qq"),
        outcome(normalizers.StripAccents(), "qq"),
        outcome(bert(clean_text=True), "qq"),
        outcome(bert(clean_text=True), "q q") - {0x20},
        {c for c in POINTS if chinese.normalize_str(chr(c)) == f" {chr(c)} "},
        {c for c in POINTS if len(words(pre_tokenizers.Whitespace(), c)) == 1},
    ]


def each(normalizer):
    return {c: normalizer.normalize_str(chr(c)) for c in POINTS}


def combining_classes(nfd):
    """UCD's classes, zero where the library does not reorder the mark."""
    classes = {}
    for c in POINTS:
        value = unicodedata.combining(chr(c))
        if value == 0:
            continue
        other = 0x345 if value < 240 else 0x334  # classes 240 and 1
        text = chr(other) + chr(c) if value < 240 else chr(c) + chr(other)
        if nfd.normalize_str("q" + text) != "q" + text:
            classes[c] = value
    return classes


def compositions(forms):
    """Pairs that NFC makes one character."""
    nfc, pairs = normalizers.NFC(), {}
    for c, text in forms["NFD"].items():
        if 0xAC00 <= c < 0xD7A4 or len(text) < 2:
            continue
        pair = unicodedata.normalize("NFC", text[:-1]) + text[-1]
        if len(pair) == 2 and nfc.normalize_str(pair) == chr(c):
            pairs[tuple(map(ord, pair))] = c
    return pairs


def fold_groups():
    """Characters that (?i) takes for each other, one to one."""
    cased = "".join(c for c in ALL if c.lower() != c or c.upper() != c or c.casefold() != c or ord(c) in range(0xA7C0, 0xA7E0)
                    or ord(c) in range(0x1C80, 0x1C90) or ord(c) in range(0x10D50, 0x10D90))
    groups = set()
    apart = "\n".join(cased)  # side by side, "ST" would be U+FB05 in another case
    for c in cased:
        rest = normalizers.Replace(Regex(f"(?i)[\\x{{{ord(c):x}}}]"), "").normalize_str(apart)
        group = sorted(set(map(ord, cased)) - set(map(ord, rest)))
        if len(group) > 1:
            groups.add(tuple(group))
    return sorted(groups)


def grapheme_classes():
    classes = {c: GRAPHEMES.index(name) for name in GRAPHEMES[1:] for c in map(ord, regex.findall(rf"\p{{GCB={name}}}", ALL))}
    pictographic = set(map(ord, regex.findall(r"\p{ExtPict}", ALL)))
    consonant = set(map(ord, regex.findall(r"\p{InCB=Consonant}", ALL)))
    linker = set(map(ord, regex.findall(r"\p{InCB=Linker}", ALL)))
    return {c: classes.get(c, 0) | 16 * (c in pictographic) | 32 * (c in consonant) | 64 * (c in linker) for c in POINTS}


def two_stage(values):
    """Blocks of equal content are kept once."""
    blocks, first, second = {}, [], []
    for begin in range(0, 0x110000, BLOCK):
        block = tuple(values.get(c, 0) for c in range(begin, begin + BLOCK))
        if block not in blocks:
            blocks[block] = len(blocks)
            second += block
        first.append(blocks[block])
    return first, second


def array(kind, name, values):
    lines, line = [], "   "
    for value in values:
        text = f" {value},"
        if len(line) + len(text) > 118:
            lines.append(line)
            line = "   "
        line += text
    body = "\n".join(lines + [line])
    return f"const {kind} {name}[{len(values)}] = {{\n{body}\n}};\n"


def tables(props, cats, forms, lower):
    classes, pairs, graphemes = combining_classes(normalizers.NFD()), compositions(forms), grapheme_classes()
    seconds = {second for _, second in pairs}
    changes = {c: sum(1 << i for i, form in enumerate(FORMS) if forms[form][c] != chr(c)) | 16 * (c in seconds) for c in POINTS}
    for c in range(0xAC00, 0xD7A4):
        changes[c] = 2 | 8
    for c in list(range(0x1161, 0x1176)) + list(range(0x11A8, 0x11C3)):
        changes[c] |= 16
    records, index = {}, {}
    for c in range(0x110000):
        bits = sum(1 << i for i, members in enumerate(props) if c in members)
        record = (cats.get(c, 27), graphemes.get(c, 3), classes.get(c, 0), changes.get(c, 0), bits)
        index[c] = records.setdefault(record, len(records))
    deltas, delta_index = {0: 0}, {}
    for c in POINTS:
        if len(lower[c]) == 1 and lower[c] != chr(c):
            delta_index[c] = deltas.setdefault(ord(lower[c]) - c, len(deltas))
    pool, entries, entry_index = bytearray(), [(0, 0, 0, 0)], {}
    for c in POINTS:
        if 0xAC00 <= c < 0xD7A4 or not changes[c] & 10:
            continue
        spans = []
        for form in ("NFD", "NFKD"):
            text = forms[form][c].encode()
            at = pool.find(text)
            if at < 0:
                at = len(pool)
                pool += text
            spans += [at, len(text)]
        entry_index[c] = len(entries)
        entries.append((spans[0], spans[2], spans[1], spans[3]))
    out = [
        f"// Written by tools/make_unicode_tables.py from tokenizers {tokenizers.__version__}, Unicode "
        f"{unicodedata.unidata_version} and regex {regex.__version__}:\n// run it again instead of editing.\n"
        '\n#include "whitney/text/unicode_tables.h"\n\n// clang-format off\n\nnamespace whitney::text::tables {\n'
    ]
    out.append(array("Record", "kRecords", ["{%d, %d, %d, %d, %d}" % r for r in records]))
    for name, values in [("Record", index), ("Lower", delta_index), ("Decomposition", entry_index)]:
        first, second = two_stage(values)
        assert max(first) < (256 if TYPES[name][0] == "uint8_t" else 65536), name
        out.append(array(TYPES[name][0], f"k{name}Blocks", first))
        out.append(array(TYPES[name][1], f"k{name}Index", second))
        assert max(second) < (256 if TYPES[name][1] == "uint8_t" else 65536), (name, max(second))
    out.append(array("int32_t", "kLowerDeltas", list(deltas)))
    out.append(array("Decomposition", "kDecompositions", ["{%d, %d, %d, %d}" % e for e in entries]))
    out.append(array("uint8_t", "kDecompositionBytes", list(pool)))
    pairs = sorted((a << 21 | b, c) for (a, b), c in pairs.items())
    out.append(array("Composition", "kCompositions", ["{%d, %d}" % p for p in pairs]))
    out.append(f"const size_t kNumCompositions = {len(pairs)};\n")
    folds = fold_groups()
    out.append(array("uint32_t", "kFoldGroups", [x for group in folds for x in (*group, 0)]))
    out.append(f"const size_t kFoldGroupsSize = {sum(len(g) + 1 for g in folds)};\n")
    out.append("}  // namespace whitney::text::tables\n")
    print(len(records), "records", len(deltas), "deltas", len(pool), "pool", len(pairs), "pairs", len(folds), "folds")
    return "\n".join(out)


TYPES = {"Record": ("uint16_t", "uint8_t"), "Lower": ("uint8_t", "uint8_t"), "Decomposition": ("uint8_t", "uint16_t")}


def golden(props, cats, forms, lower):
    """One line a question: its name and a CRC-32 per block of 4096 code points (equal ones in a row: xCOUNT)."""
    def line(name, answer):
        sums = []
        for begin in range(0, 0x110000, 4096):
            crc = zlib.crc32(b"".join(answer(c) + b"\n" for c in range(begin, begin + 4096) if not 0xD800 <= c < 0xE000))
            if sums and sums[-1][0] == crc:
                sums[-1][1] += 1
            else:
                sums.append([crc, 1])
        return name + "".join(f" {crc:08x}" + (f"x{count}" if count > 1 else "") for crc, count in sums) + "\n"

    bits = lambda c: str(sum(1 << i for i, members in enumerate(props) if c in members)).encode()
    out = [line("category", lambda c: CATEGORIES[cats[c]].encode()), line("properties", bits)]
    out += [line(form, lambda c, form=form: forms[form][c].encode()) for form in FORMS]
    out.append(line("lower", lambda c: lower[c].encode()))
    return "".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare with the files instead of writing them")
    check = parser.parse_args().check
    cats = {c: i for i, name in enumerate(CATEGORIES) for c in matched(rf"\p{{{name}}}")}
    forms = {form: each(getattr(normalizers, form)()) for form in FORMS}
    lower, props = each(normalizers.Lowercase()), properties()
    files = {"whitney/text/unicode_tables.cc": tables(props, cats, forms, lower),
             "tests/data/text/unicode.golden": golden(props, cats, forms, lower)}
    for name, text in files.items():
        path = ROOT / name
        if check and path.read_text() != text:
            sys.exit(f"{name} is not what tools/make_unicode_tables.py writes")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


if __name__ == "__main__":
    main()
