"""Slot: what one host is allowed at the moment. Decides, given the time; never waits.

The rules, each by its own means:

1. *Slow start.* A host nobody knows gets 2 visits at once, and one more with each answer, up to `max_pages_per_host`
   (TCP's slow start, RFC 5681, 3.1). So the first answers and robots.txt are known before many visits go out.
2. *Latency.* A host that takes long to begin its answers gets fewer visits at once, in proportion: all of them up to
   0.8 s, half at 1.6 s, one from 6.4 s on where 8 are allowed. The latency is smoothed, so one slow page does little.
3. *Refusals* (429 and 503). No visit starts before Retry-After, or without it before a back-off that doubles with each
   refusal; then one visit goes out as a probe, and answers bring slow start up to half of what was allowed before and
   one more a round from there (TCP's reaction to loss, RFC 5681, 3.1). Visits that were under way when a host refused
   count as the same refusal. Visits that come to nothing five times in a row are a refusal too: the host is down.
4. *Giving up.* A host that has only refused and failed, five times and for `give_up_after` seconds, is given up for as
   long again; then one more failure is enough (a circuit breaker: Nygard, "Release It!", 2007).
5. *Delay.* With a delay (configured, or Crawl-delay) the next visit starts that long after the last hit is known to
   have happened, that is after its answer began; until then none starts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from crawl4ai_browser.config import PolitenessConfig
from crawl4ai_browser.politeness.memory import HostMemory
from crawl4ai_browser.politeness.outcome import Outcome

_FIRST_WINDOW = 2
# Two, not one: where Crawl-delay asks for one at a time, only one lease waits for nothing.

_GOOD_LATENCY = 0.8
# Seconds. Up to here web.dev calls a time to first byte good, and from 1.8 s on poor (https://web.dev/articles/ttfb).

_LATENCY_WEIGHT = 1 / 8
# Of the newest latency in the smoothed one: as TCP smooths its round-trip time (RFC 6298, 2.3).

_FIRST_BACK_OFF = 1.0
# Seconds, of which a random half is waited at least ("equal jitter", https://aws.amazon.com/blogs/architecture/
# exponential-backoff-and-jitter/). Short, as a single 503 is often one broken page; it doubles if it was not.

_MAX_DOUBLINGS = 30
# 2**30 s is past any cap and still a number.

_FAILURES_IN_A_ROW = 5
# Visits that came to nothing, one after another, until the host counts as down.

_SETBACKS_IN_A_ROW = 5
# Refusals and visits that came to nothing, one after another, without which no host is given up.

_NOTHING = HostMemory()


@dataclass(eq=False, slots=True)
class Visit:
    """One visit under way; the slot that started it keeps it up to date."""

    started: float
    refusal_count: int
    """Refusals of the host before it."""
    is_answered: bool = False


class Slot:
    """The allowance of one host. Times are monotonic seconds, handed in."""

    def __init__(self, config: PolitenessConfig, random: Random) -> None:
        """`random` draws the jitter."""
        self._config = config
        self._random = random
        self.crawl_delay = 0.0
        """What robots.txt asks for, in seconds."""
        self.active_count = 0
        """Visits under way."""
        self.visit_count = 0
        """Visits ever started."""
        self.latency: float | None = None
        """Smoothed seconds until answers begin; None before the first."""
        self.back_off_until = -math.inf
        """When the last refusal is over."""
        self._next_start = -math.inf
        self._unanswered_count = 0
        self._window = float(min(_FIRST_WINDOW, config.max_pages_per_host))
        self._slow_start_until = float(config.max_pages_per_host)
        self._refusal_count = 0
        self._doublings = 0
        self._failures_in_a_row = 0
        self.setback_count = 0
        """Visits since the last answer that were refused or came to nothing."""
        self._first_setback = math.inf
        self._given_up_until = -math.inf

    @property
    def limit(self) -> int:
        """Visits allowed at once, at least one."""
        most = self._config.max_pages_per_host
        if self.latency is not None and self.latency > _GOOD_LATENCY:
            most = int(most * _GOOD_LATENCY / self.latency)
        return max(1, min(int(self._window), most))

    @property
    def delay(self) -> float:
        """Seconds that must pass between two hits, jitter apart."""
        return max(self._config.min_delay, min(self.crawl_delay, self._config.max_crawl_delay))

    @property
    def is_spaced(self) -> bool:
        """Whether hits keep a distance in time."""
        return self.delay > 0 or self._config.jitter > 0

    def opens_at(self, now: float) -> float:
        """When the next visit may start: `now` or later; `math.inf` while only a visit under way can change that.

        Of a host that is given up: now, to be told so.
        """
        if self.is_given_up(now):
            return now
        if self.active_count >= self.limit or (self.is_spaced and self._unanswered_count > 0):
            return math.inf
        return max(now, self._next_start, self.back_off_until)

    def forecast(self, now: float, in_flight: int) -> float:
        """When one more request would find its turn, if `in_flight` are before it, waiting or under way.

        Never too late, so that asking again at that time loses nothing; `math.inf` until one of those ends.
        """
        if self.is_given_up(now):
            return now
        if in_flight >= self.limit:
            return math.inf
        earliest = max(now, self._next_start, self.back_off_until)
        if self._unanswered_count > 0:
            earliest = max(earliest, now + self.delay)
        waiting = max(0, in_flight - self.active_count)
        return earliest + waiting * self.delay

    def is_given_up(self, now: float) -> bool:
        """Whether no visit is to start as there is no hope for the host at the moment."""
        return now < self._given_up_until

    def silence(self, now: float) -> float:
        """Seconds since the first of the setbacks."""
        return max(0.0, now - self._first_setback)

    def start(self, now: float) -> Visit:
        """A visit starts."""
        self.active_count += 1
        self.visit_count += 1
        self._unanswered_count += 1
        return Visit(started=now, refusal_count=self._refusal_count)

    def answer(self, visit: Visit, now: float, seconds: float | None) -> None:
        """An answer to the visit has begun, `seconds` after it was asked for. May happen more than once in a visit.

        None: it says nothing about how fast the host is.
        """
        self._hit(now)
        if visit.is_answered:
            return
        visit.is_answered = True
        self._unanswered_count -= 1
        if seconds is not None:
            self._learn_latency(seconds)

    def finish(self, visit: Visit, now: float, outcome: Outcome) -> None:
        """The visit has ended."""
        self.active_count -= 1
        if not visit.is_answered:
            # Whether and when it hit is not known: it was not later than this.
            self._hit(now)
            self._unanswered_count -= 1
            self._learn_from_silence(now - visit.started, outcome)
        match outcome.kind:
            case "answered":
                self._recover(visit)
            case "refused":
                self._back_off(visit, now, outcome.retry_after)
                self._lose_patience(now)
            case "failed":
                self._lose_patience(now)
                self._failures_in_a_row += 1
                if self._failures_in_a_row >= _FAILURES_IN_A_ROW:
                    self._back_off(visit, now, None)
            case "unknown":
                pass

    def memory(self, now: float, *, epoch: float) -> HostMemory | None:
        """What must be known of the host by another process; None: nothing. `epoch` is when the clock showed 0."""
        next_start = self._next_start if self.is_spaced and self._next_start > now else None
        back_off = self.back_off_until if self.back_off_until > now else None
        latency = self.latency if self.latency is not None and self.latency > _GOOD_LATENCY else None
        found = HostMemory(
            crawl_delay=self.crawl_delay if next_start is not None else 0.0,
            next_start=None if next_start is None else next_start + epoch,
            back_off_until=None if back_off is None else back_off + epoch,
            doublings=self._doublings,
            latency=None if latency is None else round(latency, 1),
        )
        return None if found == _NOTHING else found

    def recall(self, memory: HostMemory, now: float, *, epoch: float) -> None:
        """Know what another process knew. A wall clock that was set back meanwhile closes nothing for longer."""
        if memory.next_start is not None:
            self.crawl_delay = memory.crawl_delay
            longest = now + self.delay + self._config.jitter
            self._next_start = max(self._next_start, min(memory.next_start - epoch, longest))
        if memory.back_off_until is not None:
            longest = now + self._config.max_back_off
            self.back_off_until = max(self.back_off_until, min(memory.back_off_until - epoch, longest))
        if memory.doublings:
            self._doublings = memory.doublings
            self._window = 1.0
        if memory.latency is not None:
            self.latency = memory.latency

    def _hit(self, now: float) -> None:
        gap = self.delay + self._random.uniform(0.0, self._config.jitter)
        self._next_start = max(self._next_start, now + gap)

    def _learn_latency(self, seconds: float) -> None:
        before = seconds if self.latency is None else self.latency
        self.latency = before + _LATENCY_WEIGHT * (seconds - before)

    def _learn_from_silence(self, seconds: float, outcome: Outcome) -> None:
        """A visit ended whose fetcher did not say when the answer began."""
        if outcome.kind == "answered":
            self._learn_latency(seconds)
        elif outcome.kind == "failed":
            # A deadline that passed shows a slow host; a connection that was refused at once no fast one.
            self._learn_latency(max(seconds, self.latency or 0.0))

    def _recover(self, visit: Visit) -> None:
        self._failures_in_a_row = 0
        self.setback_count = 0
        self._given_up_until = -math.inf
        if visit.refusal_count < self._refusal_count:
            return  # It set out before the host refused and says nothing about what came after.
        self._doublings = max(0, self._doublings - 1)
        step = 1.0 if self._window < self._slow_start_until else 1.0 / self._window
        self._window = min(self._window + step, float(self._config.max_pages_per_host))

    def _back_off(self, visit: Visit, now: float, retry_after: float | None) -> None:
        asked = min(retry_after or 0.0, self._config.max_back_off)
        if visit.refusal_count == self._refusal_count:
            self._refusal_count += 1
            self._slow_start_until = max(1.0, self.limit / 2)
            self._window = 1.0
            if retry_after is None or self._doublings > 0:
                asked = max(asked, self._growing_wait())
            self._doublings += 1
        self.back_off_until = max(self.back_off_until, now + asked)

    def _lose_patience(self, now: float) -> None:
        if self.setback_count == 0:
            self._first_setback = now
        self.setback_count += 1
        patience = self._config.give_up_after
        if patience is not None and self.setback_count >= _SETBACKS_IN_A_ROW and self.silence(now) >= patience:
            self._given_up_until = now + patience

    def _growing_wait(self) -> float:
        """What a refusal costs that named no time, or that followed on another although its time was kept."""
        longest = min(_FIRST_BACK_OFF * 2.0 ** min(self._doublings, _MAX_DOUBLINGS), self._config.max_back_off)
        return self._random.uniform(longest / 2, longest)

    def __repr__(self) -> str:
        """What is going on, what is allowed."""
        return f"<Slot {self.active_count}/{self.limit} visits, delay {self.delay:g} s>"
