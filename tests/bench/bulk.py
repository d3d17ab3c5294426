"""Add many rows by a few statements, on either database: jobs with viewers, calls, events and results.

The oldest jobs are finished (of twenty eighteen completed, one failed, one canceled), the newest wait in the
queue. All ids follow from a row's number.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

# A day has as many, whether the installation is small or large.
SECONDS_APART: Final = 90
MODELS: Final = 48
# The shop may queue as many. The people of the shop have asked for the others.
FULL_QUEUE: Final = settings.QUEUE_PER_REQUESTER
# An odd constant spreads the ids, as random ones are, over the indexes.
SPREAD: Final = 2654435761

PRODUCT, MODEL, JOB, CALL, RESULT = range(1, 6)


@dataclass(frozen=True, slots=True)
class Dialect:
    """The few words in which the databases differ."""

    numbers: str
    uid: str
    text: str
    name: str
    ago: str

    def id_of(self, kind: int, number: str) -> str:
        return self.uid.format(kind=kind, n=number, spread=SPREAD)

    def key(self, kind: str, extension: str) -> str:
        """The key of a file in storage."""
        return self.name.format(kind=kind, n="n", extension=extension)

    def time(self, seconds: str) -> str:
        """The time that is ``seconds`` before now."""
        return self.ago.format(seconds=seconds)


DIALECTS: Final = {
    "postgresql": Dialect(
        numbers="SELECT n FROM generate_series(1, {last}) n",
        uid="(lpad(to_hex((({n})::bigint * {spread}) % 4294967296), 8, '0') "
        "|| '-000{kind}-4000-8000-' || lpad(to_hex({n}), 12, '0'))::uuid",
        text="lpad(to_hex({n}), 64, '0')",
        name="'{kind}/00/' || lpad(to_hex({n}), 32, '0') || '.{extension}'",
        ago="(now() - ({seconds}) * interval '1 second')",
    ),
    "sqlite": Dialect(
        numbers="SELECT n FROM (WITH RECURSIVE s(n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s)",
        uid="printf('%08x000{kind}40008000%012x', (({n}) * {spread}) % 4294967296, {n})",
        text="printf('%064x', {n})",
        name="'{kind}/00/' || printf('%032x', {n}) || '.{extension}'",
        ago="strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+d seconds', -({seconds})))",
    ),
}


def uid(kind: int, number: int) -> UUID:
    """Return the id that the statements give a row."""
    return UUID(f"{number * SPREAD % 2**32:08x}000{kind}40008000{number:012x}")


def fill(*, jobs: int, queued: int, requester: str, events: int = 2) -> None:
    """Add ``jobs`` jobs, of which the last ``queued`` wait and the two before them are processing."""
    words = DIALECTS[connection.vendor]
    products = max(1, jobs // 10)
    finished = jobs - queued - 2
    age = f"({jobs} - n) * {SECONDS_APART}"
    called = f"greatest(0, ({finished} - n) * {SECONDS_APART})"
    if connection.vendor == "sqlite":
        called = called.replace("greatest", "max")
    done = f"n <= {finished}"
    failed, canceled = f"({done} AND n % 20 = 7)", f"({done} AND n % 20 = 13)"
    completed = f"({done} AND n % 20 NOT IN (7, 13))"
    empty = "'{}'"
    true = "true" if connection.vendor == "postgresql" else "1"
    statements = [
        (
            "tryon_productimage (id, product_id, original, processed, thumbnail, metadata, width, height,"
            " checksum, requester, shop, created_at)",
            f"{words.id_of(PRODUCT, 'n')}, 'SKU-' || n, {words.key('originals', 'jpg')},"
            f" {words.key('products', 'jpg')}, {words.key('products', 'webp')}, {empty}, 900, 1200,"
            f" {words.text.format(n='n')}, %(requester)s, %(requester)s, {words.time('n')}",
            products,
            "",
        ),
        (
            "models_library_modelimage (id, name, image, thumbnail, category, tags, is_active, width, height,"
            " checksum, created_at)",
            f"{words.id_of(MODEL, 'n')}, 'Model ' || n, {words.key('models', 'jpg')},"
            f" {words.key('models', 'webp')}, 'full_body', '[]', {true}, 900, 1200,"
            f" {words.text.format(n='n')}, {words.time('n')}",
            MODELS,
            "",
        ),
        (
            "tryon_tryonjob (id, product_image_id, model_image_id, status, progress, options, cache_key,"
            " lane, error_code, error_message, retry_count, next_check_at, expected_at, requester, payer,"
            " created_at, updated_at, started_at, completed_at)",
            f"{words.id_of(JOB, 'n')}, {words.id_of(PRODUCT, f'(n % {products} + 1)')},"
            f" {words.id_of(MODEL, f'(n % {MODELS} + 1)')},"
            f" CASE WHEN {failed} THEN 'failed' WHEN {canceled} THEN 'canceled' WHEN {completed} THEN"
            f" 'completed' WHEN n <= {finished + 2} THEN 'processing' ELSE 'queued' END,"
            f" CASE WHEN {completed} THEN 100 WHEN n > {finished + 2} THEN 0 ELSE 10 END, {empty},"
            f" {words.text.format(n='n')}, CASE WHEN n % 4 = 0 THEN 'bulk' ELSE 'interactive' END,"
            f" CASE WHEN {failed} THEN 'pose_not_found' ELSE '' END, '', 0,"
            f" CASE WHEN n BETWEEN {finished + 1} AND {finished + 2} THEN {words.time('-3600')} END,"
            f" CASE WHEN n BETWEEN {finished + 1} AND {finished + 2} THEN {words.time('-3600')} END,"
            f" %(requester)s, CASE WHEN n <= {finished + 2 + FULL_QUEUE} THEN %(requester)s END,"
            f" {words.time(age)}, {words.time(age)},"
            f" CASE WHEN n <= {finished + 2} THEN {words.time(age)} END,"
            f" CASE WHEN {completed} THEN {words.time(age)} END",
            jobs,
            "",
        ),
        (
            "tryon_jobviewer (job_id, requester, product_image_id)",
            f"{words.id_of(JOB, 'n')}, %(requester)s, {words.id_of(PRODUCT, f'(n % {products} + 1)')}",
            jobs,
            "",
        ),
        (
            "tryon_prediction (id, job_id, step, model_name, speed, callback_token, provider_id, state,"
            " output, kept, price, credits_used, error_name, error_message, created_at, submitted_at,"
            " finished_at, payer)",
            f"{words.id_of(CALL, 'n')}, {words.id_of(JOB, 'n')}, 0, 'tryon-v1.6', 'balanced',"
            f" {words.text.format(n='n')}, 'call-' || n, CASE WHEN n <= {finished} THEN"
            f" (CASE WHEN n % 20 = 7 THEN 'failed' ELSE 'succeeded' END) ELSE 'running' END, '', '', 1,"
            f" CASE WHEN n <= {finished} AND n % 20 <> 7 THEN 1 ELSE 0 END, '', '', {words.time(called)},"
            f" {words.time(called)}, CASE WHEN n <= {finished} THEN {words.time(f'{called} - 6')} END,"
            " %(requester)s",
            finished + 2,
            "",
        ),
        (
            "results_tryonresult (id, job_id, image, thumbnail, width, height, cache_key, expires_at,"
            " credits_used, review, created_at)",
            f"{words.id_of(RESULT, 'n')}, {words.id_of(JOB, 'n')}, {words.key('results', 'png')},"
            f" {words.key('results', 'webp')}, 864, 1296, {words.text.format(n='n')},"
            f" {words.time('-864000')}, 1, CASE WHEN n % 50 = 0 THEN 'rejected' ELSE 'pending' END,"
            f" {words.time(age)}",
            jobs,
            completed,
        ),
        *(
            (
                "tryon_jobevent (job_id, at, kind, data)",
                f"{words.id_of(JOB, 'n')}, {words.time(age)},"
                f" CASE WHEN n % 200 = 0 THEN 'rescued' ELSE '{kind}' END,"
                f" CASE WHEN n % 200 = 0 THEN '{{\"credits\": 1}}' ELSE '{{}}' END"
                + ("::jsonb" if connection.vendor == "postgresql" else ""),
                jobs,
                "",
            )
            for kind in ["queued", "checked", "completed", "started"][:events]
        ),
    ]
    with connection.cursor() as cursor:
        for target, values, last, only in statements:
            # The escape is for the driver, which reads % as its own.
            numbers = words.numbers.format(last=last)
            select = f"SELECT {values} FROM ({numbers}) numbers"  # noqa: S608  (all of it is from here)
            select += f" WHERE {only}" if only else ""
            escaped = select.replace("%(requester)s", "\0").replace("%", "%%").replace("\0", "%s")
            cursor.execute(f"INSERT INTO {target} {escaped}", [requester] * select.count("%(requester)s"))
        if connection.vendor == "postgresql":  # autovacuum does so in a shop; nobody does it for SQLite
            cursor.execute("ANALYZE")
