//! One writer for many requests: what is queued goes into one transaction, and is answered after its commit.
//!
//! Under load a batch grows by itself while the former one is being committed; on a slow disk it also waits for
//! at most 2 ms for callers who are expected back. Alone, a request is committed at once.

use super::reply::{self, Reply};
use crate::error::{Error, Kind};
use crate::metrics;
use crate::store::append::{Appended, NewRecord};
use crate::store::{Store, StoreError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Requests that may wait; more are told to come again, so that memory stays bounded.
const QUEUE: usize = 2_048;
/// Records in one transaction at most.
const BATCH: usize = 256;
/// Seconds after which a request that found the queue full should come again.
const RETRY_QUEUE: u32 = 1;

/// How long a commit may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The runtime's timer is no finer than this: where commits are quick, waiting would cost more than it saves.
const TIMER: Duration = Duration::from_millis(1);
/// The longest wait for callers who are about to come back.
const MOST_GATHERING: Duration = Duration::from_millis(2);

struct Job {
    record: NewRecord,
    reply: Reply,
}

/// The way into the log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sequencer {
    queue: mpsc::Sender<Job>,
}

/// The writer's end, for whoever stops the server.
#[derive(Debug)]
pub struct Writer {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Sequencer {
    /// Starts the writer on the current runtime.
    pub fn start(store: Store) -> (Self, Writer) {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(store, jobs, stopped));
        (Self { queue }, Writer { stop, task })
    }

    /// Appends a record; returns when it is on disk, or says why it is not.
    pub async fn append(&self, record: NewRecord) -> Result<Appended, Error> {
        let (reply, answered) = reply::reply();
        self.queue.try_send(Job { record, reply }).map_err(|_| busy())?;
        // The reply is dropped unanswered only if the writer died.
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

async fn run(store: Store, mut jobs: mpsc::Receiver<Job>, mut stopped: watch::Receiver<bool>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut stopping = false;
    let mut pace = Pace::default();
    loop {
        let taken = tokio::select! {
            biased;
            taken = jobs.recv_many(&mut batch, BATCH) => taken,
            // A sender that is gone means stop as well.
            _ = stopped.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                // What is queued is still handed out; new ones are refused.
                jobs.close();
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
        let started = Instant::now();
        let result = write(&store, &records).await;
        pace = Pace { commit: started.elapsed(), callers: records.len() + jobs.len() };
        deliver(replies, result);
    }
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

async fn write(store: &Store, records: &[NewRecord]) -> Result<Vec<Appended>, StoreError> {
    let started = Instant::now();
    let result = match append(store, records).await {
        // A connection that broke while idle shows only now. Whether a lost commit had got through is found
        // out by the second try: every record is looked for by its id first.
        Err(StoreError::Unavailable(_) | StoreError::Conflict) => append(store, records).await,
        other => other,
    };
    match &result {
        Ok(_) => metrics::committed(records.len(), started.elapsed()),
        Err(_) => metrics::commit_failed(),
    }
    result
}

fn deliver(replies: Vec<Reply>, result: Result<Vec<Appended>, StoreError>) {
    match result {
        Ok(outcomes) => reply::deliver(replies.into_iter().zip(outcomes.into_iter().map(Ok))),
        Err(error) => {
            let error = Error::from(error);
            reply::deliver(replies.into_iter().map(|reply| (reply, Err(error.clone()))));
        }
    }
}

/// A database that takes the bytes and never answers is away as well. Whether the batch got through is found
/// out when the browsers send it again.
async fn append(store: &Store, records: &[NewRecord]) -> Result<Vec<Appended>, StoreError> {
    tokio::time::timeout(PATIENCE, store.append(records)).await.unwrap_or(Err(StoreError::NoConnection))
}
