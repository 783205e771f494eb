"""One station of a capture, as a station: connects, makes its calls in order, and answers as it did."""

import asyncio
import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from gateway.replay.capture import Answer, Exchange, Script, filled
from gateway.replay.comparison import Finding, compared

_CONNECT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Target:
    """The CSMS, and how to play to it. `url` has `{identity}`, or the identity is added to its path; a user in it is
    sent as Basic credentials. `speed`: 2 is twice as fast as it was, 0 without a pause. `id_tag`: in the place of those
    that were hidden. `answer_seconds`: for an answer; `settle_seconds`: at the end, for calls of the CSMS that are still
    missing."""

    url: str
    subprotocol: str | None = None
    speed: float = 1.0
    id_tag: str | None = None
    answer_seconds: float = 30.0
    settle_seconds: float = 2.0
    tls: ssl.SSLContext | None = None

    def of(self, station: str) -> str:
        name = quote(station, safe="*-_=+@.")
        return self.url.replace("{identity}", name) if "{identity}" in self.url else f"{self.url.rstrip('/')}/{name}"


@dataclass(slots=True)
class Outcome:
    """`findings`, each with the line of the capture (0: of none) and its action; `made`, `answered`: how many calls."""

    station: str
    findings: list[tuple[int, str, Finding]] = field(default_factory=list)
    made: int = 0
    answered: int = 0

    def find(self, line: int, action: str, *findings: Finding) -> None:
        self.findings += [(line, action, finding) for finding in findings]


async def play(script: Script, target: Target) -> Outcome:
    """Never raises for what the CSMS does: that is found."""
    outcome = Outcome(script.station)
    url = target.of(script.station)
    try:
        ws = await connect(
            url,
            subprotocols=[Subprotocol(target.subprotocol or script.version)],
            compression=None,
            max_size=None,
            open_timeout=_CONNECT_SECONDS,
            ssl=target.tls if urlsplit(url).scheme == "wss" else None,
            proxy=None,
        )
    except (OSError, InvalidHandshake, TimeoutError) as error:
        outcome.find(0, "connect", Finding("error", str(error) or type(error).__name__))
        return outcome
    async with ws:
        if ws.subprotocol is None:
            outcome.find(0, "connect", Finding("error", "it chose no subprotocol"))
        await _Player(ws, script, target, outcome).play()
    return outcome


class _Player:
    def __init__(self, ws: ClientConnection, script: Script, target: Target, outcome: Outcome) -> None:
        self._ws = ws
        self._script = script
        self._target = target
        self._outcome = outcome
        self._left = list(script.asked)
        self._waiting: dict[str, asyncio.Future[Answer | None]] = {}
        self._transactions: dict[Any, Any] = {}
        self._asked_all = asyncio.Event()

    async def play(self) -> None:
        reading = asyncio.get_running_loop().create_task(self._read())
        try:
            await self._calls()
            await self._wait_for_calls()
        except ConnectionClosed as gone:
            code, reason = (gone.rcvd.code, gone.rcvd.reason) if gone.rcvd is not None else (1006, "")
            left = len(self._script.calls) - self._outcome.made
            text = f"the connection ended ({code} {reason}".rstrip() + f"); {left} calls were not made"
            self._outcome.find(0, "connection", Finding("error", text))
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        for exchange in self._left:
            text = f"the CSMS did not ask for {exchange.action}"
            self._outcome.find(exchange.line, exchange.action, Finding("difference", text))

    async def _wait_for_calls(self) -> None:
        """A CSMS may still be about to ask."""
        if self._left:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._target.settle_seconds):
                    await self._asked_all.wait()

    async def _calls(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        first = self._script.calls[0].at if self._script.calls else 0.0
        for exchange in self._script.calls:
            if self._target.speed > 0:
                due = began + (exchange.at - first) / self._target.speed
                await self._pause(due - loop.time())
            await self._call(exchange)

    async def _pause(self, seconds: float) -> None:
        """Or until the connection ends."""
        if seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._ws.wait_closed()

    async def _call(self, exchange: Exchange) -> None:
        payload = _with_numbers(exchange.payload, self._transactions)
        if self._target.id_tag is not None:
            payload = filled(payload, self._target.id_tag)
        message_id = str(uuid4())
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = answer
        await self._ws.send(json.dumps([6 if exchange.is_send else 2, message_id, exchange.action, payload]))
        self._outcome.made += 1
        if exchange.is_send:
            return
        now: Answer | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._target.answer_seconds):
                now = await answer
        del self._waiting[message_id]
        if now is not None:
            self._outcome.answered += 1
            self._remember_number(exchange.answer, now)
        self._outcome.find(exchange.line, exchange.action, *compared(exchange.answer, now))

    def _remember_number(self, was: Answer | None, now: Answer) -> None:
        """A 1.6 CSMS numbers transactions, each in its own way."""
        if was is not None and "transactionId" in was.payload and "transactionId" in now.payload:
            self._transactions[was.payload["transactionId"]] = now.payload["transactionId"]

    async def _read(self) -> None:
        try:
            async for text in self._ws:
                await self._took(str(text))
        except ConnectionClosed:
            pass  # whoever sends hears of it
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_result(None)

    async def _took(self, text: str) -> None:
        try:
            number, message_id, *rest = json.loads(text)
            if number == 2:
                await self._asked(str(message_id), str(rest[0]))
            elif number in (3, 4):
                answer = self._waiting.get(str(message_id))
                if answer is not None and not answer.done():
                    answer.set_result(_answer(number, rest))
        except (ValueError, TypeError, IndexError):
            self._outcome.find(0, "frame", Finding("error", f"it sent what is no frame: {text[:60]}"))

    async def _asked(self, message_id: str, action: str) -> None:
        exchange = next((one for one in self._left if one.action == action), None)
        if exchange is None or exchange.answer is None:
            text = f"the CSMS asked for {action}, and the capture has no answer"
            self._outcome.find(0, action, Finding("difference", text))
            reply: list[Any] = [4, message_id, "NotSupported", "not in the capture", {}]
        elif exchange.answer.is_error:
            members = ("errorCode", "errorDescription", "errorDetails")
            reply = [4, message_id, *(exchange.answer.payload.get(name) for name in members)]
        else:
            reply = [3, message_id, exchange.answer.payload]
        if exchange is not None:
            self._left.remove(exchange)
            if not self._left:
                self._asked_all.set()
        await self._ws.send(json.dumps(reply))


def _answer(number: int, rest: list[Any]) -> Answer:
    if number == 3:
        return Answer(False, dict(rest[0]))
    code, description, details = [*rest, "", "", {}][:3]
    return Answer(True, {"errorCode": code, "errorDescription": description, "errorDetails": details})


def _with_numbers(value: Any, numbers: dict[Any, Any]) -> Any:
    """With the new number of every transaction that has one."""
    if isinstance(value, dict):
        return {
            name: numbers.get(member, member)
            if name == "transactionId" and isinstance(member, int | str)
            else _with_numbers(member, numbers)
            for name, member in value.items()
        }
    return [_with_numbers(member, numbers) for member in value] if isinstance(value, list) else value


async def play_all(scripts: list[Script], target: Target, told: Callable[[Outcome], None]) -> list[Outcome]:
    """All at once, each over a connection of its own; `told` hears of each when it is over."""

    async def one(script: Script) -> Outcome:
        outcome = await play(script, target)
        told(outcome)
        return outcome

    return list(await asyncio.gather(*(one(script) for script in scripts)))
