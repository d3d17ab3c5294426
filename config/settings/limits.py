"""Limits of what the service takes on: jobs, credits, requests, storage, work on pictures."""

from config import env

QUEUE_CONCURRENCY = env.number("QUEUE_CONCURRENCY", 5, least=1)
QUEUE_MAX_RETRIES = env.number("QUEUE_MAX_RETRIES", 3, least=0, most=20)
QUEUE_RETRY_DELAY = env.number("QUEUE_RETRY_DELAY", 5000, least=1, most=3_600_000)  # milliseconds
QUEUE_PER_REQUESTER = env.number("QUEUE_PER_REQUESTER", 1000, least=1)  # queued jobs of one shop or person
JOB_DEADLINE_SECONDS = env.number("JOB_DEADLINE_SECONDS", 600, least=1)
# Seconds that a job waits for the webhook of a submission without an answer.
SUBMISSION_WAIT_SECONDS = env.number("SUBMISSION_WAIT_SECONDS", 180, least=1)

# Credits a day of a publishable key that has no limit of its own; 0 for no limit.
PUBLISHABLE_KEY_DAILY_CREDITS = env.number("PUBLISHABLE_KEY_DAILY_CREDITS", 100, least=0)
TRYON_DAILY_LIMIT = env.number("TRYON_DAILY_LIMIT", 0, least=0)  # credits a day, 0 for no limit
STORAGE_LIMIT_GB = env.number("STORAGE_LIMIT_GB", 0.0, least=0)  # of 10^9 bytes, 0 for no limit
# A model photo needs a release, or to be made with AI, before try-ons may begin with it.
RELEASES_REQUIRED = env.flag("RELEASES_REQUIRED", False)

# Requests in a minute. A shop's server asks for the jobs of all its shoppers with one key.
KEY_READS_PER_MINUTE = env.number("KEY_READS_PER_MINUTE", 120_000, least=1)
KEY_WRITES_PER_MINUTE = env.number("KEY_WRITES_PER_MINUTE", 6000, least=1)
SHOPPER_READS_PER_MINUTE = env.number("SHOPPER_READS_PER_MINUTE", 600, least=1)
SHOPPER_WRITES_PER_MINUTE = env.number("SHOPPER_WRITES_PER_MINUTE", 60, least=1)
# Many shoppers share the address of an office or of a mobile network.
ADDRESS_READS_PER_MINUTE = env.number("ADDRESS_READS_PER_MINUTE", 6000, least=1)
ADDRESS_WRITES_PER_MINUTE = env.number("ADDRESS_WRITES_PER_MINUTE", 600, least=1)

# Threads of a web process for pages and ordinary calls. Uploads, logins and searches have their own.
WEB_THREADS = env.number("WEB_THREADS", 4, least=1, most=64)

# What decoding one picture may take, in a process of its own.
IMAGE_MEMORY_MB = env.number("IMAGE_MEMORY_MB", 1024, least=64)
IMAGE_SECONDS = env.number("IMAGE_SECONDS", 20, least=1, most=600)  # of CPU; twice that by the clock
