# The documents are true: their commands run, their links lead somewhere, the README's screen is what really appears.
# SPDX-License-Identifier: Apache-2.0
import glob
import json
import os
import re
import shlex

from harness import ROOT, LakeTest, main, read, run, write

PAGES = sorted(glob.glob(os.path.join(ROOT, "docs", "**", "*.md"), recursive=True)) + [os.path.join(ROOT, "README.md")]
BLOCK = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GLOBAL_WITH_VALUE = ("--home", "--set", "--now", "--color")


def blocks(page, language):
    """[(words after the language, text)] of the fenced blocks in that language."""
    return [(words.split(), text) for found, words, text in BLOCK.findall(read(page).decode()) if found == language]


def short(page):
    return os.path.relpath(page, ROOT)


def masked(text):
    """Output with what differs from machine to machine and run to run made equal: numbers, sizes, times, spacing."""
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?|\d{4}-\d\d-\d\d", "TIME", text)
    text = re.sub(r"[0-9][0-9.,]*( ?([kKMGT]i?B|B|bytes|ms|s|min|h|days?|%))?", "#", text)
    return [re.sub(r"[\s-]+", " ", line).strip() for line in text.splitlines() if line.strip()]


class Docs(LakeTest):
    make_lake = False

    def in_shell(self, script):
        env = self.environment({"NEUROLAKE_HOME": None, "PATH": os.path.dirname(self.binary) + ":" + os.environ["PATH"], "NO_COLOR": "1"})
        return run(["bash", "-euo", "pipefail", "-c", script], env=env, cwd=self.home)

    def test_each_page_runs_from_top_to_bottom(self):
        ran = 0
        for page in PAGES:
            texts = [text for words, text in blocks(page, "sh") if "no-run" not in words]
            if not texts:
                continue
            with self.subTest(page=short(page)):
                self.home = os.path.join(self.tmp, "home of " + os.path.basename(page))
                os.mkdir(self.home)
                script = "\n".join("echo '@@ block %d' >&2\n%s" % (number, text) for number, text in enumerate(texts, 1))
                result = self.in_shell(script)
                self.assertEqual(0, result.rc, "%s\n%s" % (short(page), result))
                ran += len(texts)
        self.assertGreater(ran, 10, "the blocks were not found")

    def test_the_screens_shown_are_what_appears(self):
        """```console blocks: lines "$ command", then what it prints; numbers and times may differ."""
        shown = 0
        for page in PAGES:
            for _, text in blocks(page, "console"):
                with self.subTest(page=short(page)):
                    self.home = os.path.join(self.tmp, "screen %d" % shown)
                    os.mkdir(self.home)
                    self.make_orders(os.path.join(self.home, "orders"))
                    shown += 1
                    parts = re.split(r"^\$ (.*)$", text, flags=re.MULTILINE)[1:]
                    script = "".join("echo '@@ %d'\n%s\n" % (number, command) for number, command in enumerate(parts[::2]))
                    result = self.in_shell("exec 2>&1\n" + script)
                    self.assertEqual(0, result.rc, str(result))
                    printed = re.split(r"^@@ \d+$", result.out, flags=re.MULTILINE)[1:]
                    for command, expected, got in zip(parts[::2], parts[1::2], printed):
                        self.assertEqual(masked(expected), masked(got.replace(self.home, "~")), "$ %s\n%s" % (command, got))
        self.assertGreater(shown, 0, "the README shows no screen")

    def make_orders(self, folder):
        """What the screens start from: ~/orders, three years of monthly CSV files, long settled; and an empty ~/nas."""
        os.mkdir(os.path.join(self.home, "nas"))
        for year in (2022, 2023, 2024):
            for month in range(1, 13):
                rows = ("%d,%d-%02d-%02d,%05d,%d.50\n" % (n, year, month, n % 28 + 1, n * 37 % 99999, n % 90) for n in range(4000))
                write(os.path.join(folder, "year=%d" % year, "%02d.csv" % month), "order_id,day,zip,amount\n" + "".join(rows),
                      age_days=400 + (2024 - year) * 365 - month)

    def test_every_command_named_exists_with_the_options_named(self):
        """In blocks that are not run, and in the running text."""
        named = set()
        for page in PAGES:
            text = read(page).decode()
            for words, block in blocks(page, "sh") + blocks(page, ""):
                named.update((short(page), line) for line in re.findall(r"(?:^|[\s/(])neurolake ([a-z-][^\n|&;)#]*)", block))
            prose = BLOCK.sub("", text)
            named.update((short(page), line) for line in re.findall(r"`neurolake ([a-z-][^`|]*)`", prose))
        self.assertGreater(len(named), 20)
        for page, line in sorted(named):
            with self.subTest(page=page, command=line):
                self.check_named(line)

    def check_named(self, line):
        try:
            words = shlex.split(line)
        except ValueError:
            words = line.split()
        if "--" in words:  # what stands behind it are another program's words
            words = words[:words.index("--")]
        verbs, options = [], []
        skip = False
        for word in words:
            if skip:
                skip = False
            elif word.startswith("-"):
                options.append(word.split("=")[0])
                skip = word in GLOBAL_WITH_VALUE
            elif not options or all(option in GLOBAL_WITH_VALUE for option in options):
                verbs.append(word)
        while verbs:
            result = self.nl(*verbs, "--help", check=None)
            if result.rc == 0:
                break
            verbs.pop()
        self.assertTrue(verbs, "no such command: neurolake " + line)
        page = result.out + self.nl("--help").out
        for option in options:
            self.assertRegex(page, r"(?<![\w-])%s(?![\w-])" % re.escape(option), "neurolake %s knows no %s" % (" ".join(verbs), option))

    def test_schemas_name_only_files_beside_them(self):
        def members(value):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
                yield key, inner
                yield from members(inner)

        folder = os.path.join(ROOT, "docs", "schemas")
        for name in sorted(os.listdir(folder)):
            with self.subTest(schema=name):
                found = list(members(json.loads(read(os.path.join(folder, name)))))
                self.assertNotIn("$id", [key for key, _ in found])  # a base of its own would lead references elsewhere
                for target in [inner.partition("#")[0] for key, inner in found if key == "$ref"]:
                    self.assertTrue(not target or os.path.isfile(os.path.join(folder, target)), target)

    def test_every_link_leads_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", BLOCK.sub("", read(page).decode())):
                if "://" in target:
                    continue
                with self.subTest(page=short(page), link=target):
                    self.assertTrue(os.path.exists(os.path.join(os.path.dirname(page), target)))


if __name__ == "__main__":
    main()
