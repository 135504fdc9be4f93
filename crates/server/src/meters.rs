//! What is counted, for Prometheus. Each server has its own numbers, so that tests do not share.

use std::time::Duration;

use axum::http::StatusCode;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Upper ends of the buckets of durations, in seconds.
const SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The numbers.
pub(crate) struct Meters {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// Events kept.
    pub(crate) accepted: Counter,
    /// Events that were known.
    pub(crate) duplicates: Counter,
    /// Events refused.
    pub(crate) rejected: Counter,
    /// Bytes of sent events, after decompression.
    pub(crate) ingest_bytes: Counter,
    /// Passwords compared with a hash.
    pub(crate) password_checks: Counter,
}

const METADATA: Metadata<'static> = Metadata::new("annals", Level::INFO, None);

const COUNTERS: [(&str, &str); 6] = [
    (
        "annals_http_requests_total",
        "Requests answered, by route and status",
    ),
    ("annals_events_accepted_total", "Events kept"),
    ("annals_events_duplicate_total", "Events sent again"),
    ("annals_events_rejected_total", "Events refused"),
    (
        "annals_password_checks_total",
        "Passwords compared with a hash",
    ),
    (
        "annals_ingest_bytes_total",
        "Bytes of sent events after decompression",
    ),
];

const GAUGES: [(&str, &str); 7] = [
    (
        "annals_ledger_events",
        "Events in the ledger, by tenant, of open ledgers",
    ),
    (
        "annals_ledger_signed_events",
        "Events covered by the newest checkpoint",
    ),
    (
        "annals_ledger_disk_bytes",
        "Bytes on disk, by tenant and kind, of open ledgers",
    ),
    (
        "annals_ledger_writable",
        "1 if the ledger takes events, else 0",
    ),
    ("annals_open_ledgers", "Ledgers open"),
    ("annals_open_tails", "Tails open"),
    (
        "annals_ingest_bytes_left",
        "Bytes that bodies may still take in memory",
    ),
];

impl Meters {
    pub(crate) fn new() -> Self {
        let recorder = match PrometheusBuilder::new().set_buckets(SECONDS) {
            Ok(builder) => builder.build_recorder(),
            Err(_) => PrometheusBuilder::new().build_recorder(),
        };
        for (name, text) in COUNTERS {
            recorder.describe_counter(KeyName::from(name), None, text.into());
        }
        for (name, text) in GAUGES {
            recorder.describe_gauge(KeyName::from(name), None, text.into());
        }
        recorder.describe_histogram(
            KeyName::from("annals_http_request_seconds"),
            Some(Unit::Seconds),
            "Time to the head of the answer, by route".into(),
        );
        let counter =
            |name: &'static str| recorder.register_counter(&Key::from_name(name), &METADATA);
        Meters {
            accepted: counter("annals_events_accepted_total"),
            duplicates: counter("annals_events_duplicate_total"),
            rejected: counter("annals_events_rejected_total"),
            ingest_bytes: counter("annals_ingest_bytes_total"),
            password_checks: counter("annals_password_checks_total"),
            handle: recorder.handle(),
            recorder,
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, route: &str, status: u16, took: Duration) {
        let status = StatusCode::from_u16(status)
            .unwrap_or_default()
            .as_str()
            .to_owned();
        let labels = vec![
            Label::new("route", route.to_owned()),
            Label::new("status", status),
        ];
        let key = Key::from_parts("annals_http_requests_total", labels);
        self.recorder.register_counter(&key, &METADATA).increment(1);
        let label = vec![Label::new("route", route.to_owned())];
        let key = Key::from_parts("annals_http_request_seconds", label);
        let histogram: Histogram = self.recorder.register_histogram(&key, &METADATA);
        histogram.record(took.as_secs_f64());
    }

    /// A number that is looked up when somebody asks.
    pub(crate) fn gauge(&self, name: &'static str, labels: Vec<Label>) -> Gauge {
        self.recorder
            .register_gauge(&Key::from_parts(name, labels), &METADATA)
    }

    /// The text that Prometheus reads.
    pub(crate) fn render(&self) -> String {
        self.handle.render()
    }

    /// Keeps the memory of histograms bounded when nobody reads them.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}
