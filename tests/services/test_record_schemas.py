import json

import pytest

from api.services.faults import Fault
from api.services.record_schemas import MOST_BYTES, install, schemas_in
from api.services.records.schema import SHIPPED, SchemaRefused
from tests.services.records.test_schema import live


def test_a_live_schema_is_installed_by_its_version_and_replaced(tmp_path):
    file, folder = tmp_path / "schema.json", tmp_path / "home" / "schemas"
    assert schemas_in(folder).newest.version == SHIPPED
    file.write_text("\ufeff" + json.dumps(live(7)), encoding="utf-8")

    first = install(folder, file)
    again = install(folder, file)

    assert (first.digest, schemas_in(folder).newest.digest) == (again.digest, first.digest)
    assert sorted(schemas_in(folder).by_version) == ["7", SHIPPED]
    assert [each.name for each in folder.iterdir()] == ["7.json"]


@pytest.mark.parametrize("content", [b"{}", b"\xff\xfe", b" " * (MOST_BYTES + 1)])
def test_what_is_no_schema_leaves_all_as_it_was(tmp_path, content):
    file = tmp_path / "schema.json"
    file.write_bytes(content)

    with pytest.raises(SchemaRefused):
        install(tmp_path / "schemas", file)

    assert not (tmp_path / "schemas").exists()


def test_an_installed_schema_that_was_damaged_is_told(tmp_path):
    (tmp_path / "7.json").write_text("{", encoding="utf-8")

    with pytest.raises(Fault, match="Install it again"):
        schemas_in(tmp_path)
