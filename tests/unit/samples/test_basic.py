"""The simplest samples: tests of the service rely on what they do."""

import json

import pytest

from basic import echo, fail, flaky, sleep
from contract import PayloadError
from tests.unit.samples.calling import an_event


@pytest.mark.parametrize("data", [{"n": 1}, [1, 2], "text", 0, False, None])
def test_echo_returns_the_data(data: object) -> None:
    assert echo({**an_event(), "data": data}, None) == data


def test_echo_returns_binary_data_in_base64() -> None:
    assert echo(an_event(data_base64="AAE="), None) == "AAE="


def test_echo_returns_nothing_for_an_event_without_data() -> None:
    assert echo(an_event(), None) is None


def test_sleep_sleeps_for_the_seconds_and_returns_them(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    assert sleep(an_event({"seconds": 2.5}), None) == 2.5
    assert slept == [2.5]


@pytest.mark.parametrize("seconds", [-1, 10, "1", True, None])
def test_sleep_refuses_what_is_no_number_of_seconds_below_its_timeout(seconds: object) -> None:
    with pytest.raises(PayloadError, match=r"data\.seconds"):
        sleep(an_event({"seconds": seconds}), None)


def test_fail_raises_an_error_of_the_given_class_and_message() -> None:
    with pytest.raises(Exception, match=r"^CardDeclined: no money$") as raised:
        fail(an_event({"error": "CardDeclined", "message": "no money"}), None)
    assert type(raised.value).__name__ == "CardDeclined"


def test_fail_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    with pytest.raises(Exception, match=r"^SampleError: $"):
        fail(an_event({"seconds": 1.5}), None)
    assert slept == [1.5]


def test_fail_needs_nothing() -> None:
    with pytest.raises(Exception, match=r"^SampleError: $") as raised:
        fail(an_event({}), None)
    assert type(raised.value).__name__ == "SampleError"


@pytest.mark.parametrize("error", ["", "a\nb", "\0", 5])
def test_fail_refuses_what_cannot_name_a_class(error: object) -> None:
    with pytest.raises(PayloadError, match=r"^PayloadError: data\.error"):
        fail(an_event({"error": error}), None)


@pytest.mark.parametrize("attempt", [1, 2])
def test_flaky_fails_on_the_first_attempts(attempt: int) -> None:
    with pytest.raises(Exception, match=rf"^FlakyError: attempt {attempt} fails"):
        flaky(an_event({"failures": 2}, attempt=attempt), None)


@pytest.mark.parametrize("attempt", [3, 4])
def test_flaky_returns_the_attempt_once_it_succeeds(attempt: int) -> None:
    assert flaky(an_event({"failures": 2}, attempt=attempt), None) == attempt


@pytest.mark.parametrize("data", [None, "text", [1]])
def test_data_that_is_no_object_is_refused_in_words(data: object) -> None:
    with pytest.raises(PayloadError, match="data must be a JSON object"):
        flaky({**an_event(), "data": data}, None)


def test_a_call_logs_one_line_without_its_data(capfd: pytest.CaptureFixture[str]) -> None:
    echo(an_event({"secret": "hush"}), None)
    (line,) = capfd.readouterr().out.splitlines()
    assert json.loads(line) == {
        "level": "INFO",
        "action": "sample.echo",
        "tenant": "acme",
        "taskid": "t_1",
        "attempt": 1,
    }
