"""Server-sent events, in form."""

from gateway.admin.streams import event


def test_an_event_is_one_line_of_data_whatever_it_holds() -> None:
    text = event("frame", {"why": "two\nlines\r\n\nevent: lost"}).decode()
    assert text == 'event: frame\ndata: {"why":"two\\nlines\\r\\n\\nevent: lost"}\n\n'
