"""By which egress a delivery leaves, and how a warm-up grows: facts in, verdicts out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sendwright import egresses
from sendwright.egresses import Chosen, Own, Provider, Wait, rules
from sendwright.egresses.model import Day
from tests.egresses.made import BAD, NOON, TODAY, address, day, fleet, plan, pool, relay

IDS = [f"0195-{n}" for n in range(4000)]


def choose(
    ways: egresses.Fleet, id_: str = "d", stream: str = "transactional", domain: str = "gmail.com", previous: str = ""
) -> egresses.Choice:
    return egresses.choose(ways, stream, id_, domain, NOON, previous)


def chosen(choice: egresses.Choice) -> str:
    match choice:
        case Chosen(egress=name):
            return name
        case Own():
            return "installation"
        case Wait():
            return "wait"


# --- shares


@pytest.mark.parametrize("shares", [{"ip_1": 30, "ip_2": 70}, {"ip_1": 15, "ip_2": 15, "relay": 70}])
def test_the_shares_of_many_deliveries_are_those_of_the_pool(shares: dict[str, int]):
    ways = fleet(address("ip-1"), address("ip-2"), relay(), pool(**shares))
    counts = Counter(chosen(choose(ways, id_)) for id_ in IDS)
    for name, share in shares.items():
        assert abs(counts[name.replace("_", "-")] / len(IDS) - share / 100) < 0.03


def test_the_installation_may_have_a_share():
    counts = Counter(
        chosen(choose(fleet(address("ip-1"), pool(ip_1=30, installation=70)), id_)) for id_ in IDS
    )  # fmt: skip
    assert 0.27 < counts["ip-1"] / len(IDS) < 0.33
    assert counts["installation"] == len(IDS) - counts["ip-1"]


@given(st.text(max_size=40), st.permutations(["ip-1", "ip-2", "ip-3"]))
@settings(max_examples=50)
def test_a_delivery_gets_the_same_answer_whatever_the_order_of_the_members(id_: str, order: list[str]):
    ways = [address(name) for name in order]
    members = tuple(egresses.Member(egress=name, weight=10) for name in order)
    one = fleet(*ways, replace(pool(ip_1=1), members=members))
    other = fleet(*ways, replace(pool(ip_1=1), members=members[::-1]))
    assert choose(one, id_) == choose(other, id_)


def test_only_the_share_of_an_egress_that_goes_moves():
    before = fleet(address("ip-1"), address("ip-2"), address("ip-3"), pool(ip_1=1, ip_2=1, ip_3=1))
    after = fleet(address("ip-1"), address("ip-2"), pool(ip_1=1, ip_2=1))
    moved = {chosen(choose(before, id_)) for id_ in IDS if choose(before, id_) != choose(after, id_)}
    assert moved == {"ip-3"}


def test_a_share_of_zero_is_for_overflow_only():
    ways = fleet(address("ip-1"), address("ip-2"), pool(ip_1=1, ip_2=0))
    assert {chosen(choose(ways, id_)) for id_ in IDS[:200]} == {"ip-1"}


# --- streams


@given(
    st.sampled_from(["marketing", "one_to_one", "unheard of", ""]), st.text(max_size=40), st.sampled_from(["", "ip-1"])
)
@settings(max_examples=60)
def test_no_other_stream_ever_leaves_by_the_transactional_pool(stream: str, id_: str, previous: str):
    ways = fleet(address("ip-1"), address("ip-2"), pool(ip_1=1), pool("marketing", ip_2=1))
    assert chosen(choose(ways, id_, stream, previous=previous)) != "ip-1"


@pytest.mark.parametrize("stream", ["marketing", "one_to_one"])
def test_a_stream_without_a_pool_leaves_by_the_installations_own_way(stream: str):
    assert choose(fleet(address("ip-1"), pool(ip_1=1)), stream=stream) == Own()


def test_an_account_without_a_pool_leaves_by_the_installations_own_way():
    assert choose(fleet(address("ip-1"))) == Own()


# --- what may be used

UNUSABLE: dict[str, Callable[[], egresses.Egress]] = {
    "paused": lambda: address("ip-1", state=egresses.EgressState.PAUSED),
    "retired": lambda: address("ip-1", state=egresses.EgressState.RETIRED),
    "unverified": lambda: address("ip-1", check=BAD),
    "never looked at": lambda: address("ip-1", check=None),
}


@pytest.mark.parametrize("why", UNUSABLE)
def test_nothing_leaves_by_an_egress_that_is(why: str):
    assert choose(fleet(UNUSABLE[why](), pool(ip_1=1))) == Own()


@pytest.mark.parametrize("why", UNUSABLE)
def test_mail_of_a_pool_that_uses_only_its_own_waits_when_its_egress_is(why: str):
    waits = choose(fleet(UNUSABLE[why](), pool(ip_1=1, only_own=True)))
    assert isinstance(waits, Wait)
    assert waits.until > NOON
    assert "transactional" in waits.why


def test_an_egress_that_the_operator_answers_for_is_used_unverified():
    assert choose(fleet(address("ip-1", check=BAD, forced=True), pool(ip_1=1))) == Chosen(egress="ip-1")


def test_a_member_that_is_no_egress_any_more_is_passed_over():
    assert choose(fleet(address("ip-2"), pool(ip_1=100, ip_2=1))) == Chosen(egress="ip-2")


def test_a_relay_needs_no_check():
    assert choose(fleet(relay(), pool(relay=1))) == Chosen(egress="relay")


# --- later tries


def test_a_later_try_keeps_its_egress_whatever_the_shares_say_now():
    ways = fleet(address("ip-1"), address("ip-2"), pool(ip_1=1, ip_2=0))
    assert choose(ways, previous="ip-2") == Chosen(egress="ip-2")


@pytest.mark.parametrize("why", UNUSABLE)
def test_a_later_try_moves_from_an_egress_that_is(why: str):
    ways = fleet(UNUSABLE[why](), address("ip-2"), pool(ip_1=1, ip_2=1))
    assert choose(ways, previous="ip-1") == Chosen(egress="ip-2")


def test_a_later_try_moves_from_an_egress_that_left_its_pool():
    ways = fleet(address("ip-1"), address("ip-2"), pool(ip_2=1))
    assert choose(ways, previous="ip-1") == Chosen(egress="ip-2")


def test_a_later_try_is_not_held_by_a_cap():
    ways = fleet(address("ip-1"), pool(ip_1=1), plan("ip-1", 1), days=lane(day(begun=1)))
    assert choose(ways, previous="ip-1") == Chosen(egress="ip-1")


# --- caps


def lane(*days: Day, name: str = "ip-1", provider: Provider = Provider.GMAIL) -> dict[object, object]:
    return {(name, provider): days}


def warming(*days: Day, cap: int = 100, overflow: str = "pool", **shares: int) -> egresses.Fleet:
    return fleet(
        address("ip-1"), address("ip-2"), pool(**(shares or {"ip_1": 1})), plan("ip-1", cap, overflow=overflow),
        days=lane(*days),
    )  # fmt: skip


def test_what_is_chosen_under_a_cap_is_to_be_counted():
    assert choose(warming()) == Chosen(
        egress="ip-1", grant=egresses.Grant(account_id=1, egress="ip-1", provider=Provider.GMAIL, cap=100)
    )


def test_over_the_cap_another_member_takes_it():
    assert choose(warming(day(begun=100), ip_1=1, ip_2=0)) == Chosen(egress="ip-2")


def test_over_the_cap_and_without_another_the_installation_takes_it():
    assert choose(warming(day(begun=100))) == Own()


def test_over_the_cap_a_plan_that_holds_keeps_it_until_tomorrow():
    waits = choose(warming(day(begun=100), overflow="hold", ip_1=1, ip_2=0))
    assert isinstance(waits, Wait)
    assert timedelta(hours=12) <= waits.until - NOON <= timedelta(hours=13)
    assert "100 mails a day" in waits.why


def test_over_the_cap_a_pool_that_uses_only_its_own_keeps_it():
    ways = fleet(address("ip-1"), pool(ip_1=1, only_own=True), plan("ip-1", 1), days=lane(day(begun=1)))
    assert isinstance(choose(ways), Wait)


def test_the_cap_of_one_provider_does_not_hold_the_mail_of_another():
    assert chosen(choose(warming(day(begun=100)), domain="outlook.com")) == "ip-1"


def test_a_part_of_the_day_that_is_full_waits_for_the_next():
    part = rules.part_of(NOON)
    waits = choose(warming(day(begun=1, part=part, begun_in_part=1), cap=50, overflow="hold"))
    assert isinstance(waits, Wait)
    assert timedelta() < waits.until - NOON <= timedelta(hours=1, minutes=10)


def test_those_who_wait_come_back_each_at_a_moment_of_its_own():
    full = warming(day(begun=100), overflow="hold")
    assert len({str(choose(full, id_)) for id_ in IDS[:100]}) == 100


@pytest.mark.parametrize(
    ("back", "cap"), [((), 10), ((1,), 20), ((1, 2), 30), ((3, 9), 30), ((1, 2, 3), None), ((1, 2, 3, 4), None)]
)
def test_only_days_on_which_mail_was_sent_count(back: tuple[int, ...], cap: int | None):
    assert rules.cap_today((10, 20, 30), [day(n, begun=5) for n in back], TODAY) == cap


def test_a_day_that_went_badly_does_not_count():
    assert rules.cap_today((10, 20), [day(1, begun=90, delivered=50, deferred=40)], TODAY) == 10


def test_after_the_last_day_there_is_no_cap():
    assert choose(warming(day(1, begun=1))) == Chosen(egress="ip-1")


@pytest.mark.parametrize(
    ("counts", "bad"),
    [
        ({"delivered": 19, "bounced": 0}, False),
        ({"delivered": 10, "bounced": 9}, False),
        ({"delivered": 95, "bounced": 5}, False),
        ({"delivered": 94, "bounced": 6}, True),
        ({"delivered": 75, "deferred": 25}, False),
        ({"delivered": 74, "deferred": 26}, True),
        ({"delivered": 1000, "complained": 3}, False),
        ({"delivered": 1000, "complained": 4}, True),
    ],
)
def test_a_bad_signal_is_a_share_of_what_was_answered(counts: dict[str, int], bad: bool):
    assert (rules.bad_signal(day(**counts)) is not None) is bad


def test_a_bad_signal_ends_the_day():
    waits = choose(warming(day(begun=40, delivered=20, deferred=20), overflow="hold"))
    assert isinstance(waits, Wait)
    assert waits.until - NOON >= timedelta(hours=12)
    assert "put off" in waits.why


@given(st.integers(1, 5000), st.lists(st.integers(0, 1439), min_size=1, max_size=400))
@settings(max_examples=40, deadline=None)
def test_a_day_never_has_more_than_its_cap_and_never_all_at_once(cap: int, minutes: list[int]):
    midnight, count = NOON - timedelta(hours=12), Day(day=TODAY)
    for minute in sorted(minutes):
        now = midnight + timedelta(minutes=minute)
        before = count.begun
        while rules.has_room(cap, count, now):
            count = rules.after_one_more(count, now)
        assert count.begun - before <= -(-(cap - before) // (rules.PARTS - rules.part_of(now)))
    assert count.begun <= cap


def test_a_day_that_is_asked_all_the_time_gets_its_whole_cap():
    midnight, count = NOON - timedelta(hours=12), Day(day=TODAY)
    for part in range(rules.PARTS):
        now = midnight + timedelta(minutes=10 * part)
        while rules.has_room(500, count, now):
            count = rules.after_one_more(count, now)
    assert count.begun == 500


def test_what_was_chosen_counts_for_the_next_choice():
    ways = warming(cap=1, overflow="hold")
    first = choose(ways)
    assert isinstance(first, Chosen)
    assert first.grant is not None
    assert isinstance(choose(egresses.counted(ways, first.grant, NOON), "other"), Wait)


def test_the_progress_tells_each_provider():
    shown = egresses.progress(plan("ip-1", 10, 20, 30), lane(day(1, begun=9), day(begun=4)), NOON)  # type: ignore[arg-type]
    gmail = next(each for each in shown if each.provider is Provider.GMAIL)
    assert (gmail.sending_day, gmail.cap, gmail.today.begun, len(gmail.history)) == (2, 20, 4, 1)
    assert {each.provider for each in shown} == set(Provider)


# --- the curve


def test_a_curve_grows_by_sending_days():
    assert egresses.curve(100, 50, 4) == (100, 150, 225, 338)


@pytest.mark.parametrize("wrong", [(0, 50, 4), (1, -1, 4), (1, 1001, 4), (1, 50, 0), (1, 50, 101)])
def test_a_curve_that_cannot_be_is_refused(wrong: tuple[int, int, int]):
    with pytest.raises(ValueError, match="warm-up"):
        egresses.curve(*wrong)


# --- providers


@pytest.mark.parametrize(
    ("domain", "provider"),
    [
        ("gmail.com", "gmail"), ("googlemail.com", "gmail"), ("outlook.com", "microsoft"),
        ("hotmail.co.uk", "microsoft"),
        ("live.nl", "microsoft"), ("yahoo.com", "yahoo"), ("yahoo.co.jp", "yahoo"), ("aol.com", "yahoo"),
        ("icloud.com", "apple"), ("me.com", "apple"), ("example.org", "other"), ("yahoo.example.org", "other"),
        ("notgmail.com", "other"), ("live.example", "other"),
    ],
)  # fmt: skip
def test_the_provider_of_a_domain_is_told_by_its_name(domain: str, provider: str):
    assert egresses.provider_of(domain) == provider


# --- where it is


@pytest.mark.parametrize(
    ("egress", "here"),
    [
        (address("ip-1"), True),
        (address("ip-1", means=egresses.OwnAddress(ip="192.0.2.1", ehlo_name="a.example.com", machine="there")), False),
        (
            address(
                "ip-1",
                means=egresses.OwnAddress(
                    ip="192.0.2.1", ehlo_name="a.example.com", machine="there", proxy="socks5://there:1080"
                ),
            ),
            True,
        ),
        (relay(), True),
    ],
)
def test_an_address_without_a_proxy_is_used_only_where_it_is(egress: egresses.Egress, here: bool):
    assert egresses.is_here(egress, "here") is here


# --- what may be entered

READERS = {
    "name": egresses.read_name, "address": egresses.read_address, "host": egresses.read_host,
    "machine": egresses.read_machine, "proxy": egresses.read_proxy,
}  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "text", "read"),
    [
        ("name", " IP-1 ", "ip-1"),
        ("address", "192.0.2.1", "192.0.2.1"),
        ("address", "2001:DB8:0::1", "2001:db8::1"),
        ("host", "MX1.Example.com.", "mx1.example.com"),
        ("machine", "Mailer-1.example", "mailer-1.example"),
        ("proxy", "socks5://10.0.0.1:1080", "socks5://10.0.0.1:1080"),
        ("proxy", "haproxy://[2001:db8::1]:25", "haproxy://[2001:db8::1]:25"),
    ],
)
def test_what_is_entered_is_kept_in_one_form(reader: str, text: str, read: str):
    assert READERS[reader](text) == read


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        ("name", ""), ("name", "a b"), ("name", "-a"), ("name", "x" * 64), ("name", "installation"), ("name", "ä"),
        ("address", "192.0.2"), ("address", "::"), ("address", "224.0.0.1"), ("address", "fe80::1%eth0"),
        ("host", "localhost"), ("host", "a..example.com"), ("host", "[192.0.2.1]"),
        ("host", "x" * 254 + ".example.com"),
        ("host", "a_b.example.com"), ("machine", ""), ("machine", "a b"), ("proxy", "http://a:1"), ("proxy", "socks5://a"),
        ("proxy", "socks5://a:0"), ("proxy", "socks5://a:70000"), ("proxy", "socks5://u:p@a:1"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence(reader: str, text: str):
    with pytest.raises(ValueError, match=r"\w+ \w+ \w+"):
        READERS[reader](text)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (pool(), "members"),
        (replace(pool(ip_1=1), members=(egresses.Member(egress="ip-1", weight=1),) * 2), "each once"),
        (pool(ip_1=-1), "share"),
        (pool(ip_9=1), "no egress"),
        (pool(installation=1, only_own=True), "own"),
        (pool(ip_2=1), "marketing"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(wanted: egresses.Pool, said: str):
    known = {"ip-1": address("ip-1"), "ip-2": address("ip-2")}
    with pytest.raises(ValueError, match=said):
        rules.read_pool(wanted, known, [pool("marketing", ip_2=1)])


def test_a_pool_may_be_set_again():
    wanted = pool(ip_1=1, installation=2)
    assert rules.read_pool(wanted, {"ip-1": address("ip-1")}, [pool(ip_1=3)]) == wanted
