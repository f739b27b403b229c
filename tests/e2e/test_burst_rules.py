# The rules of burst, one case each: what a plan takes, what it keeps and by which rule, and that `why` says the same.
# SPDX-License-Identifier: Apache-2.0
# ctest: threads
import os

from harness import main, read, rfc3339, write
from tier_lake import TierTest, stub_of

KIB = 1 << 10

# settings, the file (name, KiB, age in days), whether it goes, the rule that keeps it
CASES = [
    ({}, ("raw-data/a.bin", 100, 9), True, None),
    ({}, ("raw-data/tiny.bin", 60, 9), False, "too_small"),
    ({"burst.min_size": "10KiB"}, ("raw-data/tiny.bin", 60, 9), True, None),
    ({"burst.min_size": "1MiB"}, ("raw-data/a.bin", 100, 9), False, "too_small"),
    ({"burst.min_age_days": "10"}, ("raw-data/a.bin", 100, 9), False, "too_young"),
    ({"burst.min_age_days": "8"}, ("raw-data/a.bin", 100, 9), True, None),
    ({"burst.exclude": "'*.bin'"}, ("raw-data/deep/a.bin", 100, 9), False, "excluded"),
    ({"burst.exclude": "'*.csv'"}, ("raw-data/deep/a.bin", 100, 9), True, None),
    ({"burst.include": "'*.csv'"}, ("raw-data/a.bin", 100, 9), False, "not_included"),
    ({"burst.include": "'*.bin'"}, ("raw-data/a.bin", 100, 9), True, None),
    ({"burst.include": "'*.bin'", "burst.exclude": "'*/deep/**'"}, ("raw-data/deep/a.bin", 100, 9), False, "excluded"),
    ({"buckets.raw-data.tier": "pinned"}, ("raw-data/a.bin", 100, 9), False, "tier_pinned"),
    ({"buckets.raw-data.tier": "cloud", "storage.high": "1GiB"}, ("raw-data/tiny.bin", 1, 9), True, None),
    ({"storage.high": "1GiB"}, ("raw-data/a.bin", 100, 9), False, "below_mark"),
]


class Rules(TierTest):
    def with_settings(self, settings):
        """The settings as a person writes them: below their section."""
        sections = {"storage": {"high": "1KiB"}, "hybrid_storage": {"cloud_provider": "directory", "directory": self.cloud}, "burst": {},
                    "buckets": {"raw-data": {"tier": "local"}}}
        for key, value in settings.items():
            section, *rest = key.split(".")
            if section == "buckets":
                sections["buckets"][rest[0]] = {rest[1]: value}
            else:
                sections[section][rest[0]] = "[%s]" % value if rest[0] in ("include", "exclude") else value
        lines = []
        for section, values in sections.items():
            lines.append(section + ":")
            for key, value in values.items():
                if isinstance(value, dict):
                    lines += ["  %s:" % key] + ["    %s: %s" % pair for pair in value.items()]
                else:
                    lines.append("  %s: %s" % (key, value))
        write(self.path("config", "settings.yaml"), "\n".join(line for line in lines if not line.startswith("burst:") or sections["burst"]) + "\n")

    def test_each_rule_decides_alone_and_why_names_it(self):
        for settings, (name, kib, days), goes, rule in CASES:
            with self.subTest(settings=settings, file=name):
                for folder, _, files in os.walk(self.path("buckets")):
                    for old in files:
                        os.unlink(os.path.join(folder, old))
                self.put(name, os.urandom(kib * KIB), age_days=days)
                self.nl("catalog", "index", "--accept-shrink")
                self.with_settings(settings)
                later = ["--now", rfc3339(days=days)]  # an age counts from when the file was first seen
                plan = self.nl("burst", "--dry-run", "--json", *later).json
                why = self.nl("why", name, "--json", *later).json
                planned = [file["path"] for unit in plan["units"] for file in unit["files"]]
                self.assertEqual((goes, goes), (bool(planned), why["planned"]), (plan["kept"], why))
                if rule == "below_mark":
                    self.assertEqual("below the high mark", plan["reason"])
                elif rule:
                    self.assertEqual((rule, rule), ([kept["rule"] for kept in plan["kept"]][0], why["rule"]))
                    self.assertIn(why["why"], self.nl("why", name, *later).out)

    def test_lists_of_patterns_set_from_the_command_line(self):
        self.put("raw-data/a.bin", os.urandom(100 * KIB))
        self.put("raw-data/b.csv", b"id\n" + b"1\n" * 50000)
        self.set("storage.high", "1KiB")
        self.nl("burst", "--set", "burst.exclude=[a.*, '*.tmp']", check=13)
        self.assertIsNone(stub_of(self.bucket("raw-data", "a.bin")))
        self.assertTrue(stub_of(self.bucket("raw-data", "b.csv")))
        self.assertEqual(100 * KIB, len(read(self.bucket("raw-data", "a.bin"))))


if __name__ == "__main__":
    main()
