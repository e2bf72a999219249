"""What the inbox and the outbox share: leases, dates, and what is true of both tables."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

#: Seconds for which a worker holds what it claimed, unless it renews; a dead worker's messages are taken up after that.
LEASE = 8.0
#: Nothing waits for longer than this: a date beyond it was written by a clock that has been set back since.
HORIZON = 2 * 3600.0


def due(table: Any, now: float) -> Any:
    """Return the condition that it is time for a row of `table`."""
    return sa.or_(table.c.next_at <= now, table.c.next_at > now + HORIZON)


def expired(table: Any, now: float) -> Any:
    """Return the condition that the worker that held a row of `table` is dead, or that its clock went wrong."""
    return sa.or_(table.c.lease_until <= now, table.c.lease_until > now + HORIZON)


def lost(table: Any, busy: str, now: float, worker: str, held: Collection[int]) -> Any:
    """Return the condition that a row in hand is in nobody's: its worker died, or `worker` claimed it and never knew.

    (The database went away between the commit of a claim and its answer.) `held` are the rows that `worker` has in hand.
    """
    return sa.and_(
        table.c.state == busy, expired(table, now), ~sa.and_(table.c.lease == worker, table.c.number.in_(held))
    )


async def exists(connection: AsyncConnection, condition: Any) -> bool:
    """Tell whether there is a row that meets `condition`."""
    return bool((await connection.execute(sa.select(sa.exists().where(condition)))).scalar_one())


def next_in_turn(table: sa.Table, busy: str, now: float) -> sa.Select[tuple[int]]:
    """Return the query of the next row that waits: danger first, then the oldest; one at a time for each person.

    `busy` is the state of a row in hand. What has priority passes before what waits for another try, not before what is
    in hand or due: otherwise a person's messages keep their order.
    """
    earlier = table.alias("earlier")
    blocked = sa.exists().where(
        earlier.c.person == table.c.person,
        earlier.c.number < table.c.number,
        earlier.c.state.in_(("waiting", busy)),
        sa.or_(earlier.c.priority >= table.c.priority, earlier.c.state == busy, due(earlier, now)),
    )
    return (
        sa.select(table.c.number)
        .where(table.c.state == "waiting", due(table, now), ~blocked)
        .order_by(table.c.priority.desc(), table.c.number)
        .limit(1)
    )
