"""MedViewer: a clinician-facing DICOM viewer with on-desk AI."""

import os

# Before numpy is imported: our matrices are small and our work runs in threads of its own, so OpenBLAS's
# threads only wait for each other (a slice of the lung model took three times as long with them).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
