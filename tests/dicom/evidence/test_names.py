"""Names in any character set come out of every object as they stood in the images."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.evidence.read_back import read_whose
from tests.dicom.evidence.test_read_back import KINDS, made
from tests.dicom.evidence.written import ct_origin, errors_of

NAMES = [
    (["ISO 2022 IR 6", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    (["ISO_IR 126"], "Διονυσιος"),
    (["ISO_IR 144"], "Люкceмбypг"),
    (["ISO_IR 100"], "Äneas^Rüdiger"),
    (["ISO 2022 IR 6", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    (["GB18030"], "Wang^XiaoDong=王^小东"),
    (["ISO_IR 192"], "Buc^Jérôme"),
    (["ISO_IR 166"], "นามสกุล"),
    ([""], "Doe^John"),
]


@pytest.mark.parametrize(("charset", "name"), NAMES, ids=[name for _, name in NAMES])
@pytest.mark.parametrize("kind", KINDS)
def test_that_a_name_is_the_same_in_every_object(
    tmp_path: Path, kind: str, charset: list[str], name: str
) -> None:
    def called(ds: Dataset, _: int) -> None:
        ds.SpecificCharacterSet, ds.PatientName = charset, name

    origin = ct_origin(tmp_path, called)
    path, check = made(kind, origin, tmp_path / "out")
    check(path)
    ds = pydicom.dcmread(path)
    assert str(ds.PatientName) == name
    assert ds.SpecificCharacterSet == "ISO_IR 192"
    assert read_whose(path, origin, str(ds.SOPClassUID)).get("PatientName") == name
    assert errors_of(path) == []
