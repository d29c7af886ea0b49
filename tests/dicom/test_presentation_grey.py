"""Grey levels by a presentation state: its window and polarity, on the values of the image."""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medviewer.dicom.load import read_slice
from medviewer.dicom.scan import scan
from medviewer.imaging.render import apply_window, render
from medviewer.imaging.reslice import PlaneView
from tests.dicom.presentations import (
    area,
    image_of,
    make_presentation,
    make_projection,
    names,
    pair,
    read,
    write_pair,
)
from tests.factories import item, make_instance, save

ROWS, COLUMNS = 12, 20


def levels(image: Path, window) -> np.ndarray:
    volume = read_slice(scan([image]).all_series()[0], 0)
    return apply_window(volume.voxels[0], window)


class TestGrey:
    def test_that_its_window_takes_the_place_of_the_image_s(self, tmp_path):
        voi = [item(WindowCenter=300, WindowWidth=200)]
        image, found = pair(tmp_path, {"SoftcopyVOILUTSequence": voi})
        window = found.window_of(image)
        assert (window.centre, window.width, window.invert) == (300, 200, False)

    def test_that_windows_belong_to_their_images(self, tmp_path):
        images = [make_projection(k) for k in range(2)]
        paths = [save(ds, tmp_path / f"{k}.dcm") for k, ds in enumerate(images)]
        voi = [item(WindowCenter=100 * (k + 1), WindowWidth=50, ReferencedImageSequence=[names(ds)])
               for k, ds in enumerate(images)]  # fmt: skip
        found = read(save(make_presentation(images, {"SoftcopyVOILUTSequence": voi}), tmp_path / "s.dcm"))
        assert [found.window_of(image_of(path)).centre for path in paths] == [100, 200]

    @pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
    def test_that_its_polarity_takes_the_place_of_the_image_s(self, tmp_path, photometric):
        image, found = pair(
            tmp_path, {"PresentationLUTShape": "INVERSE"}, PhotometricInterpretation=photometric
        )
        assert found.window_of(image).invert
        image, found = pair(tmp_path / "b", {}, PhotometricInterpretation=photometric)
        assert not found.window_of(image).invert

    def test_that_without_a_window_the_whole_range_is_shown(self, tmp_path):
        image, found = pair(tmp_path)
        window = found.window_of(image)
        assert (window.centre - window.width / 2, window.centre + window.width / 2) == (0, 4095)

    @pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (2, 10), (-1, 4095), (0.5, 0)])
    def test_that_a_window_in_other_units_shows_the_same_greys(self, tmp_path, slope, intercept):
        """The state brings its own rescale; the values of the image stay as they are."""
        voi = [item(WindowCenter=slope * 600 + intercept, WindowWidth=abs(slope) * 500)]
        facts = {"RescaleSlope": slope, "RescaleIntercept": intercept, "RescaleType": "US",
                 "SoftcopyVOILUTSequence": voi}  # fmt: skip
        image, state = write_pair(tmp_path, facts)
        window = read(state).window_of(image_of(image))
        stored = np.frombuffer(make_projection().PixelData, "<u2").reshape(ROWS, COLUMNS).astype(float)
        x, c, w = stored * slope + intercept, slope * 600 + intercept, abs(slope) * 500
        expected = np.clip(((x - (c - 0.5)) / (w - 1) + 0.5) * 255, 0, 255)
        assert np.abs(levels(image, window) - expected).max() <= 0.51

    def test_that_a_table_is_looked_up(self, tmp_path):
        table = np.linspace(65535, 0, 1200).astype("<u2")
        lut = item(LUTDescriptor=[1200, 0, 16])
        lut.add_new("LUTData", "OW", table.tobytes())
        voi = [item(VOILUTSequence=[lut])]
        image, state = write_pair(tmp_path, {"SoftcopyVOILUTSequence": voi})
        window = read(state).window_of(image_of(image))
        stored = np.frombuffer(make_projection().PixelData, "<u2").reshape(ROWS, COLUMNS)
        assert np.abs(levels(image, window) - table[stored] / 257.0).max() <= 0.51

    def test_that_a_window_behind_a_table_that_is_not_applied_is_not_either(self, tmp_path):
        """It is in the units of the state's table of modality values; on stored values all could be white."""
        lut = item(LUTDescriptor=[4096, 0, 16], ModalityLUTType="US")
        lut.add_new("LUTData", "OW", np.linspace(0, 60000, 4096).astype("<u2").tobytes())
        voi = [item(WindowCenter=30000, WindowWidth=60000)]
        image, found = pair(tmp_path, {"ModalityLUTSequence": [lut], "SoftcopyVOILUTSequence": voi})
        assert found.window_of(image) is None
        assert found.left_out == ("Its table of modality values is not applied, nor its windows.",)

    @pytest.mark.parametrize("width", [0, -5, float("inf")])
    def test_that_a_window_the_standard_forbids_is_left_out(self, tmp_path, width):
        value = width if math.isfinite(width) else "1e400"
        voi = item(WindowCenter=300)
        voi.add_new("WindowWidth", "DS", value)
        _, found = pair(tmp_path, {"SoftcopyVOILUTSequence": [voi]})
        assert found.windows == ()
        assert len(found.left_out) == 1

    @pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="dcmtk's dcmp2pgm is not installed")
    @pytest.mark.parametrize(("degrees", "flip"), [(0, "N"), (90, "N"), (180, "Y"), (270, "Y"), (90, "Y")])
    @pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE"])
    def test_that_dcmtk_renders_the_same_picture(self, tmp_path, degrees, flip, shape):
        facts = {
            "ImageRotation": degrees, "ImageHorizontalFlip": flip, "PresentationLUTShape": shape,
            "SoftcopyVOILUTSequence": [item(WindowCenter=600, WindowWidth=900)],
            "DisplayedAreaSelectionSequence": [area([1, 1], [COLUMNS, ROWS])],
        }  # fmt: skip
        image, state = write_pair(tmp_path, facts)
        out = tmp_path / "out.pgm"
        command = ["dcmp2pgm", "-p", str(state), str(image), str(out)]
        made = subprocess.run(command, capture_output=True, timeout=60, check=False)
        if made.returncode != 0 or not out.exists():
            pytest.skip(f"dcmtk refused: {made.stderr[-200:]!r}")
        with Image.open(out) as picture:
            theirs = np.asarray(picture).astype(int)
        found = read(state)
        volume = read_slice(scan([image]).all_series()[0], 0)
        view = PlaneView.of(volume, turn=found.turn)
        ours = render(volume, view, 0, found.window_of(image_of(image)))[..., 0].astype(int)
        assert theirs.shape == ours.shape
        assert np.abs(theirs - ours).max() <= 1


