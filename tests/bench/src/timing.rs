//! Measures wall time and CPU time. Other programs hardly change the CPU time.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::statistics::{median, millis, percentile};

/// Wall time and CPU time in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elapsed {
    pub(crate) wall_ms: f64,
    pub(crate) cpu_ms: f64,
}

/// Runs the work in this thread and measures it.
pub(crate) fn measure<T>(work: impl FnOnce() -> T) -> (T, Elapsed) {
    let (start, cpu_start) = (Instant::now(), thread_cpu_time());
    let result = std::hint::black_box(work());
    let cpu_ms = millis(thread_cpu_time().saturating_sub(cpu_start));
    (result, Elapsed { wall_ms: millis(start.elapsed()), cpu_ms })
}

fn thread_cpu_time() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(tv_sec.unsigned_abs(), u32::try_from(tv_nsec).unwrap_or_default())
}

/// Percentiles of many measurements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) cpu_p50_ms: f64,
    pub(crate) cpu_p99_ms: f64,
}

impl Times {
    pub(crate) fn of(elapsed: &[Elapsed]) -> Self {
        let walls: Vec<f64> = elapsed.iter().map(|elapsed| elapsed.wall_ms).collect();
        let cpus: Vec<f64> = elapsed.iter().map(|elapsed| elapsed.cpu_ms).collect();
        Self {
            p50_ms: median(&walls),
            p99_ms: percentile(&walls, 99.0),
            cpu_p50_ms: median(&cpus),
            cpu_p99_ms: percentile(&cpus, 99.0),
        }
    }

    /// Tells whether the work waited for the processor for a fifth of its time or more. Then its wall times say more
    /// about the machine.
    pub(crate) fn has_waited(elapsed: &[Elapsed]) -> bool {
        let sum = |figure: fn(&Elapsed) -> f64| elapsed.iter().map(figure).sum::<f64>();
        sum(|elapsed| elapsed.wall_ms) > 1.25 * sum(|elapsed| elapsed.cpu_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_uses_no_cpu_time() {
        let (sum, elapsed) = measure(|| (0..2_000_000_u64).map(std::hint::black_box).sum::<u64>());
        assert!(sum > 0 && elapsed.cpu_ms > 0.0 && elapsed.wall_ms >= elapsed.cpu_ms * 0.5, "{elapsed:?}");
        let (_, elapsed) = measure(|| std::thread::park_timeout(Duration::from_millis(20)));
        assert!(elapsed.cpu_ms < elapsed.wall_ms, "{elapsed:?}");
    }

    #[test]
    fn waiting_for_the_processor_is_detected() {
        let elapsed = |wall_ms, cpu_ms| Elapsed { wall_ms, cpu_ms };
        assert!(!Times::has_waited(&[elapsed(1.0, 1.0), elapsed(2.2, 2.0)]));
        assert!(Times::has_waited(&[elapsed(1.0, 1.0), elapsed(9.0, 2.0)]));
        assert_eq!(Times::of(&[elapsed(1.0, 0.5), elapsed(3.0, 2.0), elapsed(2.0, 1.0)]).p50_ms, 2.0);
    }
}
