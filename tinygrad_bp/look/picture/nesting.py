"""Boxes that can be laid out one inside the other.

A box is drawn as one item of its parent's layout.  Where that makes a cycle (a value leaves
the box, is used outside, and comes back in) the box is dissolved: what it held stands outside.

>>> from tinygrad_bp.look.picture.picture import Box, Edge, Node, Picture
>>> nodes = tuple(Node(name, "leaf", ()) for name in "abc")
>>> path = (Edge("a", "b"), Edge("b", "c"))
>>> composable(Picture(nodes, path, (Box("ab", "", ("a", "b")),))).boxes
(Box(id='ab', title='', nodes=('a', 'b'), boxes=()),)
>>> composable(Picture(nodes, path, (Box("ac", "", ("a", "c")),))).boxes
()
"""

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import TypeVar

from tinygrad_bp.look.picture.picture import Box, Picture, all_boxes

__all__ = ["between_cycles", "composable"]

T = TypeVar("T", bound=Hashable)


def composable(picture: Picture) -> Picture:
    """The picture without empty boxes and without boxes that stand on a cycle."""
    boxes = _without(picture.boxes, _empty(picture.boxes))
    while knotted := _knotted(boxes, picture):
        boxes = _without(boxes, knotted)
    return picture if boxes == picture.boxes else replace(picture, boxes=boxes)


def _empty(boxes: tuple[Box, ...]) -> set[str]:
    return {box.id for box in all_boxes(boxes) if not any(b.nodes for b in all_boxes((box,)))}


def _without(boxes: tuple[Box, ...], dissolved: set[str]) -> tuple[Box, ...]:
    kept: list[Box] = []
    for box in boxes:
        inner = _without(box.boxes, dissolved)
        if box.id not in dissolved:
            loose = tuple(n for b in box.boxes for n in _loosened(b, dissolved))
            kept.append(replace(box, nodes=box.nodes + loose, boxes=inner))
        else:
            kept.extend(inner)
    return tuple(kept)


def _loosened(box: Box, dissolved: set[str]) -> tuple[str, ...]:
    """The nodes that fall out of a dissolved box into the box around it."""
    if box.id not in dissolved:
        return ()
    return box.nodes + tuple(n for inner in box.boxes for n in _loosened(inner, dissolved))


def _knotted(boxes: tuple[Box, ...], picture: Picture) -> set[str]:
    """Boxes that stand on a cycle of their parent's layout."""
    chains = _chains(boxes)
    links: set[tuple[str, str]] = set()
    for edge in picture.edges:
        tail, head = chains.get(edge.tail, ()), chains.get(edge.head, ())
        shared = sum(1 for a, b in zip(tail, head, strict=False) if a == b)
        links.add((_item(edge.tail, tail, shared), _item(edge.head, head, shared)))
    ids = {box.id for box in all_boxes(boxes)}
    return {item[1:] for item in between_cycles(links) if item[0] == "b" and item[1:] in ids}


def _item(node: str, chain: tuple[str, ...], shared: int) -> str:
    """What stands for a node in the scope below `shared` boxes: the next box, or the node."""
    return "b" + chain[shared] if len(chain) > shared else "n" + node


def _chains(boxes: tuple[Box, ...]) -> dict[str, tuple[str, ...]]:
    """For each boxed node the ids of the boxes around it, outermost first."""
    found: dict[str, tuple[str, ...]] = {}
    stack: list[tuple[Box, tuple[str, ...]]] = [(box, (box.id,)) for box in boxes]
    while stack:
        box, chain = stack.pop()
        found.update((node, chain) for node in box.nodes)
        stack.extend((inner, (*chain, inner.id)) for inner in box.boxes)
    return found


def between_cycles(links: Iterable[tuple[T, T]]) -> set[T]:
    """What is on a cycle, or on a way from one cycle to another.

    >>> sorted(between_cycles([(1, 2), (2, 3), (3, 2), (3, 4)]))
    [2, 3]
    """
    links = set(links)
    return _left_over(_left_over_links(links, forwards=True), forwards=False)


def _left_over_links(links: set[tuple[T, T]], *, forwards: bool) -> set[tuple[T, T]]:
    left = _left_over(links, forwards=forwards)
    return {(tail, head) for tail, head in links if tail in left and head in left}


def _left_over(links: set[tuple[T, T]], *, forwards: bool) -> set[T]:
    """What is left when ends are taken away for as long as there are ends."""
    after: dict[T, list[T]] = {}
    waiting: dict[T, int] = {}
    for link in links:
        tail, head = link if forwards else link[::-1]
        after.setdefault(tail, []).append(head)
        after.setdefault(head, [])
        waiting[head] = waiting.get(head, 0) + 1
    ends = [item for item in after if not waiting.get(item)]
    left = set(after)
    for item in ends:  # grows while it is read
        left.discard(item)
        for head in after[item]:
            waiting[head] -= 1
            if waiting[head] == 0:
                ends.append(head)
    return left
