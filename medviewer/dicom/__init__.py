"""OPEN: DICOM files to studies, series and volumes; DICOM objects in and out."""
