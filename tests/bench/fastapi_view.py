"""The same row as FastAPI and asyncpg answer it, for comparison: ``granian --interface asgi``."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import FastAPI, Request

QUERY = "SELECT id, status, progress FROM tryon_tryonjob WHERE id = $1"


@asynccontextmanager
async def connected(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=4) as pool:
        app.state.pool = pool
        yield


application = FastAPI(lifespan=connected)


@application.get("/bare/{job_id}")
async def bare(job_id: UUID, request: Request) -> dict[str, Any]:
    row = await request.app.state.pool.fetchrow(QUERY, job_id)
    return dict(row)
