"""Measures Rust files by their syntax tree: measures.py FILE..."""

import statistics
import sys
from collections import Counter
from pathlib import Path

import tree_sitter_rust
from tree_sitter import Language, Parser

FUNCTION_MAX = 60
FILE_MAX = 400
MEDIAN_MAX = 10
# What is in src/ for tests alone.
TESTS_WITHIN = {"tests", "tests.rs", "model", "model.rs"}

PARSER = Parser(Language(tree_sitter_rust.language()))


class Source:
    def __init__(self, path):
        self.path, text = path, Path(path).read_bytes()
        self.lines, self.functions = text.count(b"\n"), []
        code, comments = set(), set()
        self.walk(PARSER.parse(text).root_node, code, comments)
        self.code, self.comments = len(code), len(comments - code)

    def walk(self, node, code, comments):
        first, last = node.start_point.row, node.end_point.row
        assert node.type != "ERROR", f"{self.path}:{first + 1}: not understood"
        if node.type in ("line_comment", "block_comment"):
            # A doc comment's node ends at the beginning of the next line.
            comments.update(range(first, max(first + 1, last + (node.end_point.column > 0))))
            return
        if node.type == "function_item":
            name = node.child_by_field_name("name").text.decode()
            self.functions.append((last - first + 1, f"{self.path}:{first + 1} {name}"))
        if not node.children and first <= last:
            code.update(range(first, last + 1))
        for child in node.children:
            self.walk(child, code, comments)

    def is_part_of(self, whole):
        return self.path.startswith(whole) and TESTS_WITHIN.isdisjoint(Path(self.path).parts)


def print_wholes(sources):
    for whole in ("src/protocol/", "src/"):
        code = sum(source.code for source in sources if source.is_part_of(whole))
        print(f"{code} lines of code in {whole}, tests apart")


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


def faults(sources):
    functions = sorted((f for source in sources for f in source.functions), reverse=True)
    own = [len for source in sources if source.is_part_of("src/") for len, _ in source.functions]
    median = statistics.median(own)
    print(f"\n{len(functions)} functions; the median of the {len(own)} in src/ has {median:g} lines; the longest:")
    for length, name in functions[:5]:
        print(f"{length:6}  {name}")
    yield from (f"{name}: {length} lines in a function" for length, name in functions if length > FUNCTION_MAX)
    yield from (f"{s.path}: {s.lines} lines in a file" for s in sources if s.lines > FILE_MAX)
    if median >= MEDIAN_MAX:
        yield f"the median function has {median:g} lines"


sources = [Source(path) for path in sorted(sys.argv[1:])]
assert any(source.path == "src/lib.rs" for source in sources), "this is not the house"
print_files(sources)
print_directories(sources)
print_wholes(sources)
found = list(faults(sources))
for fault in found:
    print(f"TOO LARGE: {fault}", file=sys.stderr)
sys.exit(bool(found))
