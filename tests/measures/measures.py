"""Measures Rust files by their syntax trees: measures.py FILE..."""

import statistics
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from imports import Package, circles
from source import Source

FUNCTION_MAX = 60
FILE_MAX = 400
MEDIAN_MAX = 10
# The folders of the packages whose imports run down, each behind those that it needs.
PACKAGES = ["", "benches/"]


class Part(NamedTuple):
    name: str
    most: int
    # What it has today, where that is more: it may only fall.
    today: int
    within: tuple
    without: tuple = ()

    def has(self, path):
        return path.startswith(self.within) and not path.startswith(self.without)


TRACE = ("src/trace", "src/conversation", "src/server/tracer")
CLIENT = ("src/client/",)
LINK = ("src/server/link/",)
# How many lines of code the parts of the house may have, tests apart.
PARTS = [
    Part("the protocol", 1400, 1494, ("src/protocol/",)),
    Part("the room", 800, 1358, ("src/server/room/",)),
    Part("the link to other servers", 900, 0, LINK),
    Part("the other end", 450, 1006, CLIENT),
    Part("all but page, trace, link and the other end", 5200, 6350, ("src/",), (*TRACE, *LINK, *CLIENT)),
]


class Awaited(NamedTuple):
    """What is still to be mended: it may only become less."""

    within: str
    up: int  # imports
    circling: int  # files in circles


AWAITED = [
    Awaited("src/server/room/", 17, 6),
]


def print_files(sources):
    print(f"{'lines':>6} {'code':>6} {'comments':>9}")
    for source in sources:
        print(f"{source.lines:6} {source.code:6} {source.comments:9}  {source.path}")


def print_directories(sources):
    code, comments = Counter(), Counter()
    for source in sources:
        for directory in Path(source.path).parents:
            code[directory] += source.code
            comments[directory] += source.comments
    print(f"\n{'code':>6} {'comments':>9} {'share':>6}")
    for directory in sorted(code):
        share = comments[directory] / max(1, code[directory] + comments[directory])
        print(f"{code[directory]:6} {comments[directory]:9} {share:6.0%}  {directory}/")


def faults_of_size(sources, own):
    """Those of single functions and files. `own`: the files in src/ that are not there for tests alone."""
    functions = sorted((each for source in sources for each in source.functions), reverse=True)
    lengths = [length for source in own for length, _, for_tests in source.functions if not for_tests]
    median = statistics.median(lengths)
    print(f"\n{len(functions)} functions; the median of the {len(lengths)} in src/ has {median:g} lines; the longest:")
    for length, name, _ in functions[:5]:
        print(f"{length:6}  {name}")
    yield from (f"{name}: {length} lines in a function" for length, name, _ in functions if length > FUNCTION_MAX)
    yield from (f"{s.path}: {s.lines} lines in a file" for s in sources if s.lines > FILE_MAX)
    if median >= MEDIAN_MAX:
        yield f"the median function has {median:g} lines"


def faults_of_parts(own):
    print(f"\n{'code':>6} {'most':>6}  tests apart")
    for part in PARTS:
        lines = sum(source.own for source in own if part.has(source.path))
        over = f": OVER, by {lines - part.most}" if lines > part.most else ""
        print(f"{lines:6} {part.most:6}  {part.name}{over}")
        if lines > max(part.most, part.today):
            yield f"{part.name}: {lines} lines of code"
        elif lines < part.today:
            print(f"{'':15}which were {part.today}: its ceiling may come down")


def faults_of_imports(package, folder):
    own = [each for each in package.imports if not each.for_tests]
    tests_up = sum(each.runs_up for each in package.imports if each.for_tests)
    up, in_circles = [each for each in own if each.runs_up], list(circles(own))
    print(f"\n{len(own)} imports in {folder}src/: {len(up)} run up, {len(in_circles)} circles")
    print(f"{len(package.imports) - len(own)} more for tests alone: {tests_up} look up")
    for each in up:
        print(f"UP: {each}")
    for files, ties in in_circles:
        print(f"CIRCLE: {', '.join(files)}", *ties, sep="\n  ")
    yield from package.faults
    up, circling = [each.importer for each in up], [file for files, _ in in_circles for file in files]
    for within, most_up, most_circling in [*AWAITED, Awaited("", 0, 0)]:
        up_here, circling_here = ([file for file in files if file.startswith(within)] for files in (up, circling))
        if len(up_here) > most_up or len(circling_here) > most_circling:
            yield f"{within or folder}: {len(up_here)} imports run up, {len(circling_here)} files are in circles"
        up, circling = ([file for file in files if not file.startswith(within)] for files in (up, circling))


def main(paths):
    sources = [Source(path, Path(path).read_bytes()) for path in sorted(set(paths))]
    assert any(source.path == "src/lib.rs" for source in sources), "this is not the house"
    print_files(sources)
    print_directories(sources)
    found, libraries, tested = [], {}, set()
    for folder in PACKAGES:
        manifest = tomllib.loads(Path(folder, "Cargo.toml").read_text())
        package = Package(folder, manifest, [s for s in sources if s.path.startswith(f"{folder}src/")], libraries)
        libraries |= package.libraries
        tested |= package.tested
        found += faults_of_imports(package, folder)
    own = [source for source in sources if source.path.startswith("src/") and source.path not in tested]
    found += [*faults_of_size(sources, own), *faults_of_parts(own)]
    for fault in found:
        print(f"FAULT: {fault}", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
