# Older catalogs come in: what is a table here takes their words over, what is none waits, and nothing is ever run.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil
import subprocess

from catalog_lake import CatalogTest
from harness import main, read, tree, write
from jsonschema_lite import check as check_schema

LEGACY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support", "samples", "legacy")


class ImportTest(CatalogTest):
    def bring(self, path, *args, **more):
        report = self.nl("catalog", "import", path if os.path.isabs(path) else os.path.join(LEGACY, path), "--json", *args, **more).json
        check_schema(report)
        return report

    def imported(self):
        value = self.nl("catalog", "import", "--json").json
        check_schema(value)
        return {(entry["kind"], entry["name"]): entry["state"] for entry in value["entries"]}

    def file(self, value, name="catalog.json"):
        return write(os.path.join(self.tmp, "old", name), value if isinstance(value, (str, bytes)) else json.dumps(value))

    def show(self, table):
        return self.nl("catalog", "show", table, "--json").json["table"]


class DataCatalog(ImportTest):
    def test_tables_columns_tags_terms_and_lineage(self):
        report = self.bring("catalog/catalog.json")
        self.assertEqual([3, 1, 11, 4, 1, 2], [report[key] for key in ("tables", "files", "columns", "tags", "terms", "lineage_edges")])
        self.assertEqual({"query": 2, "pipeline": 1}, report["texts"])
        self.assertEqual([("column", "table_weather_raw_stations_col_contact_email"), ("tag", "pii")],
                         [(orphan["what"], orphan["name"]) for orphan in report["orphans"]])
        self.assertEqual("waiting", self.imported()["table", "weather.raw.stations"])

    def test_what_was_imported_is_no_table_and_an_index_leaves_it_alone(self):
        self.bring("catalog")
        before = self.imported()
        self.assertEqual({}, self.tables("--all"))
        self.put("raw-data/else.csv", "a,b\n1,2\n")
        self.index()
        self.assertEqual(before, self.imported())
        self.assertEqual(["raw-data.else"], self.names("--all"))

    def test_words_go_to_the_table_of_that_name_at_once_or_when_it_appears(self):
        self.put("raw-data/stations.csv", "station_id,name,lat\n1,x,2.5\n2,y,3.5\n")
        self.index()
        report = self.bring("catalog/catalog.json")
        self.assertEqual([("weather.raw.stations", "raw-data.stations")], [(a["name"], a["table"]) for a in report["attached"]])
        self.assertEqual(["v2", "weather"], self.show("stations")["tags"])
        columns = json.loads(read(self.path("catalog", "tables.json")))["tables"][0]["columns"]
        self.assertEqual("key", columns[0]["description"])
        self.put("raw-data/readings 2024.csv", "station_id,t\n1,2024-01-01\n")
        text = self.nl("catalog", "index").out
        self.assertIn("took over description, tag landing", text)
        table = self.show("raw-data.readings_2024")
        self.assertEqual(("drop", ["landing"]), (table["description"], table["tags"]))
        self.assertEqual("taken over", self.imported()["file", "raw-data/readings 2024.csv"])
        self.assertNotIn("took over", self.nl("catalog", "index").out)

    def test_what_a_person_said_here_stays(self):
        old = self.file({"assets": {"table_a_b_t": {"asset_type": "table", "name": "t", "fully_qualified_name": "a.b.t",
                                                    "columns": [{"name": "x", "description": "theirs"}], "description": "theirs",
                                                    "owner": "them", "tags": ["b"]}}})
        self.put("raw-data/t.csv", "x,y\n1,2\n")
        self.index()
        path = self.path("catalog", "tables.json")
        catalog = json.loads(read(path))
        catalog["tables"][0].update(description="mine", tags=["a"])
        write(path, json.dumps(catalog))
        (attached,) = self.bring(old)["attached"]
        self.assertEqual(["owner", "tag b", "description of x"], attached["taken"])
        self.assertEqual(["description"], attached["kept"])
        table = self.show("t")
        self.assertEqual(("mine", "them", ["a", "b"]), (table["description"], table["owner"], table["tags"]))

    def test_a_name_that_several_tables_have_is_not_guessed(self):
        for bucket in ("raw-data", "processed"):
            self.put(bucket + "/t.csv", "x,y\n1,2\n")
        self.index()
        old = {"assets": {"1": {"asset_type": "table", "name": "t", "fully_qualified_name": "a.b.t", "owner": "o"},
                          "2": {"asset_type": "table", "name": "t", "fully_qualified_name": "a.processed.t", "owner": "p"}}}
        report = self.bring(self.file(old))
        self.assertEqual(["a.b.t"], report["ambiguous"])
        self.assertEqual("p", self.show("processed.t")["owner"])
        self.assertNotIn("owner", self.show("raw-data.t"))

    def test_twice_changes_nothing(self):
        self.put("raw-data/stations.csv", "station_id,name,lat\n1,x,2.5\n")
        self.index()
        self.assertTrue(self.bring("catalog")["changed"])
        before = tree(self.path("catalog"))
        again = self.bring("catalog")
        self.assertFalse(again["changed"])
        self.assertEqual((0, 0), (again["new_entries"], again["changed_entries"]))
        self.assert_same_tree(before, self.path("catalog"))

    def test_a_dry_run_writes_nothing(self):
        self.put("raw-data/stations.csv", "station_id,name,lat\n1,x,2.5\n")
        self.index()
        self.assert_writes_nothing("catalog", "import", os.path.join(LEGACY, "catalog"), "--dry-run")

    def test_lineage_joins_ours_and_follows_the_tables(self):
        report = self.bring("catalog")
        self.assertEqual(3, report["lineage_edges"])
        ask = lambda name: self.nl("lineage", "show", name).out
        text = ask("weather.mart.daily_mean")
        self.assertIn("weather.raw.stations", text)
        self.assertIn("weather.raw.readings", text)
        before = read(self.path("catalog", "lineage.json"))
        self.bring("catalog")
        self.assertEqual(before, read(self.path("catalog", "lineage.json")))
        self.put("processed/daily_mean.csv", "station_id,day,mean_temp\n1,2024-01-01,2.5\n")
        self.put("raw-data/stations.csv", "station_id,name,lat\n1,x,2.5\n")
        self.index()
        text = ask("processed.daily_mean")
        self.assertIn("raw-data.stations", text)
        self.assertIn("weather.raw.readings", text)
        self.assertNotIn("weather.mart.daily_mean", self.nl("lineage", "export", "--format", "json").out)
        after = read(self.path("catalog", "lineage.json"))
        self.assertFalse(self.bring("catalog")["changed"])
        self.assertEqual(after, read(self.path("catalog", "lineage.json")))

    def test_terms_join_the_glossary(self):
        self.put("raw-data/daily_mean.csv", "station_id,day,mean_temp\n1,2024-01-01,2.5\n")
        self.index()
        self.assertEqual(1, self.bring("catalog/catalog.json")["new_terms"])
        (term,) = json.loads(read(self.path("catalog", "glossary.json")))["terms"]
        self.assertEqual(("Mean temperature", "24h arithmetic mean", ["avg temp"]), (term["term"], term["definition"], term["synonyms"]))
        columns = json.loads(read(self.path("catalog", "tables.json")))["tables"][0]["columns"]
        self.assertEqual("Mean temperature", columns[2]["term"])
        self.assertEqual(0, self.bring("catalog/catalog.json")["new_terms"])

    def test_forgetting(self):
        self.bring("catalog")
        self.nl("catalog", "import", "--forget", "weather.raw.stations")
        self.assertNotIn(("table", "weather.raw.stations"), self.imported())
        self.nl("catalog", "import", "--forget", "weather.raw.stations", check=1)

    def test_it_is_audited(self):
        self.bring("catalog")
        self.assertEqual(["catalog.import"], [line["event"] for line in self.log("audit")][-1:])


