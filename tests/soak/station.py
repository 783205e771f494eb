"""A station: it charges, keeps an offline queue, and comes back after every loss.

A message leaves the queue when it is acknowledged. A CALLERROR or no answer in time burns an attempt (1.6 section
3.7.1, 2.0.1 E13), a closed socket burns none; after the last attempt the station gives the message up.
"""

import asyncio
import itertools
import random
import time
from collections import deque
from contextlib import suppress
from typing import Any, Protocol

import aiohttp
import msgspec

from tests.soak.dialects import V16, Charge, Payload, Said, available, boot, moment
from tests.soak.history import History
from tests.soak.policy import CANARY, Policy


class Surroundings(Protocol):
    """What a station needs of its fleet."""

    urls: list[str]
    policy: Policy
    history: History
    seed: int
    prefix: str
    finishing: asyncio.Event
    zombies: list[aiohttp.ClientWebSocketResponse]

    async def connect(self, url: str, identity: str) -> aiohttp.ClientWebSocketResponse: ...


class Station:
    def __init__(self, fleet: Surroundings, identity: str, place: int) -> None:
        self.fleet, self.identity, self.policy = fleet, identity, fleet.policy
        self.queue: deque[Said] = deque()
        self.ws: aiohttp.ClientWebSocketResponse | None = None
        self.deaf = asyncio.Event()
        """Set: reads nothing any more (half-open)."""
        self.charging = False
        self.came = False
        """Has been connected."""
        self._random = random.Random(f"{fleet.seed}/{identity}")
        self._where = place
        self._clock = 0
        self._wh = 1000
        self._booted = False
        self._work = asyncio.Event()
        self._ids, self._connections, self._charges = itertools.count(1), itertools.count(1), itertools.count(1)
        self._asked = ""
        self._reply: asyncio.Future[list[Any] | None] | None = None
        self._given_up: set[str] = set()
        self._hurry = False
        self._ignored: dict[str, int] = {}
        self._reader: asyncio.Task[None] | None = None
        self._abandoned = False

    @property
    def settled(self) -> bool:
        return not self.queue and not self.charging and self.ws is not None and self._booted

    def abandon(self, *, elsewhere: bool = False) -> None:
        """Half-open: the connection stays and is never looked at again, a new one is opened at once, perhaps at the next
        address."""
        self._where += elsewhere
        if self._reader is not None:
            self._abandoned = self._hurry = True
            self._reader.cancel()

    # -- what happens at the station --------------------------------------------------------------------------------

    async def charge(self) -> None:
        """Charge after charge, whether the station is online or not."""
        policy = self.policy
        self.charging = True
        for number in itertools.count(1):
            if self.fleet.finishing.is_set() or (policy.charges and number > policy.charges):
                break
            tag = f"{CANARY}{self.fleet.prefix}{self.identity[-4:]}{next(self._charges):06d}"[:20]
            # A transactionId may be logged, an id tag may not: the one must not tell the other.
            named = f"{self.identity}-{tag.removeprefix(CANARY)}"
            charge = Charge(tag, named if policy.version != V16 else None)
            self._say("start", charge)
            for _ in range(policy.meters):
                await self._pause(policy.pace)
                self._say("meter", charge)
            await self._pause(policy.pace)
            self._say("stop", charge)
            await self._pause(policy.pace)
        self.charging = False
        self._work.set()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds * self._random.uniform(0.5, 1.5)):
                await self.fleet.finishing.wait()

    def _say(self, kind: str, charge: Charge) -> None:
        self._wh += self._random.randint(1, 50)
        self._clock = max(self._clock + 1, self._now())
        said = Said(kind, self._wh, moment(self._clock), charge, charge.seq)
        charge.seq += 1
        self.queue.append(said)
        self.fleet.history.note("queued", self.identity, key=said.key, tx=charge.tag)
        self._work.set()

    def _now(self) -> int:
        """By its own clock."""
        return int(time.time() + self.policy.clock)

    # -- the connection ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect, and again after every loss, with the back-off of 1.6-J section 5.3 and 2.0.1 part 4 section 5.3."""
        tries = 0
        while True:
            url = self.fleet.urls[self._where % len(self.fleet.urls)] + "/" + self.identity
            status = 0
            try:
                async with asyncio.timeout(self.policy.connect_timeout):
                    ws = await self.fleet.connect(url, self.identity)
            except aiohttp.WSServerHandshakeError as error:
                status = error.status
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            else:
                tries = 0
                await self._session(ws, url)
                if self._hurry:
                    self._hurry = False
                    continue
                status = -1
            if status >= 0:
                self.fleet.history.note("refused", self.identity, status=status)
                self._where += 1
            wait = self.policy.backoff * 2 ** min(tries, self.policy.doublings)
            tries += 1
            await asyncio.sleep(wait + self._random.uniform(0, self.policy.backoff_random))

    async def _session(self, ws: aiohttp.ClientWebSocketResponse, url: str) -> None:
        connection = f"{self.identity}#{next(self._connections)}"
        self.fleet.history.note("open", self.identity, connection=connection, url=url)
        self.ws, self.came = ws, True
        reader = self._reader = asyncio.create_task(self._read(ws, connection))
        try:
            while not reader.done():
                if not self._booted:
                    await self._begin(ws, reader)
                elif self.queue:
                    await self._deliver(ws, connection, reader, self.queue[0])
                else:
                    self._work.clear()
                    work = asyncio.create_task(self._work.wait())
                    try:
                        await asyncio.wait({reader, work}, return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        work.cancel()
        except ConnectionError:
            pass
        finally:
            self.ws = self._reader = None
            reader.cancel()
            await self._leave(ws, connection)

    async def _leave(self, ws: aiohttp.ClientWebSocketResponse, connection: str) -> None:
        if self._abandoned:
            self._abandoned = False
            self.fleet.zombies.append(ws)
            return
        with suppress(Exception):
            async with asyncio.timeout(1):
                await ws.close()
        self.fleet.history.note("close", self.identity, connection=connection, code=ws.close_code or 1006)

    async def _begin(self, ws: aiohttp.ClientWebSocketResponse, reader: asyncio.Task[None]) -> None:
        """Only after power-up; a reconnect needs none (part 4 section 5.3)."""
        now = moment(self._now())
        version = self.policy.version
        for action, payload in (("BootNotification", boot(version)), ("StatusNotification", available(version, now))):
            reply = await self._ask(ws, self._new_id(), action, payload, reader)
            if reply is None or (reply[0] == 3 and reply[2].get("status", "Accepted") != "Accepted"):
                await asyncio.wait({reader}, timeout=self.policy.attempt_interval)
                return
        self._booted = True

    async def _deliver(
        self, ws: aiohttp.ClientWebSocketResponse, connection: str, reader: asyncio.Task[None], said: Said
    ) -> None:
        history, policy = self.fleet.history, self.policy
        if not said.message_id or policy.ids == "new":
            said.message_id = self._new_id()
        about: dict[str, Any] = {"id": said.message_id, "key": said.key, "tx": said.charge.tag}
        history.note("send", self.identity, connection=connection, **about)
        reply = await self._ask(ws, said.message_id, *said.call(policy.version), reader)
        if reply is not None and reply[0] == 3:
            return await self._acknowledged(ws, connection, said, reply[2])
        if reply is None and reader.done():
            return None
        if reply is None:
            history.note("timeout", self.identity, connection=connection, **about)
            self._given_up.add(said.message_id)
        else:
            history.note("error", self.identity, connection=connection, **about, code=reply[2], text=str(reply[3]))
        said.attempts += 1
        if said.attempts >= policy.attempts:
            history.note("drop", self.identity, connection=connection, **about)
            self.queue.popleft()
        else:
            await asyncio.wait({reader}, timeout=policy.attempt_interval * said.attempts)
        return None

    async def _acknowledged(
        self, ws: aiohttp.ClientWebSocketResponse, connection: str, said: Said, answer: Payload
    ) -> None:
        number = str(answer["transactionId"]) if said.kind == "start" and "transactionId" in answer else ""
        ignored = said.kind == "start" and self._ignored.get(said.key, 0) < self.policy.deaf_to_starts
        self.fleet.history.note(
            "ack",
            self.identity,
            connection=connection,
            id=said.message_id,
            key=said.key,
            tx=said.charge.tag,
            number=number,
            ignored=ignored,
        )
        if not ignored:
            if number:
                said.charge.number = answer["transactionId"]
            self.queue.popleft()
            return
        self._ignored[said.key] = self._ignored.get(said.key, 0) + 1
        if self.policy.retry == "resend":
            return
        self._where += self.policy.retry == "elsewhere"
        self._hurry = True
        await ws.close()

    async def _ask(
        self,
        ws: aiohttp.ClientWebSocketResponse,
        message_id: str,
        action: str,
        payload: Payload,
        reader: asyncio.Task[None],
    ) -> list[Any] | None:
        """The reply, or None when the connection ended or nothing came in time."""
        self._asked, self._reply = message_id, asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.policy.message_timeout):
                await ws.send_str(msgspec.json.encode([2, message_id, action, payload]).decode())
                await asyncio.wait({reader, self._reply}, return_when=asyncio.FIRST_COMPLETED)
        self._asked = ""
        return self._reply.result() if self._reply.done() else None

    async def _read(self, ws: aiohttp.ClientWebSocketResponse, connection: str) -> None:
        history = self.fleet.history
        while True:
            while self.deaf.is_set():
                await asyncio.sleep(0.05)
            message = await ws.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            frame = msgspec.json.decode(message.data)
            if frame[0] == 2:
                await self._called(ws, connection, frame)
            elif frame[1] == self._asked and self._reply is not None and not self._reply.done():
                self._reply.set_result(frame)
            else:
                kind = "late" if frame[1] in self._given_up else "stray"
                history.note(kind, self.identity, connection=connection, id=str(frame[1]))

    async def _called(self, ws: aiohttp.ClientWebSocketResponse, connection: str, frame: list[Any]) -> None:
        nonce = frame[3].get("data", "") if frame[2] == "DataTransfer" else ""
        wanted = nonce.split("/")[0] or self.identity
        self.fleet.history.note(
            "called", self.identity, connection=connection, id=str(frame[1]), nonce=nonce, wanted=wanted
        )
        reply = (
            [3, frame[1], {"status": "Accepted", "data": nonce}] if nonce else [4, frame[1], "NotImplemented", "", {}]
        )
        with suppress(ConnectionError):
            await ws.send_str(msgspec.json.encode(reply).decode())

    def _new_id(self) -> str:
        return f"{self.fleet.prefix}{self.identity[-4:]}-{next(self._ids)}"
