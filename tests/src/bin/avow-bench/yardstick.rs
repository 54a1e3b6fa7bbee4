//! What Avow is measured against, in the same run on the same machine.
//!
//! - a bare actix-web server that echoes a posted body, and serves a page of a stated size;
//! - a bare group commit: the same bytes into one SQLite table, as many waiting callers, one writer.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};

/// The argument that makes this program the bare server.
pub const ROLE: &str = "--bare-server";

/// Largest batch of the bare group commit.
const BATCH: usize = 64;

/// Serves until killed: `POST /` echoes, `GET /` answers as many bytes as stated.
pub async fn serve(bytes: usize) -> Result<()> {
    let page = web::Bytes::from(vec![b'a'; bytes]);
    let server = HttpServer::new(move || {
        let page = page.clone();
        App::new()
            .route("/", web::post().to(async |body: web::Bytes| HttpResponse::Ok().body(body)))
            .route("/", web::get().to(move || std::future::ready(HttpResponse::Ok().body(page.clone()))))
    })
    .bind(("127.0.0.1", 0))?;
    println!("{}", server.addrs()[0]);
    server.run().await?;
    Ok(())
}

/// The bare server as a process of its own, as Avow is.
pub struct Bare {
    /// Where it listens.
    pub address: SocketAddr,
    _child: Child,
}

/// Starts the bare server.
pub async fn start(bytes: usize) -> Result<Bare> {
    let mut child = Command::new(std::env::current_exe()?)
        .args([ROLE, &bytes.to_string()])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().context("the bare server's output")?;
    let line = BufReader::new(output).lines().next_line().await?.context("the bare server's address")?;
    Ok(Bare { address: line.parse()?, _child: child })
}

type Waiting = (u64, oneshot::Sender<()>);

/// Rows per second of a bare group commit with so many callers, each of which waits for its commit.
pub async fn group_commit(folder: &Path, callers: usize, time: Duration, body: &[u8]) -> Result<f64> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        .execute(&mut connection)
        .await?;
    let first: i64 =
        sqlx::query_scalar("SELECT COALESCE(MAX(id) + 1, 0) FROM bare").fetch_one(&mut connection).await?;
    let (send, receive) = mpsc::channel::<Waiting>(callers);
    let writer = tokio::spawn(write(connection, receive, body.to_vec(), u64::try_from(first)?));
    let (next, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let started = Instant::now();
    let tasks: Vec<_> =
        (0..callers).map(|_| tokio::spawn(call(send.clone(), next.clone(), stop.clone()))).collect();
    drop(send);
    tokio::time::sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    let mut rows = 0_u64;
    for task in tasks {
        rows += task.await?;
    }
    let rate = crate::report::float(rows) / started.elapsed().as_secs_f64();
    writer.await??;
    Ok(rate)
}

async fn call(send: mpsc::Sender<Waiting>, next: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> u64 {
    let mut rows = 0;
    while !stop.load(Ordering::Relaxed) {
        let (done, committed) = oneshot::channel();
        if send.send((next.fetch_add(1, Ordering::Relaxed), done)).await.is_err() || committed.await.is_err()
        {
            break;
        }
        rows += 1;
    }
    rows
}

async fn write(
    mut connection: SqliteConnection,
    mut receive: mpsc::Receiver<Waiting>,
    body: Vec<u8>,
    first: u64,
) -> Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    while receive.recv_many(&mut batch, BATCH).await > 0 {
        let statement = format!("INSERT INTO bare VALUES {}", vec!["(?, ?)"; batch.len()].join(", "));
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for (number, _) in &batch {
            query = query.bind(i64::try_from(first + number)?).bind(body.as_slice());
        }
        query.execute(&mut *transaction).await?;
        transaction.commit().await?;
        for (_, done) in batch.drain(..) {
            // A caller that went away needs no answer.
            let _ = done.send(());
        }
    }
    Ok(())
}
