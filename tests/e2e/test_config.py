# The settings against the real binary: the original file, Windows paths, layers and origins, mistakes, edits in place.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil

from harness import SUPPORT, LakeTest, cron_environment, main, read, tree_hash, write
from jsonschema_lite import check

ORIGINAL = os.path.join(SUPPORT, "samples", "settings-original.yaml")


class Settings(LakeTest):
    def settings(self, text):
        write(self.path("config", "settings.yaml"), text)

    def shown(self, key, *args):
        return next(s for s in self.nl("config", "show", "--json", *args).json["settings"] if s["key"] == key)

    def test_the_original_settings_work_verbatim(self):
        shutil.copy(ORIGINAL, self.path("config", "settings.yaml"))
        before = read(self.path("config", "settings.yaml"))
        buckets = {b["name"]: b for b in self.nl("bucket", "list", "--json").json["buckets"]}
        self.assertEqual({name: b["retention_days"] for name, b in buckets.items()},
                         {"raw-data": 90, "processed": 365, "analytics": 730, "ml-models": -1, "archive": 1095})
        self.assertEqual({name: b["tier"] for name, b in buckets.items()},
                         {"raw-data": "local", "processed": "local", "analytics": "local", "ml-models": "local", "archive": "cloud"})
        self.assertEqual(buckets["raw-data"]["path"], self.bucket("raw-data"))
        warnings = self.nl("config", "check", "--json").json["warnings"]
        self.assertEqual(len(warnings), 2, warnings)
        self.assertIn("C:/NeuroLake", warnings[0])
        self.assertEqual(before, read(self.path("config", "settings.yaml")))
        self.nl("doctor")

    def test_the_template_holds_the_original_keys(self):
        value = lambda key: self.nl("config", "get", key).out.strip()
        self.assertEqual(value("storage.local_capacity_gb"), "100")
        self.assertEqual(value("storage.cloud_burst_enabled"), "true")
        self.assertEqual(value("catalog.backend"), "json")
        self.assertEqual(value("hybrid_storage.local_threshold_gb"), "80")
        self.assertEqual(value("hybrid_storage.cloud_provider"), "s3")
        text = read(self.path("config", "settings.yaml")).decode()
        for key in ("base_path:", "storage_path:", "cloud_bucket:", "buckets:", "raw-data:", "ml-models:"):
            self.assertRegex(text, r"(?m)^ *" + key)
        self.assertNotIn(self.lake, text)

    def test_every_template_makes_a_lake(self):
        for name in ("settings", "s3", "nas", "team"):
            lake = os.path.join(self.tmp, "of-" + name)
            self.nl("init", lake, "--template", name)
            self.nl("config", "check", lake=lake)

    def test_windows_paths_load_equal_and_double_quotes_are_explained(self):
        roots = set()
        for base in ("C:/NeuroLake", "C:\\NeuroLake", "'C:\\NeuroLake'"):
            self.settings("storage:\n  base_path: %s\nbuckets:\n  one-two:\n    path: C:/NeuroLake/buckets/one-two\n" % base)
            roots.add(self.nl("bucket", "show", "one-two", "--json").json["bucket"]["path"])
        self.assertEqual(roots, {self.bucket("one-two")})
        self.settings('storage:\n  base_path: "C:\\NeuroLake"\n')
        error = self.nl("bucket", "list", "--json", check=2).error
        self.assertIn("config/settings.yaml:2:14", error["message"])
        self.assertIn("U+0085", error["message"])
        self.assertIn("'C:\\NeuroLake'", error["message"])
        self.assertEqual([name for name in os.listdir(self.tmp) if name.startswith("C:")], [])

    def test_all_mistakes_come_at_once_and_stop_every_command(self):
        self.settings("storage:\n  local_capacity_gb: much\n  hihg: 1GB\nhybrid_storage:\n  cloud_provider: s4\n"
                      "buckets:\n  raw-data:\n    retention_days: 0\n")
        for args in (("config", "check"), ("bucket", "list"), ("status",)):
            text = self.nl(*args, check=2).err
            for part in ("config/settings.yaml:2:22: ", "config/settings.yaml:3:3: ", "did you mean high?", "config/settings.yaml:5:19: ",
                         "config/settings.yaml:8:21: ", "use -1 for ever or >= 1"):
                self.assertIn(part, text)

    def test_duplicate_keys_and_anchors_are_refused(self):
        self.settings("storage:\n  high: 1GB\n  high: 2GB\n")
        self.assertIn("config/settings.yaml:3:3: 'high' stands here twice (first on line 2)", self.nl("config", "check", check=2).err)
        self.settings("storage: &a\n  high: 1GB\nburst: *a\n")
        self.assertIn("anchors", self.nl("config", "check", check=2).err)

    def test_each_layer_counts_over_the_one_below_and_origin_names_it(self):
        self.assertEqual(self.shown("burst.min_size")["origin"], "default")
        self.nl("config", "set", "burst.min_size", "1MiB")
        self.assertRegex(self.shown("burst.min_size")["origin"], r"^config/settings\.yaml:\d+$")
        env = {"NEUROLAKE_BURST_MIN_SIZE": "2MiB"}
        out = self.nl("config", "show", "--origin", "burst.min_size", env=env).out
        self.assertIn("2MiB", out)
        self.assertIn("env NEUROLAKE_BURST_MIN_SIZE", out)
        out = self.nl("config", "show", "--origin", "burst.min_size", "--set", "burst.min_size=3MiB", env=env).out
        self.assertIn("flag --set", out)
        check(self.nl("config", "show", "--json").json)
        check(self.nl("config", "get", "burst.min_size", "--json").json)

    def test_the_home_is_found_by_flag_environment_folder_and_default(self):
        rows = self.nl("bucket", "list", "--json").json["buckets"]
        alone = {"NEUROLAKE_HOME": None}
        self.assertEqual(self.nl("--home", self.lake, "bucket", "list", "--json", env=alone).json["buckets"], rows)
        self.assertEqual(self.nl("bucket", "list", "--json", env=alone, cwd=self.bucket()).json["buckets"], rows)
        self.assertIn("NEUROLAKE_HOME", self.nl("config", "show", "--origin", "home").out)
        self.assertIn("--home", self.nl("config", "show", "--origin", "home", "--home", self.lake, env=alone).out)
        self.assertIn("parent folder of", self.nl("config", "show", "--origin", "home", env=alone, cwd=self.bucket()).out)
        os.rename(self.lake, os.path.join(self.home, "NeuroLake"))
        self.assertIn("default", self.nl("config", "show", "--origin", "home", env=alone).out)

    def test_a_drive_letter_home_is_refused_and_no_home_is_explained(self):
        for args, env in (((), {"NEUROLAKE_HOME": "C:/NeuroLake"}), (("--home", "C:\\NeuroLake"), None)):
            self.assertIn("drive letters", self.nl(*args, "init", env=env, check=2).err)
        result = self.nl("bucket", "list", only_env=cron_environment(), check=2)
        self.assertIn("--home", result.err)
        self.assertEqual(sorted(os.listdir(self.tmp)), ["home", "lake"])

    def test_a_bucket_in_both_files_counts_from_buckets_yaml(self):
        self.settings("buckets:\n  one-two:\n    retention_days: 10\n")
        write(self.path("config", "buckets.yaml"), "buckets:\n  one-two:\n    retention_days: 20\n")
        os.mkdir(self.bucket("one-two"))
        bucket = self.nl("bucket", "show", "one-two", "--json").json["bucket"]
        self.assertEqual(bucket["retention_days"], 20)
        self.assertRegex(bucket["origin"], r"^config/buckets\.yaml:\d+$")
        report = self.nl("doctor", "--json").json
        self.assertTrue(any(c["level"] == "warning" and "one-two" in c["message"] for c in report["checks"]))

    def test_set_keeps_every_other_byte(self):
        text = "# mine\r\nstorage:\r\n  high: '2GB'   # why\r\n\r\nbuckets:  # none\r\n"
        self.settings(text)
        self.assertIn("storage.high = 3GB  (config/settings.yaml:3, was 2GB)", self.nl("config", "set", "storage.high", "3GB").out)
        self.assertEqual(read(self.path("config", "settings.yaml")).decode(), text.replace("'2GB'", "3GB"))
        self.assertEqual(read(self.path("config", "settings.yaml.bak")).decode(), text)
        self.assertEqual(self.log("audit")[-1]["event"], "config_set")
        check(self.nl("config", "set", "storage.high", "3GB", "--json").json)

    def test_a_wrong_set_writes_nothing(self):
        for key, value in (("storage.high", "much"), ("storage.hihg", "1GB"), ("buckets.raw-data.retention_days", "0"),
                           ("hybrid_storage.secret_access_key", "x"), ("storage.high", "80")):
            before = tree_hash(self.path("config"))
            self.nl("config", "set", key, value, check=2)
            self.assertEqual(before, tree_hash(self.path("config")))
        self.assert_writes_nothing("config", "set", "--dry-run", "storage.high", "3GB")

    def test_set_says_when_another_place_counts(self):
        self.nl("config", "set", "storage.high", "3GB")
        self.assertIn("storage.high counts", self.nl("config", "set", "hybrid_storage.local_threshold_gb", "5").err)
        self.assertIn("NEUROLAKE_STORAGE_HIGH", self.nl("config", "set", "storage.high", "4GB", env={"NEUROLAKE_STORAGE_HIGH": "1GB"}).err)

    def test_set_reaches_buckets_where_they_stand(self):
        self.nl("bucket", "create", "one-two")
        before = read(self.path("config", "settings.yaml"))
        self.nl("config", "set", "buckets.one-two.purpose", "on: trial")
        self.assertEqual(before, read(self.path("config", "settings.yaml")))
        self.assertIn(b"purpose: 'on: trial'", read(self.path("config", "buckets.yaml")))
        self.nl("config", "set", "buckets.raw-data.tier", "pinned")
        self.assertIn(b"tier: pinned", read(self.path("config", "settings.yaml")))

    def test_secrets_are_never_shown_and_need_a_private_file(self):
        self.settings("hybrid_storage:\n  access_key_id: AKIAIOSFODNN7EXAMPLE\n  secret_access_key: not-for-eyes\n")
        os.chmod(self.path("config", "settings.yaml"), 0o644)
        result = self.nl("status", check=2)
        self.assertIn("chmod 600", result.err)
        doctor = self.nl("doctor", check=1)
        self.assertIn("chmod 600", doctor.out)
        os.chmod(self.path("config", "settings.yaml"), 0o600)
        texts = [result.err, doctor.out]
        for args in (("config", "show"), ("config", "show", "--json"), ("config", "get", "hybrid_storage.secret_access_key"), ("doctor",),
                     ("status", "-v")):
            got = self.nl(*args)
            texts += [got.out, got.err]
        self.assertFalse(any("not-for-eyes" in text or "IOSFODNN7" in text for text in texts))
        self.assertIn("a secret stands in the settings", self.nl("doctor").out)

    def test_path_and_check_say_it_as_json(self):
        self.assertEqual(self.nl("config", "path").out, self.path("config", "settings.yaml") + "\n")
        check(self.nl("config", "path", "--json").json)
        check(self.nl("config", "check", "--json").json)

    def test_a_link_in_config_stays_a_link(self):
        real = os.path.join(self.tmp, "dotfiles.yaml")
        os.rename(self.path("config", "settings.yaml"), real)
        os.symlink(real, self.path("config", "settings.yaml"))
        self.nl("config", "set", "storage.high", "3GB")
        self.assertTrue(os.path.islink(self.path("config", "settings.yaml")))
        self.assertIn(b"high: 3GB", read(real))

    def test_setting_a_mark_tells_when_another_one_counts(self):
        self.assertIn("The high mark that counts is", self.nl("config", "set", "storage.high", "900TB").out)
        self.assertNotIn("counts", self.nl("config", "set", "storage.high", "1MB").out)
        self.assertNotIn("counts", self.nl("config", "set", "storage.low", "500KB").out)
        self.nl("config", "set", "storage.low", "500KB", "--json").json

    def test_a_section_is_no_setting_but_has_a_way_on(self):
        self.assertIn("neurolake config show storage", self.nl("config", "get", "storage", check=2).err)

    def test_a_home_that_is_the_working_directory_is_called_so(self):
        out = self.nl("config", "show", "--origin", "home", env={"NEUROLAKE_HOME": None}, cwd=self.lake).out
        self.assertIn("the working directory", out)


if __name__ == "__main__":
    main()
