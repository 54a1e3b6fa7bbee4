//! One writer for many requests: what is queued goes into one transaction, and is answered after its commit.
//!
//! Under load a batch grows by itself while the former one is being committed; on a slow disk it also waits for
//! at most 2 ms for callers who are expected back. Alone, a request is committed at once.

use super::Logged;
use super::logs::Logs;
use super::reply::{self, Reply};
use super::signer::Signer;
use crate::error::{Error, Kind};
use crate::store::Store;
use crate::store::append::{NewEntry, NewRecord};
use avow_shared::id::SiteId;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Requests that may wait; more are told to come again, so that memory stays bounded.
const QUEUE: usize = 2_048;
/// Records in one transaction at most.
const BATCH: usize = 256;
/// Seconds after which a request that found the queue full should come again.
const RETRY_QUEUE: u32 = 1;

/// Entries that are no records, and may wait.
const TASKS: usize = 64;

/// The runtime's timer is no finer than this: where commits are quick, waiting would cost more than it saves.
const TIMER: Duration = Duration::from_millis(1);
/// The longest wait for callers who are about to come back.
const MOST_GATHERING: Duration = Duration::from_millis(2);

struct Job {
    record: NewRecord,
    reply: Reply,
}

/// What is done between batches.
struct Task {
    site: SiteId,
    /// An entry to be appended; without one the log is only opened, with what was published in it.
    entry: Option<NewEntry>,
    reply: oneshot::Sender<Result<bool, Error>>,
}

/// The way into the log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sequencer {
    queue: mpsc::Sender<Job>,
    tasks: mpsc::Sender<Task>,
}

/// The writer's end, for whoever stops the server.
#[derive(Debug)]
pub struct Writer {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Sequencer {
    /// Starts the writer on the current runtime. `build` is the entry of the widget build that serves here.
    pub fn start(store: Store, signer: Signer, build: Option<NewEntry>) -> (Self, Writer) {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (tasks, waiting) = mpsc::channel(TASKS);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(Logs::new(store, signer, build), jobs, waiting, stopped));
        (Self { queue, tasks }, Writer { stop, task })
    }

    /// Appends a record; returns when it is on disk under a signed head, or says why it is not.
    pub async fn append(&self, record: NewRecord) -> Result<Logged, Error> {
        let (reply, answered) = reply::reply();
        self.queue.try_send(Job { record, reply }).map_err(|_| busy())?;
        // The reply is dropped unanswered only if the writer died.
        answered.await.unwrap_or_else(|_| Err(busy()))
    }

    /// Appends an entry that is no record; false if there was one of its kind and name already.
    pub async fn append_entry(&self, site: SiteId, entry: NewEntry) -> Result<bool, Error> {
        self.task(site, Some(entry)).await
    }

    /// Opens a site's log and gives everything published its entry; also looks again at one that was halted.
    pub async fn settle(&self, site: SiteId) -> Result<(), Error> {
        self.task(site, None).await.map(drop)
    }

    async fn task(&self, site: SiteId, entry: Option<NewEntry>) -> Result<bool, Error> {
        let (reply, answered) = oneshot::channel();
        self.tasks.send(Task { site, entry, reply }).await.map_err(|_| busy())?;
        answered.await.unwrap_or_else(|_| Err(busy()))
    }
}

impl Writer {
    /// Takes no more, writes what is queued, and returns when that is answered.
    pub async fn finish(self) {
        // The receiver is gone only if the task ended by itself.
        let _ = self.stop.send(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the log's writer died");
        }
    }
}

fn busy() -> Error {
    Error { retry_after: Some(RETRY_QUEUE), ..Error::plain(Kind::Unavailable) }
}

/// What the writer does next.
enum Next {
    Batch(usize),
    Task(Task),
    Stop,
}

async fn run(
    mut logs: Logs,
    mut jobs: mpsc::Receiver<Job>,
    mut tasks: mpsc::Receiver<Task>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut stopping = false;
    let mut pace = Pace::default();
    loop {
        let next = tokio::select! {
            biased;
            // Few and far between: they do not hold up the batches.
            Some(task) = tasks.recv() => Next::Task(task),
            taken = jobs.recv_many(&mut batch, BATCH) => Next::Batch(taken),
            // A sender that is gone means stop as well.
            _ = stopped.wait_for(|stop| *stop), if !stopping => Next::Stop,
        };
        let taken = match next {
            Next::Batch(taken) => taken,
            Next::Task(task) => {
                perform(&mut logs, task).await;
                continue;
            }
            Next::Stop => {
                stopping = true;
                // What is queued is still handed out; new ones are refused.
                jobs.close();
                tasks.close();
                continue;
            }
        };
        if taken == 0 {
            return;
        }
        if !stopping {
            gather(&mut jobs, &mut batch, &pace).await;
        }
        let (records, replies): (Vec<_>, Vec<_>) = batch.drain(..).map(|job| (job.record, job.reply)).unzip();
        let callers = records.len();
        let started = Instant::now();
        let outcomes = logs.write(records).await;
        pace = Pace { commit: started.elapsed(), callers: callers + jobs.len() };
        reply::deliver(replies.into_iter().zip(outcomes));
    }
}

async fn perform(logs: &mut Logs, Task { site, entry, reply }: Task) {
    let done = match entry {
        Some(entry) => logs.write_entry(&site, &entry).await,
        None => logs.settle(&site).await.map(|()| false),
    };
    // Whoever asked may have gone; it is done all the same.
    let _ = reply.send(done);
}

/// What the last commit tells about the next one.
#[derive(Default)]
struct Pace {
    /// How long it took.
    commit: Duration,
    /// How many were answered by it or waited for the next.
    callers: usize,
}

/// Callers who were answered a moment ago are about to come back, and on a slow disk one commit for all costs
/// half of two. Waiting for them is worth a small part of what a commit takes.
async fn gather(jobs: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>, pace: &Pace) {
    let patience = (pace.commit / 4).min(MOST_GATHERING);
    if patience < TIMER {
        return;
    }
    let expected = pace.callers.min(BATCH);
    let until = tokio::time::Instant::now() + patience;
    while batch.len() < expected {
        let room = BATCH - batch.len();
        match tokio::time::timeout_at(until, jobs.recv_many(batch, room)).await {
            Ok(taken) if taken > 0 => {}
            _ => return,
        }
    }
}
