//! `avow-bench gate`: what the gate costs, against the site itself, nginx, and a proxy of the gate's own parts that
//! changes nothing. All four run side by side, and rounds are interleaved.
//!
//! Environment: `AVOW_BIN`, `AVOW_FORWARD` (the example `forward` of `avow-server`), `AVOW_NGINX`; without the last
//! one its figures are left out, aloud.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::body::{POLICY, SITE};
use crate::gate_site::{self, ASSET, FILM, PAGE};
use crate::report::{Report, float, median};

/// Connections that fetch the asset at once.
const CONNECTIONS: usize = 16;

/// A process with an address, ended with this.
struct Peer {
    address: SocketAddr,
    child: Child,
}

/// What is measured: its name and where it listens.
struct Way<'a> {
    name: &'a str,
    address: SocketAddr,
    latencies: Vec<f64>,
    rates: Vec<f64>,
}

/// Measures and judges.
pub async fn run(quick: bool, report: &mut Report) -> Result<()> {
    let (rounds, time) = if quick { (1, Duration::from_millis(300)) } else { (7, Duration::from_secs(3)) };
    report.note(format!("gate: {rounds} rounds of {time:?} each, medians"));
    let folder = tempfile::tempdir()?;
    let site = listening(Command::new(std::env::current_exe()?).arg(gate_site::ROLE)).await?;
    let upstream = format!("http://{}", site.address);
    let forward = std::env::var_os("AVOW_FORWARD").context("AVOW_FORWARD: the proxy that changes nothing")?;
    let bare = listening(Command::new(forward).arg(&upstream)).await?;
    let gate = gate(folder.path(), &upstream).await?;
    let nginx = nginx(folder.path(), site.address).await?;
    let way = |name, address| Way { name, address, latencies: Vec::new(), rates: Vec::new() };
    let mut ways = vec![
        way("the site itself", site.address),
        way("proxy that changes nothing", bare.address),
        way("gate", gate.address),
    ];
    ways.extend(nginx.as_ref().map(|nginx| way("nginx", nginx.address)));
    if nginx.is_none() {
        report.note("nginx: not measured, AVOW_NGINX is not set".to_owned());
    }
    for _ in 0..rounds {
        for way in &mut ways {
            way.latencies.push(fetch(way.address, PAGE, 1, time).await?.1);
        }
        for way in &mut ways {
            way.rates.push(fetch(way.address, ASSET, CONNECTIONS, time).await?.0);
        }
    }
    let page = |name: &str| figure(&ways, name, |way| &way.latencies);
    let asset = |name: &str| figure(&ways, name, |way| &way.rates);
    for way in &ways {
        report.note(format!(
            "{}: 100 kB page {:.3} ms at the median (one connection); 1 MB asset {:.0}/s ({CONNECTIONS} connections)",
            way.name,
            median(way.latencies.clone()),
            median(way.rates.clone())
        ));
    }
    let gated = page("gate").context("the gate")?;
    let direct = page("the site itself").context("the site")?;
    let changed = page("proxy that changes nothing").context("the proxy")?;
    report.note(format!("of that, rewriting the page: {:.3} ms", gated - changed));
    report.ceiling("gate: added to a 100 kB page, median", gated - direct, 1.0, " ms");
    let rate = asset("gate").context("the gate")?;
    if let Some(nginx) = asset("nginx") {
        report.floor("gate: 1 MB asset, share of nginx's rate", rate / nginx, 0.5);
    }
    let bare_rate = asset("proxy that changes nothing").context("the proxy")?;
    report.floor("gate: 1 MB asset, share of a proxy that changes nothing", rate / bare_rate, 0.9);
    memory(&gate, report).await
}

fn figure<'a>(ways: &'a [Way<'a>], name: &str, of: impl Fn(&'a Way<'a>) -> &'a Vec<f64>) -> Option<f64> {
    ways.iter().find(|way| way.name == name).map(|way| median(of(way).clone()))
}

/// The gate's memory while 1 GB goes through it.
async fn memory(gate: &Peer, report: &mut Report) -> Result<()> {
    let process = gate.child.id().context("the gate runs")?;
    let before = peak(process)?;
    let mut stream = TcpStream::connect(gate.address).await?;
    let bytes = once(&mut stream, FILM, &mut vec![0; 1 << 18]).await?;
    ensure!(bytes >= gate_site::FILM_BYTES, "the film came whole");
    let grown = float(peak(process)?.saturating_sub(before)) / 1024.0;
    report.note(format!("the gate's peak memory before: {:.1} MiB", float(before) / 1024.0));
    report.ceiling("gate: memory that a 1 GB answer adds", grown, 16.0, " MiB");
    Ok(())
}

