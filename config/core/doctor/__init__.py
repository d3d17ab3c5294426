"""The doctor: it tries the real things, and says what to do about each that does not work."""

from config.core.doctor.examine import examine, register
from config.core.doctor.findings import ADVICE, Finding, State
from config.core.doctor.fingerprints import differences, fingerprint, fingerprints

__all__ = ["ADVICE", "Finding", "State", "differences", "examine", "fingerprint", "fingerprints", "register"]
