"""One Rust file, by its syntax tree: its lines, its functions, the modules it declares and the paths it names.

What is compiled for tests alone (`#[cfg(test)]`, `#[test]`) is told apart from the rest.
"""

import re
from typing import NamedTuple

import tree_sitter_rust
from tree_sitter import Language, Parser

PARSER = Parser(Language(tree_sitter_rust.language()))
COMMENTS = {"line_comment", "block_comment"}
ATTRIBUTES = {"attribute_item", "inner_attribute_item"}
# Among their children an attribute is of the next one, in every other node of all that follow.
LISTS = {"source_file", "declaration_list", "block", "field_declaration_list", "enum_variant_list", "parameters"}
# What a path is made of, and where names are no path to anything that is used.
NAMES = {"identifier", "type_identifier", "crate", "super", "self"}
NO_PATHS = ATTRIBUTES | {"use_declaration", "visibility_modifier"}
MAP = re.compile(r"^# The map\n+```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Module(NamedTuple):
    """`mod name;`, or `mod name { … }`."""

    scope: tuple  # the names of the modules around it, in this file
    name: str
    is_inline: bool
    for_tests: bool


class Path(NamedTuple):
    """`crate::a::b`, wherever it stands."""

    scope: tuple
    names: tuple
    line: int
    for_tests: bool
    bound: str | None = None  # what a `use` calls it; "*" for all that is in it


class Leaf(NamedTuple):
    """A token."""

    node: object
    scope: tuple
    for_tests: bool
    kind: str  # "n": a name, ":": two colons, ".": anything else


class Source:
    def __init__(self, path, text):
        self.path, self.lines, self.doc = path, text.count(b"\n"), ""
        self.functions, self.modules, self.paths = [], [], []
        self._leaves, self._comments = [], set()
        self._walk(PARSER.parse(text).root_node, (), False, True)
        self._find_paths()
        code = {row for leaf in self._leaves for row in rows(leaf.node)}
        own = {row for leaf in self._leaves if not leaf.for_tests for row in rows(leaf.node)}
        self.code, self.own, self.comments = len(code), len(own), len(self._comments - code)

    def map(self):
        """What is on the map in the file's documentation, from top to bottom. A line's rest is indented further."""
        found = MAP.search(self.doc)
        lines = [line for line in found[1].splitlines() if line.strip()] if found else []
        margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
        return [line.split()[0] for line in lines if not line[margin].isspace()]

    def _walk(self, node, scope, for_tests, has_paths):
        line = node.start_point.row + 1
        assert node.type != "ERROR", f"{self.path}:{line}: not understood"
        if node.type in COMMENTS:
            self._comments.update(rows(node))
            if node.text.startswith(b"//!") and not scope:
                self.doc += node.text.decode().rstrip("\n").removeprefix("//!").removeprefix(" ") + "\n"
            return
        if node.type == "function_item":
            length = node.end_point.row - node.start_point.row + 1
            self.functions.append((length, f"{self.path}:{line} {field(node, 'name')}", for_tests))
        if node.type == "use_declaration":
            for names, bound in used(node.child_by_field_name("argument")):
                self.paths.append(Path(scope, names, line, for_tests, bound))
        if node.type == "mod_item":
            is_inline = node.child_by_field_name("body") is not None
            self.modules.append(Module(scope, field(node, "name"), is_inline, for_tests))
            scope = (*scope, field(node, "name"))
        if not node.children:
            kind = "n" if node.type in NAMES else ":" if node.type == "::" else "."
            self._leaves.append(Leaf(node, scope, for_tests, kind if has_paths else "."))
        attributed = False
        for child in node.children:
            if child.type in ATTRIBUTES and is_for_tests(child.text.decode()):
                attributed = True
                for_tests |= child.type == "inner_attribute_item"
            self._walk(child, scope, for_tests or attributed, has_paths and child.type not in NO_PATHS)
            if node.type in LISTS and child.type not in ATTRIBUTES | COMMENTS:
                attributed = False

    def _find_paths(self):
        """A path in a macro's arguments is no node of its own, so paths are found among the tokens."""
        for match in re.finditer("(?<!:)n(:n)+", "".join(leaf.kind for leaf in self._leaves)):
            names = tuple(leaf.node.text.decode() for leaf in self._leaves[match.start() : match.end() : 2])
            node, scope, for_tests, _ = self._leaves[match.start()]
            self.paths.append(Path(scope, names, node.start_point.row + 1, for_tests))


def rows(node):
    """A doc comment's node ends at the beginning of the next line."""
    first, end = node.start_point.row, node.end_point
    return range(first, max(first + 1, end.row + (end.column > 0)))


def field(node, name):
    found = node.child_by_field_name(name)
    return found.text.decode() if found else ""


def used(node, before=()):
    """The paths of a `use`, and what each is called from there on."""
    match node.type:
        case "scoped_identifier":
            names = (*before, *node.text.decode().replace(" ", "").split("::"))
            yield names, names[-1]
        case "scoped_use_list":
            path = field(node, "path")
            yield from used(node.child_by_field_name("list"), (*before, *path.split("::")) if path else before)
        case "use_list":
            for child in node.named_children:
                yield from used(child, before)
        case "use_as_clause":
            for names, _ in used(node.child_by_field_name("path"), before):
                yield names, field(node, "alias")
        case "use_wildcard":
            # In `a::{*}` there is nothing before it.
            yield next((names for child in node.named_children for names, _ in used(child, before)), before), "*"
        case "self" if before:
            yield before, before[-1]
        case _ if node.type not in COMMENTS:
            yield (*before, node.text.decode()), node.text.decode()


def is_for_tests(attribute):
    """Whether what has this attribute is there for tests alone."""
    if attribute.replace(" ", "") == "#[test]":
        return True
    condition = re.fullmatch(r"#!?\[cfg\((.*)\)\]", attribute, re.DOTALL)
    return bool(condition) and holds(re.findall(r'\w+|".*?"|[(),=]', condition[1])) is False


def holds(tokens):
    """Whether a condition holds where no tests are compiled: `None` where that depends on something else."""
    name = tokens.pop(0)
    if tokens[:1] == ["="]:
        del tokens[:2]
    if tokens[:1] != ["("]:
        return False if name == "test" else None
    parts = []
    while tokens.pop(0) != ")":
        if tokens[0] != ")":
            parts.append(holds(tokens))
    if name == "not":
        return None if parts[0] is None else not parts[0]
    decisive = name == "any"
    return decisive if decisive in parts else None if None in parts else not decisive
