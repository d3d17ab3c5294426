"""The gate before Django: whole bodies, places, answers that no reader holds. Plain ASGI."""

from config.core.http.gate.answers import Answer
from config.core.http.gate.bodies import BodyLimits
from config.core.http.gate.gate import Gate
from config.core.http.gate.places import Places
from config.core.http.gate.rooms import Room, Rooms

__all__ = ["Answer", "BodyLimits", "Gate", "Places", "Room", "Rooms"]
