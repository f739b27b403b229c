# Columns about people: found by their values, shown masked, corrected by a person, and never leaked.
# SPDX-License-Identifier: Apache-2.0
import gzip
import json
import os
import random
import re

from catalog_lake import CatalogTest
from harness import main, read, write
from jsonschema_lite import check as check_schema

FIRST = ["anna", "bert", "clara", "dora", "emil", "franz", "greta", "hugo"]
LAST = ["secretsmith", "hiddenmann", "privatova", "quietson"]


def luhn(number):
    total = 0
    for i, digit in enumerate(reversed(number + "0")):
        value = int(digit) * (2 if i % 2 else 1)
        total += value - 9 if value > 9 else value
    return number + str(-total % 10)


def iban(account):
    check = 98 - int(account + "131400") % 97
    return f"DE{check:02}{account}"


def customer(dice, i):
    return {"id": i, "email": f"{dice.choice(FIRST)}.{dice.choice(LAST)}{i}@example.com", "iban": iban(f"{dice.randrange(10**18):018}"),
            "card": luhn("4" + f"{dice.randrange(10**14):014}"), "ACADEMIC_YEAR_CODE": f"{1990 + i % 30}/{1991 + i % 30}",
            "scenario_code": f"SCN-{100 + i % 900}", "first_name": dice.choice(FIRST)}


def csv_of(rows):
    return "\n".join([",".join(rows[0])] + [",".join(str(v) for v in row.values()) for row in rows]) + "\n"


