"""What schemathesis cannot know from the schema: a file that is "valid" is a picture of a line, and a page
that it has is the first. Its command line finds this through
SCHEMATHESIS_HOOKS; see ``tests/backend/test_schemathesis.py``."""

import schemathesis
from hypothesis import strategies as st

from tests.serving import line_png

schemathesis.openapi.format("page-ranges", st.sampled_from(["", "1", "1-", "1-1, 1"]))
schemathesis.openapi.format("binary", st.sampled_from([line_png(width, seed=width) for width in (64, 96, 320)]))
