"""Makes a file or folder anew and compares it with the one kept in the tree.

    compare_with_kept.py --kept FILE --made FILE -- COMMAND ...

On a difference it prints the difference and the command that accepts it, and exits 1.
"""

import argparse
import difflib
import pathlib
import shutil
import subprocess
import sys
import tempfile


def contents(place):
    """Gives {name: text} of a file (name "") or of the files of a folder; empty where there is nothing."""
    if place.is_file():
        return {"": place.read_text(encoding="utf-8")}
    return {str(p.relative_to(place)): p.read_text(encoding="utf-8") for p in sorted(place.rglob("*")) if p.is_file()}


def difference(kept, made):
    before, after = contents(kept), contents(made)
    lines = []
    for name in sorted(before.keys() | after.keys()):
        lines += difflib.unified_diff(before.get(name, "").splitlines(), after.get(name, "").splitlines(),
                                      str(kept / name), str(made / name), lineterm="")
        if (name in before) != (name in after):
            lines.append(f"{kept / name}: {'not made any more' if name in before else 'not kept'}")
    return lines


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        kept, made = pathlib.Path(folder, "kept"), pathlib.Path(folder, "made")
        for place in (kept, made):
            place.mkdir()
            (place / "same").write_text("a\n")
        assert difference(kept, made) == []
        (kept / "old").write_text("b\n")
        (made / "same").write_text("c\n")
        lines = difference(kept, made)
        assert "-a" in lines and "+c" in lines and any("not made any more" in line for line in lines), lines
    print("self-test passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kept", type=pathlib.Path, required=True)
    parser.add_argument("--made", type=pathlib.Path, required=True)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    if arguments.made.is_dir():
        shutil.rmtree(arguments.made)  # what is not made any more must not stay
    arguments.made.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(arguments.command)
    if done.returncode:
        sys.exit(f"failed ({done.returncode}): {' '.join(arguments.command)}")
    lines = difference(arguments.kept, arguments.made)
    if lines:
        print("\n".join(lines))
        accept = f"cp {arguments.made} {arguments.kept}"
        if arguments.made.is_dir():
            accept = f"rm -rf {arguments.kept} && cp -r {arguments.made} {arguments.kept}"
        sys.exit(f"\n{arguments.kept} is not what is made now. To accept what is made:\n  {accept}")


if __name__ == "__main__":
    main()
