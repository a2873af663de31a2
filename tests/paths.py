"""Where things are, for all tests."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
GOLDEN = ROOT / "tests" / "golden"
SHIPPED = ROOT / "rasm" / "weights" / "rasm-print.onnx"
