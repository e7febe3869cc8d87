"""The ways in which the body of an engine's answer can be read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

from zeta_router.gateway.upstream import Answer


async def pieces_of(answer: Answer) -> AsyncGenerator[bytes]:
    """Piece by piece, with a break after each: whoever reads takes his time."""
    pieces: list[bytes] = []

    def take(piece: bytes) -> bool:
        pieces.append(piece)
        return False

    while not await answer.pour(take):
        while pieces:
            yield pieces.pop(0)


async def poured(answer: Answer) -> list[bytes]:
    """Taken as it comes."""
    pieces: list[bytes] = []

    def take(piece: bytes) -> bool:
        pieces.append(piece)
        return True

    assert await answer.pour(take)
    return pieces


async def _poured(answer: Answer) -> bytes:
    return b"".join(await poured(answer))


async def _in_pieces(answer: Answer) -> bytes:
    return b"".join([piece async for piece in pieces_of(answer)])


async def _whole(answer: Answer) -> bytes:
    return await answer.read()


WAYS: dict[str, Callable[[Answer], Awaitable[bytes]]] = {
    "read": _whole,
    "poured": _poured,
    "pieces": _in_pieces,
}
