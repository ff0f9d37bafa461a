import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue, ValidationError

from crawl4ai_browser import errors
from crawl4ai_browser.download import Download
from crawl4ai_browser.page_content import Content, Link, Media, MediaSource, PageMetadata, Table
from crawl4ai_browser.result import Attempt, CrawlResult, ErrorInfo
from crawl4ai_browser.snapshot import ConsoleMessage, NetworkRecord, ReadyReport, Redirect

MOMENT = datetime(2025, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

# Text as pydantic takes it: any code point but surrogates, NUL and line separators included.
TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
MOMENTS = st.datetimes(timezones=st.just(UTC))
SECONDS = st.floats(allow_nan=False)
PATHS = st.text("abc 中.", min_size=1).map(Path)

st.register_type_strategy(str, TEXT)
st.register_type_strategy(datetime, MOMENTS)
st.register_type_strategy(float, SECONDS)
st.register_type_strategy(Path, PATHS)
st.register_type_strategy(bytes, st.binary(max_size=50))
st.register_type_strategy(JsonValue, JSON)  # type: ignore[arg-type] # it takes any hashable; JsonValue is an alias


def plain(**changes: object) -> CrawlResult:
    fields = {"url": "https://a.test/", "final_url": "https://a.test/", "ok": True, "fingerprint": "0" * 32}
    return CrawlResult.model_validate({**fields, "fetched_at": MOMENT, **changes})


def assert_survives_travel(value: BaseModel) -> None:
    assert type(value).model_validate_json(value.model_dump_json()) == value
    assert pickle.loads(pickle.dumps(value)) == value


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(result=st.builds(CrawlResult))
def test_every_result_survives_json_and_pickle(result: CrawlResult) -> None:
    assert_survives_travel(result)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.builds(Content))
def test_every_content_survives_json_and_pickle(content: Content) -> None:
    assert_survives_travel(content)


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(plain(), id="nothing but what must be"),
        pytest.param(
            plain(
                html="<p>\u2028\0 \U0001f600</p>",
                markdown="",
                links=(Link(url="https://a.test/b", internal=True, rel=("next",)),),
                media=(Media(kind="image", url="data:,x", sources=(MediaSource(url="https://a.test/i.png"),)),),
                tables=(Table(headers=("a", "b"), rows=(("1", "2"),)),),
                metadata=PageMetadata(
                    json_ld=({"@graph": [1, 2.5, None, {"x": True}]},), open_graph={"og:a": ("1", "2")}
                ),
            ),
            id="a page",
        ),
        pytest.param(
            plain(
                ok=False,
                status=503,
                error=ErrorInfo(kind="HttpStatusError", message="answered 503", phase="goto", blame="site", status=503),
                redirects=(Redirect(url="https://a.test/old", status=301, kind="http"),),
                attempts=(Attempt(number=1, started_at=MOMENT, seconds=0.5, status=503, charged=False),),
            ),
            id="a failure",
        ),
        pytest.param(plain(pdf=bytes(range(256)), screenshot=b"\x89PNG\r\n\x1a\n\0\xff"), id="a PDF and a picture"),
        pytest.param(
            plain(
                downloads=(
                    Download(
                        url="blob:https://a.test/1",
                        referrer="https://a.test/",
                        suggested_name="ü.bin",
                        path=Path("downloads/ü.bin"),
                        state="complete",
                        size_bytes=2**40,
                        sha256="0" * 64,
                        started_at=MOMENT,
                        finished_at=MOMENT,
                    ),
                )
            ),
            id="a download",
        ),
        pytest.param(
            plain(
                ready=ReadyReport(kind="quiet", met=False, seconds=8.0, detail="1 request"),
                console=(ConsoleMessage(level="uncaught", text="boom", line=3),),
                requests=(
                    NetworkRecord(url="https://a.test/x", method="GET", resource_type="fetch", failure="aborted"),
                ),
                popups=("about:blank",),
                dialogs=("Really?",),
                items=({"price": 1.5},),
                request_metadata={"id": 7, "tags": ["a"]},
                timings={"goto": 0.25},
            ),
            id="all that can be asked for",
        ),
    ],
)
def test_result_survives_json_and_pickle(result: CrawlResult) -> None:
    assert_survives_travel(result)


def test_lone_surrogates_of_a_page_do_not_keep_its_result_from_travelling() -> None:
    result = plain(
        html="<p>\ud800 \udc00</p>",
        dialogs=("\udfff",),
        console=({"level": "log", "text": "\ud83d"},),
        error={"kind": "ActionFailed", "message": "no \ud800", "blame": "site"},
    )
    assert result.html == "<p>\ufffd \ufffd</p>"
    assert result.dialogs == ("\ufffd",)
    assert_survives_travel(result)


def test_surrogates_that_make_a_pair_become_the_character_they_stand_for() -> None:
    assert plain(html="\ud83d\ude00").html == "\U0001f600"


def test_result_is_immutable() -> None:
    with pytest.raises(ValidationError):
        plain().html = "changed"  # type: ignore[misc] # that is the point


def test_raise_for_error_gives_back_a_result_that_is_ok() -> None:
    result = plain()
    assert result.raise_for_error() is result


@pytest.mark.parametrize("cls", [cls for cls in errors.error_classes().values() if cls is not errors.HttpStatusError])
def test_error_comes_back_as_its_own_class(cls: type[errors.CrawlError]) -> None:
    info = ErrorInfo.from_error(cls("no luck", phase="goto", blame="machine"))
    with pytest.raises(cls, match="no luck") as caught:
        plain(ok=False, error=info).raise_for_error()
    assert type(caught.value) is cls
    assert (caught.value.phase, caught.value.blame) == ("goto", "machine")


def test_status_error_comes_back_with_its_status() -> None:
    info = ErrorInfo.from_error(errors.HttpStatusError("answered 404", status=404))
    with pytest.raises(errors.HttpStatusError) as caught:
        plain(ok=False, error=info).raise_for_error()
    assert caught.value.status == 404


def test_error_of_an_unknown_kind_is_still_raised() -> None:
    info = ErrorInfo(kind="FromTheFuture", message="later", blame="site")
    result = plain(ok=False, error=info)
    with pytest.raises(errors.FetchError, match="later"):
        result.raise_for_error()


def test_error_shows_kind_phase_and_message() -> None:
    assert str(ErrorInfo(kind="TlsError", message="expired", phase="goto", blame="site")) == "TlsError (goto): expired"
    assert str(ErrorInfo(kind="SinkError", message="full", blame="machine")) == "SinkError: full"
