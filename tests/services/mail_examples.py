"""An example of the values of every mail template: what whoever posts it gives, in invented words."""

from datetime import UTC, date, datetime
from typing import Any

from api.services.mailing import Recipient
from api.services.writing import Entry, Section

_ASKED: dict[str, Any] = {
    "name": "Place lead",
    "place": "Calderdale",
    "for_another": False,
    "need": "People wait too long for an ADHD assessment",
    "innovation": "Computer test of attention and activity",
    "supplier": "Example supplier",
    "answer_by": date(2026, 11, 9),
    "again": False,
    "proposal": "8f1d4c1a-4f0e-4a0d-9b34-6b8b1f0f8a55",
    "question": "0d9b7a52-5f0b-4a1e-9d3c-2f6d8e4b7c10",
    "need_id": "2c7d3f80-6f0a-4a55-8f4e-0d7a3d1f4b21",
}
_INTRODUCED = _ASKED | {"contact": Recipient("calderdale@example.org", "Place lead of Calderdale")}

EXAMPLES: dict[str, dict[str, Any]] = {
    "sign_in_link": {"name": "Managing director", "token": "q0Vt-example", "minutes": 30},
    "save_link": {"token": "q0Vt-example", "days": 14, "hand_in": True, "working_days": 6},
    "invitation_link": {"token": "q0Vt-example", "by": "Managing director", "as_what": "an innovator of Example supplier", "days": 14},
    "digest": {
        "name": "Managing director",
        "since": datetime(2026, 10, 26, 7, tzinfo=UTC),
        "sections": [Section("New needs in Leeds", [Entry("People wait too long for an ADHD assessment", "/needs/1"), Entry("A call")])],
    },
    "need_shared_link": {"path": "/shared-needs/q0Vt-example", "need": "People wait too long", "by": "Place lead of Leeds", "days": 30},
    "sign_off_asked": {
        "name": "Place lead",
        "need": "People wait too long for an ADHD assessment",
        "asked_by": "Place officer",
        "sign_off": "2c7d3f80-6f0a-4a55-8f4e-0d7a3d1f4b21",
    },
    "sign_off_answered": {
        "name": "Place officer",
        "need": "People wait too long for an ADHD assessment",
        "need_id": "2c7d3f80-6f0a-4a55-8f4e-0d7a3d1f4b21",
        "by": "Place lead",
        "signed": False,
        "note": "Say how many people wait.",
    },
    "place_asked": _ASKED,
    "place_reminder": _ASKED,
    "place_overdue": _ASKED | {"to_hub": False},
    "place_held": {"name": "Managing director", "innovation": "Computer test of attention", "innovation_id": "5a0c8a39-0a4e-4c36-9c53"},
    "introduction_place": _INTRODUCED
    | {
        "contacts": [Recipient("director@example.org", "Managing director")],
        "hub_contact": Recipient("hub@example.org", "Hub officer"),
        "staged": True,
    },
    "introduction_innovator": _INTRODUCED,
    "introduction_missing": _INTRODUCED,
    "match_ended": _ASKED | {"introduced": True},
    **{
        f"outcome_{kind}_link": {
            "name": "Managing director",
            "innovation": "Attention test",
            "innovation_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
            "letter": "Where it is: we have read it.",
            "path": f"/{page}/q0Vt-example",
        }
        for kind, page in (("active", "feedback"), ("refer", "feedback"), ("archive", "feedback"), ("ask", "answers"))
    },
    **{
        f"ask_{due}_link": {
            "name": "Managing director",
            "innovation": "Attention test",
            "question": "For whom is it?",
            "answer_by": date(2026, 11, 9),
            "passed": due == "overdue",
            "asked_by": "Hub triage officer",
            "path": "/answers/q0Vt-example",
        }
        for due in ("reminder", "overdue")
    },
    "ask_unanswered": {
        "name": "Hub triage officer",
        "innovation": "Attention test",
        "asked_at": datetime(2026, 10, 26, 7, tzinfo=UTC),
        "answer_by": date(2026, 11, 9),
        "reminded": True,
    },
    **{
        f"triage_{due}": {"name": "Hub triage officer", "submissions": ["Attention test", "Wound dressing"], "more": 3, "days": days}
        for due, days in (("reminder", 4), ("overdue", 6))
    },
    "call_candidate": {
        "reference": "WYC-2026-0001",
        "need": "People wait too long for an ADHD assessment",
        "innovation": "Computer test of attention and activity",
        "supplier": "Example supplier",
        "band": "strong",
        "path": "/proposals/8f1d4c1a-4f0e-4a0d-9b34-6b8b1f0f8a55",
    },
    **{
        f"referral_{kind}_link": {
            "body": "Regional innovation network",
            "innovation": "Attention test",
            "passed_on": {"Kind": "Product", "Name": "Attention test"},
            "reason": "They plan evaluations.",
            "offered_on": date(2026, 11, 2),
            "answer_by": date(2026, 11, 10),
            "path": "/referrals/q0Vt-example",
        }
        for kind in ("asked", "reminder")
    },
    **{
        f"referral_{kind}": {
            "name": "Managing director",
            "innovation": "Attention test",
            "innovation_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
            "body": "Regional innovation network",
            "body_url": "https://www.example.org/contact",
            "reason": "They plan evaluations.",
            "passed_on": {"Kind": "Product", "Name": "Attention test"},
            "answer_by": date(2026, 11, 10),
            "why": "they have no time for it now",
            "note": "Ask again in spring.",
        }
        for kind in ("offered", "accepted", "declined", "closed")
    },
    **{
        f"referral_{kind}": {
            "name": "Hub triage officer",
            "innovation": "Attention test",
            "innovation_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
            "body": "Regional innovation network",
            "body_url": "https://www.example.org/contact",
            "has_address": True,
            "why": "they have no time for it now",
            "note": "",
            "days": 6,
        }
        for kind in ("waiting", "declined_hub")
    },
    "referral_ended": {"body": "Regional innovation network", "innovation": "Attention test", "offered_on": date(2026, 11, 2)},
    "innovation_merged": {
        "name": "Managing director",
        "innovation": "Attention test",
        "innovation_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
        "kept": "Computer test of attention",
        "kept_id": "0d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a12",
        "own": False,
    },
    "innovation_parted": {
        "name": "Managing director",
        "innovation": "Attention test",
        "innovation_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
        "kept_gone": True,
        "ranked": True,
    },
    "joint_need_joined": {
        "name": "Place lead",
        "places": ["Calderdale"],
        "own": "People wait too long for an ADHD assessment",
        "other": "Years of waiting for adult ADHD assessment",
        "other_id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
    },
    "joint_need_left": {
        "name": "Place lead",
        "places": ["Calderdale"],
        "own": "People wait too long for an ADHD assessment",
        "own_id": "7c2f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
        "other": "Years of waiting for adult ADHD assessment",
    },
    "joint_need_proposed": {
        "name": "Place lead",
        "own": "Years of waiting for adult ADHD assessment",
        "own_id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
        "other": "People wait too long for an ADHD assessment",
        "other_id": "7c2f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a12",
        "places": ["Leeds"],
        "asked_by": "Hub triage officer",
    },
}
