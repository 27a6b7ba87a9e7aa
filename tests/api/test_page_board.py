"""What everybody may read: the lists of needs and of calls with their filters, and one call."""

import re
from datetime import date, timedelta

import pytest

from models.calls import CallClosure
from models.documents import Visibility
from models.innovations import InnovationStatus, Stage
from models.needs import NeedStatus
from models.people import Role
from tests import factories, joint_needs
from tests.factories import NOW
from tests.pages import HOSTILE, PAGE, Faults, read, version_shown, words


@pytest.fixture
def needs(make):
    """Two open needs of Leeds, one of Wakefield that was met, one that is for partners, and a draft."""
    return [
        make(factories.make_need, title="Falls at home", theme="Frailty"),
        make(factories.make_need, title="Long waits", theme="Access"),
        make(factories.make_need, title="Met long ago", theme="Frailty", places=("WAK",), status=NeedStatus.MET),
        make(factories.make_need, title="For partners", theme="Hidden theme", visibility=Visibility.PARTNERS),
        make(factories.make_need, title="Not yet open", status=NeedStatus.DRAFT),
    ]


def options(html, name):
    """The choices of a filter in words."""
    (found,) = re.findall(rf'<select[^>]* name="{name}">(.*?)</select>', html, flags=re.DOTALL)
    return re.findall(r"<option[^>]*>(.*?)</option>", found)


class TestNeeds:
    @pytest.mark.both
    def test_everybody_sees_the_open_needs_with_how_many_each_choice_would_show(self, client, needs):
        page = read(client, "/needs").text

        assert "2 needs" in words(page)
        assert options(page, "place") == ["All places", "Leeds (2)", "Wakefield (0)"]
        assert options(page, "theme") == ["All themes", "Access (1)", "Frailty (1)"]
        assert options(page, "status") == ["All", "Open (2)", "Met (1)", "Closed (0)"]
        assert "Met long ago" not in page
        assert "Hidden theme" not in page

    def test_filters_hold_together_and_count_each_other(self, client, needs):
        page = read(client, "/needs?theme=Frailty&status=all").text

        assert "2 needs" in words(page)
        assert ("Falls at home" in page, "Met long ago" in page, "Long waits" in page) == (True, True, False)
        assert options(page, "place") == ["All places", "Leeds (1)", "Wakefield (1)"]
        assert options(page, "theme") == ["All themes", "Access (1)", "Frailty (2)"]

    def test_words_are_looked_for_in_what_a_need_says(self, client, needs):
        assert "1 need" in words(read(client, "/needs?q=FALLS").text)
        assert "Nothing fits these filters" in read(client, "/needs?q=zebra").text

    def test_who_writes_needs_sees_their_drafts_too(self, client_as, needs):
        page = read(client_as(Role.PLACE), "/needs").text

        assert ("Not yet open" in page, "Met long ago" in page, "Draft (1)" in page) == (True, True, True)
        assert 'href="/needs/new"' in page

    def test_a_need_with_an_open_call_says_so(self, client, make, needs):
        make(factories.make_call, needs[0])
        make(factories.make_call, needs[1], closes_on=date(2020, 1, 1))

        page = read(client, "/needs").text

        assert "Answers are wanted: call WYC-2026-0001" in page
        assert "WYC-2026-0002" not in page

    def test_a_theme_that_is_gone_is_an_empty_list_and_an_unknown_place_or_status_is_told(self, client, needs):
        gone = read(client, "/needs?theme=Gone")

        assert (gone.status_code, "Gone (0)" in gone.text, "Nothing fits" in gone.text) == (200, True, True)
        assert read(client, "/needs?place=nowhere").status_code == 422
        assert read(client, "/needs?status=draft").status_code == 422

    def test_the_next_page_keeps_the_filters(self, client, make):
        for number in range(21):
            make(factories.make_need, title=f"Need {number}", theme="Frailty", created_at=NOW + timedelta(minutes=number))

        first = read(client, "/needs?theme=Frailty").text
        following = re.findall(r'href="(/needs\?[^"]*after[^"]*)"', first)[0].replace("&amp;", "&")
        second = read(client, following).text

        assert ("21 needs" in words(first), "Need 0<" in first, "Need 0<" in second) == (True, False, True)
        assert "Back to the first page" in second

    def test_an_empty_list_says_what_comes_next(self, client, client_as):
        assert "you hear of the first one" in read(client, "/needs").text
        assert "Write the first one" in read(client_as(Role.PLACE), "/needs").text


