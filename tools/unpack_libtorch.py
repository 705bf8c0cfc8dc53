"""Takes out of Python packages what a program in C++ needs of libtorch on a CPU; nothing of them is run.

    unpack_libtorch.py --into FOLDER WHEEL ...

Headers go to FOLDER/include, libraries to FOLDER/lib (where they find each other), licences to FOLDER/licenses. What
needs a graphics card stays in the wheel: of 2.2 GB unpacked, 0.5 GB are left.
"""

import argparse
import pathlib
import re
import shutil
import sys
import tempfile
import zipfile

# (What a member of a wheel is called, where it goes.)
WANTED = [
    (re.compile(r"torch/lib/(libtorch_cpu\.so|libc10\.so|libgomp[^/]*)$"), "lib"),
    (re.compile(r"nvidia/.*/lib/(libcudart\.so[^/]*|libcupti\.so[^/]*)$"), "lib"),  # libtorch_cpu.so names them
    (re.compile(r"torch/include/((?:ATen|c10|caffe2|torch)/.*\.(?:h|hpp|inc))$"), "include"),
    (re.compile(r"torch-[^/]*\.dist-info/licenses/(.*)$"), "licenses"),
]
NEEDED = ["lib/libtorch_cpu.so", "lib/libc10.so", "include/torch/csrc/api/include/torch/torch.h"]


def unpack(wheels, into):
    """Gives the number of files."""
    count = 0
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                for pattern, folder in WANTED:
                    found = pattern.match(member.filename)
                    if found is None or member.is_dir():
                        continue
                    place = pathlib.Path(into, folder, found.group(1))
                    if pathlib.Path(into).resolve() not in place.resolve().parents:
                        sys.exit(f"{wheel}: {member.filename} would lie outside of {into}")
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as source, open(place, "wb") as target:
                        shutil.copyfileobj(source, target, 1 << 20)
                    count += 1
    missing = [name for name in NEEDED if not pathlib.Path(into, name).is_file()]
    if missing:
        sys.exit(f"{', '.join(str(wheel) for wheel in wheels)}: no {missing[0].rpartition('/')[2]} inside")
    return count


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        wheel, into = pathlib.Path(folder, "a.whl"), pathlib.Path(folder, "out")
        with zipfile.ZipFile(wheel, "w") as archive:
            for name in ["torch/lib/libtorch_cpu.so", "torch/lib/libc10.so", "torch/lib/libtorch_cuda.so", "torch/a.py",
                         "torch/include/torch/csrc/api/include/torch/torch.h", "torch/include/google/b.h",
                         "torch/include/ATen/../../../../c.h"]:
                archive.writestr(name, name)
        try:
            unpack([wheel], into)
            raise AssertionError("a member outside of the folder was unpacked")
        except SystemExit as refusal:
            assert "would lie outside" in str(refusal), refusal
        shutil.rmtree(into, ignore_errors=True)
        with zipfile.ZipFile(wheel, "w") as archive:
            for name in ["torch/lib/libtorch_cpu.so", "torch/lib/libc10.so", "torch/lib/libtorch_cuda.so",
                         "torch/include/torch/csrc/api/include/torch/torch.h", "torch-2.0.dist-info/licenses/LICENSE"]:
                archive.writestr(name, name)
        assert unpack([wheel], into) == 4
        assert not (into / "lib/libtorch_cuda.so").exists() and (into / "licenses/LICENSE").is_file()
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("torch/lib/libc10.so", "")
        try:
            unpack([wheel], pathlib.Path(folder, "other"))
            raise AssertionError("a wheel without libtorch_cpu.so passed")
        except SystemExit as refusal:
            assert "no libtorch_cpu.so inside" in str(refusal), refusal
    print("self-test passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", nargs="*", type=pathlib.Path)
    parser.add_argument("--into", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    if not arguments.wheels or arguments.into is None:
        parser.error("give --into FOLDER and the wheels")
    print(f"   {unpack(arguments.wheels, arguments.into)} files in {arguments.into}")


if __name__ == "__main__":
    main()
