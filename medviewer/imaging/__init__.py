"""SEE: volumes, geometry, rendering and measurement. Knows numpy and SimpleITK; no DICOM, no Qt, no torch."""