/// Answers per second and the median latency in milliseconds.
async fn fetch(
    address: SocketAddr,
    path: &'static str,
    connections: usize,
    time: Duration,
) -> Result<(f64, f64)> {
    let end = Instant::now() + time;
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let (mut buffer, mut latencies) = (vec![0; 1 << 18], Vec::new());
                while Instant::now() < end {
                    let sent = Instant::now();
                    once(&mut stream, path, &mut buffer).await?;
                    latencies.push(sent.elapsed().as_secs_f64() * 1000.0);
                }
                anyhow::Ok(latencies)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await??);
    }
    Ok((float(all.len() as u64) / time.as_secs_f64(), median(all)))
}

/// Fetches once and throws the body away; its length as it came over the wire.
async fn once(stream: &mut TcpStream, path: &str, buffer: &mut [u8]) -> Result<u64> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: bench.localhost\r\nAccept: text/html,*/*\r\n\
         Sec-Fetch-Dest: document\r\nAccept-Encoding: identity\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut filled = 0;
    let head = loop {
        if let Some(at) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        let got = stream.read(&mut buffer[filled..]).await?;
        ensure!(got > 0, "{path}: the connection was closed");
        filled += got;
    };
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    ensure!(text.starts_with("http/1.1 200"), "{path}: {text}");
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse::<u64>().ok());
    let mut come = (filled - head) as u64;
    let mut tail: Vec<u8> = buffer[head..filled].iter().rev().take(7).rev().copied().collect();
    loop {
        let done = match length {
            Some(length) => come >= length,
            // In chunks: until the last one.
            None => tail.ends_with(b"\r\n0\r\n\r\n"),
        };
        if done {
            return Ok(come);
        }
        let got = stream.read(buffer).await?;
        ensure!(got > 0, "{path}: the connection was closed within the body");
        come += got as u64;
        tail.extend(&buffer[got.saturating_sub(7)..got]);
        tail.drain(..tail.len().saturating_sub(7));
    }
}

/// The gate with the bench's policy.
async fn gate(folder: &Path, upstream: &str) -> Result<Peer> {
    let program =
        std::env::var_os("AVOW_BIN").map(PathBuf::from).context("AVOW_BIN: the program to measure")?;
    let (policy, data) = (folder.join("gate.toml"), folder.join("gate-data"));
    tokio::fs::write(&policy, POLICY).await?;
    let published = Command::new(&program)
        .args(["site", "publish"])
        .arg(&policy)
        .arg("--data")
        .arg(&data)
        .output()
        .await?;
    ensure!(published.status.success(), "publish: {}", String::from_utf8_lossy(&published.stderr));
    let arguments = ["gate", "--listen", "127.0.0.1:0", "--site", SITE, "--upstream", upstream, "--data"];
    listening(Command::new(&program).args(arguments).arg(&data)).await
}

/// nginx as a plain proxy, as its manual has it with kept connections, one worker per processor like the others.
async fn nginx(folder: &Path, site: SocketAddr) -> Result<Option<Peer>> {
    let Some(program) = std::env::var_os("AVOW_NGINX") else { return Ok(None) };
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let folder = folder.display();
    let configuration = format!(
        "daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;\n\
         fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n\
         keepalive_requests 1000000;\n\
         upstream site {{ server {site}; keepalive 64; keepalive_requests 1000000; }}\n\
         server {{ listen {address}; location / {{ proxy_pass http://site; proxy_http_version 1.1;\n\
         proxy_set_header Connection \"\"; proxy_set_header Host $host; proxy_max_temp_file_size 0; }} }} }}\n"
    );
    let file = Path::new(&folder.to_string()).join("nginx.conf");
    tokio::fs::write(&file, configuration).await?;
    let child = Command::new(program)
        .arg("-c")
        .arg(&file)
        .arg("-p")
        .arg(folder.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    for _ in 0..200 {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(Some(Peer { address, child }));
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    anyhow::bail!("nginx does not listen on {address}")
}

/// Starts a program that prints `listening on http://ADDRESS`, or the address alone.
async fn listening(command: &mut Command) -> Result<Peer> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, address)) = line.split_once("listening on http://") {
            return Ok(Peer { address: address.trim().parse()?, child });
        }
    }
    anyhow::bail!("a program ended before it listened")
}

/// Peak resident memory, kilobytes.
fn peak(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
