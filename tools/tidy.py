"""Runs clang-tidy (19) over the library and the command line; a file whose text and includes passed is not run again.

Files are read several at a time, as one: the headers they share are then parsed and walked once. Where that finds
anything, each file is read again by itself, so that a finding is never due to the company.
"""

import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import joined_sources
import source_tree

PROGRAM = os.environ.get("CLANG_TIDY") or shutil.which("clang-tidy-19") or "clang-tidy"
READ_AS_ONE = 24
# libtorch's headers take half a minute to walk, and twice that more with the one check left out here.
WITH_LIBTORCH = ["--checks=-performance-unnecessary-value-param"]
# One instruction set is enough to read a kernel by, and four times as fast.
FLAGS = ["-std=c++20", "-DHWY_COMPILE_ONLY_STATIC=1", "-Wno-everything", "-I."]


def flags(root):
    """How clang reads a source; libtorch's headers are those that the training rooms are built with."""
    include = next(iter(sorted(root.glob("models/libtorch-*/include"))), None)
    if include is None:
        return FLAGS
    return [*FLAGS, f"-isystem{include}", f"-isystem{include}/torch/csrc/api/include"]


def needs_libtorch(path):
    return str(path).startswith("whitney/train/") and not str(path).endswith("_options.cc")


def closure(root, path, texts):
    """Gives the texts of a file and of all that it includes from the tree, by path."""
    found, waiting = {}, [path]
    while waiting:
        name = waiting.pop()
        if name in found or not (root / name).is_file():
            continue
        if name not in texts:
            texts[name] = source_tree.read(root, name)
        found[name] = texts[name]
        waiting += [included for _, _, included in source_tree.includes(texts[name])]
        waiting += [str(pathlib.PurePosixPath(name).parent / included) for _, _, included in source_tree.includes(texts[name])]
    return found


def verdict_key(root, path, texts, salt):
    digest = hashlib.sha256(salt)
    for name, text in sorted(closure(root, path, texts).items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


def run(root, path, *options):
    if needs_libtorch(path):
        options = [*options, *WITH_LIBTORCH]
    made = subprocess.run([PROGRAM, "--quiet", *options, path, "--", *flags(root)], cwd=root, capture_output=True, text=True)
    return made.returncode, made.stdout + ("" if made.returncode == 0 else made.stderr)


def run_together(root, paths, text):
    """Gives {path: (code, output)} of files that this text includes."""
    if len(paths) > 1:
        with tempfile.TemporaryDirectory() as folder:
            joined = pathlib.Path(folder, "joined.cc")
            joined.write_text(text, encoding="utf-8")
            options = WITH_LIBTORCH if any(needs_libtorch(path) for path in paths) else []
            code, output = run(root, str(joined), "--config-file=.clang-tidy", r"--header-filter=(whitney|apps)/.*\.(h|cc)$", *options)
        if code == 0:
            return {path: (0, "") for path in paths}
        named = [path for path in paths if path in output]
        if named and "clang-diagnostic" not in output:  # all of it was read, and the others have no finding
            return {path: run(root, path) if path in named else (0, "") for path in paths}
    return {path: run(root, path) for path in paths}


def together(root, texts, todo, jobs):
    """Packs the files to read, as (paths, a text that includes them): few enough to save work, enough for every thread."""
    by_folder, kernels = {}, []
    for path in todo:
        if "foreach_target.h" in texts[path]:
            kernels.append((path, texts[path]))
        else:
            folder = "whitney/train" if needs_libtorch(path) else str(pathlib.PurePosixPath(path).parent)
            by_folder.setdefault(folder, []).append(path)
    size = max(1, min(READ_AS_ONE, len(todo) // (2 * jobs)))
    units = []
    for folder, paths in by_folder.items():
        at_once = READ_AS_ONE if folder == "whitney/train" else size
        groups, alone = joined_sources.groups(root, [(path, texts[path]) for path in paths], at_once)
        units += [([source.path for source in group], joined_sources.unit(root, group)) for group in groups]
        units += [([path], "") for path in alone]
    for paths in joined_sources.kernel_groups(kernels, size):  # (NOLINT: including a source is the point here)
        units.append((paths, "".join(f'#include "{path}"  // NOLINT\n' for path in paths)))
    return sorted(units, key=lambda unit: len(unit[0]), reverse=True)


def check(root, cache, jobs):
    """Yields (path, output) of the files with findings."""
    version = subprocess.run([PROGRAM, "--version"], capture_output=True, check=True).stdout
    salt = version + (root / ".clang-tidy").read_bytes() + "\0".join(FLAGS).encode()
    texts, todo, left_out = {}, {}, 0
    cache.mkdir(parents=True, exist_ok=True)
    for path in source_tree.files(root, "whitney/*.cc", "apps/*.cc"):
        if path.name.endswith(("_test.cc", "_fuzz.cc")):
            continue
        if needs_libtorch(path) and flags(root) == FLAGS:
            left_out += 1
            continue
        key = verdict_key(root, str(path), texts, salt)
        if not (cache / key).exists():
            todo[str(path)] = key
    print(f"clang-tidy: {len(todo)} files to read", flush=True)
    if left_out:
        print(f"clang-tidy: {left_out} files of whitney/train are NOT read: there is no models/libtorch-*", flush=True)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(run_together, root, *unit) for unit in together(root, texts, todo, jobs)]
        for done in concurrent.futures.as_completed(running):
            for path, (code, output) in done.result().items():
                if code == 0:
                    (cache / todo[path]).touch()
                else:
                    yield path, re.sub(re.escape(str(root)) + "/", "", output)


def self_test():
    tree = {
        ".clang-tidy": "Checks: '-*,bugprone-use-after-move'\nWarningsAsErrors: '*'\n",
        "whitney/core/a.cc": "#include <string>\n#include <utility>\nint f(std::string a) {\n"
                             "  std::string b = std::move(a);\n  return int(a.size() + b.size());\n}\n",
        "whitney/core/b.cc": '#include "whitney/core/b.h"\nint g() { return kOne; }\n',
        "whitney/core/b.h": "constexpr int kOne = 1;\n",
        "whitney/core/c.cc": "int h() { return 3; }\n",
        "whitney/train/nn/t.cc": "#include <torch/torch.h>\n",
        "whitney/core/d.cc": "namespace {\nint k() { return 4; }\n}  // namespace\nint l() { return k(); }\n",
    }

    def twice(root):
        for _ in range(2):
            yield [path for path, _ in check(root, root / "cache", 1)], len(list((root / "cache").iterdir()))

    assert source_tree.findings_in(twice, tree) == [(["whitney/core/a.cc"], 3)] * 2
    print("self-test passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "whitney" / "tidy"
    bad = 0
    for path, output in check(source_tree.ROOT, cache, arguments.jobs):
        bad += 1
        print(output, flush=True)
    if bad:
        sys.exit(f"{bad} file(s) with findings")


if __name__ == "__main__":
    main()