class TestCalls:
    @pytest.mark.both
    def test_everybody_sees_the_open_calls_with_how_many_each_choice_would_show(self, client, make, needs):
        make(factories.make_call, needs[0], introduction="We looked at 107 innovations.", closes_on=date(2099, 3, 31))
        make(factories.make_call, needs[1])
        ended = make(factories.make_call, needs[1], closed_at=NOW, closed_reason=CallClosure.MET)
        make(factories.make_call, needs[3])

        page, everything = read(client, "/calls").text, read(client, "/calls?show=all").text

        assert "2 calls" in words(page)
        assert "answer by 31 March 2099" in page
        assert options(page, "place") == ["All places", "Leeds (2)", "Wakefield (0)"]
        assert options(page, "theme") == ["All themes", "Access (1)", "Frailty (1)"]
        assert "For partners" not in page
        assert ("3 calls" in words(everything), ended.reference in everything) == (True, True)

    @pytest.mark.parametrize("query", ["q=wyc-2026-0001", "q=falls+home", "theme=Frailty", "place=LDS&q=falls"])
    def test_a_call_is_found_by_reference_words_theme_and_place(self, client, make, needs, query):
        make(factories.make_call, needs[0])
        make(factories.make_call, needs[1])

        page = words(read(client, f"/calls?{query}").text)

        assert ("1 call" in page, "Falls at home" in page) == (True, True)

    def test_what_fits_no_filter_and_an_empty_board_say_what_comes_next(self, client, make):
        assert "No call is open now" in read(client, "/calls").text
        make(factories.make_call)
        assert "show all open calls" in read(client, "/calls?q=zebra").text
        assert read(client, "/calls?show=some").status_code == 422

    def test_a_call_says_what_is_needed_by_whom_and_how_to_answer(self, client, client_as, make):
        call = make(factories.make_call, introduction="Nothing fits yet.", closes_on=date(2099, 3, 31))
        path = f"/calls/{call.reference}"

        anybody, innovator, board = (read(each, path).text for each in (client, client_as(Role.INNOVATOR), client_as(Role.BOARD)))

        said = words(anybody)
        assert "Call WYC-2026-0001 People wait too long for an ADHD assessment" in said
        assert "Asked by Leeds" in said
        assert "Answer by 31 March 2099" in said
        assert "Weeks from referral to decision" in said
        assert (f'href="/begin?need={call.need_id}"' in anybody, "/close" in anybody) == (True, False)
        assert f'href="/innovations/new?need={call.need_id}"' in innovator
        assert "Pass this page on" in board

    def test_a_joint_need_is_asked_for_by_all_its_places(self, client, transaction):
        with transaction() as session:
            own, other = joint_needs.owned(session, "LDS"), joint_needs.owned(session, "CAL")
            joint_needs.joint(session, own, other)
            call = factories.make_call(session, own)

        assert "Asked by Calderdale, Leeds" in words(read(client, f"/calls/{call.reference}").text)

    def test_an_ended_call_says_why(self, client, make):
        met = make(factories.make_call, closed_at=NOW, closed_reason=CallClosure.MET)
        over = make(factories.make_call, closes_on=date(2020, 1, 1))

        assert "This call has ended. The need was met." in words(read(client, f"/calls/{met.reference}").text)
        assert "This call has ended. Its last day has passed." in words(read(client, f"/calls/{over.reference}").text)

    def test_what_nobody_may_read_and_what_there_is_not_are_not_found(self, client, make, needs):
        hidden = make(factories.make_call, needs[3])

        assert [read(client, f"/calls/{each}").status_code for each in (hidden.reference, "WYC-2026-9999")] == [404, 404]

    def test_its_place_takes_a_call_back_once(self, client_as, make, client):
        call = make(factories.make_call, make(factories.make_need, owner_place_id=make(factories.make_place).id))
        path = f"/calls/{call.reference}"
        leeds, wakefield = client_as(Role.PLACE), client_as(Role.PLACE, place="WAK")
        shown = version_shown(read(leeds, path))

        others = wakefield.post(f"{path}/close", data=shown, headers=PAGE)
        stale = leeds.post(f"{path}/close", data={"version": "7"}, headers=PAGE)
        done = leeds.post(f"{path}/close", data=shown, headers=PAGE)
        again = leeds.post(f"{path}/close", data=shown, headers=PAGE)

        assert (others.status_code, stale.status_code, done.status_code, again.status_code) == (403, 409, 200, 409)
        assert "Somebody changed this call" in stale.text
        assert "You took this call back" in done.text
        assert "It was taken back." in words(again.text)
        assert "/close" not in read(wakefield, path).text

    def test_hostile_text_is_text(self, client, make):
        need = make(factories.make_need, title=HOSTILE, theme=HOSTILE[:90], problem=HOSTILE)
        call = make(factories.make_call, need, introduction=HOSTILE)

        pages = [read(client, path).text for path in ("/needs", "/calls", f"/calls/{call.reference}", "/calls?theme=%22%3E%3Cscript%3E")]

        assert [Faults.of(page) for page in pages] == [[]] * 4


class TestInnovations:
    def test_the_list_says_how_many_each_choice_would_show(self, client_as, make):
        active, submitted = InnovationStatus.ACTIVE, InnovationStatus.SUBMITTED
        for stage, status in ((Stage.ADOPTION, active), (Stage.ADOPTION, submitted), (Stage.SPREAD, active)):
            make(factories.make_innovation, stage=stage, status=status)
        hub = client_as(Role.HUB)

        everything, narrowed = read(hub, "/innovations").text, read(hub, "/innovations?stage=ADOPTION").text

        assert ("3 innovations" in words(everything), "2 innovations" in words(narrowed)) == (True, True)
        assert {"Active (2)", "Sent in (1)", "Draft (0)"} <= set(options(everything, "status"))
        assert {"Active (1)", "Sent in (1)"} <= set(options(narrowed, "status"))
        assert "1 innovation" in words(read(hub, "/innovations?stage=SPREAD&status=active").text)

    def test_an_empty_list_says_what_comes_next(self, client_as):
        assert "Offer the first one" in read(client_as(Role.INNOVATOR), "/innovations").text
        assert "They appear here when somebody offers one" in read(client_as(Role.BOARD), "/innovations").text
