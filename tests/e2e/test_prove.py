# Proofs of types: the evidence, the row that forced the type as its file holds it now, and what the type was without it.
# SPDX-License-Identifier: Apache-2.0
import os

from catalog_lake import CatalogTest
from harness import age, main, write
from jsonschema_lite import check as check_schema


class Prove(CatalogTest):
    def prove(self, column, **more):
        value = self.nl("catalog", "prove", column, "--json", **more).json
        check_schema(value)
        return value

    def rows(self):
        zips = ["%d" % (10000 + i % 90000) for i in range(30000)] + ["01234"] * 20000
        quantities = ["%d" % (i % 100) for i in range(25000)] + ["0.5"] * 25000
        return "zip,qty,note\n" + "".join("%s,%s,\n" % pair for pair in zip(zips, quantities))

    def test_the_first_offender_is_read_from_the_file_again(self):
        path = self.put("raw-data/orders.csv", self.rows())
        self.index()
        proof = self.prove("raw-data.orders.zip")
        self.assertEqual({"path": "raw-data/orders.csv", "row": 30001, "state": "verified", "value": "01234", "type_without_it": "int64"},
                         proof["first"])
        self.assertEqual((50000, 50000, "text"), (proof["rows_seen"], proof["rows"], proof["column"]["type"]))
        first = self.prove("orders.qty")["first"]
        self.assertEqual((25001, "0.5", "int64"), (first["row"], first["value"], first["type_without_it"]))
        text = self.nl("catalog", "prove", "raw-data.orders.zip").out
        self.assertIn("raw-data.orders.zip is text\n", text)
        self.assertIn("row 30,001: 01234\n  Checked     read again just now\n", text)
        self.assertIn("int64 for 30,000 rows until then", text)
        self.assertIn("leading zero first at row 30001", text)
        note = self.nl("catalog", "prove", "raw-data.orders.note").out
        self.assertIn("50,000 (100.0 %)", note)
        self.assertNotIn("First one", note)
        age(write(path, "zip,qty,note\n1,1,\n"), days=2)
        self.assertEqual("changed", self.prove("raw-data.orders.zip")["first"]["state"])
        self.assertIn("its file changed since it was indexed", self.nl("catalog", "prove", "raw-data.orders.zip").out)
        os.unlink(path)
        self.assertEqual("gone", self.prove("raw-data.orders.zip")["first"]["state"])

    def test_of_a_table_without_names_only_the_rows_before_say_what_the_type_was(self):
        self.put("raw-data/plain/a.csv", "1,2\n3,4\nword,6\n7,8\n9,10\n")
        for sample in (["--sample", "3"], ["--full"]):
            self.nl("catalog", "index", *sample)
            proof = self.prove("raw-data.plain.column1")
            self.assertEqual(3 if "3" in sample else 5, proof["rows_seen"])
            self.assertEqual((3, "word", "int64"), tuple(proof["first"][k] for k in ("row", "value", "type_without_it")))
        self.assertIn("int64 for 2 rows until then", self.nl("catalog", "prove", "raw-data.plain.column1").out)

    def test_the_file_of_several_is_named(self):
        self.put("raw-data/t/a.csv", "id,x\n1,1\n")
        self.put("raw-data/t/b.csv", "id,x\n1,5\n2,word\n")
        self.put("raw-data/t/c.csv", "id,x\n1,7\n")
        self.index()
        first = self.prove("raw-data.t.x")["first"]
        self.assertEqual(("raw-data/t/b.csv", 2, "word", "int64"), tuple(first[k] for k in ("path", "row", "value", "type_without_it")))

    def test_a_first_row_that_forces_a_type_is_held_against_the_other_files(self):
        for month, value in (("01", "1"), ("02", "2"), ("03", "3"), ("04", "x")):
            self.put("raw-data/logs/2024-%s.csv" % month, "id,v\n1,%s\n" % value)
        self.index()
        first = self.prove("raw-data.logs.v")["first"]
        self.assertEqual(("raw-data/logs/2024-04.csv", 1, "x", {"files": 3, "rows": 3, "type": "int64"}),
                         tuple(first[k] for k in ("path", "row", "value", "other_files")))
        self.assertIn("int64 for the 3 rows of the other files", self.nl("catalog", "prove", "raw-data.logs.v").out)

    def test_the_nulls_of_a_partition_column_are_rows(self):
        self.put("raw-data/logs/flat.csv", "id\n" + "1\n" * 30)
        self.put("raw-data/logs/day=01/a.csv", "id\n" + "1\n" * 10)
        self.index()
        proof = self.prove("raw-data.logs.day")
        self.assertEqual((40, 40, 30), (proof["rows_seen"], proof["rows"], proof["column"]["evidence"]["nulls"]))
        shown = self.nl("catalog", "show", "raw-data.logs").out
        self.assertIn("day 01 (1 value; 30 rows without)", shown)

    def test_json_lines_are_proved_too(self):
        self.put("raw-data/e.jsonl", '{"n": 1}\n' * 10 + '{"n": "x"}\n')
        self.index()
        self.assertEqual((11, "x", "int64"), tuple(self.prove("raw-data.e.n")["first"][k] for k in ("row", "value", "type_without_it")))

    def test_a_row_that_forces_a_type_only_beside_later_ones_is_proved_by_the_whole_file(self):
        self.put("raw-data/mix.csv", "id,v\n1,2024-01-01\n2,5\n3,6\n")
        self.put("raw-data/time.csv", "id,v\n1,2024-01-01 10:00:00\n2,2024-01-02\n")
        self.put("raw-data/list.jsonl", '{"v":1}\n{"v":[1]}\n{"v":[2]}\n')
        self.put("raw-data/digits.csv", "id,v\n1,9007199254740993\n2,1e-7\n3,word\n")
        self.nl("catalog", "index", "--sample", "2")
        self.assertEqual("verified", self.prove("raw-data.digits.v")["first"]["state"])
        self.index("--full")
        for table in ("mix", "time", "list"):
            first = self.prove("raw-data.%s.v" % table)["first"]
            self.assertEqual((1, "verified"), (first["row"], first["state"]))
        self.assertIn("rows behind it force the type together with it", self.nl("catalog", "prove", "raw-data.mix.v").out)

    def test_rows_behind_damage_are_not_all_rows(self):
        self.put("raw-data/broken.json", '[{"a":1},{"a":2},{"a":')
        self.put("raw-data/whole.json", '[{"a":1},{"a":2}]')
        self.index(check=3)
        self.assertEqual((2, 2, False), tuple(self.prove("raw-data.broken.a")[k] for k in ("rows_seen", "rows", "rows_exact")))
        self.assertIn("Rows seen  2 (those that could be read; see: neurolake ", self.nl("catalog", "prove", "broken.a").out)
        self.assertTrue(self.prove("raw-data.whole.a")["rows_exact"])
        self.assertIn("Rows seen  2 (all)\n", self.nl("catalog", "prove", "whole.a").out)

    def test_a_json_text_has_its_quotes(self):
        self.put("raw-data/n.json", '[{"x":1.5},{"x":"2.5"}]')
        self.put("raw-data/w.jsonl", '{"x":1}\n{"x":"a \\"b\\""}\n')
        self.put("raw-data/b.json", '[{"x":1.5},{"x":true}]')
        self.put("raw-data/c.csv", "x\n1\nword\n")
        self.index()
        self.assertIn('row 2: "2.5", a text: it stands in quotes\n', self.nl("catalog", "prove", "raw-data.n.x").out)
        self.assertIn('row 2: "a \\"b\\""\n', self.nl("catalog", "prove", "raw-data.w.x").out)
        self.assertIn("row 2: true\n", self.nl("catalog", "prove", "raw-data.b.x").out)
        self.assertIn("row 2: word\n", self.nl("catalog", "prove", "raw-data.c.x").out)
        self.assertEqual("2.5", self.prove("raw-data.n.x")["first"]["value"])

    def test_a_hint_with_a_name_in_it_can_be_typed(self):
        self.put("raw-data/people.csv", "phone number,id\n1,2\n")
        self.index()
        hint = self.nl("catalog", "prove", "people", "--json", check=2).error["hint"]
        self.assertEqual("for instance 'raw-data.people.phone number'", hint)
        self.nl("catalog", "prove", hint.split("'")[1])

    def test_values_stay_on_their_line_in_a_pipe_too(self):
        self.put("raw-data/v.csv", 'a,b\n"z\x1b[31m\ty",1\n"b\nc",2\n')
        self.put("raw-data/e.json", '[{"x":""},{"x":"q"}]')
        self.index()
        for words in (("show", "v"), ("prove", "v.a"), ("explain", "v"), ("head", "v")):
            shown = self.nl("catalog", *words).out
            self.assertNotIn("\x1b", shown)
            self.assertNotIn("\t", shown)
        self.assertIn("b\\nc .. z\\x1b[31m\\ty\n", self.nl("catalog", "show", "v").out)
        self.assertEqual("z\x1b[31m\ty", self.nl("catalog", "show", "v", "--json").json["table"]["columns"][0]["evidence"]["max"])
        self.assertIn('"" .. q\n', self.nl("catalog", "show", "e").out)
        self.assertIn('Range       "" .. q\n', self.nl("catalog", "prove", "e.x").out)

    def test_names_of_columns_and_fields_stay_on_their_line_in_a_pipe_too(self):
        self.put("raw-data/v.csv", "e\x1b[31mmail,b\nann@example.com,1\nbob@example.com,2\n")
        self.put("raw-data/o.json", '[{"o":{"f\\u001b[31m":1}}]')
        told = self.nl("catalog", "index").out
        self.put("raw-data/w.csv", "id\n1\n")
        self.nl("catalog", "index")
        self.put("raw-data/w.csv", "id,e\x1b[31mx\n1,01\n")
        told += self.nl("catalog", "index").out
        self.assertNotIn("\x1b", told)
        self.assertIn("about people: e\\x1b[31mmail", told)
        self.assertIn("+1 column: e\\x1b[31mx", told)
        for words in (("show", "v"), ("explain", "v"), ("head", "v"), ("schema", "v"), ("pii",), ("search", "mail"), ("prove", b"v.e\x1b[31mmail"),
                      ("show", "o"), ("explain", "o"), ("schema", "o"), ("prove", "o.o")):
            shown = self.nl("catalog", *words).out
            self.assertNotIn("\x1b", shown, words)
            self.assertIn("\\x1b[31m", shown, words)
        self.assertEqual("e\x1b[31mmail", self.nl("catalog", "schema", "v", "--json").json["columns"][0]["name"])

    def test_names_with_dots_and_names_that_are_not_there(self):
        self.put("raw-data/a.csv", "x.y,z\n01,2\n")
        self.index()
        self.assertEqual("x.y", self.prove("raw-data.a.x.y")["column"]["name"])
        self.assertEqual("x.y", self.prove("a.x.y")["column"]["name"])
        self.assertIn("did you mean z?", self.nl("catalog", "prove", "raw-data.a.zz", check=1).err)
        self.assertIn("name a column of it", self.nl("catalog", "prove", "raw-data.a", check=2).err)
        self.nl("catalog", "prove", "raw-data.nothing.x", check=1)
        self.nl("catalog", "prove", "nonsense", check=1)


if __name__ == "__main__":
    main()
