"""Check what is in a wheel and an sdist: ``python .ci/check_dist.py <folder>``."""

import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

MOST_BYTES = 1_500_000


def check_wheel(path: Path) -> None:
    """Check that a wheel holds the package and nothing else, and little of it."""
    with zipfile.ZipFile(path) as wheel:
        sizes = {info.filename: info.file_size for info in wheel.infolist()}
        metadata = next(name for name in sizes if name.endswith(".dist-info/METADATA"))
        requirements = message_from_bytes(wheel.read(metadata)).get_all("Requires-Dist", [])
    roots = {name.split("/")[0] for name in sizes}
    assert roots == {"sknumpynet", metadata.split("/")[0]}, f"a wheel has more in it: {roots}"
    for name in ("py.typed", "export/c/functions.c"):
        assert f"sknumpynet/{name}" in sizes, f"{name} is not in the wheel"
    assert not any("test" in name for name in sizes), "tests are in the wheel"
    # As `test_the_package_is_small` counts: without the wheel's own record and README.
    total = sum(size for name, size in sizes.items() if name.startswith("sknumpynet/"))
    assert total < MOST_BYTES, f"{total:,} bytes of package, {MOST_BYTES:,} are the most"
    needed = sorted(line.split(">")[0] for line in requirements if "extra ==" not in line)
    assert needed == ["joblib", "numpy", "scikit-learn", "scipy", "threadpoolctl"], needed
    print(f"{path.name}: {len(sizes)} files, {total / 1e6:.2f} MB of package, needs {needed}")


def check_sdist(path: Path) -> None:
    """Check that an sdist has what its tests read."""
    with tarfile.open(path) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    for name in (
        ".ci/run",
        "LICENSE",
        "README.md",
        "benchmarks/timing.py",
        "docs/conf.py",
        "pyproject.toml",
        "sknumpynet/py.typed",
        "tests/conftest.py",
    ):
        assert name in names, f"{name} is not in the sdist"
    made = [name for name in names if "__pycache__" in name or name.startswith("docs/gallery")]
    assert not made, f"the sdist has files that were made: {made[:3]}"
    print(f"{path.name}: {len(names)} files")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (wheel_path,) = folder.glob("*.whl")
    (sdist_path,) = folder.glob("*.tar.gz")
    check_wheel(wheel_path)
    check_sdist(sdist_path)
