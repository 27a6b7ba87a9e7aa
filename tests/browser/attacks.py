"""Attackers at a site of their own: what came through of what they wrote, and how they use the forms of its pages."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from playwright.sync_api import Browser
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.people import Person
from tests import factories
from tests.browser.sites import PEOPLE, Site
from tests.browser.visitors import Visitor, new_visitor

_BEFORE: Final = """
window.hits = []; window.hit = number => window.hits.push(number);
window.typed = "textarea, input:not([type=hidden], [type=radio], [type=checkbox], [type=file], [type=submit], [type=button])";
"""
_FOUND: Final = """() => {
  const found = [...window.hits.map(each => "ran " + each), ...window.seen.refused.map(each => "refused " + each)];
  for (const each of document.querySelectorAll("*")) {
    const told = each.outerHTML.slice(0, 150);
    if (each.hasAttribute("data-hit")) found.push("element " + told);
    if ([...each.attributes].some(attribute => attribute.name.startsWith("on"))) found.push("handler " + told);
    for (const name of ["href", "src", "action", "formaction", "data", "xlink:href"]) {
      if (/^[\\s\\u0000-\\u0020]*(javascript|vbscript|data:text)/i.test(each.getAttribute(name) ?? "")) found.push(name + " " + told);
    }
    if (each.protocol === "javascript:") found.push("link " + told);
  }
  return found;
}"""
_FORMS: Final = """() => [...document.querySelectorAll("main form")].map((form, place) => ({place,
  action: new URL(form.getAttribute("action") ?? "", location).pathname,
  fields: [...form.elements].filter(each => each.matches(window.typed)).map(each => each.name)}))"""
_SEND: Final = """([place, texts]) => {
  const form = document.querySelectorAll("main form")[place];
  let number = 0;
  for (const each of form.elements) {
    if (each.matches("input") && each.matches(window.typed)) each.type = "text";
    if (each.matches(window.typed)) each.value = texts[number++ % texts.length];
    if (each.matches("[type=radio], [type=checkbox]")) each.checked = true;
    if (each.matches("select") && !each.value && each.options.length) each.value = each.options[each.options.length - 1].value;
  }
  const button = form.querySelector("button[name], input[type=submit][name]");
  if (button) {
    const carried = document.createElement("input");
    [carried.type, carried.name, carried.value] = ["hidden", button.name, button.value];
    form.append(carried);
  }
  HTMLFormElement.prototype.submit.call(form);
}"""
_IDS: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[\w-]{30,}")


@dataclass(frozen=True, slots=True)
class Form:
    """A form with fields for words: who finds it where, the how many-th on its page it is, where it goes and what it asks."""

    who: str
    path: str
    place: int
    action: str
    fields: tuple[str, ...]

    def __str__(self) -> str:
        """What names it in the report of a test."""
        return f"{self.who or 'nobody'} at {_IDS.sub('…', self.path)}: {self.action} {', '.join(self.fields)}"


class Attackers:
    """Windows of everybody at a site that nobody else looks at."""

    def __init__(self, site: Site, browser: Browser) -> None:
        self.site, self._browser = site, browser
        self._windows = {who: self._window(who) for who in ("", *PEOPLE)}

    def close(self) -> None:
        """Close the windows."""
        for visitor in self._windows.values():
            visitor.page.context.close()

    def look(self, who: str, path: str) -> list[str]:
        """Open a page; what of an attacker came through there, or that there was none to look at."""
        self._open(who, path)
        return self._found(self._windows[who])

    def forms(self, who: str) -> list[Form]:
        """The forms with fields for words on the page that somebody looks at."""
        page = self._windows[who].page
        path = page.url.removeprefix(self.site.address)
        return [
            Form(who, path, each["place"], _IDS.sub("…", each["action"]), tuple(each["fields"]))
            for each in page.evaluate(_FORMS)
            if each["fields"]
        ]

    def send(self, form: Form, texts: list[str]) -> list[str]:
        """Send a form with these texts in its fields; what came through on the page that answers."""
        self._open(form.who, form.path)
        visitor = self._windows[form.who]
        if len(visitor.page.evaluate(_FORMS)) <= form.place:
            return []  # another form of the page was sent before, and this one is no longer offered
        with visitor.page.expect_navigation() as answered:
            visitor.page.evaluate(_SEND, [form.place, texts])
        visitor.answer = answered.value
        return self._found(visitor)

    def _window(self, who: str) -> Visitor:
        _, visitor = new_visitor(self._browser, self.site)
        visitor.page.context.add_init_script(_BEFORE)
        return visitor.sign_in(who) if who else visitor

    def _open(self, who: str, path: str) -> None:
        """Go there; whose account was closed by a form that was sent gets a new one."""
        visitor = self._windows[who]
        visitor.complaints.clear()
        page = visitor.open(path)
        if who and not page.get_by_role("button", name="Sign out").count():
            page.context.close()
            with self.site.app.state.database.transaction() as session:
                _renew(session, who)
            self._windows[who] = self._window(who)
            self._windows[who].open(path)

    def _found(self, visitor: Visitor) -> list[str]:
        status = visitor.answer.status if visitor.answer else 0
        failed = [f"status {status}"] if status >= HTTPStatus.INTERNAL_SERVER_ERROR else []
        return [*failed, *visitor.complaints, *visitor.page.evaluate(_FOUND)][:3]


def _renew(session: Session, who: str) -> None:
    """Somebody new of the role under the old address, whoever has it now."""
    for row in session.scalars(select(Person).where(Person.email == f"{who}@example.org")):
        row.email = f"{row.id}@example.org"
    session.flush()
    factories.make_person(session, PEOPLE[who], email=f"{who}@example.org", name=f"{who.title()} officer")
