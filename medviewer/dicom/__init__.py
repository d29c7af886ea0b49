"""OPEN: files to patients, studies, series and volumes; volumes and masks to files. LPS millimetres.

pydicom quotes tag values in its warnings and log records. They are patient data and stay out of ours:
what matters in a file is found and told by this room itself.
"""

import logging
import warnings

import pydicom.config

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
warnings.filterwarnings("ignore", module=r"pydicom\b")
