//! How long a piece of work takes: by the clock on the wall, and by the processor's, which other programs hardly move.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::statistics::{median, millis, percentile};

/// Both, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) wall_ms: f64,
    pub(crate) cpu_ms: f64,
}

/// Does the work in this thread, and tells how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (began, processor) = (Instant::now(), this_thread());
    let done = std::hint::black_box(work());
    let cpu_ms = millis(this_thread().saturating_sub(processor));
    (done, Took { wall_ms: millis(began.elapsed()), cpu_ms })
}

fn this_thread() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(tv_sec.unsigned_abs(), u32::try_from(tv_nsec).unwrap_or_default())
}

/// What many of them come to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) cpu_p50_ms: f64,
    pub(crate) cpu_p99_ms: f64,
}

impl Times {
    pub(crate) fn of(took: &[Took]) -> Self {
        let walls: Vec<f64> = took.iter().map(|took| took.wall_ms).collect();
        let cpus: Vec<f64> = took.iter().map(|took| took.cpu_ms).collect();
        Self {
            p50_ms: median(&walls),
            p99_ms: percentile(&walls, 99.0),
            cpu_p50_ms: median(&cpus),
            cpu_p99_ms: percentile(&cpus, 99.0),
        }
    }

    /// Did the work wait a fifth of its time or more for the processor? Then its wall times are the machine's, not its own.
    pub(crate) fn waited(took: &[Took]) -> bool {
        let sum = |figure: fn(&Took) -> f64| took.iter().map(figure).sum::<f64>();
        sum(|took| took.wall_ms) > 1.25 * sum(|took| took.cpu_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_as_long_by_either_clock_when_nobody_disturbs_it_and_waiting_takes_no_processor() {
        let (sum, took) = timed(|| (0..2_000_000_u64).map(std::hint::black_box).sum::<u64>());
        assert!(sum > 0 && took.cpu_ms > 0.0 && took.wall_ms >= took.cpu_ms * 0.5, "{took:?}");
        let (_, took) = timed(|| std::thread::park_timeout(Duration::from_millis(20)));
        assert!(took.cpu_ms < took.wall_ms, "{took:?}");
    }

    #[test]
    fn waiting_for_the_processor_is_noticed() {
        let took = |wall_ms, cpu_ms| Took { wall_ms, cpu_ms };
        assert!(!Times::waited(&[took(1.0, 1.0), took(2.2, 2.0)]));
        assert!(Times::waited(&[took(1.0, 1.0), took(9.0, 2.0)]));
        assert_eq!(Times::of(&[took(1.0, 0.5), took(3.0, 2.0), took(2.0, 1.0)]).p50_ms, 2.0);
    }
}
