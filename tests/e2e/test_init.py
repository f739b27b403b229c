# init: what is made, that running it again changes nothing, and where a lake is found.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re

from harness import LakeTest, cron_environment, main, read, run, sha256, tree_hash, write
from jsonschema_lite import check

BUCKETS = ["raw-data", "processed", "analytics", "ml-models", "archive"]


class Init(LakeTest):
    make_lake = False

    def test_each_new_folder_is_named_once_and_exists(self):
        out = self.nl("init", self.lake).out
        created = re.findall(r"^Created: (.+)$", out, re.M)
        wanted = ["config", "catalog", "logs", "cache"] + ["buckets/" + name for name in BUCKETS]
        for folder in wanted:
            self.assertTrue(os.path.isdir(os.path.join(self.lake, folder)), folder)
            self.assertEqual(created.count(os.path.join(self.lake, folder)), 1, folder)
        self.assertEqual(len(created), len(set(created)))
        self.assertTrue(os.path.isdir(os.path.join(self.lake, "cache/query-results")))

    def test_it_says_where_to_browse_where_the_settings_are_and_what_comes_next(self):
        out = self.nl("init", self.lake).out
        self.assertIn("initialized at " + self.lake, out)
        self.assertRegex(out, r"Browse: +%s/buckets" % re.escape(self.lake))
        self.assertRegex(out, r"Config file: +%s/config/settings.yaml" % re.escape(self.lake))
        self.assertRegex(out, r"State: +%s/.neurolake " % re.escape(self.lake))
        self.assertRegex(out, r"Disk: .*free: capacity .*burst from")
        self.assertIn("catalog index", out.splitlines()[-1])

    def test_the_same_facts_come_as_json_and_quiet_prints_nothing(self):
        result = self.nl("init", self.lake, "--json")
        check(result.json)
        self.assertEqual(result.json["home"], self.lake)
        self.assertFalse(result.json["already"])
        self.assertGreaterEqual(len(result.json["created"]), 9)
        quiet = self.nl("init", self.lake + "2", "--quiet")
        self.assertEqual((quiet.out, quiet.err), ("", ""))
        self.assertTrue(os.path.isfile(self.lake + "2/config/settings.yaml"))

    def test_running_it_again_changes_no_byte(self):
        self.nl("init", self.lake)
        write(os.path.join(self.lake, "buckets/raw-data/mine.csv"), "a,b\n1,2\n")
        before = tree_hash(self.lake)
        again = self.nl("init", self.lake)
        self.assertIn("already a lake", again.out)
        self.assertEqual(tree_hash(self.lake), before)
        self.assertTrue(self.nl("init", self.lake, "--json").json["already"])
        self.assertEqual(tree_hash(self.lake), before)

    def test_a_missing_folder_is_made_again_and_nothing_else(self):
        self.nl("init", self.lake)
        settings = sha256(os.path.join(self.lake, "config/settings.yaml"))
        os.rmdir(os.path.join(self.lake, "buckets/analytics"))
        out = self.nl("init", self.lake).out
        self.assertIn("Created: %s/buckets/analytics" % self.lake, out)
        self.assertEqual(sha256(os.path.join(self.lake, "config/settings.yaml")), settings)

    def test_a_dry_run_makes_nothing(self):
        out = self.nl("init", self.lake, "--dry-run").out
        self.assertIn("Would create: %s/config" % self.lake, out)
        self.assertFalse(os.path.exists(self.lake))

    def test_the_default_place_is_below_home(self):
        home = os.path.join(self.tmp, "h")
        os.mkdir(home)
        self.nl("init", env={"HOME": home, "NEUROLAKE_HOME": None})
        self.assertTrue(os.path.isdir(os.path.join(home, "NeuroLake/buckets/raw-data")))

    def test_no_folder_named_like_a_drive_is_ever_made(self):
        for path in ("C:/NeuroLake", "C:\\NeuroLake", "d:/lake"):
            result = self.nl("init", path, check=2)
            self.assertIn("drive", result.err)
        self.nl("init", env={"NEUROLAKE_HOME": "C:/NeuroLake"}, check=2)
        self.assertEqual([n for n in os.listdir(self.tmp) if ":" in n], [])

    def test_without_a_home_it_says_what_to_do(self):
        result = self.nl("init", only_env=cron_environment(), cwd="/", check=2)
        self.assertIn("--home", result.err)
        self.nl("init", self.lake, only_env=cron_environment(), cwd="/")
        self.nl("--home", self.lake, "bucket", "list", only_env=cron_environment(), cwd="/")

    def test_in_a_removed_working_directory_no_relative_path_is_guessed(self):
        gone = os.path.join(self.tmp, "gone")
        script = 'mkdir "$0"; cd "$0"; rmdir "$0"; exec "$@"'
        for words in (("init", "rel-lake"), ("--home", "rel-lake", "status")):
            result = run(["sh", "-c", script, gone, self.binary, *words], env=self.environment({"NEUROLAKE_HOME": None}), cwd=self.tmp)
            self.assertEqual(2, result.rc, result)
            self.assertIn("the working directory is gone", result.err)
        self.assertFalse(os.path.exists("/rel-lake"))

    def test_capacity_and_threshold_are_written_and_checked(self):
        out = self.nl("init", self.lake, "--capacity", "2GiB", "--threshold", "1GiB", "--json").json
        self.assertEqual(out["marks"]["capacity_bytes"], 2 << 30)
        self.assertLessEqual(out["marks"]["high_bytes"], 1 << 30)
        self.nl("init", self.lake + "2", "--capacity", "1GB", "--threshold", "2GB", check=2)
        self.nl("init", self.lake + "2", "--capacity", "lots", check=2)
        self.nl("init", self.lake + "2", "--template", "nonsense", check=2)
        self.assertIn("50 has no unit", self.nl("init", self.lake + "2", "--capacity", "50", check=2).err)
        self.nl("init", self.lake + "2", "--set", "storage.hihg=1GB", check=2)
        self.nl("init", self.lake + "2", env={"NEUROLAKE_CATALOG_BACKEND": "paper"}, check=2)
        self.assertFalse(os.path.exists(self.lake + "2"))

    def test_sizes_for_a_lake_that_has_its_settings_are_not_taken_in_silence(self):
        self.nl("init", self.lake)
        before = tree_hash(self.lake)
        self.assertIn("config set storage.capacity", self.nl("init", self.lake, "--capacity", "1GB").err)
        self.assertEqual(tree_hash(self.lake), before)

    def test_broken_settings_make_no_folder(self):
        write(os.path.join(self.lake, "config/settings.yaml"), "storage:\n  high: much\n")
        before = tree_hash(self.lake)
        self.nl("init", self.lake, check=2)
        self.assertEqual(tree_hash(self.lake), before)

    def test_what_the_disk_allows_is_told_as_it_is(self):
        disk = self.nl("init", self.lake, "--json").json["disk"]
        small, beyond = str(disk["total_bytes"] + (1 << 30)), str(disk["free_bytes"] // 2)
        self.assertIn("The disk is smaller than the capacity", self.nl("init", self.lake + "2", "--capacity", small).out)
        out = self.nl("init", self.lake + "3", "--capacity", beyond).out
        self.assertNotIn("smaller", out)
        self.assertNotIn("Only", out)
        if disk["free_bytes"] < disk["total_bytes"] - (2 << 30):
            between = str((disk["free_bytes"] + disk["total_bytes"]) // 2)
            self.assertRegex(self.nl("init", self.lake + "4", "--capacity", between).out, r"Only .* are free, less than the capacity")

    def test_what_a_template_wants_filled_in_is_named_with_its_line(self):
        out = self.nl("init", self.lake, "--template", "nas").out
        line = int(re.search(r"Fill in: +directory \(line (\d+)\)", out).group(1))
        text = read(os.path.join(self.lake, "config/settings.yaml")).decode()
        self.assertIn("directory:", text.splitlines()[line - 1])
        self.assertNotIn("Fill in", self.nl("init", self.lake + "2").out)

    def test_the_settings_file_has_the_names_people_know(self):
        self.nl("init", self.lake)
        shown = {row["key"]: row["value"] for row in self.nl("config", "show", "--json").json["settings"]}
        self.assertEqual(shown["storage.local_capacity_gb"], "100")
        self.assertEqual(shown["hybrid_storage.local_threshold_gb"], "80")
        self.assertEqual(shown["hybrid_storage.cloud_provider"], "s3")
        self.assertEqual(shown["catalog.backend"], "json")
        rows = self.nl("bucket", "list", "--json").json["buckets"]
        self.assertEqual({r["name"]: (r["tier"], r["retention_days"]) for r in rows},
                         {"raw-data": ("local", 90), "processed": ("local", 365), "analytics": ("local", 730),
                          "ml-models": ("local", -1), "archive": ("cloud", 1095)})

    def test_any_yaml_reader_finds_the_keys_people_know(self):
        """Read by a few lines of our own: maps of plain values, two spaces a step, comments."""
        self.nl("init", self.lake)
        values, at = {}, []
        for line in read(os.path.join(self.lake, "config/settings.yaml")).decode().splitlines():
            line = re.sub(r"(^|\s)#.*", "", line).rstrip()
            match = re.fullmatch(r"( *)([\w-]+):(?: (.*))?", line)
            if match:
                at = at[:len(match[1]) // 2] + [match[2]]
                if match[3]:
                    values[".".join(at)] = match[3].strip().strip("'")
        self.assertEqual(("100", "true", "catalog", "json", "80", "s3", ""),
                         tuple(values[key] for key in ("storage.local_capacity_gb", "storage.cloud_burst_enabled", "catalog.storage_path",
                                                       "catalog.backend", "hybrid_storage.local_threshold_gb",
                                                       "hybrid_storage.cloud_provider", "hybrid_storage.cloud_bucket")))
        self.assertIn("storage.base_path", values)
        for name in BUCKETS:
            self.assertIn("buckets.%s.retention_days" % name, values)
            self.assertIn("buckets.%s.tier" % name, values)

    def test_a_first_init_is_plain_ascii_where_the_locale_is(self):
        for number, env in enumerate(({"LC_ALL": "C"}, {"LC_ALL": "en_US.CP1252"}, {"LC_ALL": None}, {"NO_COLOR": "1", "LC_ALL": "C"})):
            result = self.nl("init", self.lake + str(number), "--example", env=env)
            self.assertTrue(result.out_bytes.isascii() and result.err_bytes.isascii(), env)
            self.assertIn("Lake initialized at " + self.lake, result.out)

    def test_a_cloud_bucket_name_is_proposed_that_nobody_has(self):
        names = set()
        for number in range(2):
            lake = self.lake + str(number)
            self.nl("init", lake)
            text = read(os.path.join(lake, "config/settings.yaml")).decode()
            names.add(re.search(r"neurolake-[a-z0-9]+-[0-9a-f]{6}", text).group(0))
        self.assertEqual(len(names), 2)

    def test_the_machine_state_is_private(self):
        self.nl("init", self.lake)
        self.assertEqual(os.stat(os.path.join(self.lake, ".neurolake")).st_mode & 0o077, 0)

    def test_catalog_and_logs_are_there_from_the_start(self):
        self.nl("init", self.lake)
        for name in ("tables", "schemas", "lineage"):
            with open(os.path.join(self.lake, "catalog", name + ".json")) as file:
                self.assertIn("schema", json.load(file))
        for name in ("query.log", "error.log", "audit.log"):
            self.assertTrue(os.path.isfile(os.path.join(self.lake, "logs", name)))

    def test_the_example_lake_has_tables_to_try(self):
        out = self.nl("init", self.lake, "--example").out
        self.assertIn("Sample: raw-data/customers/customers.csv", out)
        self.nl("catalog", "index")
        names = [table["name"] for table in self.nl("catalog", "tables", "--json").json["tables"]]
        for name in ("raw-data.customers", "raw-data.orders", "processed.customer_summary"):
            self.assertIn(name, names)
        for folder in ("raw-data/customers", "raw-data/orders", "processed/customer_summary", "analytics/dashboards",
                       "ml-models/churn-prediction", "ml-models/customer-segmentation", "archive/2023"):
            self.assertTrue(os.path.isdir(os.path.join(self.lake, "buckets", folder)), folder)
        self.nl("bucket", "create", "nothing-yet")
        self.assertIn("No data yet: nothing-yet", self.nl("catalog", "tables").out)
        before = tree_hash(os.path.join(self.lake, "buckets"))
        self.nl("init", self.lake, "--example")
        self.assertEqual(tree_hash(os.path.join(self.lake, "buckets")), before)

    def test_a_file_in_the_way_is_named_and_kept(self):
        write(os.path.join(self.lake, "catalog"), "mine")
        result = self.nl("init", self.lake, check=1)
        self.assertIn(os.path.join(self.lake, "catalog"), result.err)
        self.assertEqual(read(os.path.join(self.lake, "catalog")), b"mine")


class Finding(LakeTest):
    def test_flag_environment_and_parent_folder_find_the_same_lake(self):
        plain = {"NEUROLAKE_HOME": None}
        flag = self.nl("--home", self.lake, "bucket", "list", "--json", env=plain).out
        self.assertEqual(self.nl("bucket", "list", "--json", env={"NEUROLAKE_HOME": self.lake}).out, flag)
        inside = os.path.join(self.lake, "buckets/raw-data")
        self.assertEqual(self.nl("bucket", "list", "--json", env=plain, cwd=inside).out, flag)

    def test_the_flag_wins_over_the_environment(self):
        other = os.path.join(self.tmp, "other")
        self.nl("init", other)
        home = self.nl("--home", other, "bucket", "list", "--json").json["home"]
        self.assertEqual(home, other)

    def test_no_lake_and_a_vanished_marker_are_exit_10(self):
        empty = os.path.join(self.tmp, "empty")
        os.mkdir(empty)
        self.assertIn("neurolake init", self.nl("--home", empty, "bucket", "list", check=10).err)
        os.rename(os.path.join(self.lake, ".neurolake"), os.path.join(self.tmp, "away"))
        before = tree_hash(self.lake)
        self.nl("bucket", "create", "xyz", check=10)
        self.assertEqual(tree_hash(self.lake), before)

    def test_a_moved_lake_opens_at_its_new_place(self):
        elsewhere = os.path.join(self.tmp, "elsewhere")
        os.rename(self.lake, elsewhere)
        self.nl("--home", elsewhere, "bucket", "list")

    def test_no_file_of_a_new_lake_names_its_own_place(self):
        self.nl("bucket", "create", "xyz")
        for folder, _, files in os.walk(self.lake):
            for name in files:
                self.assertNotIn(self.lake.encode(), read(os.path.join(folder, name)), name)


if __name__ == "__main__":
    main()
