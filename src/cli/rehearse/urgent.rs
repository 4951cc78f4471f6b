//! The urgent alerts of a rehearsal: how long each takes to its first push, while nothing is sent and while a broadcast
//! runs.

use super::alert;
use super::services::Services;
use super::watch::{self, End, Server};
use crate::clock::Clock;
use anyhow::Context;
use std::time::Duration;

/// How long after the end of one the next comes, so that they come at any moment of what the service does.
const PAUSE: Duration = Duration::from_millis(37);

/// How long they took from POST to the first push, milliseconds, shortest first.
#[derive(Debug, Default)]
pub struct Times(Vec<i64>);

impl Times {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// So many of 100 took no longer; `None` when there are none.
    pub fn part(&self, percent: usize) -> Option<i64> {
        let last = self.0.len().checked_sub(1)?;
        Some(self.0[(last * percent).div_ceil(100)])
    }

    fn add(&mut self, time_ms: i64) {
        let at = self.0.partition_point(|other| *other <= time_ms);
        self.0.insert(at, time_ms);
    }
}

/// One after the other, each when the last one's first push has come.
///
/// # Errors
/// One was not taken, or nothing came of it.
pub async fn while_idle(server: &Server, services: &Services, count: u32) -> anyhow::Result<Times> {
    let mut times = Times::default();
    for number in 0..count {
        times.add(one(server, services, number).await?);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(times)
}

/// The same until something has ended; at least one.
///
/// # Errors
/// As [`while_idle`], and what the other one says.
pub async fn meanwhile(
    server: &Server,
    services: &Services,
    count: u32,
    sending: impl Future<Output = anyhow::Result<End>>,
) -> anyhow::Result<(End, Times)> {
    let mut times = Times::default();
    tokio::pin!(sending);
    // Their numbers go on where the idle ones ended.
    for number in count..count * 2 {
        let urgent = async {
            let time_ms = one(server, services, number).await?;
            tokio::time::sleep(PAUSE).await;
            anyhow::Ok(time_ms)
        };
        tokio::pin!(urgent);
        tokio::select! {
            time_ms = &mut urgent => times.add(time_ms?),
            end = &mut sending => {
                if times.len() == 0 {
                    times.add(urgent.await?);
                }
                // One that was posted while it ran and is not yet there is left out: it has the service to itself.
                return Ok((end?, times));
            }
        }
    }
    Ok((sending.await?, times))
}

async fn one(server: &Server, services: &Services, number: u32) -> anyhow::Result<i64> {
    let clock = Clock::system();
    let posted = clock.real();
    let id = server.post(alert::urgent(posted, number)).await?;
    let first_ms = watch::begun(services, &id).await?.context("an urgent alert was never sent")?;
    Ok(first_ms - posted.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_them_is_the_time_that_so_many_did_not_exceed() {
        let mut times = Times::default();
        assert_eq!(times.part(99), None);
        for time_ms in (1..=200).rev() {
            times.add(time_ms);
        }
        assert_eq!(
            (times.part(50), times.part(99), times.part(100), times.len()),
            (Some(101), Some(199), Some(200), 200)
        );
    }
}
