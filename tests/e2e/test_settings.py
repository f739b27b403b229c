# The settings files: accepted as they stand, every mistake told at once with its place, edits that keep every other byte.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil

from harness import LakeTest, SUPPORT, main, read, tree, write

ORIGINAL = os.path.join(SUPPORT, "samples", "settings-original.yaml")


class SettingsTest(LakeTest):
    def settings(self, text):
        write(self.path("config", "settings.yaml"), text)

    def buckets_file(self, text):
        write(self.path("config", "buckets.yaml"), text)

    def listed(self):
        return {row["name"]: row for row in self.nl("bucket", "list", "--json").json["buckets"]}


class Reading(SettingsTest):
    def test_the_original_settings_are_accepted_as_they_stand(self):
        shutil.copy(ORIGINAL, self.path("config", "settings.yaml"))
        rows = self.listed()
        wanted = {"raw-data": (90, "local"), "processed": (365, "local"), "analytics": (730, "local"),
                  "ml-models": (-1, "local"), "archive": (1095, "cloud")}
        self.assertEqual(wanted, {name: (row["retention_days"], row["tier"]) for name, row in rows.items()})
        self.assertEqual("neurolake-cloud-burst", self.nl("config", "get", "hybrid_storage.cloud_bucket").out.strip())
        self.put("archive/a.csv", "x\n1\n")
        self.assertEqual(1, {row["name"]: row for row in self.nl("bucket", "stats", "--json").json["buckets"]}["archive"]["file_count"])

    def test_a_bucket_in_both_files_is_what_buckets_yaml_says(self):
        self.settings("buckets:\n  mine-too:\n    retention_days: 10\n")
        self.buckets_file("buckets:\n  mine-too:\n    retention_days: 20\n")
        os.makedirs(self.bucket("mine-too"), exist_ok=True)
        shown = self.nl("bucket", "show", "mine-too", "--json").json
        self.assertIn("20", str(shown))
        self.assertIn("config/buckets.yaml:", str(shown))
        self.assertIn("mine-too", self.nl("doctor").out)

    def test_windows_paths_load_equal_however_they_are_quoted(self):
        answers = set()
        for written in ("C:/NeuroLake", "C:\\NeuroLake", "'C:\\NeuroLake'"):
            self.settings("storage:\n  base_path: %s\nbuckets:\n  raw-data:\n    path: %s\n" %
                          (written, written[:-1] + "/buckets/raw-data'" if written.endswith("'") else written + "/buckets/raw-data"))
            answers.add(repr({name: row["path"] for name, row in self.listed().items() if name == "raw-data"}))
        self.assertEqual(1, len(answers), answers)
        self.assertFalse(os.path.exists(os.path.join(self.tmp, "C:")))

    def test_a_backslash_in_double_quotes_is_explained(self):
        self.settings('storage:\n  base_path: "C:\\NeuroLake"\n')
        result = self.nl("bucket", "list", check=2)
        self.assertIn("settings.yaml:2:", result.err)
        self.assertRegex(result.err, "single quotes|forward slashes")

    def test_every_mistake_is_told_at_once_with_its_place(self):
        self.settings("storage:\n  local_capacity_gb: lots\n  capasity: 1GB\nbuckets:\n  raw-data:\n    tier: clowd\n"
                      "    retention_days: 0\n  archive:\n    tier: cloud\n  archive:\n    tier: local\n")
        result = self.nl("config", "check", check=2)
        for words in ("settings.yaml:2:", "settings.yaml:3:", "capacity", "settings.yaml:6:", "settings.yaml:7:", "-1", "settings.yaml:10:"):
            self.assertIn(words, result.out + result.err)
        self.nl("burst", check=2)

    def test_no_defaults_stand_in_for_a_broken_file(self):
        self.settings("storage: [\n")
        before = tree(self.path("buckets"))
        for words in (["status"], ["burst"], ["catalog", "index"]):
            self.assertIn("settings.yaml:", self.nl(*words, check=2).err)
        self.assert_same_tree(before, self.path("buckets"))

    def test_yaml_bombs_are_refused_at_once(self):
        for text in ("a: &x [*x]\n", "a: &a [1]\nb: *a\n", "- *x\n", "x: !!binary abc\n", "[" * 100000, "a: " + "b" * 300000 + "\n",
                     "a: \x01\n", "<<: {a: 1}\n", "storage:\n  low: '\xff'\n".encode("latin1")):
            self.settings(text)
            self.nl("config", "check", check=2)


class Origins(SettingsTest):
    def test_each_value_tells_where_it_came_from(self):
        self.settings("hybrid_storage:\n  local_threshold_gb: 5\n")
        shown = self.nl("config", "show", "--origin").out
        line = [line for line in shown.splitlines() if "local_threshold_gb" in line][0]
        self.assertIn("settings.yaml:2", line)
        env = {"NEUROLAKE_STORAGE_LOW": "1GB"}
        line = [line for line in self.nl("config", "show", "--origin", env=env).out.splitlines() if "storage.low" in line][0]
        self.assertIn("NEUROLAKE_STORAGE_LOW", line)
        line = [line for line in self.nl("--set", "storage.low=2GB", "config", "show", "--origin", env=env).out.splitlines()
                if "storage.low" in line][0]
        self.assertIn("2GB", line)

    def test_the_rule_that_found_the_home_is_named(self):
        inside = self.bucket("raw-data")
        for words, env, rule in ((["--home", self.lake], {"NEUROLAKE_HOME": None}, "--home"), ([], {}, "NEUROLAKE_HOME"),
                                 ([], {"NEUROLAKE_HOME": None}, "parent")):
            self.assertIn(rule, self.nl(*words, "config", "show", "--origin", "home", env=env, cwd=inside).out)
        listing = ("bucket", "list", "--json")  # the hint of the words for people names the home that was given
        same = [self.nl(*listing).out, self.nl("--home", self.lake, *listing, env={"NEUROLAKE_HOME": None}).out,
                self.nl(*listing, env={"NEUROLAKE_HOME": None}, cwd=inside).out]
        self.assertEqual(1, len(set(same)))

    def test_a_drive_letter_is_refused_here(self):
        result = self.nl("init", env={"NEUROLAKE_HOME": "C:/NeuroLake"}, check=2)
        self.assertIn("C:", result.err)
        self.assertEqual([], [name for name in os.listdir(self.tmp) if name.startswith("C:")])


