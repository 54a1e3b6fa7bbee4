//! What `/metrics` tells: counts and times of the server itself, never anything about a visitor or what they
//! chose.
//!
//! Labels are route templates, methods, statuses and names of this program; a path, a site, an address or an
//! id is never one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the time buckets, in seconds.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
/// Upper bounds of the batch size buckets, in records.
const RECORDS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0];

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts counting; only the first call in a process does something.
pub fn install() {
    handle();
}

fn handle() -> Option<&'static PrometheusHandle> {
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
                .ok()?
                .set_buckets_for_metric(Matcher::Suffix("_records".to_owned()), &RECORDS)
                .ok()?
                .build_recorder();
            let handle = recorder.handle();
            metrics::set_global_recorder(recorder).ok()?;
            describe();
            Some(handle)
        })
        .as_ref()
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
    describe_counter!("avow_http_requests_total", "Answers by route template, method and status");
    describe_histogram!("avow_http_request_seconds", "Time from head to answer by route template");
    describe_histogram!("avow_commit_seconds", "Time of one durable commit");
    describe_histogram!("avow_commit_batch_records", "Records that shared one commit");
    describe_counter!("avow_commit_failures_total", "Commits that failed; their requests got a 503 or 507");
    describe_histogram!("avow_proof_seconds", "Time of one inclusion proof of a receipt");
    describe_gauge!("avow_logs_halted", "Logs that nothing is stored in until an operator has looked");
    describe_counter!("avow_witness_failures_total", "Heads that a witness did not cosign, by why");
    describe_gauge!("avow_redis_configured", "1 if a Redis was named at the start");
    describe_gauge!("avow_redis_up", "1 while Redis answers; 0: limits are counted in this process");
    describe_counter!("avow_redis_losses_total", "Times Redis went away");
    describe_counter!(
        "avow_limits_total",
        "Requests counted against a limit, by where it is kept and outcome"
    );
    describe_gauge!("avow_limits_keys", "Hashed addresses remembered in this process");
    describe_counter!("avow_forwarded_untrusted_total", "Requests with X-Forwarded-For of an untrusted peer");
    describe_counter!("avow_geo_refused_total", "Files that say where visitors are and could not be used");
    describe_counter!("avow_policy_cache_misses_total", "Policies read from the database");
    describe_counter!("avow_policy_cache_stale_total", "Failed looks for a newer policy");
    describe_gauge!("avow_gate_policy_stale", "1 while the gate's site has no policy that can be read");
    describe_counter!(
        "avow_gate_upstream_failures_total",
        "Requests that the site behind the gate did not answer"
    );
    describe_counter!("avow_gate_rewrite_failures_total", "Pages that were broken off");
    describe_counter!("avow_gate_unreadable_total", "Pages in a coding that the gate cannot take apart");
    describe_counter!("avow_gate_cookies_dropped_total", "Cookies of the site that were held back");
    describe_counter!("avow_gate_hosts_left_out_total", "Classes with more hosts than headers can hold");
    describe_counter!("avow_gate_seen_lost_total", "Unknown things that were not counted");
    describe_gauge!("avow_build_info", "The running version");
    describe_gauge!("process_resident_memory_bytes", "Resident memory");
    gauge!("avow_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// The page that a Prometheus reads.
pub fn render() -> String {
    if let Some(bytes) = resident_bytes() {
        metrics::gauge!("process_resident_memory_bytes").set(bytes);
    }
    handle().map(PrometheusHandle::render).unwrap_or_default()
}

/// Folds what was measured into the buckets, so that memory stays bounded where nobody reads `/metrics`; to
/// be called every few seconds.
pub fn upkeep() {
    if let Some(handle) = handle() {
        handle.run_upkeep();
    }
}

/// One durable commit: how many records shared it and how long it took.
pub fn committed(records: usize, took: Duration) {
    metrics::histogram!("avow_commit_seconds").record(took.as_secs_f64());
    metrics::histogram!("avow_commit_batch_records")
        .record(f64::from(u32::try_from(records).unwrap_or(u32::MAX)));
}

/// One inclusion proof of a receipt, from the tiles in the store to its hashes.
pub fn proved(took: Duration) {
    metrics::histogram!("avow_proof_seconds").record(took.as_secs_f64());
}

/// A commit that failed.
pub fn commit_failed() {
    metrics::counter!("avow_commit_failures_total").increment(1);
}

/// How many logs are halted.
pub fn logs_halted(count: usize) {
    metrics::gauge!("avow_logs_halted").set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// A witness that did not cosign: `away`, or `fork`, which somebody must look at.
pub fn witness_failed(why: &'static str) {
    metrics::counter!("avow_witness_failures_total", "why" => why).increment(1);
}

/// A file that says where visitors are and could not be used.
pub fn geo_refused() {
    metrics::counter!("avow_geo_refused_total").increment(1);
}

/// Handles of one route, method and status, kept per thread: looking them up in the registry for every
/// request would cost more than some requests do.
type Handles = HashMap<(&'static str, &'static str, u16), (Counter, Histogram)>;

thread_local! {
    static HANDLES: RefCell<Handles> = RefCell::default();
}

/// One answered request. `route` is the template of a registered route.
pub fn answered(route: &'static str, method: &'static str, status: u16, took: Duration) {
    HANDLES.with_borrow_mut(|handles| {
        let (count, time) =
            handles.entry((route, method, status)).or_insert_with_key(|(route, method, status)| {
                let count = metrics::counter!(
                    "avow_http_requests_total",
                    "route" => *route, "method" => *method, "status" => status.to_string()
                );
                let time = metrics::histogram!(
                    "avow_http_request_seconds", "route" => *route, "method" => *method
                );
                (count, time)
            });
        count.increment(1);
        time.record(took.as_secs_f64());
    });
}

/// Resident memory of this process, where the system tells it (Linux).
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(f64::from(kibibytes) * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_rendered() {
        install();
        install();
        answered("/v1/consents/{id}", "GET", 404, Duration::from_millis(3));
        committed(7, Duration::from_millis(2));
        let page = render();
        for line in [
            r#"avow_http_requests_total{route="/v1/consents/{id}",method="GET",status="404"} 1"#,
            r#"avow_http_request_seconds_bucket{route="/v1/consents/{id}",method="GET",le="0.005"} 1"#,
            r#"avow_commit_batch_records_bucket{le="8"} 1"#,
            "avow_build_info{version=",
        ] {
            assert!(page.contains(line), "{line} is missing in\n{page}");
        }
    }
}