class Pii(CatalogTest):
    def setUp(self):
        super().setUp()
        dice = random.Random(7)
        self.rows = [customer(dice, i) for i in range(1, 1001)]
        self.put("customers.csv", csv_of(self.rows))

    def put(self, name, text):
        data = text if isinstance(text, bytes) else text.encode()
        path = self.path("buckets", "raw-data", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, data)
        os.utime(path, (1700000000, 1700000000 + len(data) % 1000))

    def pii(self, *args):
        value = self.nl("catalog", "pii", "--json", *args).json
        check_schema(value)
        return {entry["column"]: entry for entry in value["columns"]}

    def everything_written(self):
        """Every byte the lake keeps beside the data itself."""
        out = b""
        for folder in ("catalog", ".neurolake", "logs"):
            for base, _, names in os.walk(self.path(folder)):
                for name in names:
                    data = read(os.path.join(base, name))
                    out += gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        return out

    def test_columns_about_people_are_listed_with_share_and_masked_sample(self):
        report = self.index()
        self.assertEqual(report["changes"][0]["new_pii"], ["email", "iban", "card"])
        found = self.pii()
        self.assertEqual(set(found), {"email", "iban", "card", "first_name"})
        for name, semantic in (("email", "email"), ("iban", "iban"), ("card", "payment_card")):
            self.assertEqual((found[name]["semantic"], found[name]["pii"], found[name]["source"]), (semantic, True, "values"))
            self.assertEqual((found[name]["checked"], found[name]["matched"], found[name]["share"]), (1000, 1000, 1))
            self.assertNotIn(found[name]["sample"], [str(row[name]) for row in self.rows])
            self.assertIn("***", found[name]["sample"])
        self.assertRegex(found["email"]["why"], r"^looks like e-mail address \(100 % of 1,000 values, for instance .\*\*\*@e\*\*\*\.com\)$")
        self.assertEqual((found["first_name"]["pii"], found["first_name"]["source"]), (False, "name"))
        words = self.nl("catalog", "pii").out
        self.assertIn("3 columns about people, 1 perhaps, by its name only", words)
        self.assertIn("raw-data.customers.email", words)

    def test_nine_digits_called_ssn_are_a_hint_in_one_file_and_in_several(self):
        self.put("one.csv", "id,ssn\n1,123456789\n2,223456789\n")
        self.put("two/a.csv", "id,ssn\n1,123456789\n2,223456789\n")
        self.put("two/b.csv", "id,ssn\n3,323456789\n")
        self.put("other.csv", "id,ssn\n1,12\n2,99999\n")
        self.index()
        for table in ("one", "two"):
            found = self.pii(table)
            self.assertEqual({"ssn": ("ssn_us", False, "name")}, {c: (f["semantic"], f["pii"], f["source"]) for c, f in found.items()})
            self.assertNotIn("123456789", self.nl("catalog", "show", table, "--json").out)
        self.assertEqual({}, self.pii("other"))

    def test_names_of_columns_stay_whole_on_a_terminal_as_long_as_others_can_shrink(self):
        self.put("customers_of_the_last_ten_years/a.csv", csv_of(self.rows))
        self.index()
        self.assertIn("raw-data.customers_of_the_last_ten_years.email ", self.terminal("catalog", "pii", columns=100).out)

    def test_names_of_columns_are_whole_on_any_terminal_and_the_rest_of_the_row_fits(self):
        long = "customers_of_the_last_ten_years_in_all_regions"
        self.put(long + "/a.csv", csv_of(self.rows))
        self.index()
        lines = re.sub(r"\x1b\[[0-9;]*m", "", self.terminal("catalog", "pii", columns=80).out).splitlines()
        self.assertIn("raw-data.%s.email" % long, lines)
        self.assertRegex("\n".join(lines), r"(?m)^raw-data.customers.email  +text  ")
        self.assertEqual([], [line for line in lines if len(line) > 80])

    def test_index_show_and_explain_say_it_in_words(self):
        words = self.nl("catalog", "index").out
        self.assertIn("about people: email, iban, card; see: neurolake catalog pii raw-data.customers", words)
        for command in ("show", "explain"):
            words = self.nl("catalog", command, "customers").out
            self.assertRegex(words, r"email: looks like e-mail address \(100 % of 1,000 values")
            value = self.nl("catalog", command, "customers", "--json").json
            check_schema(value)
        self.assertIn("email (pii)", self.nl("catalog", "show", "customers").out)
        columns = {c["name"]: c for c in self.tables()["raw-data.customers"]["columns"]}
        self.assertTrue(columns["email"]["pii"])
        self.assertIn("100 % of 1,000", columns["email"]["meaning"])
        self.assertFalse(columns["scenario_code"]["pii"])

    def test_nothing_that_is_kept_holds_a_value_about_a_person(self):
        lines = "\n".join(json.dumps({"mail": row["email"], "who": {"iban": row["iban"]}}) for row in self.rows)
        self.put("events.jsonl", lines + "\n")
        self.put("mixed.csv", "note,x\nann.secretsmith@example.com,1\nplain,2\n")
        self.index()
        for command in (("catalog", "show", "customers"), ("catalog", "explain", "events"), ("catalog", "tables"), ("catalog", "pii"),
                        ("catalog", "search", "email")):
            self.nl(*command)
        kept = self.everything_written()
        self.assertIn(b"customers", kept)
        for word in LAST:
            self.assertNotIn(word.encode(), kept)
        for row in self.rows:
            for name in ("iban", "card"):
                self.assertNotIn(row[name].encode(), kept)

    def test_a_proof_shows_no_value_about_a_person(self):
        self.put("people/p.csv", "id,email\n" + "".join("%d,anna.%d@example.org\n" % (i, i) for i in range(20)))
        self.index()
        for words in ([], ["--json"]):
            said = self.nl("catalog", "prove", "raw-data.people.email", *words).out
            self.assertNotIn("anna.", said)
            self.assertIn("a***@e***.org", said)

    def test_a_persons_word_is_kept_through_index_rename_and_schema_change(self):
        self.index()
        self.nl("catalog", "pii", "raw-data.customers", "--not-pii", "card", "--pii", "scenario_code")
        found = self.pii()
        self.assertNotIn("card", found)
        self.assertEqual((found["scenario_code"]["pii"], found["scenario_code"]["source"]), (True, "person"))
        self.assertEqual(found["scenario_code"]["why"], "a person said it is personal")

        def still_so(table):
            found = self.pii(table, "--all")
            self.assertEqual((found["card"]["pii"], found["card"]["not_pii"]), (False, True), table)
            self.assertEqual(found["scenario_code"]["source"], "person", table)

        self.index("--full")
        still_so("raw-data.customers")
        for row in self.rows:
            row["extra"] = 1
        self.put("customers.csv", csv_of(self.rows))
        self.index()
        still_so("raw-data.customers")
        os.rename(self.path("buckets", "raw-data", "customers.csv"), self.path("buckets", "raw-data", "clients.csv"))
        self.index()
        still_so("raw-data.clients")
        self.nl("bucket", "rename", "raw-data", "landing")
        self.index()
        still_so("landing.clients")
        kept = self.everything_written()
        self.assertIn(b"catalog.pii", kept)

        self.nl("catalog", "pii", "landing.clients", "--undo", "card", "scenario_code")
        self.assertIn("landing.clients.card: nothing was said of it\n", self.nl("catalog", "pii", "landing.clients", "--undo", "card").out)
        found = self.pii()
        self.assertTrue(found["card"]["pii"])
        self.assertNotIn("scenario_code", found)
        before = self.catalog_files()
        self.index("--full")
        self.assertEqual(self.catalog_files(), before)

    def range_of(self, table, column):
        columns = self.nl("catalog", "show", table, "--json").json["table"]
        found = next(c for c in columns["columns"] + columns["partitions"] if c["name"] == column)
        return found["evidence"].get("min"), found["evidence"].get("max")

    def test_the_range_is_back_with_the_undo_and_no_value_changed(self):
        for year in (2025, 2026):
            self.put(f"visits/year={year}/a.csv", csv_of(self.rows[year - 2025::2]))
            self.put(f"visits/year={year}/README.md", "notes")
        self.index()
        columns = [("customers", "scenario_code"), ("visits", "scenario_code"), ("visits", "id"), ("visits", "year")]
        before = [self.range_of(*column) for column in columns]
        self.assertEqual([("SCN-100", "SCN-999"), ("SCN-100", "SCN-999"), ("1", "1000"), ("2025", "2026")], before)
        catalog = self.catalog_files()
        for undo in ("--undo", "--not-pii"):
            for column in columns:
                self.nl("catalog", "pii", column[0], "--pii", column[1])
            self.assertEqual({(None, None)}, {self.range_of(*column) for column in columns})
            path = self.path("buckets", "raw-data", "customers.csv")
            write(path, read(path))
            os.utime(path, (1700005000, 1700005000 + len(undo)))
            self.assertIn("files were written again with the same values", self.nl("catalog", "index").out)
            for column in columns:
                self.nl("catalog", "pii", column[0], undo, column[1])
            self.assertEqual(before, [self.range_of(*column) for column in columns])
            self.assertEqual([], self.index("--full")["changes"])
        self.nl("catalog", "pii", "customers", "--not-pii", "card")  # its bounds were never kept
        self.assertEqual((None, None), self.range_of("customers", "card"))
        self.assertEqual([], self.index()["changes"])

    def test_kept_rows_follow_a_persons_word_at_once(self):
        self.index()
        def kept(column):
            value = json.loads(read(self.path("catalog", "samples.json")))["samples"][0]
            at = value["columns"].index(column)
            return at in value.get("masked", []), [row[at] for row in value["rows"]]
        cards = [row["card"] for row in self.rows[:20]]
        masked = kept("card")
        self.assertTrue(masked[0])
        self.assertFalse(set(masked[1]) & set(cards))
        self.nl("catalog", "pii", "customers", "--not-pii", "card", "--dry-run")
        self.assertEqual(masked, kept("card"))
        self.nl("catalog", "pii", "customers", "--not-pii", "card")
        hidden, values = kept("card")
        self.assertEqual((False, cards[:len(values)]), (hidden, values))
        self.nl("catalog", "pii", "customers", "--undo", "card")
        self.assertEqual(masked, kept("card"))
        before = kept("scenario_code")
        self.assertFalse(before[0])
        self.nl("catalog", "pii", "customers", "--pii", "scenario_code")
        hidden, values = kept("scenario_code")
        self.assertTrue(hidden)
        self.assertFalse({value for value in values if value} & set(before[1]))

    def test_a_dry_run_and_a_wrong_name_change_nothing(self):
        self.index()
        before = self.catalog_files()
        self.nl("catalog", "pii", "customers", "--not-pii", "card", "--dry-run")
        result = self.nl("catalog", "pii", "customers", "--not-pii", "email", "cart", check=1)
        self.assertIn("did you mean card?", result.err)
        self.nl("catalog", "pii", "--not-pii", "card", check=2)
        self.nl("catalog", "pii", "customers", "--not-pii", "card", "--pii", "card", check=2)
        self.assertEqual(self.catalog_files(), before)

    def test_many_files_are_one_verdict_whatever_the_order(self):
        for i in range(4):
            self.put(f"parts/p{i}.csv", csv_of(self.rows[i * 250:(i + 1) * 250]))
        self.index()
        found = self.pii("raw-data.parts")
        self.assertEqual((found["email"]["checked"], found["email"]["matched"]), (1000, 1000))
        self.put("parts/p4.csv", csv_of([dict(row, email="none given") for row in self.rows]))
        self.index()
        self.assertNotIn("email", self.pii("raw-data.parts"))

    def test_nested_fields_are_named(self):
        self.put("events.jsonl", "".join(json.dumps({"n": i, "who": {"mail": row["email"]}}) + "\n" for i, row in enumerate(self.rows)))
        self.index()
        found = self.pii("raw-data.events")
        self.assertEqual((found["who"]["field"], found["who"]["semantic"], found["who"]["checked"]), ("mail", "email", 1000))

    def test_the_first_rows_of_binary_files_are_looked_at(self):
        number = lambda value: bytes([value << 1]) if value < 64 else bytes([value << 1 & 0x7F | 0x80, value >> 6])
        text = lambda value: number(len(value)) + value.encode()
        schema = {"type": "record", "name": "r", "fields": [{"name": "contact", "type": "string"}, {"name": "email", "type": "string"},
                                                            {"name": "who", "type": {"type": "map", "values": "string"}}]}
        for name, count in (("many", 1200), ("few", 40)):
            rows = b"".join(text(row["email"]) + text(row["scenario_code"]) + number(1) + text("x") + text(row["email"]) + b"\0" for row in (self.rows * 2)[:count])
            length = b"".join(bytes([part]) for part in (len(rows) << 1 & 0x7F | 0x80, len(rows) >> 6 & 0x7F | 0x80, len(rows) >> 13))
            self.put(name + ".avro", b"Obj\x01" + number(1) + text("avro.schema") + text(json.dumps(schema)) + b"\0" + b"s" * 16 + number(count) + length + rows + b"s" * 16)
        self.index()
        for name, checked, first in (("many", 1000, 1000), ("few", 40, None)):
            found = self.pii("raw-data." + name)
            self.assertEqual({"contact", "who"}, set(found))
            self.assertEqual(("email", checked, first), tuple(found["contact"].get(key) for key in ("semantic", "checked", "first_rows")))
            self.assertEqual("value", found["who"]["field"])
        self.assertIn("in the first 1,000 rows of each file", self.pii("raw-data.many")["contact"]["why"])
        self.assertNotIn(self.rows[0]["email"].encode(), self.everything_written())

    def test_what_an_ncf_file_says_of_itself_counts(self):
        samples = os.path.join(os.environ["NEUROLAKE_TESTS_DIR"], "support", "samples", "ncf")
        with open(os.path.join(samples, "c06-pii-semantics.ncf"), "rb") as file:
            self.put("people.ncf", file.read())
        self.index()
        found = self.pii("raw-data.people")
        self.assertEqual({entry["semantic"] for entry in found.values()}, {"pii_name", "pii_email", "pii_phone", "pii_address"})
        self.assertEqual({entry["source"] for entry in found.values()}, {"file"})


if __name__ == "__main__":
    main()
