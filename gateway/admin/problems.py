"""Errors as RFC 9457 says them."""

from typing import Any

from aiohttp import web

from gateway.cluster import NodeFailed, NodeUnreachable

_STATUS_OF = {"not_connected": 404, "invalid": 422, "busy": 503, "no_answer": 504}
_TITLE_OF = {
    "not_connected": "the station is not connected",
    "invalid": "the call is not valid",
    "busy": "too many calls are waiting",
    "no_answer": "the station gave no answer",
}


class Problem(Exception):
    """Ends a request with this status. `title` is the same for every problem of the kind, `detail` is about this one;
    `more` are members of their own."""

    def __init__(self, status: int, title: str, detail: str | None = None, **more: Any) -> None:
        super().__init__(detail or title)
        self.status = status
        self.title = title
        self.detail = detail
        self.more = more

    def response(self) -> web.Response:
        body = {"type": "about:blank", "status": self.status, "title": self.title, **self.more}
        if self.detail is not None and self.detail != self.title:
            body["detail"] = self.detail
        headers = {"Retry-After": "1"} if self.status == 503 else {}
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return web.json_response(body, status=self.status, content_type="application/problem+json", headers=headers)


def problem_of(failure: NodeFailed | NodeUnreachable) -> Problem:
    """What a node's failure is to whoever asked."""
    if isinstance(failure, NodeUnreachable):
        return Problem(504, "a node does not answer", str(failure))
    status = _STATUS_OF.get(failure.problem, 502)
    return Problem(status, _TITLE_OF.get(failure.problem, "a node failed"), str(failure), reason=failure.problem)
