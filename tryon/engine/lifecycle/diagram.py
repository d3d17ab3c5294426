"""The table of transitions as a Mermaid diagram."""

from collections import defaultdict
from collections.abc import Iterable
from enum import Enum

from tryon.engine.lifecycle.edges import Edge


def state_diagram(edges: Iterable[Enum]) -> str:
    """Return a Mermaid state diagram: one arrow for each pair of states, with the events that take it.

    It leaves out edges that keep the state.
    """
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for member in edges:
        edge: Edge = member.value
        if edge.target is None:
            continue
        for source in edge.sources or ("[*]",):
            events = arrows[source, edge.target]
            if source != edge.target and edge.event not in events:
                events.append(edge.event)
    lines = [
        f"    {source} --> {target}: {', '.join(events)}"
        for (source, target), events in arrows.items()
        if events
    ]
    return "\n".join(["stateDiagram-v2", *lines])
