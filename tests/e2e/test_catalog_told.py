# What the catalog's commands tell people: reasons that fit the screen, dry runs that say so, names that are meant.
# SPDX-License-Identifier: Apache-2.0
import re

from catalog_lake import CatalogTest
from harness import main, tree

NESTED = "{\"id\":1,\"payload\":{%s},\"a_column_with_a_very_long_name_that_goes_on\":\"01\"}\n" % ",".join(
    "\"member_%02d\":%d" % (i, i) for i in range(30))


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r", "")


class Told(CatalogTest):
    def test_the_reason_of_a_type_stays_readable_on_a_narrow_terminal(self):
        self.put("raw-data/events.jsonl", NESTED)
        self.index()
        why = self.why("raw-data.events")
        lines = plain(self.terminal("catalog", "explain", "raw-data.events", columns=80).out).splitlines()
        begin = next(i for i, line in enumerate(lines) if line.startswith("  COLUMN"))
        told = lines[begin:]
        self.assertLessEqual(max(map(len, told)), 80)
        at = told[0].index("BECAUSE")
        for reason in why.values():
            self.assertIn(reason, " ".join(line[at:] for line in told))
        whole = self.nl("catalog", "explain", "raw-data.events").out
        self.assertIn("a_column_with_a_very_long_name_that_goes_on", whole)
        self.assertIn(self.types("raw-data.events")["payload"], whole)

    def test_a_dry_run_says_what_would_be(self):
        self.put("raw-data/orders.csv", "id,zip\n1,01234\n")
        self.index()
        for term in ("Order", "Sale"):
            self.nl("catalog", "glossary", "add", term)
        self.nl("catalog", "glossary", "link", "Order", "raw-data.orders")
        self.nl("catalog", "glossary", "link", "Order", "raw-data.orders.zip")
        before = tree(self.lake)

        def dry(*words):
            return self.nl("catalog", *words, "--dry-run").out

        self.assertIn("raw-data.orders would have: foo\n", dry("tag", "orders", "foo"))
        self.assertIn("raw-data.orders would have: Ana\n", dry("owner", "orders", "Ana"))
        self.assertIn("raw-data.orders would have: zip: As typed\n", dry("describe", "orders", "--column", "zip", "As typed"))
        self.assertIn("would have: the rule that new schema versions must be", dry("compatibility", "orders", "full"))
        self.assertIn("New: would be added\n", dry("glossary", "add", "New"))
        self.assertIn("Order: would be removed, with its 2 links\n", dry("glossary", "remove", "Order"))
        self.assertIn("raw-data.orders would stand for Sale\n", dry("glossary", "link", "Sale", "raw-data.orders"))
        self.assertIn("raw-data.orders.zip would stand for Sale, now Order\n", dry("glossary", "link", "Sale", "raw-data.orders.zip"))
        self.assertIn("raw-data.orders would no longer stand for Order\n", dry("glossary", "unlink", "Order", "raw-data.orders"))
        self.assert_same_tree(before, self.lake)
        self.assertEqual("raw-data.orders: foo\n", self.nl("catalog", "tag", "orders", "foo").out)

    def test_what_is_wrong_with_a_file_is_told_with_its_own_severity(self):
        self.put("raw-data/bad.ncf", b"this is no such file at all, though its name says so")
        told = self.nl("catalog", "index", check=3).err
        self.assertRegex(told, r"(?m)^error: raw-data/bad\.ncf: .*does not begin like an NCF file")
        self.assertNotIn("warning: raw-data/bad.ncf", told)
        self.assertIn("error: ", self.nl("catalog", "show", "raw-data.bad").out)

    def test_an_empty_file_is_called_empty(self):
        self.put("raw-data/nothing.csv", "")
        self.index()
        for verb in ("show", "explain"):
            shown = self.nl("catalog", verb, "raw-data.nothing").out
            self.assertIn("the file is empty", shown)
            self.assertNotIn("unknown", shown)
            self.assertFalse(shown.endswith("\n\n"))

    def test_show_tells_terms_as_terms(self):
        self.put("raw-data/orders.csv", "id,zip,sum\n1,01234,2\n")
        self.index()
        self.nl("catalog", "glossary", "add", "Revenue")
        self.nl("catalog", "glossary", "link", "Revenue", "raw-data.orders.sum", "raw-data.orders.zip")
        self.nl("catalog", "describe", "orders", "--column", "zip", "As typed")
        shown = self.nl("catalog", "show", "orders").out
        self.assertRegex(shown, r"\n  sum +term: Revenue\n")
        self.assertRegex(shown, r"\n  zip +As typed; term: Revenue\n")


if __name__ == "__main__":
    main()
