# The house itself: layers.sh finds each kind of offence, the binary links nothing heavy, the scripts say no clearly.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess

from harness import BINARY, ROOT, SANITIZER, LakeTest, main, read, run, write

HEAD = "// planted.%s: a file with one fault.\n// SPDX-License-Identifier: Apache-2.0\n"
OFFENCES = {  # where, text, what the complaint must name
    "upward include": ("lib/lake/planted.cpp", '#include "tier/tier.hpp"\n', "lake is on floor 3, tier on floor 4"),
    "sideways include": ("lib/store/planted.cpp", '#include "lake/lake.hpp"\n', "store is on floor 3, lake on floor 3"),
    "sideways include of verbs": ("lib/tier/planted.cpp", '#  include "index/index.hpp"\n', "tier is on floor 4, index on floor 4"),
    "room without a floor": ("lib/attic/planted.cpp", '#include "base/file.hpp"\n', "attic stands on no floor"),
    "include of no room": ("lib/lake/planted.cpp", '#include "cellar/x.hpp"\n', "cellar is no room"),
    "fenced library": ("lib/lake/planted.cpp", "#include <yaml-cpp/yaml.h>\n", "stands in lib/config/* only"),
    "fenced library in base": ("lib/base/file_planted.cpp", "#include <curl/curl.h>\n", "stands in lib/base/http* only"),
    "deleting": ("lib/tier/planted.cpp", "void f() { ::unlink(\"x\"); }\n", "may delete or cut"),
    "deleting through the library": ("lib/index/planted.cpp", "void f() { std::filesystem::remove_all(p); }\n", "may delete or cut"),
    "deleting beneath a descriptor": ("lib/lake/planted.cpp", "void f() { if (::unlinkat(fd, n, 0)) g(); }\n", "may delete or cut"),
    "printing": ("lib/catalog/planted.cpp", "void f() { std::cerr << 1; }\n", "only apps prints"),
    "ending the process": ("lib/catalog/planted.cpp", "void f() { std::exit(1); }\n", "only apps prints"),
    "header that may come twice": ("lib/lake/planted.hpp", "int x();\n", "without #pragma once"),
}


class Layers(LakeTest):
    make_lake = False

    def setUp(self):
        super().setUp()
        self.tree = os.path.join(self.tmp, "tree")
        for folder in ("lib", "apps", "tests/layers.sh"):
            source, target = os.path.join(ROOT, folder), os.path.join(self.tree, folder)
            if os.path.isdir(source):
                shutil.copytree(source, target)
            else:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy(source, target)

    def layers(self):
        return run(["bash", os.path.join(self.tree, "tests/layers.sh")])

    def test_the_tree_keeps_to_its_floors(self):
        result = self.layers()
        self.assertEqual(0, result.rc, str(result))

    def test_each_kind_of_offence_is_found_and_its_line_named(self):
        for name, (path, text, complaint) in OFFENCES.items():
            with self.subTest(name):
                planted = os.path.join(self.tree, path)
                fresh = not os.path.isdir(os.path.dirname(planted))
                write(planted, HEAD % path.rsplit(".", 1)[1] + text)
                result = self.layers()
                os.unlink(planted)
                if fresh:
                    os.rmdir(os.path.dirname(planted))
                self.assertEqual(1, result.rc, str(result))
                self.assertIn(complaint, result.out)
                self.assertIn(path + ":", result.out)

    def test_the_first_two_lines_are_purpose_and_licence(self):
        path = os.path.join(self.tree, "lib/lake/planted.cpp")
        for text in ("int x;\n", "// planted.cpp: a purpose.\nint x;\n"):
            write(path, text)
            result = self.layers()
            self.assertEqual(1, result.rc, str(result))
            self.assertIn("lib/lake/planted.cpp:", result.out)

    def test_comments_and_words_are_no_offence(self):
        write(os.path.join(self.tree, "lib/lake/planted.cpp"), HEAD % "cpp" +
              '// never unlink(this)\nconst char* k_text = "run: rmdir(x) or printf(y)";\nvoid f() { list.remove(x); m.truncate(3); }\n')
        result = self.layers()
        self.assertEqual(0, result.rc, str(result))


class Binary(LakeTest):
    make_lake = False

    def test_heavy_libraries_are_not_linked(self):
        linked = run(["ldd", BINARY]).out
        self.assertIn("libc.so", linked)
        with open(os.path.join(os.environ["NEUROLAKE_BUILD_DIR"], "CMakeCache.txt"), encoding="utf-8") as cache:
            for_tests = SANITIZER or "CMAKE_BUILD_TYPE:STRING=Debug" in cache.read()  # these link the shared fmt
        heavy = ["curl", "libpq", "duckdb", "sqlite", "libcrypto", "yaml-cpp"] + ([] if for_tests else ["fmt"])
        for name in heavy:
            self.assertNotIn(name, linked)

    def test_a_short_command_loads_no_http_client(self):
        self.nl("init", self.lake)
        maps = subprocess.run(["strace", "-f", "-qq", "-e", "trace=openat", "-e", "signal=none", BINARY, "bucket", "list"],
                              env=self.environment({"ASAN_OPTIONS": "detect_leaks=0"}), capture_output=True)
        self.assertIn(b"libc.so", maps.stderr)
        self.assertNotIn(b"libcurl", maps.stderr)


class Scripts(LakeTest):
    make_lake = False

    def script(self, name, *args, **more):
        return run([os.path.join(ROOT, name), *args], env=self.environment({"NEUROLAKE_HOME": None}), cwd=self.tmp, **more)

    def test_each_explains_itself(self):
        for name in ("tools/quickstart", "tools/install-deps"):
            result = self.script(name, "--help")
            self.assertEqual(0, result.rc, str(result))
            self.assertIn("Usage: " + name, result.out)

    def test_words_they_do_not_know_are_refused(self):
        for name, words in (("tools/quickstart", ["--nonsense"]), ("tools/quickstart", ["a", "b"]), ("tools/install-deps", ["nonsense"]),
                            (".ci/run", ["nonsense"])):
            result = self.script(name, *words)
            self.assertEqual(2, result.rc, str(result))
            self.assertIn("nonsense" if "nonsense" in words[0] else "one folder", result.err)

    def test_what_only_root_may_install_is_printed_for_root(self):
        """As an ordinary user, without sudo, with a package database that knows nothing."""
        copy = write(os.path.join(self.tmp, "install-deps"), read(os.path.join(ROOT, "tools/install-deps")), mode=0o755)
        empty = write(os.path.join(self.tmp, "bin/dpkg-query"), "#!/bin/sh\nexit 1\n", mode=0o755)
        write(os.path.join(self.tmp, "bin/sudo"), "#!/bin/sh\nexit 1\n", mode=0o755)
        path = os.path.dirname(empty) + ":" + os.environ["PATH"]
        listed = run([copy, "--list", "build"], env=self.environment({"PATH": path}))
        self.assertEqual(1, listed.rc, str(listed))
        self.assertIn("libyaml-cpp-dev", listed.out.split())
        if os.getuid() == 0:
            result = run([copy, "build"], env=self.environment({"PATH": path}), uid=self.as_nobody_here())
            self.assertEqual(1, result.rc, str(result))
            self.assertRegex(result.err, r"apt-get install -y --no-install-recommends .*libyaml-cpp-dev")

    def as_nobody_here(self):
        os.chmod(self.tmp, 0o755)
        return 65534


if __name__ == "__main__":
    main()
