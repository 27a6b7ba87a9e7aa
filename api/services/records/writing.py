"""A record as the text of a file, in the shape that is asked for."""

import json
from enum import StrEnum

from api.services.records.csv_shapes import record_csv, search_csv
from api.services.records.document import NationalRecord
from api.services.records.json_shapes import all_sections
from api.services.records.schema import Schemas


class RecordFormat(StrEnum):
    """The four shapes of a national record."""

    DOCUMENT = "document"
    ALL_SECTIONS = "all-sections"
    SEARCH_CSV = "search-csv"
    RECORD_CSV = "record-csv"

    @property
    def media_type(self) -> str:
        """As HTTP names it."""
        return "text/csv; charset=utf-8" if self.value.endswith("csv") else "application/json"

    @property
    def ending(self) -> str:
        """Of a file's name."""
        return "csv" if self.value.endswith("csv") else "json"


def written(shape: RecordFormat, unique_id: str, record: NationalRecord, schemas: Schemas) -> str:
    """The text of a file that holds this record."""
    if shape is RecordFormat.SEARCH_CSV:
        return search_csv([(unique_id, record)], schemas)
    if shape is RecordFormat.RECORD_CSV:
        return record_csv(unique_id, record, schemas)
    said = dict(record.document) if shape is RecordFormat.DOCUMENT else all_sections(record, schemas)
    return json.dumps(said, ensure_ascii=False)
