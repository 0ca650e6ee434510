//! Reads memory and CPU time of a process from the kernel.

use std::time::Duration;

use anyhow::{Context, Result};

/// Ticks per second in `/proc/<pid>/stat`: USER_HZ of the kernel, which is 100 on every Linux that Lambda or this
/// project runs on.
const TICKS_PER_SECOND: u64 = 100;

/// The peak resident memory of a process (`VmHWM`).
pub(crate) fn peak_memory_kib(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status =
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}; the function has ended"))?;
    peak_in(&status).with_context(|| format!("{path} has no VmHWM"))
}

fn peak_in(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// The CPU time of a process, user and system.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    // In nanoseconds, but only of living threads. A function has one, or few that stay.
    let exact = threads(pid).map(|stats| stats.iter().filter_map(|stat| exact_in(stat)).sum::<Duration>());
    // In hundredths of a second, of all threads. This value is used if a thread with a part of the sum has ended.
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}; the function has ended"))?;
    let coarse = coarse_in(&stat).with_context(|| format!("{path} has an unknown format"))?;
    let tick = Duration::from_millis(1000 / TICKS_PER_SECOND);
    Ok(exact.filter(|exact| *exact + 2 * tick >= coarse).unwrap_or(coarse))
}

fn threads(pid: u32) -> Option<Vec<String>> {
    let folder = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    folder.map(|thread| std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()).collect()
}

fn exact_in(schedstat: &str) -> Option<Duration> {
    schedstat.split(' ').next()?.trim().parse().ok().map(Duration::from_nanos)
}

fn coarse_in(stat: &str) -> Option<Duration> {
    // The name in parentheses may contain anything. utime and stime are the 12th and 13th field after it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 1000 / TICKS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_files_are_parsed_as_in_proc_5() {
        assert_eq!(peak_in("Name:\tfn-cart\nVmHWM:\t    6312 kB\nVmRSS:\t 1 kB\n"), Some(6312));
        assert_eq!(exact_in("487127 0 1\n"), Some(Duration::from_nanos(487_127)));
        let stat = "77 (a (b) c) S 1 77 77 0 -1 4194560 1 2 3 4 150 25 6 7 20 0 1 0";
        assert_eq!(coarse_in(stat), Some(Duration::from_millis(1750)));
    }

    #[test]
    fn this_process_has_memory_and_cpu_time() -> Result<()> {
        let pid = std::process::id();
        assert!(peak_memory_kib(pid)? > 100);
        assert!(cpu_time(pid)? < Duration::from_secs(3600));
        Ok(())
    }
}
