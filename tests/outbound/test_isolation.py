"""A throttled or dead site never holds up another (gate G9): a hundred sites, two of them bad, and few slots."""

import asyncio
from collections import Counter, deque
from dataclasses import replace

import pytest

from sendwright import outbound
from sendwright.outbound.model import Answered, DirectMx
from sendwright.outbound.settings import FOR_STRANGERS, Limits
from tests.fakes.name_server import Zone, name_server
from tests.fakes.smtp_peer import BYE, EHLO, ONE_MESSAGE, Hang, scripted
from tests.outbound.made import PARCEL, Clock, deliver, post_to

pytestmark = pytest.mark.anyio

GOOD = [f"good{number}.example" for number in range(98)]
DEAD, TARPIT = "dead.example", "tarpit.example"
EACH, OF_THE_BAD, SLOTS = 3, 60, 25
_ADDRESSES = {DEAD: "127.0.0.3", TARPIT: "127.0.0.2"}


def zone() -> Zone:
    made: dict[tuple[str, str], list[str]] = {}
    for domain in (*GOOD, DEAD, TARPIT):
        made[domain, "MX"] = [f"10 mx.{domain}."]
        made[f"mx.{domain}", "A"] = [_ADDRESSES.get(domain, "127.0.0.1")]
    return made


class Queue:
    """As the delivery loop works: asks for room, begins what has some, looks at the others later."""

    def __init__(self, post: outbound.Post) -> None:
        self._post = post
        self._waiting = deque([DEAD, TARPIT] * OF_THE_BAD + GOOD * EACH)
        self._begun: Counter[str] = Counter()
        self.most_bad = 0
        self.taken: Counter[str] = Counter()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            tasks: set[asyncio.Task[None]] = set()
            while sum(self.taken.values()) < len(GOOD) * EACH:
                self._begin(group, tasks)
                await asyncio.sleep(0.001)
            for task in tasks:
                task.cancel()

    def _begin(self, group: asyncio.TaskGroup, tasks: set[asyncio.Task[None]]) -> None:
        for _ in range(len(self._waiting)):
            if self._begun.total() >= SLOTS:
                return
            domain = self._waiting.popleft()
            if self._post.room(domain).now <= 0 or self._begun[domain] >= FOR_STRANGERS.most:
                self._waiting.append(domain)
                continue
            self._begun[domain] += 1
            self.most_bad = max(self.most_bad, self._begun[DEAD] + self._begun[TARPIT])
            task = group.create_task(self._turn(domain))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def _turn(self, domain: str) -> None:
        try:
            made = await deliver(self._post, replace(PARCEL, site_domain=domain, rcpt_to=f"ada@{domain}"))
        finally:
            self._begun[domain] -= 1
        if isinstance(made.outcome, Answered):
            self.taken[domain] += 1
        else:
            self._waiting.append(domain)


async def test_a_dead_site_and_a_tarpit_hold_no_more_slots_than_their_cap_and_nobody_else_up():
    patient = Limits(greeting=60, last_greeting=60, slot=0.2)  # so long that nobody could wait for the bad two here
    async with (
        scripted([*EHLO, *ONE_MESSAGE * 9, *BYE]) as good,
        scripted([Hang()], host="127.0.0.2", port=good.port),
        name_server(zone()) as dns,
    ):
        clock = Clock()
        resolver = outbound.Resolver(nameserver=dns.address, monotonic=clock.monotonic, allow_private=True)
        async with post_to(DirectMx(), limits=patient, clock=clock, resolver=resolver, mx_port=good.port) as post:
            queue = Queue(post)
            async with asyncio.timeout(20):
                await queue.run()
            states = {state.site: state for state in post.snapshot()}
    assert queue.taken == Counter(dict.fromkeys(GOOD, EACH))
    assert queue.most_bad <= 2 * FOR_STRANGERS.most
    assert states["mx.dead.example"].resting_until is not None
    assert states["mx.good0.example"].resting_until is None
