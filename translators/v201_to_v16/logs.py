"""Logs and their upload. Memory `log/<requestId>`: {"by", "seen"} the message a log was asked for with."""

from translators import times
from translators.effects import Ask, Forget, Remember
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16.answers import ask_station
from translators.v201_to_v16.capabilities import speaks_security
from translators.v201_to_v16.remote import allocated
from translators.words import DIAGNOSTICS, LOG

_LOCATION_LIMIT, _FILENAME_LIMIT = 512, 255


@loses(call={"location": f"answered without a fileName: more than {_LOCATION_LIMIT} characters"})
def get_diagnostics(call: Payload, session: Session) -> Conversation:
    """GetDiagnostics -> GetLog DiagnosticsLog, with a requestId of the gateway. 1.6 section 5.9, 2.0.1 N01."""
    if len(call["location"]) > _LOCATION_LIMIT:
        yield from lost("location")
        return {}
    request_id = yield from allocated(session, "requestId")
    yield Remember(f"log/{request_id}", {"by": "GetDiagnostics", "seen": session.unix_time})
    answer = yield from ask_station(
        "GetLog",
        {
            "log": _log(call["location"], call.get("startTime"), call.get("stopTime")),
            "logType": "DiagnosticsLog",
            "requestId": request_id,
            **{name: call[name] for name in ("retries", "retryInterval") if name in call},
        },
        otherwise={"status": "Rejected"},
    )
    if answer["status"] == "Rejected":
        yield Forget(f"log/{request_id}")
        return {}  # 1.6 section 5.9: no fileName, no diagnostics
    return {"fileName": answer.get("filename", "")[:_FILENAME_LIMIT] or "unknown"}


@loses(call={"location": f"Rejected: more than {_LOCATION_LIMIT} characters"})
def get_log(call: Payload, session: Session) -> Conversation:
    """GetLog -> GetLog. 1.6 security extension, 2.0.1 N01."""
    yield from speaks_security(session)
    if len(call["log"]["remoteLocation"]) > _LOCATION_LIMIT:
        yield from lost("location")
        return {"status": "Rejected"}
    yield Remember(f"log/{call['requestId']}", {"by": "GetLog", "seen": session.unix_time})
    asked = call["log"]
    answer = yield from ask_station(
        "GetLog",
        {
            "log": _log(asked["remoteLocation"], asked.get("oldestTimestamp"), asked.get("latestTimestamp")),
            "logType": call["logType"],
            "requestId": call["requestId"],
            **{name: call[name] for name in ("retries", "retryInterval") if name in call},
        },
        otherwise={"status": "Rejected"},
    )
    return {
        "status": answer["status"],
        **({"filename": answer["filename"][:_FILENAME_LIMIT]} if "filename" in answer else {}),
    }


@loses(call={"status": "answered here: 1.6 has no word for it"})
def log_status_notification(call: Payload, session: Session) -> Conversation:
    """LogStatusNotification -> DiagnosticsStatusNotification or LogStatusNotification, whichever the CSMS asked by.
    1.6 section 4.4 and security extension, 2.0.1 N01."""
    job = session.memory.get(f"log/{call.get('requestId')}")
    plain = job["by"] == "GetDiagnostics" if job is not None else "speaks/security" not in session.memory
    said = (DIAGNOSTICS if plain else LOG).to_16.get(call["status"])
    if said is None:
        yield from lost("status")
    elif plain:
        yield Ask("DiagnosticsStatusNotification", {"status": said})
    else:
        number = {"requestId": call["requestId"]} if "requestId" in call else {}
        yield Ask("LogStatusNotification", {"status": said, **number})
    return {}


def _log(location: str, oldest: str | None, latest: str | None) -> Payload:
    since, until = times.normalise(oldest), times.normalise(latest)
    return {
        "remoteLocation": location,
        **({"oldestTimestamp": since} if since is not None else {}),
        **({"latestTimestamp": until} if until is not None else {}),
    }
