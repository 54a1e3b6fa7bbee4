//! Throw-away PostgreSQL and Redis servers for the tests: own folder, free port, gone afterwards.

use crate::setup::named;
use crate::shell::{capture, is_executable, is_root};
use crate::{children, shell};
use anyhow::{Context, Result, bail};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The folder of the newest PostgreSQL server's programs.
pub fn postgres_bin() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten().flatten();
    let mut folders: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    folders.sort();
    let packaged = folders.into_iter().rev().map(|(_, folder)| folder);
    let on_path =
        shell::find_program("initdb").and_then(|file| Some(file.canonicalize().ok()?.parent()?.to_owned()));
    packaged
        .chain(on_path)
        .find(|folder| is_executable(&folder.join("initdb")) && is_executable(&folder.join("postgres")))
}

pub fn redis_server() -> Option<PathBuf> {
    named("AVOW_REDIS_SERVER", &["redis-server", "valkey-server"])
}

/// Whether a server keeps what it acknowledged when the machine fails.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// PostgreSQL's own default: every commit on disk.
    Default,
    /// For databases that live for one test.
    ThrowAway,
}

/// Starts PostgreSQL and returns its superuser URL.
pub fn start_postgres(bin: &Path, durability: Durability) -> Result<String> {
    let folder = own_folder("postgres")?;
    let data = folder.join("data");
    let user = if is_root() { Some(unprivileged()?) } else { None };
    if let Some((uid, gid)) = user {
        chown(&folder, Some(uid), Some(gid))?;
    }
    let command = |program: &str| {
        let mut command = Command::new(bin.join(program));
        command.current_dir("/").env_remove("PGDATA").env_remove("PGPORT");
        // PostgreSQL refuses to run as root.
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command
    };
    capture(
        command("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data),
    )?;
    let port = free_port()?;
    let log = fs::File::create(folder.join("server.log"))?;
    let mut server = command("postgres");
    server.arg("-D").arg(&data).args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=400"]);
    server.arg("-c").arg(format!("unix_socket_directories={}", folder.display()));
    if durability == Durability::ThrowAway {
        server.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
    }
    server
        .args(["-c", "max_wal_size=1GB", "-c", &format!("port={port}")])
        .stdout(log.try_clone()?)
        .stderr(log);
    let pid = children::start(&mut server, "-INT", Some(folder.clone()))?;
    let ready = || {
        let mut probe = Command::new(bin.join("pg_isready"));
        shell::succeeds(probe.args(["-q", "-h", "127.0.0.1", "-U", "postgres", "-p", &port.to_string()]))
    };
    if !wait_until(pid, ready) {
        let log = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
        bail!("PostgreSQL did not start: {log}");
    }
    Ok(format!("postgres://postgres@127.0.0.1:{port}/postgres"))
}

/// Starts Redis without persistence and returns its URL.
pub fn start_redis(program: &Path) -> Result<String> {
    let folder = own_folder("redis")?;
    let port = free_port()?;
    let mut server = Command::new(program);
    server.args([
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--port",
        &port.to_string(),
        "--dir",
    ]);
    server.arg(&folder).stdout(Stdio::null()).stderr(Stdio::null());
    let pid = children::start(&mut server, "-TERM", Some(folder))?;
    if !wait_until(pid, || TcpStream::connect(("127.0.0.1", port)).is_ok()) {
        bail!("Redis did not start on port {port}");
    }
    Ok(format!("redis://127.0.0.1:{port}"))
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("find a free port")?.local_addr()?.port())
}

fn wait_until(pid: u32, ready: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_mins(1);
    while Instant::now() < deadline && !children::has_ended(pid) {
        if ready() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// A new folder that only its owner reads, outside the workspace: another user may have no way into that.
fn own_folder(name: &str) -> Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let folder = std::env::temp_dir().join(format!("avow-{name}-{}", std::process::id()));
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("make {}", folder.display()))?;
    Ok(folder)
}

/// The user and group that the packaged server runs as, else `nobody`.
fn unprivileged() -> Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").context("read the users")?;
    let find = |name: &str| parse_user(&users, name);
    match find("postgres").or_else(|| find("nobody")) {
        Some(found) if found.0 != Path::new("/proc/self").metadata()?.uid() => Ok(found),
        _ => bail!("no other user to run PostgreSQL as: add the user `postgres`"),
    }
}

fn parse_user(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres2:x:9:9::/:/bin/sh\npostgres:x:110:118:,,,:/var:/bin/sh\n";
        assert_eq!(parse_user(users, "postgres"), Some((110, 118)));
        assert_eq!(parse_user(users, "nobody"), None);
    }
}
