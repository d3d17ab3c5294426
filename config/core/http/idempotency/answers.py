"""Answers as the table keeps them: JSON, in which the storage key stands for each signed address."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from rest_framework.renderers import JSONRenderer

from config.core.http.envelope import StoredUrl, absolute_urls

type Place = tuple[str | int, ...]


class Fleeting[Item](list[Item]):
    """A part of an answer that is true only now. A repeat of the answer comes without it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer before it is rendered. ``data`` is None for an empty one."""

    status: int
    data: Any
    headers: Mapping[str, str]
    is_replayed: bool = False


def written(outcome: Outcome) -> str:
    """Return an answer as text, with storage keys in place of its signed addresses, which would end.

    The keys are beside the data, not in it: what a client has put there is never taken for one.
    """
    addresses: list[tuple[Place, str]] = []
    data = without_addresses(outcome.data, (), addresses)
    kept = {
        "body": JSONRenderer().render(data).decode(),
        "headers": dict(outcome.headers),
        "addresses": addresses,
    }
    return json.dumps(kept)


def read_again(status: int, answer: str, request: HttpRequest) -> Outcome:
    """Return a kept answer, with addresses signed now."""
    kept = json.loads(answer)
    data: Any = json.loads(kept["body"]) if kept["body"] else None
    urls = absolute_urls(request, [stored_as for _place, stored_as in kept["addresses"]])
    for (*outer, last), stored_as in kept["addresses"]:
        node: Any = data
        for step in outer:
            node = node[step]
        node[last] = urls[stored_as]
    return Outcome(status, data, kept["headers"], is_replayed=True)


def without_addresses(node: Any, place: Place, found: list[tuple[Place, str]]) -> Any:
    """Return the data with null for each signed address, whose place and storage key go into ``found``.

    What is fleeting is left out.
    """
    match node:
        case StoredUrl():
            found.append((place, node.stored_as))
            return None
        case Mapping():
            kept = {name: inner for name, inner in node.items() if not isinstance(inner, Fleeting)}
            return {name: without_addresses(inner, (*place, name), found) for name, inner in kept.items()}
        case list() | tuple():
            return [without_addresses(inner, (*place, at), found) for at, inner in enumerate(node)]
        case _:
            return node
