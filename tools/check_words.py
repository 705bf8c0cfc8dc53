"""Nothing in the tree names a place of the machine it was written on: its folders, its package registries' hosts."""

import pathlib
import re

import source_tree

FOLDERS = re.compile(r"(?<![\w.$~*-])/(?:" + "|".join(["work", "farm", "root"]) + r")/")
TEXT = ["*.h", "*.cc", "*.py", "*.pyi", "*.md", "*.txt", "*.cmake", "*.json", "*.toml", "*.svg", "*.in", "*.sh", "*.bash",
        "quickstart", "check", ".ci/run"]


def registry_hosts():
    """The hosts that apt and pip of this machine are set to."""
    places = [*pathlib.Path("/etc/apt").glob("sources.list*"), *pathlib.Path("/etc/apt/sources.list.d").glob("*"),
              pathlib.Path("/etc/pip.conf"), pathlib.Path("~/.config/pip/pip.conf").expanduser()]
    text = "\n".join(p.read_text(errors="replace") for p in places if p.is_file())
    hosts = set(re.findall(r"https?://(?:[^/@\s]*@)?([\w.-]+)", text))
    return {host for host in hosts if host != "localhost" and not host.startswith("127.")}


def check(root, hosts=None):
    hosts = registry_hosts() if hosts is None else hosts
    for path in source_tree.files(root, *TEXT):
        for number, line in enumerate(source_tree.read(root, path).splitlines(), 1):
            if FOLDERS.search(line):
                yield f"{path}:{number}: an absolute path of somebody's machine: {line.strip()[:80]}"
            for host in hosts:
                if host in line:
                    yield f"{path}:{number}: a package registry's host"


def self_test():
    slash = "/"
    tree = {
        "a.py": f'open("{slash}work/shared/data")\nopen("{slash}usr/share")\n',
        "b.md": f"see https:/{slash}mirror.example/debian\nand ../work/notes\n",
    }
    findings = source_tree.findings_in(lambda root: check(root, {"mirror.example"}), tree)
    assert [f.split(": ")[0] for f in findings] == ["a.py:1", "b.md:1"], findings


if __name__ == "__main__":
    source_tree.main(check, self_test, __doc__)
