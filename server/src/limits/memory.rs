//! Counting in this process: the generic cell rate algorithm of `governor`, with a bound on its table.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota as Allowance, RateLimiter};

use super::quota::RateLimit;
use super::{Class, Verdict};

/// So many addresses are told apart per class (about 8 MB each at the most).
const MAX_KEYS: usize = 1 << 17;
/// While the table is full, all addresses share so many buckets.
const FOLDED: u64 = 1 << 12;
/// The table is looked at once in so many checks.
const LOOK_EVERY: u64 = 256;

type Table<C> = RateLimiter<u64, DashMapStateStore<u64>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// One table per class.
pub(super) struct Memory<C: Clock = DefaultClock> {
    tables: Vec<Table<C>>,
    clock: C,
    max_keys: usize,
    checks: AtomicU64,
    full: AtomicBool,
}

impl Memory {
    pub(super) fn new(rate: RateLimit) -> Self {
        Self::with_clock(rate, DefaultClock::default(), MAX_KEYS)
    }
}

impl<C: Clock + Clone> Memory<C> {
    pub(super) fn with_clock(rate: RateLimit, clock: C, max_keys: usize) -> Self {
        let table = |class| {
            let quota = rate.of(class)?;
            let allowance = Allowance::with_period(quota.interval)?.allow_burst(quota.burst);
            Some(RateLimiter::dashmap_with_clock(allowance, clock.clone()))
        };
        Self {
            tables: Class::ALL.into_iter().filter_map(table).collect(),
            clock,
            max_keys,
            checks: AtomicU64::new(0),
            full: AtomicBool::new(false),
        }
    }

    /// Counts one request under a hashed address.
    pub(super) fn check(&self, class: Class, hash: u64) -> Verdict {
        let Some(table) = self.tables.get(class as usize) else { return Verdict::Allowed };
        if self.checks.fetch_add(1, Ordering::Relaxed) % LOOK_EVERY == LOOK_EVERY - 1 {
            self.make_room();
        }
        // A flood from ever new addresses must not fill the memory, nor lift the limit for its senders.
        let key = if self.full.load(Ordering::Relaxed) { hash % FOLDED } else { hash };
        match table.check_key(&key) {
            Ok(()) => Verdict::Allowed,
            Err(until) => Verdict::Refused { retry_after: until.wait_time_from(self.clock.now()) },
        }
    }

    fn make_room(&self) {
        if self.len() >= self.max_keys {
            self.sweep();
        }
        self.full.store(self.len() >= self.max_keys, Ordering::Relaxed);
    }

    /// Drops every key whose allowance is full again: keeping it would say nothing.
    pub(super) fn sweep(&self) {
        for table in &self.tables {
            table.retain_recent();
            table.shrink_to_fit();
        }
    }

    /// How many addresses are remembered.
    pub(super) fn len(&self) -> usize {
        self.tables.iter().map(RateLimiter::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn memory(rate: &str, max_keys: usize) -> (Memory<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Memory::with_clock(rate.parse().expect("a test rate parses"), clock.clone(), max_keys), clock)
    }

    #[test]
    fn a_burst_then_the_steady_rate() {
        let (memory, clock) = memory("2:3", 1000);
        for _ in 0..3 {
            assert_eq!(memory.check(Class::Write, 1), Verdict::Allowed);
        }
        assert_eq!(
            memory.check(Class::Write, 1),
            Verdict::Refused { retry_after: Duration::from_millis(500) }
        );
        assert_eq!(memory.check(Class::Write, 2), Verdict::Allowed, "another address has its own");
        assert_eq!(memory.check(Class::Read, 1), Verdict::Allowed, "another class has its own");
        clock.advance(Duration::from_millis(500));
        assert_eq!(memory.check(Class::Write, 1), Verdict::Allowed);
        assert_ne!(memory.check(Class::Write, 1), Verdict::Allowed);
    }

    #[test]
    fn a_flood_of_addresses_is_bounded_and_still_limited() {
        let (memory, clock) = memory("1:1", 1000);
        let mut refused = 0;
        for address in 0..100_000_u64 {
            let hash = address.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            refused += u32::from(memory.check(Class::Write, hash) != Verdict::Allowed);
        }
        let bound = 1000 + usize::try_from(LOOK_EVERY + FOLDED).expect("small");
        assert!(memory.len() <= bound, "{} keys", memory.len());
        assert!(refused > 90_000, "{refused} refused");
        clock.advance(Duration::from_secs(2));
        memory.sweep();
        assert_eq!(memory.len(), 0, "an idle table forgets everyone");
    }

    #[test]
    fn off_counts_nothing() {
        let (memory, _) = memory("off", 10);
        assert_eq!(memory.check(Class::Write, 1), Verdict::Allowed);
        assert_eq!(memory.len(), 0);
    }
}
