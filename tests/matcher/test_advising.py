"""Advice on how a need is written: what strikes, what is left alone, and where it stands."""

from time import perf_counter

import pytest

from matcher.advising import MOST, READ, AdviceKind, advice
from tests.matcher.documents import need

WHOLE = {
    "title": "Long waits for a hearing test",
    "problem": "People wait half a year for a hearing test because each is done in hospital.",
    "population": "Adults with hearing loss in Leeds",
    "desired_outcome": "Tests near home within six weeks",
    "metric": "Weeks from referral to test",
}


def told(kind, names=(), **fields):
    """What is quoted by advice of a kind about a need that is whole but for these fields; None without a quote."""
    found = advice(need(**{**WHOLE, **fields}), names=names)
    return [each.quote and each.quote.text for each in found if each.kind is kind]


def test_a_whole_need_gets_no_advice():
    assert advice(need(**WHOLE)) == ()


def test_quotes_are_exact_and_advice_stands_in_the_order_of_the_kinds():
    fields = {
        "title": "  Buy Zoomly™ now",
        "problem": "The MDT meets.\nAnother problem is that wards lack beds.",
        "population": " Everyone. ",
    }

    found = advice(need(**fields))

    assert [each.kind for each in found] == list(AdviceKind)
    quotes = [each.quote for each in found if each.quote]
    assert [(each.field, each.text) for each in quotes] == [
        ("title", "Zoomly"),
        ("population", "Everyone."),
        ("problem", "Another problem"),
        ("problem", "MDT"),
    ]
    assert all(fields[each.field][each.start : each.end] == each.text for each in quotes)


@pytest.mark.parametrize(
    ("problem", "quoted"),
    [
        ("Nobody has bought the Florence app.", ["Florence"]),
        ("An app called Florence is wanted.", ["Florence"]),
        ("We lack SonoPal devices.", ["SonoPal"]),
        ("SonoPal devices are missing.", ["SonoPal"]),
        ("Records in SystmOne are not seen.", ["SystmOne"]),
        ("SystmOne hides records, and SystmOne is slow.", ["SystmOne"]),
        ("We would use Zio® patches.", ["Zio"]),
        ("Few people use Zoom at home.", ["Zoom"]),
        ("Zoom in on people at risk.", []),
        ("Safety systems fail. Hospital systems fail.", []),
        ("People use the NHS App and a Bluetooth device.", []),
        ("The Leeds system and the Electronic Patient Record system differ.", []),
        ("New Florence App For Every Older Person", []),
        ("The SBAR tool is not used.", []),
        ("The Better Care Fund platform and the Friends and Family Test tool are slow.", []),
    ],
)
def test_products_are_told_by_their_signs(problem, quoted):
    assert told(AdviceKind.PRODUCT_NAMED, problem=problem) == quoted


@pytest.mark.parametrize(
    ("problem", "names", "quoted"),
    [
        ("We have no QbTest.", ["QbTest (Focus programme)"], ["QbTest"]),
        ("We have no Second Nature here.", ["Second Nature"], ["Second Nature"]),
        ("People feel a second nature.", ["Second Nature"], []),
        ("Lister is far. The Lister Hospital is full.", ["Lister"], []),
        ("We have no Lister.", ["Lister"], ["Lister"]),
        ("The FIT is not sent to Leeds by the NHS. Go.", ["FIT", "Leeds", "NHS", "Go", "sent"], []),
        ("The PreLister fails.", ["Lister"], []),
        ("We need Kaia Health COPD.", ["Kaia Health COPD", "Kaia Health"], ["Kaia Health COPD"]),
    ],
)
def test_names_that_the_asker_may_know_are_products_where_they_stand_as_names(problem, names, quoted):
    assert told(AdviceKind.PRODUCT_NAMED, names, problem=problem) == quoted


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("We need an app with AI from Acme.", ["We need an app"]),
        ("We should buy the remote monitoring platform.", ["We should buy the remote monitoring platform"]),
        ("An app is bought.", ["An app is bought"]),
        ("Every ward is safer once a new digital dashboard has been installed.", ["a new digital dashboard has been installed"]),
        ("We need to see people sooner. Staff want a quiet room.", []),
        ("People cannot use the app, and the phone system is slow.", []),
        ("People need a system of care that they know.", []),
    ],
)
def test_a_thing_to_buy_is_no_problem_and_no_outcome(said, quoted):
    assert told(AdviceKind.PRODUCT_NAMED, problem=said) == quoted
    assert told(AdviceKind.PRODUCT_NAMED, desired_outcome=said) == quoted


def test_what_is_used_today_may_be_named():
    assert told(AdviceKind.PRODUCT_NAMED, current_practice="We use SystmOne and the Florence app.") == []


@pytest.mark.parametrize(
    ("fields", "quoted"),
    [
        ({"population": ""}, [None]),
        ({"population": "TBC"}, [None]),
        ({"population": "All patients."}, ["All patients."]),
        ({"population": "", "problem": "Patients with asthma wait."}, []),
        ({"population": "", "title": "Falls of care-home residents"}, []),
        ({"population": "People in Leeds"}, []),
    ],
)
def test_nobody_named(fields, quoted):
    assert told(AdviceKind.NO_POPULATION, **{"problem": "Tests take long.", **fields}) == quoted


