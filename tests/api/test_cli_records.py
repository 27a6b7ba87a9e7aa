import json

import pytest

from tests.services.records.test_schema import live

ID = "INN-2501-0007-5"
DOCUMENT = {"version": 4, "INNOVATION_DESCRIPTION": {"name": "Falls sensor", "areas": ["NEW"]}, "NEW_SECTION": {"x": [1]}}


@pytest.fixture
def record(tmp_path):
    file = tmp_path / "record.json"
    file.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    return file


def said(result):
    return json.loads(result.stdout)


def test_a_record_is_brought_in_written_out_and_brought_in_again(ready, record, tmp_path):
    dry = ready("record", "import", record, "--unique-id", ID, "--dry-run")
    first = said(ready("record", "import", record, "--unique-id", ID, "--consent", "Signed form", "--json"))
    (line,) = first["records"]

    assert "New: 1. Changed: 0. As before: 0. Held, because nobody consented to matching: 1. Nothing was stored" in dry.stderr
    assert "NEW_SECTION.x: The schema does not know this" in dry.stderr
    assert (first["status"], line["fate"], line["held"]) == ("complete", "created", False)
    assert said(ready("record", "export", line["innovation_id"])) == DOCUMENT
    for shape in ("all-sections", "search-csv", "record-csv"):
        again = tmp_path / shape
        again.write_text(ready("record", "export", line["innovation_id"], "--format", shape).stdout, encoding="utf-8")
        assert said(ready("record", "import", again, "--unique-id", ID, "--json"))["records"][0]["changes"] == []


def test_what_differs_and_what_is_refused_is_told_by_line(ready, record, tmp_path):
    ready("record", "import", record, "--unique-id", ID)
    record.write_text(json.dumps(DOCUMENT | {"NEW_SECTION": {"x": [2]}, "INNOVATION_DESCRIPTION": {"name": "Other"}}), encoding="utf-8")

    shown = ready("record", "import", record, "--unique-id", ID).stderr
    bad = ready("record", "import", record, "--unique-id", "INN-2501-0007-4", status=1)

    assert "Line 1: differs in INNOVATION_DESCRIPTION.areas, INNOVATION_DESCRIPTION.name, NEW_SECTION.x." in shown
    assert "bad_id" in bad.stdout
    assert "Nothing was stored. Mend the records above" in bad.stderr


def test_an_edit_that_is_kept_is_told(ready, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text(f"name,description,external_ids\nOurs,Our words,innovation-service={ID}\n", encoding="utf-8")
    ready("import", "--side", "innovations", rows)
    theirs = tmp_path / "theirs.csv"
    theirs.write_text(f"uniqueId,name,description\n{ID},Theirs,Their words\n", encoding="utf-8")

    kept = ready("record", "import", theirs).stderr
    over = said(ready("record", "import", theirs, "--overwrite", "--json"))

    assert "edited here and kept: description, name" in kept or "edited here and kept: name, description" in kept
    assert (over["changed"], over["records"][0]["kept"]) == (1, [])


def test_a_file_that_is_none_is_refused(ready, tmp_path):
    file = tmp_path / "x.csv"
    file.write_bytes("Section,Subsection,Question,Answer\n".encode("utf-16"))

    told = ready("record", "import", file, "--json", status=1)

    assert (said(told)["status"], said(told)["problems"][0]["kind"]) == ("refused", "not_utf8")
    assert "UTF-16" in ready("record", "import", file, status=1).stderr


def test_a_live_schema_is_installed_and_shown(ready, tmp_path):
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(live(7)), encoding="utf-8")

    installed = ready("schema", "install", file).stderr

    shown = {each["version"]: each["newest"] for each in said(ready("schema", "show", "--json"))["schemas"]}
    assert "Version 7 is installed" in installed
    assert shown == {"shipped": False, "7": True}
    assert "shipped" in ready("schema", "show").stdout
    file.write_text("{}", encoding="utf-8")
    assert "no schema of the national record" in ready("schema", "install", file, status=1).stderr
