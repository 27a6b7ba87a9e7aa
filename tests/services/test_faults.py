from api.services.faults import trace_of


def failed(*errors):
    """The last of some errors, each raised while the one before was handled."""
    try:
        try:
            raise errors[0]
        except Exception as first:
            if len(errors) > 1:
                raise errors[1] from (first if len(errors) > 2 else None)
            raise
    except Exception as last:
        return last


def test_a_trace_tells_kind_and_place_and_no_message():
    told = trace_of(failed(ValueError("SECRET")))

    assert told.startswith("ValueError at tests/services/test_faults.py:")
    assert told.endswith(" failed")
    assert "SECRET" not in told


def test_what_led_to_an_error_is_told_unless_it_was_set_aside():
    assert "; because of KeyError at" in trace_of(failed(KeyError("a"), ValueError("b"), "with cause"))
    assert "KeyError" not in trace_of(failed(KeyError("a"), ValueError("b")))


def test_an_error_that_was_never_raised_or_leads_to_itself_is_told_once():
    round_about = ValueError()
    round_about.__context__ = KeyError()
    round_about.__context__.__context__ = round_about

    assert trace_of(round_about) == "ValueError at no place; because of KeyError at no place"


def test_the_operating_system_knows_no_texts_of_ours():
    assert trace_of(OSError(28, "No space left on device", "/home/somebody")) == "OSError (No space left on device) at no place"
    assert trace_of(OSError("SECRET")) == "OSError at no place"
