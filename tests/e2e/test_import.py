# Older catalogs come in: what is a table here takes their words over, what is none waits, and nothing is ever run.
# SPDX-License-Identifier: Apache-2.0
import collections
import json
import os
import shutil
import sqlite3
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
        report = self.bring(folder, check=3)
        self.assertEqual({"archive/old.bin": "here", "raw-data/a.csv": "beside", "raw-data/sub dir/b.json": "lost"},
                         {file["path"]: file["state"] for file in report["recorded_files"]})
        text = self.nl("catalog", "import", folder, check=3)
        self.assertIn("LOST: raw-data/sub dir/b.json", text.err)
        self.assertEqual(1, text.err.count("stored nothing in any cloud"))
        self.assertEqual("lost", self.imported()["lost_file", "raw-data/sub dir/b.json"])
        (lost,) = [entry for entry in self.nl("catalog", "import", "--json").json["entries"] if entry["kind"] == "lost_file"]
        self.assertEqual(".storage_metadata.json", lost["source"])

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


class Database(ImportTest):
    """nuic.db: the catalog that was kept in SQLite."""
    TABLES = """
        CREATE TABLE datasets (dataset_id TEXT PRIMARY KEY, dataset_name TEXT, schema_version INTEGER, quality_score REAL, row_count INTEGER,
            size_bytes INTEGER, storage_location TEXT, routing_path TEXT, status TEXT, created_at TEXT, updated_at TEXT, tags TEXT, metadata TEXT);
        CREATE TABLE columns (column_id TEXT PRIMARY KEY, dataset_id TEXT, schema_version INTEGER, column_name TEXT, data_type TEXT,
            nullable INTEGER, pii_type TEXT DEFAULT 'none', position INTEGER, metadata TEXT);
        CREATE TABLE schema_versions (version_id TEXT PRIMARY KEY, dataset_id TEXT, schema_version INTEGER, columns TEXT, changed_at TEXT,
            changed_by TEXT, change_description TEXT);
        CREATE TABLE lineage (lineage_id TEXT PRIMARY KEY, source_dataset_id TEXT, target_dataset_id TEXT, lineage_type TEXT,
            transformation_code TEXT, created_at TEXT, metadata TEXT);
        CREATE TABLE column_lineage (column_lineage_id TEXT PRIMARY KEY, lineage_id TEXT, source_column TEXT, target_column TEXT, transformation TEXT);
        CREATE TABLE quality_metrics (metric_id TEXT PRIMARY KEY, dataset_id TEXT, measured_at TEXT, overall_score REAL, completeness REAL,
            accuracy REAL, consistency REAL, timeliness REAL, uniqueness REAL, validity REAL, issues_found TEXT, metadata TEXT);
        CREATE TABLE dataset_tags (dataset_id TEXT, tag TEXT);
        INSERT INTO datasets VALUES
            ('d1', 'ncf_users', 2, 0.5, 0, 10, '/data/buckets/raw-data/users', 'hot', 'active', '2025-01-02 03:04:05', NULL, '["ncf", "table"]',
             '{"owner": "ops", "description": "people"}'),
            ('d2', 'daily', 1, 1.0, 7, 20, NULL, NULL, 'archived', '2025-01-02T03:04:05.5', NULL, '[]', NULL),
            ('d3', 'gone', 1, 1.0, 7, 20, NULL, NULL, 'deleted', NULL, NULL, NULL, 'no json');
        INSERT INTO columns VALUES ('c1', 'd1', 1, 'old', 'int64', 1, 'none', 0, NULL), ('c3', 'd1', 2, 'mail', 'string', 0, 'email', 1, NULL),
            ('c2', 'd1', 2, 'id', 'int64', 1, 'none', 0, NULL), ('c4', 'lost', 1, 'x', 'int64', 1, 'none', 0, NULL);
        INSERT INTO schema_versions VALUES ('v1', 'd1', 1, '[{"name": "old", "type": "int64"}]', '2025-01-01', 'u', 'first'),
            ('v2', 'd1', 2, '[{"name": "id", "type": "int64"}, {"name": "mail", "type": "string"}]', '2025-01-02', 'u', NULL);
        INSERT INTO lineage VALUES ('l1', 'd1', 'd2', 'derived_from', 'df.drop("mail")', '2025-01-02', NULL), ('l2', 'd9', 'd2', 'joined_with', NULL, NULL, NULL);
        INSERT INTO column_lineage VALUES ('x', 'l1', 'id', 'n', 'count');
        INSERT INTO dataset_tags VALUES ('d1', 'gold'), ('d1', 'table');
        INSERT INTO quality_metrics VALUES ('q1', 'd2', '2025-01-02', 0.9, 1, 1, 1, 1, 1, 1, '[]', NULL);
        """

    def database(self, name="nuic.db", script=TABLES):
        path = os.path.join(self.tmp, "old", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        database = sqlite3.connect(path)
        database.executescript(script)
        database.close()
        return path

    def test_data_sets_come_with_columns_versions_tags_and_lineage(self):
        path = self.database()
        before = read(path)
        report = self.bring(os.path.dirname(path))
        self.assertEqual((["nuic.db"], 2, 2, 2), tuple(report[key] for key in ("sources", "tables", "columns", "schema_versions")))
        self.assertEqual((2, {"transformation": 1}), (report["lineage_edges"], report["texts"]))
        self.assertEqual([("dropped_table", "d3"), ("column", "x"), ("asset", "d9")], [(o["what"], o["name"]) for o in report["orphans"]])
        entries = {entry["id"]: entry for entry in json.loads(read(self.path("catalog", "imported.json")))["entries"]}
        users = entries["table:users"]
        self.assertEqual(("people", "ops", "raw-data/users", ["ncf", "table", "gold"]), tuple(users[k] for k in ("description", "owner", "path", "tags")))
        self.assertEqual([{"name": "id", "type": "int64"}, {"name": "mail", "type": "string", "nullable": False, "pii_suggested": True}], users["columns"])
        self.assertEqual([1, 2], [version["version"] for version in users["versions"]])
        self.assertEqual("2025-01-02 03:04:05", users["more"]["created_at"])  # in a time zone that nobody knows
        self.assertEqual("0.9", entries["table:daily"]["more"]["quality"]["overall_score"])
        self.assertIn("users", self.nl("lineage", "show", "daily").out)
        self.assertFalse(self.bring(path)["changed"])
        self.assertEqual(before, read(path))
        self.assertEqual(["nuic.db"], os.listdir(os.path.dirname(path)))

    def test_the_table_of_its_place_takes_the_words_over(self):
        self.put("raw-data/users/a.csv", "id,mail\n1,x\n")
        self.index()
        self.assertEqual("raw-data.users", self.bring(self.database())["attached"][0]["table"])
        self.assertEqual(("people", "ops"), tuple(self.show("raw-data.users")[key] for key in ("description", "owner")))

    def test_what_is_no_such_catalog_or_damaged_is_refused(self):
        other = self.database("other.db", "CREATE TABLE t (x)")
        self.assertIn("other.db: it is a database, but no catalog that is known here", self.nl("catalog", "import", other, check=2).err)
        path = self.database()
        whole = read(path)
        for damaged in (whole[:5000], whole[:4096] + b"\xff" * 4096 + whole[8192:]):
            write(path, damaged)
            self.assertIn("nothing was imported", self.nl("catalog", "import", path, check=1).err)
        write(path, whole)
        write(path + "-wal", "x")
        self.assertIn("close the program", self.nl("catalog", "import", path, check=1).err)
        self.assertEqual({}, self.imported())


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

    def test_nothing_to_import_is_an_error_that_names_the_file_once(self):
        for value in ({}, [], None, "", " "):
            old = self.file(value, "old.json")
            error = self.nl("catalog", "import", old, check=1).err
            self.assertEqual((1, 1), (error.count("old.json"), error.count("nothing was imported")), error)
        self.refused(os.path.dirname(self.file({}, "schemas.json")), "nothing was imported")

    def test_a_broken_export_of_ours_is_an_error(self):
        self.put("raw-data/t.csv", "x,mail\n1,2\n")
        self.index()
        whole = self.nl("catalog", "export").out
        for text in (whole[:len(whole) // 2], whole[:-3], whole.replace('"histories"', '"other"'), whole.replace('"int64"', '"int65"', 1),
                     '{"schema":"neurolake.catalog.export/1"}', json.dumps(dict(json.loads(whole), tables={})),
                     json.dumps(dict(json.loads(whole), tables=[{"name": "a.b"}]))):
            self.refused(self.file(text, "export.json"), "export.json", "nothing was imported")
        self.bring(self.file(whole, "export.json"))

    def test_a_file_of_a_folder_that_is_no_catalog_is_named_and_the_rest_comes_in(self):
        folder = shutil.copytree(os.path.join(LEGACY, "catalog"), os.path.join(self.tmp, "copy"))
        write(os.path.join(folder, "metadata.json"), '{"something": "else"}')
        self.assertEqual(["metadata.json"], self.bring(folder, check=3)["unread"])
        self.assertIn("metadata.json is no catalog that is known here", self.nl("catalog", "import", folder, check=3).err)
        self.assertIn(("table", "weather.raw.stations"), self.imported())

    def test_other_files_are_named_for_what_they_are(self):
        self.refused(self.file([1, 2]), "no catalog", check=2)
        self.refused(self.path("catalog", "tables.json"), "catalog export", check=2)
        self.refused(self.path("config"), "no catalog file")
        self.refused(os.path.join(self.tmp, "nothing"), "nothing")
        os.mkfifo(os.path.join(self.tmp, "catalog.json"))
        self.refused(os.path.join(self.tmp, "catalog.json"), "catalog.json", check=2)

    def test_values_of_a_wrong_kind_are_told_each_and_left_out(self):
        asset = {"asset_type": "table", "name": "t", "fully_qualified_name": "a.b.t", "owner": 5, "tags": ["x", 7], "description": "kept",
                 "columns": [{"name": "id", "type": {"a": 1}, "nullable": None}, {"name": 3}]}
        old = self.file({"assets": {"t1": asset, "t2": "a table"}, "tags": {"x": "t1"}, "lineage": [1],
                         "business_glossary": {"Zip": {"definition": ["no"], "synonyms": None}}})
        report = self.bring(old, check=3)
        self.assertEqual({"assets.t1": 2, "assets.t1.columns[0]": 1, "assets.t1.columns[1]": 1, "assets.t2": 1, "tags.x": 1, "lineage": 1,
                          "business_glossary.Zip": 1}, collections.Counter(each["name"].split(": ")[1] for each in report["wrong"]))
        self.assertEqual({"wrong_kind"}, {each["what"] for each in report["wrong"]})
        self.assertIn("catalog.json: assets.t1: its owner is a number, not a text; left out", self.nl("catalog", "import", old, check=3).err)
        self.assertEqual("waiting", self.imported()["table", "a.b.t"])
        self.assertEqual([], self.bring(LEGACY, check=3)["wrong"])  # storage records there name files that are lost

    def test_of_many_odd_values_the_first_are_told_and_how_many_more(self):
        records = dict({"ok.csv": {"tier": "local", "size_bytes": 1}}, **{"n%03d" % i: i for i in range(100)})
        records.update({"lost%03d.csv" % i: {"tier": "cloud", "size_bytes": i} for i in range(50)})
        file = self.file(records, ".storage_metadata.json")
        lines = self.nl("catalog", "import", file, "--dry-run", check=3).err.splitlines()
        self.assertEqual((20, 20), tuple(sum(word in line for line in lines) for word in ("left out", "LOST")))
        self.assertEqual(["warning: and 80 more of these; --json names all", "warning: and 31 more of these; --json names all"],
                         [line for line in lines if "more of these" in line])
        report = self.bring(file, "--dry-run", check=3)
        self.assertEqual((100, 51), (len(report["wrong"]), len(report["recorded_files"])))

    def test_words_with_two_meanings_or_control_characters_are_told_and_left_out(self):
        self.put("raw-data/animals.csv", "id\n1\n")
        self.index()
        asset = {"asset_type": "table", "name": "animals", "tags": ["l\x1bv", "live"]}
        terms = {"t%d" % i: {"term": "t%d" % (i % 3), "definition": "x", "synonyms": ["s", "t1"]} for i in range(5)}
        report = self.bring(self.file({"assets": {"a": asset}, "tags": {}, "lineage": {}, "business_glossary": terms}), check=3)
        self.assertEqual((3, ["control_character"]), (report["terms"], [wrong["what"] for wrong in report["wrong"]]))
        self.assertIn(("synonym", "s"), [(orphan["what"], orphan["name"]) for orphan in report["orphans"]])
        self.assertEqual(["live"], self.show("animals")["tags"])
        self.assertEqual(["s"], self.nl("catalog", "glossary", "show", "t0", "--json").json["terms"][0]["synonyms"])
        path = self.path("catalog", "tables.json")
        write(path, read(path).replace(b'"live"', b'"l\\u001bv"'))
        self.nl("catalog", "tag", "animals", "l\x1bv", "--remove")
        self.assertEqual([], self.show("animals")["tags"])

    def test_a_catalog_in_which_all_is_of_a_wrong_kind_is_refused(self):
        self.refused(self.file({"assets": {"t": 1}}), "assets.t: it is a number, not an object; nothing was imported")

    def test_exports_that_cannot_come_back_lead_to_the_one_that_can(self):
        self.put("raw-data/t.csv", "x\n1\n")
        self.index()
        self.nl("lineage", "add", "--in", "raw-data.t", "--out", "s3://b/k")
        for form in ("jsonl", "csv", "ddl", "duckdb", "markdown"):
            old = self.file(self.nl("catalog", "export", "--format", form).out, "x." + form)
            self.refused(old, "x.%s is an export of neurolake" % form, "catalog export -o catalog.json", check=2)
        old = self.file(self.nl("lineage", "export").out, "events.json")
        self.refused(old, "neurolake lineage import " + old, check=2)
        newer = self.file(self.nl("catalog", "export").out.replace("catalog.export/1", "catalog.export/99"), "newer.json")
        self.refused(newer, "newer.json is an export of another version of neurolake (neurolake.catalog.export/99)", check=2)
        self.refused(self.file("a,b\n1,2\n", "t.csv"), "t.csv is no catalog that is known here", check=2)

    def test_deep_and_odd_values(self):
        self.refused(self.file("[" * 100000 + "]" * 100000), "catalog.json")
        odd = {"assets": {"a": 1, "b": None, "c": [], "d": {"asset_type": "table", "columns": {"x": 1}, "tags": "t", "name": 5},
                          "e": {"asset_type": "column"}, "f": {"asset_type": 7}}, "tags": {"t": 1, "u": [None, 3]},
               "lineage": {"x": {"inputs": [1], "outputs": "y"}, "z": 4}, "business_glossary": {"g": [], "h": {"synonyms": 1}}}
        self.bring(self.file(odd), check=3)
        for name, value in (("lineage.json", {"lineage_graph": {"a": 1, "b": {"inputs": [None], "outputs": [{}]}}, "column_lineage": {"x": 1}}),
                            ("metadata.json", {"metadata": {"a": {"original_data": 5, "enriched_columns": 5}}}),
                            ("schemas.json", {"s": [{"version": "x", "columns": 5}]})):
            self.assertTrue(self.bring(self.file(value, name), check=3)["wrong"])

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

    def test_a_column_that_a_person_called_personal_is_hidden_there_too(self):
        rows = "".join("%d,nick%d,code%d\n" % (i, i, i) for i in range(30))
        self.put("raw-data/u.csv", "id,nick,first_name\n" + rows)
        self.index()
        self.nl("catalog", "pii", "u", "--pii", "nick", "--not-pii", "first_name")
        self.nl("catalog", "export", "-o", self.export, "--overwrite")

        def hidden(lake):
            kept = "".join(read(os.path.join(lake, "catalog", name)).decode() for name in ("samples.json", "tables.json"))
            column = self.nl("catalog", "pii", "u", "--json", lake=lake).json["columns"][0]
            return ("code7" in kept, "nick7" in kept, column["column"], column["pii"], column["source"])

        shutil.copy2(self.bucket("raw-data", "u.csv"), os.path.join(self.other, "buckets", "raw-data", "u.csv"))
        self.nl("catalog", "index", lake=self.other)
        taken = self.bring(self.export, lake=self.other)["attached"][0]["taken"]
        self.assertEqual((["about people: nick", "not about people: first_name"], (True, False, "nick", True, "person")), (taken, hidden(self.other)))
        later = os.path.join(self.tmp, "later")
        self.nl("init", later)
        self.bring(self.export, lake=later)
        shutil.copy2(self.bucket("raw-data", "u.csv"), os.path.join(later, "buckets", "raw-data", "u.csv"))
        self.nl("catalog", "index", lake=later)
        self.assertEqual((True, False, "nick", True, "person"), hidden(later))
        self.nl("catalog", "index", "--full", lake=later)
        self.assertEqual((True, False, "nick", True, "person"), hidden(later))

    def test_older_schema_versions_are_kept_and_it_is_said_that_they_are_no_history_here(self):
        self.put("raw-data/t.csv", "x,mail,z\n1,2,3\n")
        self.index()
        self.nl("catalog", "export", "-o", self.export, "--overwrite")
        shutil.copy2(self.bucket("raw-data", "t.csv"), os.path.join(self.other, "buckets", "raw-data", "t.csv"))
        self.nl("catalog", "index", lake=self.other)
        self.assertIn("The older schema versions of 1 table are kept", self.nl("catalog", "import", self.export, "--dry-run", lake=self.other).out)
        self.assertEqual(1, self.bring(self.export, lake=self.other)["histories"])
        kept = json.loads(read(os.path.join(self.other, "catalog", "imported.json")))["entries"][0]
        self.assertEqual([1, 2], [version["version"] for version in kept["versions"]])
        self.assertEqual(0, self.bring(self.export)["histories"])

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
        self.assertEqual(0, self.bring(self.export)["new_entries"])
        self.assertIn("Nothing new in 1 table\nAll of it was known already", self.nl("catalog", "import", self.export).out)
        self.assertEqual({}, self.imported())
        after = self.nl("catalog", "export").out
        self.assertEqual(before[b"tables.json"], tree(self.path("catalog"))[b"tables.json"])
        self.bring(self.export)
        self.assertEqual(after, self.nl("catalog", "export").out)

    def test_names_to_forget_are_whole_on_a_terminal(self):
        name = "of_all_regions_" * 6 + "t"
        self.put("raw-data/%s.csv" % name, "x\n1\n")
        self.index()
        self.nl("catalog", "export", "-o", self.export, "--overwrite")
        self.assertIn("raw-data." + name, self.bring(self.export, lake=self.other)["waiting"])
        self.assertIn("raw-data." + name, self.terminal("catalog", "import", lake=self.other).out.splitlines())

    def test_what_has_no_place_here_any_more_is_kept_and_told(self):
        self.put("raw-data/t.csv", "x\n1\n")
        self.index()
        dry = self.nl("catalog", "import", self.export, "--dry-run").out
        self.assertIn("raw-data.t: nothing new\n  has no place in it, kept with what was imported: column mail\n", dry)
        brought = self.bring(self.export)
        self.assertEqual((1, ["column mail"]), (brought["new_entries"], brought["attached"][0]["aside"]))
        self.assertIn("taken over", self.nl("catalog", "import").out)
        self.assertIn("Nothing new in 1 table\nAll of it was known already", self.nl("catalog", "import", self.export).out)

    def test_of_another_bucket_it_does_not_take_a_table_of_the_same_name(self):
        write(os.path.join(self.other, "buckets", "processed", "t.csv"), "x\n1\n", age_days=1)
        self.nl("catalog", "index", lake=self.other)
        self.assertEqual(["raw-data.t"], self.bring(self.export, lake=self.other)["waiting"])


if __name__ == "__main__":
    main()