class Editing(SettingsTest):
    def test_set_changes_one_value_and_keeps_every_other_byte(self):
        before = read(self.path("config", "settings.yaml")).decode()
        self.nl("config", "set", "hybrid_storage.local_threshold_gb", "7")
        after = read(self.path("config", "settings.yaml")).decode()
        changed = [(a, b) for a, b in zip(before.splitlines(), after.splitlines()) if a != b]
        self.assertEqual(len(before.splitlines()), len(after.splitlines()))
        self.assertEqual(1, len(changed), changed)
        self.assertIn("local_threshold_gb: 7", changed[0][1])
        self.assertIn("# the high mark", changed[0][1])
        self.assertEqual("7", self.nl("config", "get", "hybrid_storage.local_threshold_gb").out.strip())

    def test_a_wrong_value_or_key_changes_nothing(self):
        before = tree(self.path("config"))
        self.assertIn("local_threshold_gb", self.nl("config", "set", "hybrid_storage.local_treshold_gb", "7", check=2).err)
        self.nl("config", "set", "hybrid_storage.local_threshold_gb", "many", check=2)
        self.nl("config", "set", "buckets.raw-data.retention_days", "0", check=2)
        self.assert_same_tree(before, self.path("config"))

    def test_our_own_folders_lie_in_no_bucket(self):
        before = tree(self.path("config"))
        for key in ("catalog.storage_path", "monitoring.log_path"):
            for folder in ("buckets/raw-data", "buckets", ".neurolake/trash", "buckets/raw-data/deep"):
                self.assertIn(key, self.nl("config", "set", key, folder, check=2).err)
        self.assert_same_tree(before, self.path("config"))

    def test_bucket_create_keeps_the_users_comments_and_settings_yaml(self):
        self.nl("bucket", "create", "first-one")
        path = self.path("config", "buckets.yaml")
        write(path, read(path).decode().replace("first-one:", "first-one:  # my comment", 1) + "# the end\n")
        settings = read(self.path("config", "settings.yaml"))
        self.nl("bucket", "create", "second-one", "--retention", "30")
        text = read(path).decode()
        for words in ("# my comment", "# the end", "second-one:"):
            self.assertIn(words, text)
        self.assertEqual(settings, read(self.path("config", "settings.yaml")))


class Secrets(SettingsTest):
    SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"

    def with_secret(self, mode):
        self.settings("hybrid_storage:\n  cloud_bucket: lake\n  endpoint: http://127.0.0.1:1\n  access_key_id: AKIDEXAMPLE\n"
                      "  secret_access_key: %s\n" % self.SECRET)
        os.chmod(self.path("config", "settings.yaml"), mode)

    def test_a_readable_file_with_a_secret_is_refused_and_explained(self):
        self.with_secret(0o644)
        result = self.nl("burst", check=2)
        self.assertIn("chmod 600", result.out + result.err)

    def test_a_secret_is_shown_nowhere(self):
        self.with_secret(0o600)
        self.put("archive/x.csv", "a\n" * 100000)
        for words in (["config", "show", "--origin"], ["config", "show", "--json"], ["config", "get", "hybrid_storage.secret_access_key"],
                      ["status"], ["doctor"], ["cloud", "test"], ["burst"], ["--verbose", "burst", "raw-data"]):
            result = self.nl(*words, check=None)
            self.assertNotIn(self.SECRET, result.out + result.err, words)
        for folder, _, files in os.walk(self.lake):
            for name in files:
                if not name.startswith("settings.yaml"):
                    self.assertNotIn(self.SECRET.encode(), read(os.path.join(folder, name)), name)
        self.assertIn("secret", (self.nl("doctor", check=None).out).lower())


class Marks(SettingsTest):
    def test_the_effective_mark_is_the_smallest_and_says_so(self):
        self.set("storage.local_capacity_gb", "1")
        self.set("hybrid_storage.local_threshold_gb", "0.5")
        status = self.nl("status", "--json").json
        self.assertIn(str(1 << 29), str(status))
        self.set("storage.local_capacity_gb", "0.25")
        status = self.nl("status", "--json").json
        self.assertIn(str(1 << 28), str(status))

    def test_over_the_mark_is_13_with_check_even_when_burst_is_off(self):
        self.put("raw-data/big.bin", b"x" * 300000)
        self.nl("status", "--check")
        self.set("storage.high", "100KB")
        self.set("storage.cloud_burst_enabled", "false")
        self.nl("status", "--check", check=13)
        before = tree(self.path("buckets"))
        result = self.nl("burst")
        self.assertIn("cloud_burst_enabled", result.out + result.err)
        self.assert_same_tree(before, self.path("buckets"))

    def test_enabled_but_not_configured_names_what_is_missing(self):
        self.put("raw-data/big.bin", b"x" * 300000)
        self.set("storage.high", "100KB")
        before = tree(self.path("buckets"))
        result = self.nl("burst", check=12)
        for words in ("cloud_bucket", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            self.assertIn(words, result.err)
        self.assert_same_tree(before, self.path("buckets"))


if __name__ == "__main__":
    main()
