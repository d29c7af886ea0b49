"""DICOM objects that carry what was found and decided, and the checks that read them back."""