class OtherFiles(ImportTest):
    def test_lineage_schemas_metadata_and_transformations(self):
        report = self.bring("catalog")
        self.assertEqual(3, report["lineage_edges"])  # a cycle among them
        self.assertEqual(3, report["schema_versions"])
        entries = {entry["id"]: entry for entry in json.loads(read(self.path("catalog", "imported.json")))["entries"]}
        stations = entries["table:weather.raw.stations"]
        self.assertEqual([1, 2, 3], [version["version"] for version in stations["versions"]])
        self.assertEqual("A table named stations with 3 columns", stations["suggested_description"])
        self.assertNotIn("description", stations)
        self.assertTrue(stations["columns"][1]["pii_suggested"])
        code = entries["transformation:trans_20261122062703620669"]["content"]["code"]
        self.assertEqual("df['temp_f']=df['temp']*9/5+32", code)

    def test_files_that_only_a_record_calls_archived_are_lost(self):
        self.put("archive/old.bin", b"\0\1\2")
        folder = os.path.join(self.tmp, "hybrid")
        os.makedirs(folder)
        shutil.copy(os.path.join(LEGACY, "hybrid", "storage_metadata.json"), os.path.join(folder, ".storage_metadata.json"))
        write(os.path.join(folder, "raw-data", "a.csv"), "x\n1\n")
        report = self.bring(folder)
        self.assertEqual({"archive/old.bin": "here", "raw-data/a.csv": "beside", "raw-data/sub dir/b.json": "lost"},
                         {file["path"]: file["state"] for file in report["recorded_files"]})
        text = self.nl("catalog", "import", folder)
        self.assertIn("LOST: raw-data/sub dir/b.json", text.err)
        self.assertEqual("lost", self.imported()["lost_file", "raw-data/sub dir/b.json"])

    def test_records_cannot_make_it_look_outside(self):
        write(os.path.join(self.tmp, "secret"), "x")
        old = self.file({"../secret": {"tier": "cloud", "size_bytes": 1}, "/etc/passwd": {"tier": "cloud", "size_bytes": 1},
                         "a/../../secret": {"tier": "local", "size_bytes": 1}}, ".storage_metadata.json")
        self.assertEqual({"refused"}, {file["state"] for file in self.bring(old)["recorded_files"]})

    def test_patterns_are_kept_as_text(self):
        self.assertEqual({"pipeline": 1, "pattern": 1}, self.bring("nuic_catalog/catalog.json")["texts"])

    def test_ncf_table_storage(self):
        report = self.bring("ncf_storage")
        self.assertEqual((3, 10), (report["tables"], report["columns"]))
        entries = {entry["id"]: entry for entry in json.loads(read(self.path("catalog", "imported.json")))["entries"]}
        users = entries["table:users"]
        self.assertEqual(("people", "ops"), (users["description"], users["owner"]))
        self.assertEqual([4, 6], users["more"]["live_versions"])
        self.assertEqual(7, len(users["more"]["history"]))
        self.assertEqual([], entries["table:empty_table"]["more"]["live_versions"])

    def test_dropped_tables_are_told_and_left(self):
        folder = os.path.join(self.tmp, "ncf")
        shutil.copytree(os.path.join(LEGACY, "ncf_storage", "users"), os.path.join(folder, ".deleted_users_1700000000"))
        shutil.copytree(os.path.join(LEGACY, "ncf_storage", "auto_schema"), os.path.join(folder, "auto_schema"))
        report = self.bring(folder)
        self.assertEqual(["auto_schema"], report["waiting"])
        self.assertEqual(["dropped_table"], [orphan["what"] for orphan in report["orphans"]])


