"""The imports of a package's files: which of them run up, and which in a circle.

An import is a path in a `use`, an expression, a type or a macro's arguments. It goes from its file to the file of the
last module that it names: `use super::log::Log` to `log.rs`, `use super::Log` to the `mod.rs` that declares `log`. A
`mod log;` is no import.

An import runs *up* if it goes

1. to the file that declares the importing one, or to one that declares that: a `mod.rs` is above all in its folder; or
2. from what stands on a map to what stands above it there. A map is a list in a file's documentation, under
   `# The map`: all modules that it declares, from top to bottom. What is in a folder stands where the folder does.

What no map orders may be in any order, but not in a *circle*: files that each lead to all the others. What is compiled
for tests alone may look up.
"""

from pathlib import PurePosixPath
from typing import NamedTuple


class Import(NamedTuple):
    importer: str
    line: int
    imported: str
    names: str
    for_tests: bool
    runs_up: bool

    def __str__(self):
        return f"{self.importer}:{self.line} imports {self.imported} ({self.names})"


class Node:
    """A module in the tree of a crate."""

    def __init__(self, name, source, parent=None, for_tests=False):
        self.name, self.source, self.parent, self.for_tests = name, source, parent, for_tests
        self.children, self.aliases = {}, {}

    def is_inline(self):
        return bool(self.parent) and self.parent.source is self.source

    def folder(self):
        """Where the files are of the modules that it declares."""
        path = PurePosixPath(self.source.path)
        if self.is_inline():
            return self.parent.folder() / self.name
        return path.with_suffix("") if self.parent and path.name != "mod.rs" else path.parent

    def lineage(self):
        """The modules that are whole files, from the root to this one."""
        above = self.parent.lineage() if self.parent else []
        return above if self.is_inline() else [*above, self]

    def within(self, scope):
        return self.children[scope[0]].within(scope[1:]) if scope else self

    def known(self, name):
        return self.children.get(name) or self.aliases.get(name)

    def find(self, names, crates):
        """The last module that a path names, if it names one of these, and what it names there."""
        first, *rest = names
        here = {"crate": self.lineage()[0], "super": self.parent, "self": self}
        found = here[first] if first in here else self.known(first) or crates.get(first)
        while found and rest and (further := found.parent if rest[0] == "super" else found.known(rest[0])):
            found, rest = further, rest[1:]
        return found, rest


class Package:
    """All crates of a package. `libraries`: those of other packages, by the names of their crates."""

    def __init__(self, folder, manifest, sources, libraries):
        self.sources = {source.path: source for source in sources}
        self.libraries, self.nodes, self.faults = dict(libraries), {}, []
        for path in self._roots(PurePosixPath(folder), manifest):
            root = self._grow(Node("crate", self.sources[path]))
            if PurePosixPath(path).name == "lib.rs":
                self.libraries[manifest["package"]["name"].replace("-", "_")] = root
        self.faults += [f"{path} is of no crate" for path in sorted(self.sources.keys() - self.nodes.keys())]
        # The files that are there for tests alone.
        self.tested = {path for path, node in self.nodes.items() if node.for_tests}
        mentions = [(node, path) for node in self.nodes.values() for path in node.source.paths]
        # By a module that one `use` brings, another may name what it brings.
        while any([self._bind(node, path) for node, path in mentions]):
            pass
        for node in self.nodes.values():
            self.faults += self._faults_of_map(node)
        self.imports = sorted({found for node, path in mentions if (found := self._import(node, path))})

    def _roots(self, folder, manifest):
        targets = manifest.get("bin", []) + manifest.get("bench", [])
        named = {str(folder / target["path"]) for target in targets if "path" in target}
        usual = {str(folder / "src/lib.rs"), str(folder / "src/main.rs")}
        programs = {path for path in self.sources if PurePosixPath(path).parent == folder / "src/bin"}
        return sorted((named | usual | programs) & self.sources.keys())

    def _grow(self, node):
        self.nodes[node.source.path] = node
        for module in node.source.modules:
            around, for_tests = node.within(module.scope), node.for_tests or module.for_tests
            source = node.source if module.is_inline else self._file(around.folder(), module.name)
            if not source:
                self.faults.append(f"{node.source.path} declares {module.name}, which is not there")
                continue
            around.children[module.name] = child = Node(module.name, source, around, for_tests)
            if not module.is_inline:
                self._grow(child)
        return node

    def _file(self, folder, name):
        paths = str(folder / f"{name}.rs"), str(folder / name / "mod.rs")
        return next((self.sources[path] for path in paths if path in self.sources), None)

    def _bind(self, node, path):
        """Notes which modules a `use` brings into its scope; whether that is news."""
        scope = node.within(path.scope)
        found, rest = scope.find(path.names, self.libraries) if path.bound else (None, [])
        if not found or rest:
            return False
        brought = {**found.children, **found.aliases} if path.bound == "*" else {path.bound: found}
        before = len(scope.aliases)
        scope.aliases |= brought
        return len(scope.aliases) > before

    def _import(self, node, path):
        found, _ = node.within(path.scope).find(path.names, self.libraries)
        if not found or found.source is node.source:
            return None
        for_tests, up = node.for_tests or path.for_tests, runs_up(node.lineage(), found.lineage())
        return Import(node.source.path, path.line, found.source.path, "::".join(path.names), for_tests, up)

    def _faults_of_map(self, node):
        order = node.source.map()
        there = {child.name for child in node.children.values() if not (child.is_inline() or child.for_tests)}
        yield from (f"{node.source.path} has {name} twice on its map" for name in set(order) if order.count(name) > 1)
        for name in sorted(set(order) - there):
            # Beside a library there may be a program.
            if not self._file(node.folder(), name):
                yield f"{node.source.path} has {name} on its map, which is not there"
        yield from (f"{node.source.path} has no {name} on its map" for name in sorted(there - set(order)) if order)


def runs_up(importer, imported):
    """By lineages; see above. What is of another crate is below: Cargo knows no circles between crates."""
    common = [node for node, other in zip(importer, imported) if node is other]
    if not common or common == importer:
        return False
    if common == imported:
        return True
    # What is missing on a map is a fault of its own, and has no place there.
    order, at = common[-1].source.map(), len(common)
    places = [order.index(lineage[at].name) for lineage in (imported, importer) if lineage[at].name in order]
    return len(places) == 2 and places[0] < places[1]


def circles(imports):
    """Lists of files that each lead to all the others, and for each what ties them: a text for each two."""
    onward, names = {}, {}
    for each in imports:
        onward.setdefault(each.importer, set()).add(each.imported)
        names.setdefault((each.importer, each.imported), set()).add(each.names.split("::")[-1])
    leads_to = {file: reached(file, onward) for file in onward}
    found = {frozenset(other for other in leads_to[file] if file in leads_to.get(other, ())) for file in onward}
    for files in sorted(map(sorted, filter(None, found))):
        ties = [tie for tie in names if set(tie) <= set(files)]
        yield files, [f"{' -> '.join(tie)}: {', '.join(sorted(names[tie]))}" for tie in ties]


def reached(file, onward):
    seen, ahead = set(), [file]
    while ahead:
        new = onward.get(ahead.pop(), set()) - seen
        seen |= new
        ahead += new
    return seen
