//! When a decision that waits for the server is sent again, and when it never is.
//!
//! Pure. The list itself is kept in `../js/page.js`; the record's id stays the same through all tries, so the
//! server keeps one.

/// Waits between tries, milliseconds; the last one repeats.
const WAITS_MS: [u32; 7] = [2_000, 5_000, 15_000, 60_000, 300_000, 1_800_000, 3_600_000];

/// How long to wait before the next try, milliseconds; 0: forget it, the server has it or never will.
///
/// `status` is 0 if no answer came, `retry_after` the header's seconds or 0, `tries` how often it was sent.
pub fn wait_ms(status: u32, retry_after: u32, tries: u32) -> u32 {
    match status {
        200..=299 => 0,
        400..=499 if !matches!(status, 408 | 425 | 429) => 0,
        // Nothing came, or something in between spoke, or the server asks for patience.
        _ => {
            let step = (tries.max(1) as usize - 1).min(WAITS_MS.len() - 1);
            WAITS_MS[step].max(retry_after.min(86_400) * 1000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_has_or_never_takes_is_forgotten() {
        for status in [200, 201, 400, 403, 404, 409, 413, 422] {
            assert_eq!(wait_ms(status, 60, 1), 0, "{status}");
        }
    }

    #[test]
    fn what_it_may_take_later_waits_longer_each_time() {
        for status in [0, 302, 408, 429, 500, 502, 503, 507] {
            let waits: Vec<u32> = (1..10).map(|tries| wait_ms(status, 0, tries)).collect();
            assert!(waits.is_sorted() && waits[0] >= 1_000 && waits[8] == 3_600_000, "{status}: {waits:?}");
        }
    }

    #[test]
    fn the_servers_own_wish_is_respected_within_reason() {
        assert_eq!(wait_ms(503, 90, 1), 90_000);
        assert_eq!(wait_ms(503, 1, 4), 60_000, "but not sooner than our own");
        assert_eq!(wait_ms(503, u32::MAX, 1), 86_400_000, "nor later than tomorrow");
        assert_eq!(wait_ms(503, 0, 0), 2_000);
    }
}
