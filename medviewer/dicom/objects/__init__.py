"""One module for each kind of DICOM object read or written."""
