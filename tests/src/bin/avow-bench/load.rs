//! The load: a number of keep-alive connections, each with one request in flight, for a stated time.
//!
//! Plain HTTP/1.1 over TCP, so that the client costs as little as it can: client and server share the cores.
//! Every answer is read whole and its status is checked; one wrong status ends the run.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What one run gave.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Answers per second.
    pub rate: f64,
    /// Median latency, milliseconds.
    pub p50: f64,
    /// 99th percentile, milliseconds.
    pub p99: f64,
    /// Answers.
    pub count: u64,
}

/// When a run ends.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After so many requests.
    Sent(u64),
}

/// Writes one request, whole, into the buffer. Called once per request, with its number.
pub type Write = Arc<dyn Fn(u64, &mut Vec<u8>) + Send + Sync>;

/// Runs the load and expects this status on every answer.
pub async fn run(
    address: SocketAddr,
    connections: usize,
    until: Until,
    status: u16,
    write: Write,
) -> Result<Run> {
    let next = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(connection(address, until, status, write.clone(), next.clone(), stop.clone())))
        .collect();
    if let Until::Elapsed(time) = until {
        tokio::time::sleep(time).await;
        stop.store(true, Ordering::Relaxed);
    }
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    let elapsed = started.elapsed();
    if latencies.is_empty() {
        bail!("no request was answered");
    }
    latencies.sort_unstable();
    let at = |percent: usize| f64::from(latencies[(latencies.len() - 1) * percent / 100]) / 1000.0;
    Ok(Run {
        rate: crate::report::float(latencies.len() as u64) / elapsed.as_secs_f64(),
        p50: at(50),
        p99: at(99),
        count: latencies.len() as u64,
    })
}

/// One connection's requests, one after the other; the latencies in microseconds.
async fn connection(
    address: SocketAddr,
    until: Until,
    status: u16,
    write: Write,
    next: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) -> Result<Vec<u32>> {
    let mut stream = TcpStream::connect(address).await.context("connect")?;
    stream.set_nodelay(true)?;
    let (mut request, mut answer, mut latencies) = (Vec::with_capacity(4096), vec![0; 1 << 16], Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if matches!(until, Until::Sent(all) if number >= all) {
            break;
        }
        request.clear();
        write(number, &mut request);
        let sent = Instant::now();
        stream.write_all(&request).await?;
        read(&mut stream, &mut answer, status).await?;
        latencies.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(latencies)
}

/// Reads one answer with a stated length and throws its body away.
async fn read(stream: &mut TcpStream, buffer: &mut [u8], status: u16) -> Result<()> {
    let mut filled = 0;
    let head = loop {
        if let Some(end) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let got = stream.read(&mut buffer[filled..]).await?;
        if got == 0 {
            bail!("the server closed the connection, or its head is too long");
        }
        filled += got;
    };
    let text = std::str::from_utf8(&buffer[..head]).context("read the head of an answer")?;
    if text.get(9..12).and_then(|code| code.parse().ok()) != Some(status) {
        bail!("expected status {status}: {}", String::from_utf8_lossy(&buffer[..filled.min(600)]));
    }
    let length: usize = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("an answer without a length")?
        .1
        .trim()
        .parse()?;
    let mut left = (head + length).saturating_sub(filled);
    while left > 0 {
        let most = left.min(buffer.len());
        let got = stream.read(&mut buffer[..most]).await?;
        if got == 0 {
            bail!("the server closed the connection within an answer");
        }
        left -= got;
    }
    Ok(())
}
