"""Replies: read, judged, written."""

import pytest

from sendwright import smtp
from sendwright.smtp import events, server_words
from sendwright.smtp.replies import ReplyReader
from tests.smtp.dialogue import dialogues


def read(wire: bytes) -> smtp.Reply:
    reader = ReplyReader()
    reader.feed(wire)
    heard = reader.next()
    assert heard is not None
    assert not reader.pending
    return heard.reply


@pytest.mark.parametrize(
    ("wire", "answer"),
    [
        (b"250 ok\r\n", smtp.Reply(code=250, lines=("ok",))),
        (b"250\r\n", smtp.Reply(code=250, lines=("",))),
        (b"250 \r\n", smtp.Reply(code=250, lines=("",))),
        (b"550 5.1.1 no\r\n", smtp.Reply(code=550, enhanced="5.1.1", lines=("no",))),
        (b"550 5.1.1\r\n", smtp.Reply(code=550, enhanced="5.1.1", lines=("",))),
        (b"550-5.1.1 a\r\n550 5.1.1 b\r\n", smtp.Reply(code=550, enhanced="5.1.1", lines=("a", "b"))),
        (b"550-5.1.1 a\r\n550 b\r\n", smtp.Reply(code=550, enhanced="5.1.1", lines=("a", "b"))),
        (b"550-5.1.1 a\r\n550 5.1.10 b\r\n", smtp.Reply(code=550, enhanced="5.1.1", lines=("a", "5.1.10 b"))),
    ],
)
def test_a_reply_is_read(wire: bytes, answer: smtp.Reply) -> None:
    assert read(wire) == answer


@pytest.mark.parametrize("wire", [b"450 5.1.1 x\r\n", b"250 4.0.0 x\r\n", b"550 5.1 x\r\n", b"550 5.1.1234 x\r\n"])
def test_an_enhanced_code_that_does_not_fit_its_reply_is_only_text(wire: bytes) -> None:
    assert read(wire).enhanced == ""


@pytest.mark.parametrize(
    ("code", "kind"), [(299, "POSITIVE"), (354, "INTERMEDIATE"), (477, "TEMPORARY"), (599, "PERMANENT")]
)
def test_a_code_is_judged_by_its_first_digit(code: int, kind: str) -> None:
    assert smtp.Reply(code=code).kind.name == kind


def test_the_text_of_a_reply_is_one_line() -> None:
    assert str(read(b"550-5.1.1 no such\r\n550 5.1.1 user\r\n")) == "550 5.1.1 no such user"


@pytest.mark.parametrize("lines", [("ok",), ("one", "two"), ("",), ("grüße",)])
@pytest.mark.parametrize("enhanced", ["", "2.1.0"])
def test_a_reply_that_is_written_and_read_is_the_same(lines: tuple[str, ...], enhanced: str) -> None:
    answer = smtp.Reply(code=250, enhanced=enhanced, lines=lines)
    assert read(smtp.render_reply(answer)) == answer


def test_a_line_end_in_the_text_of_a_reply_is_never_written() -> None:
    wire = smtp.render_reply(smtp.Reply(code=550, lines=("no\r\n250 yes",)))
    assert wire == b"550 no\\x0d\\x0a250 yes\r\n"


def test_a_reply_without_lines_is_still_a_line() -> None:
    assert smtp.render_reply(smtp.Reply(code=250, lines=())) == b"250 \r\n"


def test_a_lone_surrogate_in_a_reply_is_escaped() -> None:
    assert smtp.render_reply(smtp.Reply(code=250, lines=("\ud800",))) == b"250 \\ud800\r\n"


OURS = [word for word in vars(server_words).values() if isinstance(word, smtp.Reply)]


@pytest.mark.parametrize("word", OURS, ids=str)
def test_each_of_our_replies_has_an_enhanced_code_of_its_class(word: smtp.Reply) -> None:
    assert word.enhanced[:1] == (str(word.code)[0] if word.kind is not smtp.Kind.INTERMEDIATE else "")


def test_an_answer_that_is_not_about_a_recipient_keeps_its_552() -> None:
    answer = events.Answer(recipient="b@example.org", stage=smtp.Stage.FINAL, reply=smtp.Reply(code=552))
    assert answer.kind is smtp.Kind.PERMANENT


@pytest.mark.parametrize("side", ["client", "server"])
def test_the_diagrams_show_every_state(side: str) -> None:
    diagram = smtp.draw()[side]
    assert diagram.startswith("stateDiagram-v2\n")
    assert diagram.count("\n    ") > 16


def test_the_client_diagram_shows_the_way_of_a_message() -> None:
    assert "    HOLDING --> DOT_WRITTEN: transmit()\n" in smtp.draw()["client"]


def test_there_are_dialogues_of_both_sides() -> None:
    assert {dialogue.side for dialogue in dialogues()} == {"client", "server"}


def test_the_door_gives_out_what_it_names() -> None:
    assert all(hasattr(smtp, name) for name in smtp.__all__)
