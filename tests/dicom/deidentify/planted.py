"""A study with an identifier planted in every kind of place; each is a word of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.factories import coded, item, make_instance, save, to_bytes

SR = "1.2.840.10008.5.1.4.1.1.88.33"
PR = "1.2.840.10008.5.1.4.1.1.11.1"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"
KOS = "1.2.840.10008.5.1.4.1.1.88.59"


@dataclass
class Planter:
    """Hands out words that stand nowhere else, and remembers them."""

    words: list[str] = field(default_factory=list)
    uids: list[str] = field(default_factory=list)

    def word(self) -> str:
        """A new identifier: "ZZPHI07"."""
        self.words.append(f"ZZPHI{len(self.words):02d}")
        return self.words[-1]

    def uid(self) -> str:
        """A new UID that tells its origin."""
        self.uids.append(f"1.2.826.0.1.3680043.77.{1000 + len(self.uids)}")
        return self.uids[-1]


def plant_standard(ds: Dataset, p: Planter) -> None:
    """Attributes that the table lists, and texts that it does not."""
    ds.PatientName, ds.PatientID = f"{p.word()}^{p.word()}", p.word()
    for keyword in (
        *("OtherPatientIDs", "PatientBirthName", "PatientMotherBirthName", "PatientAddress"),
        *("PatientTelephoneNumbers", "MilitaryRank", "PatientComments", "AdditionalPatientHistory"),
        *("AccessionNumber", "StudyID", "ReferringPhysicianName", "PerformingPhysicianName"),
        *("OperatorsName", "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName"),
        *("StationName", "StudyDescription", "SeriesDescription", "ProtocolName", "ImageComments"),
        *("DeviceSerialNumber", "RequestedProcedureDescription", "AdmissionID", "CurrentPatientLocation"),
        *("DerivationDescription", "ClinicalTrialSubjectID", "PatientReligiousPreference", "RetrieveAETitle"),
        "PartialViewDescription",
    ):
        setattr(ds, keyword, p.word())
    ds.SegmentAlgorithmName = f"by {ds.PatientID}"
    ds.ContentLabel = ds.PatientID


def plant_deep(ds: Dataset, p: Planter) -> None:
    """Nested, coded, private, beside the pixels."""
    ds.RequestAttributesSequence = Sequence([item(RequestedProcedureID=p.word())])
    inner = item(InstitutionName=p.word(), ReferencedSOPInstanceUID=p.uid(), ReferencedSOPClassUID="1.2.3")
    ds.ReferencedImageSequence = Sequence([inner])
    ds.ProcedureCodeSequence = coded(p.word(), p.word(), "99HOUSE")
    ds.AnatomicRegionSequence = coded("51185008", p.word(), "SCT")
    original = Sequence([item(PatientName=p.word())])
    ds.OriginalAttributesSequence = Sequence([item(ModifiedAttributesSequence=original)])
    block = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x10, "OB", b"SV10" + p.word().encode() + b"\0" * 20)
    block.add_new(0x11, "SQ", Sequence([item(PatientName=p.word())]))
    ds.private_block(0x0031, p.word(), create=True).add_new(1, "LO", p.word())
    ds[0x60000010] = DataElement(0x60000010, "US", 8)
    ds[0x60004000] = DataElement(0x60004000, "LT", p.word())
    ds[0x60003000] = DataElement(0x60003000, "OW", p.word().encode().ljust(8))
    ds[0x50003000] = DataElement(0x50003000, "OW", p.word().encode().ljust(8))
    ds[0xFFFCFFFC] = DataElement(0xFFFCFFFC, "OB", p.word().encode().ljust(8))
    ds.FrameOfReferenceUID = p.uid()


def planted_image(p: Planter) -> bytes:
    """A CT slice, with words in its preamble and meta information too."""
    ds = make_instance()
    plant_standard(ds, p)
    plant_deep(ds, p)
    ds.file_meta.SourceApplicationEntityTitle = p.word()
    ds.file_meta.PrivateInformationCreatorUID = p.uid()
    ds.file_meta.PrivateInformation = p.word().encode().ljust(8)
    ds.preamble = p.word().encode().ljust(128, b"\0")
    return to_bytes(ds)


def an_object(sop_class: str, modality: str, seed: int, like: Dataset) -> Dataset:
    """An object of the study of an image, without pixels."""
    ds = make_instance(seed=0)
    for keyword in (
        "PixelData",
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "SamplesPerPixel",
    ):
        delattr(ds, keyword)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = sop_class
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.77.9.{seed}"
    ds.SeriesInstanceUID, ds.Modality = f"1.2.826.0.1.3680043.77.8.{seed}", modality
    ds.PatientName, ds.PatientID = like.PatientName, like.PatientID
    return ds


def a_reference(image: Dataset) -> Dataset:
    """An item that names an image."""
    return item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)


def a_report(p: Planter, image: Dataset) -> Dataset:
    """A structured report: texts, names, a UID, an image, a figure."""
    ds = an_object(SR, "SR", 1, image)
    ds.CompletionFlag, ds.VerificationFlag, ds.ValueType = "COMPLETE", "VERIFIED", "CONTAINER"
    ds.VerifyingObserverSequence = Sequence(
        [item(VerifyingObserverName=p.word(), VerifyingOrganization=p.word())]
    )
    code = coded("121071", "Finding", "DCM")
    number = item(NumericValue="12.5", MeasurementUnitsCodeSequence=coded("mm", p.word(), "UCUM"))
    ds.ContentSequence = Sequence(
        [
            item(ValueType="TEXT", TextValue=p.word(), ConceptNameCodeSequence=code),
            item(RelationshipType="HAS OBS CONTEXT", ValueType="PNAME", PersonName=p.word()),
            item(RelationshipType="CONTAINS", ValueType="UIDREF", UID=p.uid()),
            item(ValueType="IMAGE", ReferencedSOPSequence=Sequence([a_reference(image)])),
            item(RelationshipType="CONTAINS", ValueType="NUM", MeasuredValueSequence=Sequence([number])),
        ]
    )  # fmt: skip
    return ds


def a_presentation(p: Planter, image: Dataset) -> Dataset:
    """A presentation state with a text object and a drawing."""
    ds = an_object(PR, "PR", 2, image)
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "PR", p.word(), p.word()
    text = item(UnformattedTextValue=p.word(), AnchorPoint=[1.0, 1.0], AnchorPointVisibility="N")
    drawn = item(GraphicDimensions=2, NumberOfGraphicPoints=1, GraphicData=[3.0, 4.0], GraphicType="POINT")
    ds.GraphicAnnotationSequence = Sequence(
        [item(GraphicLayer="L", TextObjectSequence=Sequence([text]), GraphicObjectSequence=Sequence([drawn]))]
    )
    ds.ReferencedSeriesSequence = Sequence(
        [
            item(
                SeriesInstanceUID=image.SeriesInstanceUID,
                ReferencedImageSequence=Sequence([a_reference(image)]),
            )
        ]
    )
    return ds


def a_document(p: Planter, image: Dataset) -> Dataset:
    """An encapsulated PDF that says who it is about."""
    ds = an_object(PDF, "DOC", 3, image)
    ds.DocumentTitle, ds.MIMETypeOfEncapsulatedDocument = p.word(), "application/pdf"
    ds.EncapsulatedDocument = b"%PDF-1.4 " + p.word().encode() + b"  "
    return ds


def a_selection(p: Planter, image: Dataset) -> Dataset:
    """A key object selection with its evidence."""
    ds = an_object(KOS, "KO", 4, image)
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = coded("113000", p.word(), "DCM")
    ds.ContentSequence = Sequence([item(ValueType="TEXT", TextValue=p.word())])
    series = item(
        SeriesInstanceUID=image.SeriesInstanceUID, ReferencedSOPSequence=Sequence([a_reference(image)])
    )
    study = item(StudyInstanceUID=image.StudyInstanceUID, ReferencedSeriesSequence=Sequence([series]))
    ds.CurrentRequestedProcedureEvidenceSequence = Sequence([study])
    return ds


def plant_study(folder: Path) -> Planter:
    """A study of one image, a report, a presentation state and a document, planted throughout."""
    from io import BytesIO

    from pydicom import dcmread

    p = Planter()
    data = planted_image(p)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{p.word()}_image.dcm").write_bytes(data)
    image = dcmread(BytesIO(data))
    for k, make in enumerate((a_report, a_presentation, a_document, a_selection)):
        save(make(p, image), folder / f"{k}.dcm")
    return p