class Hostile(ImportTest):
    def refused(self, path, *words, check=1):
        before = tree(self.path("catalog"))
        error = self.nl("catalog", "import", path, check=check).err
        for word in words:
            self.assertIn(word, error)
        self.assert_same_tree(before, self.path("catalog"))

    def test_a_cut_file_is_an_error_and_changes_nothing(self):
        whole = read(os.path.join(LEGACY, "catalog", "catalog.json"))
        for size in (0, 1, 10, len(whole) // 2, len(whole) - 1):
            self.refused(self.file(whole[:size]), "catalog.json", "nothing was imported")

    def test_one_damaged_file_of_a_folder_stops_it_all(self):
        folder = shutil.copytree(os.path.join(LEGACY, "catalog"), os.path.join(self.tmp, "copy"))
        write(os.path.join(folder, "lineage.json"), '{"lineage_graph": {')
        self.refused(folder, "lineage.json")

    def test_what_python_writes_and_json_forbids(self):
        asset = '"asset_type":"table","name":"t","fully_qualified_name":"a.b.t"'
        old = self.file(b"\xef\xbb\xbf" + ('{"assets":{"x":{%s,"owner":"first","metadata":{"a":NaN,"b":-Infinity,"c":Infinity},'
                                           '"description":"NaN \\ud83d \\ud83d\\ude00 \\"NaN","owner":"last"}}}' % asset).encode())
        self.put("raw-data/t.csv", "x,y\n1,2\n")
        self.index()
        self.bring(old)
        table = self.show("t")
        self.assertEqual(("last", 'NaN \ufffd \U0001f600 "NaN'), (table["owner"], table["description"]))

    def test_other_files_are_named_for_what_they_are(self):
        self.refused(self.file([1, 2]), "no catalog", check=2)
        self.refused(self.path("catalog", "tables.json"), "catalog export", check=2)
        self.refused(self.path("config"), "no catalog file")
        self.refused(os.path.join(self.tmp, "nothing"), "nothing")
        os.mkfifo(os.path.join(self.tmp, "catalog.json"))
        self.refused(os.path.join(self.tmp, "catalog.json"), "catalog.json", check=2)

    def test_deep_and_odd_values(self):
        self.refused(self.file("[" * 100000 + "]" * 100000), "catalog.json")
        odd = {"assets": {"a": 1, "b": None, "c": [], "d": {"asset_type": "table", "columns": {"x": 1}, "tags": "t", "name": 5},
                          "e": {"asset_type": "column"}, "f": {"asset_type": 7}}, "tags": {"t": 1, "u": [None, 3]},
               "lineage": {"x": {"inputs": [1], "outputs": "y"}, "z": 4}, "business_glossary": {"g": [], "h": {"synonyms": 1}}}
        self.bring(self.file(odd))
        for name, value in (("lineage.json", {"lineage_graph": {"a": 1, "b": {"inputs": [None], "outputs": [{}]}}, "column_lineage": {"x": 1}}),
                            ("metadata.json", {"metadata": {"a": {"original_data": 5, "enriched_columns": 5}}}),
                            ("schemas.json", {"s": [{"version": "x", "columns": 5}]})):
            self.bring(self.file(value, name))

    def test_nothing_is_executed(self):
        canary = os.path.join(self.tmp, "canary")
        code = "__import__('os').system('touch %s')" % canary
        self.bring(self.file({"transformations": {"t": {"code": code, "language": "python", "logic": code}}}, "transformations.json"))
        self.assertFalse(os.path.exists(canary))
        trace = os.path.join(self.tmp, "trace")
        if shutil.which("strace"):
            subprocess.run(["strace", "-f", "-e", "trace=execve", "-o", trace, self.binary, "catalog", "import", os.path.join(LEGACY, "catalog")],
                           env=self.environment({"ASAN_OPTIONS": "detect_leaks=0"}), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.assertEqual(1, read(trace).count(b"execve("))


class OwnExport(ImportTest):
    def setUp(self):
        super().setUp()
        self.put("raw-data/t.csv", "x,mail\n1,2\n")
        self.index()
        path = self.path("catalog", "tables.json")
        catalog = json.loads(read(path))
        catalog["tables"][0].update(description="d", owner="o", tags=["b", "a"])
        catalog["tables"][0]["columns"][1].update(not_pii=True, description="no address")
        write(path, json.dumps(catalog))
        self.export = os.path.join(self.tmp, "export.json")
        self.nl("catalog", "export", "-o", self.export)
        self.other = os.path.join(self.tmp, "other")
        self.nl("init", self.other)

    def test_it_comes_into_an_empty_lake_and_its_words_meet_their_files_there(self):
        lake = {"lake": self.other}
        self.assertEqual(["raw-data.t"], self.bring(self.export, **lake)["waiting"])
        self.assertEqual([], self.nl("catalog", "tables", "--json", **lake).json["tables"])
        shutil.copy2(self.bucket("raw-data", "t.csv"), os.path.join(self.other, "buckets", "raw-data", "t.csv"))
        self.nl("catalog", "index", **lake)
        table = self.nl("catalog", "show", "t", "--json", **lake).json["table"]
        self.assertEqual(("d", "o", ["a", "b"]), (table["description"], table["owner"], sorted(table["tags"])))
        column = json.loads(read(os.path.join(self.other, "catalog", "tables.json")))["tables"][0]["columns"][1]
        self.assertEqual((True, False, "no address"), (column["not_pii"], column["pii"], column["description"]))

    def test_its_lineage_comes_along_once(self):
        self.nl("lineage", "add", "--in", "raw-data.t,raw-data.not-yet", "--out", "s3://b/k", "--job", "nightly")
        self.nl("catalog", "export", "-o", self.export, "--overwrite")
        for new in (2, 0):
            self.assertEqual(new, self.bring(self.export, lake=self.other)["new_lineage_edges"])
        shutil.copy2(self.bucket("raw-data", "t.csv"), os.path.join(self.other, "buckets", "raw-data", "t.csv"))
        self.nl("catalog", "index", lake=self.other)
        for lake in (self.lake, self.other):
            self.assertIn("raw-data.t", self.nl("lineage", "show", "s3://b/k", lake=lake).out)

    def test_into_the_lake_it_came_from_it_brings_nothing_new(self):
        before = tree(self.path("catalog"))
        self.bring(self.export)
        after = self.nl("catalog", "export").out
        self.assertEqual(before[b"tables.json"], tree(self.path("catalog"))[b"tables.json"])
        self.bring(self.export)
        self.assertEqual(after, self.nl("catalog", "export").out)

    def test_of_another_bucket_it_does_not_take_a_table_of_the_same_name(self):
        write(os.path.join(self.other, "buckets", "processed", "t.csv"), "x\n1\n", age_days=1)
        self.nl("catalog", "index", lake=self.other)
        self.assertEqual(["raw-data.t"], self.bring(self.export, lake=self.other)["waiting"])


if __name__ == "__main__":
    main()
