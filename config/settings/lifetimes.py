"""The lifetimes of what is kept."""

from config import env

RESULT_TTL_DAYS = env.number("RESULT_TTL_DAYS", 30, least=1, most=36_500)
# Hours that an upload without a try-on is kept.
UPLOAD_TTL_HOURS = env.number("UPLOAD_TTL_HOURS", 24, least=1, most=876_000)
# Hours after its upload at which a shopper's photo goes, with all that was made with it.
SHOPPER_PHOTO_TTL_HOURS = env.number("SHOPPER_PHOTO_TTL_HOURS", 24, least=1, most=8_760)
# Days that a job without a result is kept after its end. FASHN keeps pictures for three days.
JOB_TTL_DAYS = env.number("JOB_TTL_DAYS", 400, least=4, most=36_500)
# Days after which such a job moves to the archive: one row, still found by its id.
JOB_ARCHIVE_DAYS = env.number("JOB_ARCHIVE_DAYS", 180, least=4, most=36_500)
EVENT_TTL_DAYS = env.number("EVENT_TTL_DAYS", 90, least=1, most=36_500)
# Days that the log of people's changes is kept.
AUDIT_LOG_DAYS = env.number("AUDIT_LOG_DAYS", 400, least=1, most=36_500)
# Days that the events for webhooks and the log of their deliveries are kept.
WEBHOOK_LOG_DAYS = env.number("WEBHOOK_LOG_DAYS", 30, least=5, most=36_500)
