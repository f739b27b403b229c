# cron install and remove against the real crontab and the real cron daemon, in a mount namespace with a spool of its own.
# SPDX-License-Identifier: Apache-2.0
#
# ctest: slow
import os
import shutil
import subprocess
import unittest

from harness import BINARY, LakeTest, age, clean_environment, main, need, read, run, wait_until
from jsonschema_lite import check as check_schema

OWN = "MAILTO=nobody\n# mine\n5 4 * * sun  echo 'a % b' # keep \tthis\n"


@unittest.skipIf(os.geteuid() != 0, "only root may mount a spool of its own")
class CronTest(LakeTest):
    def setUp(self):
        super().setUp()
        need("crontab", "cron", "unshare", "nsenter")
        # The person's own crontab and the system's daemon stay untouched: all this happens in another view of the disk.
        script = ("mount -t tmpfs -o mode=755 spool /var/spool/cron && mkdir -m 1730 /var/spool/cron/crontabs && "
                  "mount -t tmpfs run /run && echo ready && exec cat")
        self.keeper = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.end)
        self.assertEqual(b"ready\n", self.keeper.stdout.readline())
        self.inside = ["nsenter", "--mount", "--target", str(self.keeper.pid)]

    def end(self):
        self.keeper.stdin.close()
        self.keeper.wait()
        self.keeper.stdout.close()

    def cron(self, *words, check=0, lake=None):
        result = run(self.inside + [BINARY, "cron", *words], env=self.environment(lake=lake))
        self.assertEqual(check, result.rc, result)
        return result

    def crontab(self, text=None):
        if text is not None:
            subprocess.run(self.inside + ["crontab", "-"], input=text.encode(), check=True)
        shown = subprocess.run(self.inside + ["crontab", "-l"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return shown.stdout.decode()


class Installing(CronTest):
    def test_a_persons_own_lines_stay_byte_for_byte(self):
        self.crontab(OWN)
        would = self.cron("install", "--dry-run", "--json").json
        check_schema(would)
        self.assertEqual((True, True, OWN), (would["dry_run"], would["changed"], self.crontab()))
        self.cron("install")
        text = self.crontab()
        self.assertTrue(text.startswith(OWN))
        for line in self.cron("print", "--json").json["lines"]:
            self.assertIn("\n%s %s\n" % (line["when"], line["command"]), text)
        self.assertIn("has these lines already", self.cron("install").out)
        self.assertEqual(text, self.crontab())
        self.cron("install", "--index-every", "5m")
        self.assertEqual(text.replace("*/15 * * * *", "*/5 * * * *"), self.crontab())
        removed = self.cron("remove", "--json").json
        check_schema(removed)
        self.assertTrue(removed["changed"])
        self.assertEqual(OWN, self.crontab())
        self.assertIn("no lines of this lake", self.cron("remove").out)
        self.assertEqual(["cron_install", "cron_install", "cron_remove"],
                         [e["event"] for e in self.log("audit") if e["event"].startswith("cron")])

    def test_two_lakes_do_not_touch_each_others_lines_and_a_moved_one_takes_its_own_along(self):
        other = os.path.join(self.tmp, "other lake")
        self.nl("init", other)
        self.cron("install")
        self.cron("install", lake=other)
        self.assertEqual(2, self.crontab().count("# neurolake begin "))
        moved = os.path.join(self.tmp, "moved")
        os.rename(other, moved)
        self.cron("install", lake=moved)
        text = self.crontab()
        self.assertEqual(2, text.count("# neurolake begin "))
        self.assertNotIn("other lake", text)
        self.cron("remove", lake=moved)
        self.assertEqual(1, self.crontab().count("# neurolake begin "))
        self.assertIn(self.lake, self.crontab())

    def test_a_block_without_its_end_is_a_persons_and_nothing_after_it_is_lost(self):
        self.cron("install")
        cut = self.crontab().split("# neurolake end ")[0] + OWN
        self.crontab(cut)
        self.cron("install")
        self.assertTrue(self.crontab().startswith(cut))
        self.cron("remove")
        self.assertEqual(cut, self.crontab())

    def test_without_crontab_it_says_what_to_do(self):
        self.assertEqual(1, self.nl("cron", "install", env={"PATH": self.tmp}, check=1).rc)
        self.assertIn("cron print", self.nl("cron", "install", env={"PATH": self.tmp}, check=1).err)


class Running(CronTest):
    def test_a_dropped_file_is_listed_within_a_period_with_no_further_command(self):
        self.put("raw-data/first.csv", "id,name\n1,a\n2,b\n")
        self.cron("install", "--index-every", "1m")
        daemon = subprocess.Popen(self.inside + ["cron", "-f"], env=clean_environment(self.tmp))
        try:
            names = lambda: [t["name"] for t in self.nl("catalog", "tables", "--json").json["tables"]]
            wait_until(lambda: "raw-data.first" in names(), "cron indexes the dropped file", seconds=150)
        finally:
            daemon.terminate()
            daemon.wait()
        self.assertEqual(b"", read(self.path("logs/cron.log")))


if __name__ == "__main__":
    main()
