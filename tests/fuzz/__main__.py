"""Coverage-guided fuzzing: `python -m tests.fuzz HARNESS SECONDS [FOLDER]`. What is new goes to FOLDER; the kept corpus
under tests/fuzz/corpus is where it starts from."""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["gateway", "translators"]):
    from tests.fuzz.harnesses import HARNESSES

CORPUS = Path(__file__).parent / "corpus"

if __name__ == "__main__":
    name, seconds = sys.argv[1], sys.argv[2]
    found = sys.argv[3] if len(sys.argv) > 3 else tempfile.mkdtemp(prefix=f"fuzz-{name}-")
    # libFuzzer writes what is new into the first folder and only reads the others.
    options = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10", f"-artifact_prefix={found}/"]
    atheris.Setup([sys.argv[0], *options, found, str(CORPUS / name)], HARNESSES[name])
    atheris.Fuzz()
