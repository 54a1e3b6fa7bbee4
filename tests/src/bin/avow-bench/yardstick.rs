//! What Avow is measured against, in the same run on the same machine.
//!
//! - a bare actix-web server that echoes a posted body, and serves a page of a stated size;
//! - a bare group commit: the same bytes into one SQLite table, as many waiting callers, one writer;
//! - the two together: the bare server answers a post after the bare group commit (ADR 0009).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, Result, bail};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// The argument that makes this program the bare server; how much it serves and where it commits to follow.
pub const ROLE: &str = "--bare-server";

/// Largest batch of the bare group commit.
const BATCH: usize = 64;

/// What the bare server is to do.
#[derive(Clone, Debug)]
pub struct Bare {
    /// Bytes of the page, and of the answer to `POST /commit`.
    pub page: usize,
    /// Bytes that one `POST /commit` puts into the database.
    pub row: usize,
    /// The folder of that database; nothing is committed without.
    pub folder: Option<PathBuf>,
}

impl Bare {
    /// From the arguments that [`start`] makes.
    pub fn from_arguments(arguments: &[String]) -> Result<Self> {
        let [page, row, folder @ ..] = arguments else { bail!("{ROLE} PAGE ROW [FOLDER]") };
        Ok(Self { page: page.parse()?, row: row.parse()?, folder: folder.first().map(PathBuf::from) })
    }

    /// Serves until killed: `POST /` echoes, `GET /` answers the page, `POST /commit` does after the commit.
    pub async fn serve(self) -> Result<()> {
        let page = web::Bytes::from(vec![b'a'; self.page]);
        let queue = match &self.folder {
            Some(folder) => Some(start_writer(folder, BATCH, &vec![0; self.row]).await?.0),
            None => None,
        };
        let next = Arc::new(AtomicU64::new(0));
        let server = HttpServer::new(move || {
            let (read, written, queue, next) = (page.clone(), page.clone(), queue.clone(), next.clone());
            App::new()
                .route("/", web::post().to(async |body: web::Bytes| HttpResponse::Ok().body(body)))
                .route("/", web::get().to(move || std::future::ready(HttpResponse::Ok().body(read.clone()))))
                .route(
                    "/commit",
                    web::post().to(move |_body: web::Bytes| {
                        let (page, queue, next) = (written.clone(), queue.clone(), next.clone());
                        async move {
                            let (done, committed) = oneshot::channel();
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            match queue {
                                Some(queue)
                                    if queue.send((number, done)).await.is_ok()
                                        && committed.await.is_ok() =>
                                {
                                    HttpResponse::Ok().body(page)
                                }
                                _ => HttpResponse::InternalServerError().finish(),
                            }
                        }
                    }),
                )
        })
        .bind(("127.0.0.1", 0))?;
        println!("{}", server.addrs()[0]);
        server.run().await?;
        Ok(())
    }
}

/// The bare server as a process of its own, as Avow is.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    _child: Child,
}

/// Starts the bare server.
pub async fn start(bare: &Bare) -> Result<Running> {
    let mut child = Command::new(std::env::current_exe()?)
        .args([ROLE, &bare.page.to_string(), &bare.row.to_string()])
        .args(&bare.folder)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().context("the bare server's output")?;
    let line = BufReader::new(output).lines().next_line().await?.context("the bare server's address")?;
    Ok(Running { address: line.parse()?, _child: child })
}

type Waiting = (u64, oneshot::Sender<()>);

/// Rows per second of a bare group commit with so many callers, each of which waits for its commit.
pub async fn group_commit(folder: &Path, callers: usize, time: Duration, body: &[u8]) -> Result<f64> {
    let (send, writer) = start_writer(folder, callers, body).await?;
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

/// Opens the database and starts its writer, which puts that body in for everyone who waits.
async fn start_writer(
    folder: &Path,
    callers: usize,
    body: &[u8],
) -> Result<(mpsc::Sender<Waiting>, JoinHandle<Result<()>>)> {
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
    Ok((send, tokio::spawn(write(connection, receive, body.to_vec(), u64::try_from(first)?))))
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
