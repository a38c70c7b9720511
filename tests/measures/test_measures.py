"""What the measures find in small made-up packages."""

import contextlib
import io
import unittest

import measures
from imports import Package, circles
from source import Source, is_for_tests

MANIFEST = {"package": {"name": "made-up"}}


def package(files, manifest=MANIFEST, folder="", libraries={}):
    sources = [Source(f"{folder}src/{path}", text.encode()) for path, text in files.items()]
    return Package(folder, manifest, sources, libraries)


def imports(files, for_tests=False):
    """Who imports whom, up or down, in short."""
    found = [each for each in package({"lib.rs": "", **files}).imports if each.for_tests == for_tests]
    short = {f"{each.importer} {'^' if each.runs_up else '>'} {each.imported}" for each in found}
    return sorted(each.replace("src/", "").replace(".rs", "") for each in short)


class Imports(unittest.TestCase):
    def test_go_to_the_last_module_that_is_named(self):
        files = {"lib.rs": "mod a; mod b;", "b.rs": "mod c;", "b/c.rs": "pub struct X;"}
        for text in ("use crate::b::c::X;", "use super::b::c;", "use crate::{b::{c::{self, X}}};",
                     "use super::b::c::*;",
                     "use crate::b::c as d;", "fn f() { crate::b::c::f() }", "fn f(x: super::b::c::X) {}",
                     "fn f() { println!(\"{}\", 1 + super::b::c::F(2)) }", "impl super::b::c::T for X {}",
                     "fn f() { g::<crate::b::c::X>() }", "fn f() { <u8 as crate::b::c::T>::f() }",
                     "mod inner { use super::super::b::c::X; }", "mod inner { fn f() { crate::b::c::F } }"):
            self.assertEqual(imports({**files, "a.rs": text}), ["a > b/c"], text)

    def test_are_found_behind_the_names_that_a_use_has_brought(self):
        files = {"lib.rs": "mod a; mod b;", "b/mod.rs": "pub mod c;", "b/c.rs": "pub mod d { pub fn f() {} }"}
        text = "use crate::b; use b::c as e; fn f() { e::d::f() }"
        self.assertEqual(imports({**files, "a.rs": text}), ["a > b/c", "a > b/mod"])
        self.assertEqual(imports({**files, "a.rs": "use crate::*; fn f() { b::c::f() }"}), ["a > b/c", "a ^ lib"])

    def test_are_no_declarations_visibilities_and_other_crates_paths(self):
        text = "mod b; pub(in crate::b) struct X; use std::b::Y; fn f() { ::b::f(); self.b::<u8>(); x::b::y() }"
        self.assertEqual(imports({"lib.rs": "mod a; mod b;", "a.rs": text, "a/b.rs": "//! crate::b", "b.rs": ""}), [])

    def test_of_a_parent_by_its_child_run_up(self):
        for text in ("use super::X;", "use crate::a::X;", "fn f() { super::g() }", "fn f() { vec![super::X] }",
                     "use super::*;", "mod inner { use super::super::X; }"):
            files = {"lib.rs": "mod a;", "a/mod.rs": "mod b; struct X; fn g() {}", "a/b.rs": text}
            self.assertEqual(imports(files), ["a/b ^ a/mod"], text)
        self.assertEqual(imports({"lib.rs": "mod a;", "a.rs": "use crate::X;"}), ["a ^ lib"])

    def test_of_a_child_by_its_parent_run_down(self):
        files = {"lib.rs": "mod a; use a::X; pub use a::Y; fn f() { a::b::g() }", "a.rs": "pub mod b;", "a/b.rs": ""}
        self.assertEqual(imports(files), ["lib > a", "lib > a/b"])

    def test_against_the_order_of_a_map_run_up(self):
        lib = "//! # The map\n//!\n//! ```text\n//!   top     what is\n//!           on top\n//!   bottom  b\n//! ```\n"
        files = {"lib.rs": lib + "mod bottom; mod top;", "top.rs": "use crate::bottom::x::X;", "bottom.rs": "mod x;"}
        self.assertEqual(imports({**files, "bottom/x.rs": "use crate::top::Y;"}), ["bottom/x ^ top", "top > bottom/x"])
        self.assertEqual(package({**files, "bottom/x.rs": ""}).faults, [])
        incomplete = lib + "mod bottom; mod new; mod top;"
        found = package({**files, "lib.rs": incomplete, "new.rs": "use crate::top::X;", "bottom/x.rs": ""})
        self.assertEqual(found.faults, ["src/lib.rs has no new on its map"])
        self.assertFalse(any(each.runs_up for each in found.imports))
        self.assertEqual(package({"lib.rs": lib + "mod top;", "top.rs": ""}).faults,
                         ["src/lib.rs has bottom on its map, which is not there"])

    def test_between_crates_run_down(self):
        library = package({"lib.rs": "pub mod a;", "a.rs": ""}).libraries
        manifest = {"package": {"name": "other"}, "bench": [{"path": "src/b.rs"}]}
        found = package({"b.rs": "mod c; use made_up::a::X;", "c.rs": "use made_up::Y;"}, manifest, "other/", library)
        self.assertEqual([(each.importer, each.imported, each.runs_up) for each in found.imports],
                         [("other/src/b.rs", "src/a.rs", False), ("other/src/c.rs", "src/lib.rs", False)])

    def test_of_a_program_beside_its_library(self):
        files = {"lib.rs": "pub mod a;", "a.rs": "", "main.rs": "use made_up::a::X;", "bin/b.rs": "use made_up::Y;"}
        self.assertEqual(imports(files), ["bin/b > lib", "main > a"])

    def test_for_tests_are_told_apart(self):
        files = {"lib.rs": "mod a;", "a.rs": "mod b;"}
        for text in ("#[cfg(test)] mod tests { use super::super::X; }", "#[test] fn f() { super::X }",
                     "#[cfg(all(test, not(model)))]\n/// What is not model-checked.\nuse super::X;",
                     "fn f() { g(S { #[cfg(test)] x: super::X, y: 1 }) }", "#![cfg(test)] use std::fmt; use super::X;"):
            self.assertEqual(imports({**files, "a/b.rs": text}), [], text)
            self.assertEqual(imports({**files, "a/b.rs": text}, True), ["a/b ^ a"], text)
        files = {"lib.rs": "mod a;", "a.rs": "#[cfg(test)] mod b;", "a/b.rs": "mod c;", "a/b/c.rs": "use crate::a::X;"}
        self.assertEqual((imports(files), imports(files, True)), ([], ["a/b/c ^ a"]))
        self.assertEqual(package(files).tested, {"src/a/b.rs", "src/a/b/c.rs"})
        for text in ("#[cfg(not(test))] use super::X;", "#[cfg(test)] fn f() {} fn g() { super::X }"):
            self.assertEqual(imports({"lib.rs": "mod a;", "a.rs": text}), ["a ^ lib"], text)

    def test_of_a_file_that_no_module_declares_are_missed_and_that_is_said(self):
        found = package({"lib.rs": "mod a;", "b.rs": "use crate::X;"})
        self.assertEqual(found.faults, ["src/lib.rs declares a, which is not there", "src/b.rs is of no crate"])