def test_that_a_ct_is_presented_in_its_own_units(tmp_path):
    """A CT of intercept -1024 and a state with the same rescale: the window is in HU."""
    image = make_instance()
    path = save(image, tmp_path / "image.dcm")
    facts = {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU",
             "SoftcopyVOILUTSequence": [item(WindowCenter=40, WindowWidth=400)]}  # fmt: skip
    found = read(save(make_presentation([image], facts), tmp_path / "state.dcm"))
    assert (found.window_of(image_of(path)).centre, found.window_of(image_of(path)).width) == (40, 400)


@pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="dcmtk's dcmp2pgm is not installed")
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"PresentationLUTShape": "INVERSE"},
        {"RescaleSlope": 2, "RescaleIntercept": 10, "RescaleType": "US",
         "SoftcopyVOILUTSequence": [item(WindowCenter=1210, WindowWidth=1000)]},
    ],
)  # fmt: skip
def test_that_dcmtk_shows_the_same_greys_without_a_window_and_in_other_units(tmp_path, photometric, facts):
    facts = {**facts, "DisplayedAreaSelectionSequence": [area([1, 1], [COLUMNS, ROWS])]}
    image, state = write_pair(tmp_path, facts, PhotometricInterpretation=photometric)
    out = tmp_path / "out.pgm"
    command = ["dcmp2pgm", "-p", str(state), str(image), str(out)]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    with Image.open(out) as picture:
        theirs = np.asarray(picture).astype(int)
    assert np.abs(theirs - levels(image, read(state).window_of(image_of(image)))).max() <= 1


@pytest.mark.parametrize("slope", [0.5, -0.5])
def test_that_its_window_is_carried_over_to_real_world_values(tmp_path, slope):
    """Voxels in mm2/s by the image's own mapping, a window in the units of the state: the same greys."""
    scale = -1e-6 if slope < 0 else 1e-6
    unit = item(CodeValue="mm2/s", CodingSchemeDesignator="UCUM", CodeMeaning="mm2/s")
    mapping = item(RealWorldValueFirstValueMapped=0, RealWorldValueLastValueMapped=4095, LUTLabel="ADC",
                   RealWorldValueSlope=scale, RealWorldValueIntercept=0.001,
                   MeasurementUnitsCodeSequence=[unit])  # fmt: skip
    facts = {"RescaleSlope": slope, "RescaleIntercept": 7, "RescaleType": "US",
             "SoftcopyVOILUTSequence": [item(WindowCenter=slope * 600 + 7, WindowWidth=250)]}  # fmt: skip
    path, state = write_pair(tmp_path, facts, RealWorldValueMappingSequence=[mapping])
    image = image_of(path)
    assert image.value_map is not None
    stored = np.frombuffer(make_projection().PixelData, "<u2").reshape(ROWS, COLUMNS).astype(float)
    x, c, w = stored * slope + 7, slope * 600 + 7, 250
    expected = np.clip(((x - (c - 0.5)) / (w - 1) + 0.5) * 255, 0, 255)
    assert np.abs(levels(path, read(state).window_of(image)) - expected).max() <= 0.51


def test_that_values_of_a_table_keep_the_window_they_have(tmp_path):
    """No window says of them what one says of stored values."""
    unit = item(CodeValue="mm2/s", CodingSchemeDesignator="UCUM", CodeMeaning="mm2/s")
    mapping = item(RealWorldValueFirstValueMapped=0, RealWorldValueLastValueMapped=4095, LUTLabel="ADC",
                   RealWorldValueLUTData=list(np.linspace(0, 1, 4096) ** 2),
                   MeasurementUnitsCodeSequence=[unit])  # fmt: skip
    facts = {"SoftcopyVOILUTSequence": [item(WindowCenter=300, WindowWidth=200)]}
    path, state = write_pair(tmp_path, facts, RealWorldValueMappingSequence=[mapping])
    image = image_of(path)
    assert image.value_map is not None
    assert read(state).window_of(image) is None
