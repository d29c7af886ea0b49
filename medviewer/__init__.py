"""MedViewer: a clinician-facing DICOM viewer with on-desk AI."""

__version__ = "0.1.0"
