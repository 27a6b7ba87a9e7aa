"""An address is one that every mail server takes, without spaces around it and in lower case."""

import pytest

from api.services.addresses import plain_address


@pytest.mark.parametrize("said", ["Name@Example.NHS.uk", "  name@example.nhs.uk ", "a+b.c-d@x.org"])
def test_an_address_is_made_plain(said):
    assert plain_address(said) == said.strip().lower()


@pytest.mark.parametrize(
    "said",
    [
        *("", "name", "@example.org", "name@example", "a@b@c.org", "a b@c.org", '"a"@c.org', "a@c.org,d@e.org", "a\nBcc: x@y.org"),
        *("ünï@exämple.org", "name@exämple.org", f"{'a' * 65}@c.org", f"a@{'b' * 260}.org"),
    ],
)
def test_what_some_mail_server_would_not_take_is_none(said):
    assert plain_address(said) is None