@pytest.mark.parametrize(
    ("fields", "quoted"),
    [
        ({"desired_outcome": " - "}, [None]),
        ({"desired_outcome": "", "problem": "Tests should be near home."}, []),
        ({"desired_outcome": "", "title": "Halve the wait for hearing tests"}, []),
        ({"desired_outcome": "A new mobile app"}, ["A new mobile app"]),
        ({"desired_outcome": "Buy software"}, ["Buy software"]),
        ({"desired_outcome": "A record that staff can open in every system"}, []),
        ({"desired_outcome": "One view of the record"}, []),
    ],
)
def test_no_outcome(fields, quoted):
    assert told(AdviceKind.NO_OUTCOME, **fields) == quoted


@pytest.mark.parametrize(
    ("fields", "quoted"),
    [
        ({"metric": "", "desired_outcome": "Shorter waits"}, [None]),
        ({"metric": "", "desired_outcome": "10% fewer"}, []),
        ({"metric": "", "desired_outcome": "Halved waits"}, []),
        ({"metric": "", "desired_outcome": "Better", "problem": "It is bad, measured by complaints."}, []),
        ({"metric": "Initiative CAN1"}, ["Initiative CAN1"]),
        ({"metric": "Equity 2028"}, ["Equity 2028"]),
        ({"metric": "11.7 by 2028"}, []),
        ({"metric": "Falls"}, []),
        ({"metric": "Carer strain"}, ["Carer strain"]),
        ({"metric": "What people tell us when they have left the ward"}, []),
    ],
)
def test_no_measure(fields, quoted):
    assert told(AdviceKind.NO_METRIC, **fields) == quoted


@pytest.mark.parametrize(
    ("problem", "quoted"),
    [
        ("Waits are long. Separately, wards lack beds.", ["Separately"]),
        ("Older people fall at home. Pregnant women wait for triage.", ["Pregnant women wait for triage."]),
        ("Older people fall at home. Falls of pregnant women are rare.", []),
        ("Older people fall. Staff are tired.", []),
        ("Pregnant women smoke. Babies are born too small.", []),
        ("Residents drink too little. Frail people at home fall.", []),
        ("Older people fall at home. Tea is cold. Beds are full. Wards are old. Pregnant women wait for triage.", []),
        ("", []),
    ],
)
def test_several_problems(problem, quoted):
    assert told(AdviceKind.SEVERAL_PROBLEMS, problem=problem) == quoted


@pytest.mark.parametrize(
    ("problem", "quoted"),
    [
        ("The MDT meets late, and the MDT is small.", ["MDT"]),
        ("The multidisciplinary team (MDT) meets late.", ["multidisciplinary"]),
        ("GPs of the NHS use AI, part II.", []),
        ("A XYQ is missing.", ["XYQ"]),
        ("A quiet listening room (XYQ) is missing. XYQs help.", []),
        ("A XYQ (extra quiet room) is missing.", []),
        ("THE WARDS ARE FULL AND STAFF LEAVE", []),
        ("People do NOT come, for ALL their care is at the HOSPITAL; see XQY ZQY or QXZ.", ["QXZ"]),
        ("DNA is read twice; the DNA rate is high.", ["DNA rate"]),
        ("Chronic obstructive pulmonary disease is common; COPD kills.", []),
        ("Acuity rises and stakeholders ask.", ["Acuity", "stakeholders"]),
        ("See a.b@XYZ.ORG or ABCDEFGHIJ.", []),
        ("The GE Sonopal™ and EMIS are used.", []),
    ],
)
def test_jargon(problem, quoted):
    assert told(AdviceKind.JARGON, problem=problem) == quoted


def test_an_abbreviation_is_told_with_its_meaning():
    (found,) = advice(need(**{**WHOLE, "problem": "The MDT meets."}))

    assert found.says == "Not everybody knows “MDT” (multidisciplinary team). Spell it out where it first stands."


@pytest.mark.parametrize(
    "text",
    [
        "A" * 20_000,
        "A " * 10_000,
        "A-" * 10_000,
        "XYQ " * 5_000,
        "Men fall. " * 2_000,
        "A Zephyra app. " * 1_300,
        "(" * 20_000,
        "™" * 20_000,
    ],
)
def test_texts_made_to_keep_us_busy_do_not(text):
    begun = perf_counter()

    advice(need(title=text, problem=text, desired_outcome=text, metric=text, population=text))

    assert perf_counter() - begun < 2.0


def test_what_stands_far_behind_is_not_told():
    assert told(AdviceKind.JARGON, problem="Waits are long. " * (READ // 16) + "The MDT meets.") == []


def test_little_is_told_at_once():
    assert len(told(AdviceKind.JARGON, problem="QQA, QQB, QQC, QQD, QQE and QQF of our wards are late again this year.")) == MOST
