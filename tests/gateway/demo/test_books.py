"""What two books say together."""

from gateway.demo.books import Book, Charge, Entry, book_of, mistakes_of
from gateway.demo.csms16 import Csms16
from gateway.demo.csms201 import Bill201, Csms201
from gateway.demo.peer import Clock


def test_books_that_balance_have_no_mistakes() -> None:
    old = Book("old", [Entry("A", 1.5), Entry("B", 0.0)])
    new = Book("new", [Entry("B", 2.0), Entry("A", 0.0)])
    assert mistakes_of([Charge("A", 1.5), Charge("B", 2.0)], [old, new]) == []
    assert (old.open, old.billed, old.kwh, new.kwh) == (0, 1, 1.5, 2.0)


def test_whatever_is_wrong_is_named() -> None:
    old = Book("old", [Entry("A", 1.5), Entry("B", None), Entry("D", 1.0)])
    new = Book("new", [Entry("A", 1.5), Entry("C", 0.9), Entry("X", 3.0)])
    charges = [Charge("A", 1.5), Charge("B", 1.0), Charge("C", 1.0), Charge("D", 1.0)]
    assert mistakes_of(charges, [old, new]) == [
        "old has an open transaction of B",
        "A is billed 2 times",
        "B is billed 0 times",
        "C delivered 1.000 kWh, new bills 0.900",
        "new bills X, which is no station",
    ]


def test_books_are_read_from_both_kinds_of_system() -> None:
    legacy, modern = Csms16(Clock()), Csms201(Clock())
    legacy.open_bill("A", 1, "TAG", 1000).meter_stop = 2500
    legacy.open_bill("B", 1, "TAG", 1000)
    assert book_of("legacy", legacy).entries == [Entry("A", 1.5), Entry("B", None)]
    modern.bills = {
        "one": Bill201("one", "A", 1000, 2000, ended=True),
        "handed on": Bill201("handed on", "B", 1000, None, ended=True),
        "open": Bill201("open", "C", 1000, 1500),
    }
    assert book_of("modern", modern).entries == [Entry("A", 1.0), Entry("B", 0.0), Entry("C", None)]