class Circles(unittest.TestCase):
    def test_are_files_that_each_lead_to_all_the_others(self):
        files = {"lib.rs": "mod a; mod b; mod c; mod d; mod e;", "a.rs": "use super::b::X;",
                 "b.rs": "fn f() { super::c::g() }", "c.rs": "use crate::{a::{Y, Z}, d::W};",
                 "d.rs": "use crate::e::V;", "e.rs": ""}
        self.assertEqual(list(circles(package(files).imports)), [
            (["src/a.rs", "src/b.rs", "src/c.rs"],
             ["src/a.rs -> src/b.rs: X", "src/b.rs -> src/c.rs: g", "src/c.rs -> src/a.rs: Y, Z"])])
        self.assertEqual(list(circles(package({**files, "c.rs": ""}).imports)), [])

    def test_are_two_if_they_do_not_touch(self):
        files = {"lib.rs": "mod a; mod b; mod c; mod d;", "a.rs": "use super::b::X; use super::c::X;",
                 "b.rs": "use super::a::X;", "c.rs": "use super::d::X;", "d.rs": "use super::c::X;"}
        found = [found for found, _ in circles(package(files).imports)]
        self.assertEqual(found, [["src/a.rs", "src/b.rs"], ["src/c.rs", "src/d.rs"]])


class Faults(unittest.TestCase):
    UP = {"lib.rs": "mod a;", "a.rs": "use super::X;"}
    CIRCLE = {"lib.rs": "mod a; mod b;", "a.rs": "use super::b::X;", "b.rs": "use super::a::X;"}

    def faults(self, files, awaited=()):
        measures.AWAITED, before = list(awaited), measures.AWAITED
        self.addCleanup(setattr, measures, "AWAITED", before)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            found = list(measures.faults_of_imports(package(files), ""))
        return found, printed.getvalue()

    def test_an_import_that_runs_up_is_one(self):
        found, printed = self.faults(self.UP)
        self.assertEqual(len(found), 1)
        self.assertIn("UP: src/a.rs:1 imports src/lib.rs (super::X)\n", printed)

    def test_a_circle_is_one(self):
        found, printed = self.faults(self.CIRCLE)
        self.assertEqual(len(found), 1)
        self.assertIn("CIRCLE: src/a.rs, src/b.rs\n", printed)

    def test_imports_down_are_none(self):
        self.assertEqual(self.faults({"lib.rs": "mod a; use a::X;", "a.rs": ""})[0], [])

    def test_what_is_awaited_may_not_become_more(self):
        for files, up, circling in ((self.UP, 1, 0), (self.CIRCLE, 0, 2)):
            self.assertEqual(self.faults(files, [measures.Awaited("src/", up, circling)])[0], [])
            self.assertEqual(len(self.faults(files, [measures.Awaited("src/", 0, 1)])[0]), 1)
            self.assertEqual(len(self.faults(files, [measures.Awaited("src/c", up, circling)])[0]), 1)


class Lines(unittest.TestCase):
    def test_are_counted_by_what_is_in_them(self):
        text = b'//! A\n\nfn f() { // b\n    "\n\n"\n}\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n/* c\n*/\n'
        source = Source("a.rs", text)
        self.assertEqual((source.lines, source.code, source.own, source.comments), (13, 9, 5, 3))
        self.assertEqual(source.functions, [(5, "a.rs:3 f", False), (1, "a.rs:10 g", True)])

    def test_what_is_there_for_tests(self):
        for condition in ("test", "all(unix, test)", "not(any(test, not(test)))", "any(test, all(test, unix))"):
            self.assertTrue(is_for_tests(f"#[cfg({condition})]"), condition)
        for condition in ("any(test, unix)", "not(test)", 'feature = "test"', "not(all(test, unix))"):
            self.assertFalse(is_for_tests(f"#[cfg({condition})]"), condition)
        self.assertTrue(is_for_tests("#[test]"))
        self.assertFalse(is_for_tests("#[derive(Debug)]"))


if __name__ == "__main__":
    unittest.main()
