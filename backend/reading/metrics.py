"""What is counted of reading, for Prometheus. ``backend/api/metrics.py`` counts requests, and gives all out."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # a time of birth for each series, which nobody asks for
SECONDS_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)

ERRORS = Counter("rasm_errors", "Errors, of requests and of files, by their code", ["code"])
LINES = Counter("rasm_lines", "Lines read", ["model"])
BATCH = Histogram("rasm_batch_lines", "Lines the network read at a time", buckets=(1, 2, 4, 8, 16, 32, 64, 128))
READ_SECONDS = Histogram("rasm_batch_seconds", "What one such batch took", buckets=SECONDS_BUCKETS)
QUEUE = Gauge("rasm_queue_lines", "Lines accepted and not yet read", multiprocess_mode="livesum")
