//! Takes answers back to the threads whose requests wait for them: one wake-up for each thread and batch.
//!
//! Waking a request of another thread costs a system call. So each thread has a desk, a task of its own: a batch's
//! answers for that thread reach it in one piece, and it hands them out without leaving the thread.

use super::Logged;
use crate::error::Error;
use std::cell::RefCell;
use tokio::sync::{mpsc, oneshot};

/// What a request waits for.
pub type Outcome = Result<Logged, Error>;

/// Answers, each with whom it is for.
type Bundle = Vec<(oneshot::Sender<Outcome>, Outcome)>;

thread_local! {
    static DESK: RefCell<Option<mpsc::UnboundedSender<Bundle>>> = const { RefCell::new(None) };
}

/// Where an answer goes: the request's thread and the request. Dropped unanswered, the request learns it.
#[derive(Debug)]
pub struct Reply {
    desk: mpsc::UnboundedSender<Bundle>,
    request: oneshot::Sender<Outcome>,
}

/// For a request of this thread; must be called on a runtime.
pub fn reply() -> (Reply, oneshot::Receiver<Outcome>) {
    let (request, answered) = oneshot::channel();
    (Reply { desk: desk(), request }, answered)
}

/// Sends every answer on its way. Whoever asked may have hung up: the record is stored all the same.
pub fn deliver(answers: impl Iterator<Item = (Reply, Outcome)>) {
    let mut bundles: Vec<(mpsc::UnboundedSender<Bundle>, Bundle)> = Vec::new();
    for (Reply { desk, request }, outcome) in answers {
        match bundles.iter_mut().find(|(other, _)| other.same_channel(&desk)) {
            Some((_, bundle)) => bundle.push((request, outcome)),
            None => bundles.push((desk, vec![(request, outcome)])),
        }
    }
    for (desk, bundle) in bundles {
        // A desk that is gone went with its runtime, and the requests with it.
        let _ = desk.send(bundle);
    }
}

/// The desk of this thread; a new one if the last went with its runtime.
fn desk() -> mpsc::UnboundedSender<Bundle> {
    DESK.with_borrow_mut(|desk| match desk {
        Some(desk) if !desk.is_closed() => desk.clone(),
        _ => {
            let (sender, receiver) = mpsc::unbounded_channel();
            tokio::spawn(hand_out(receiver));
            desk.insert(sender).clone()
        }
    })
}

async fn hand_out(mut bundles: mpsc::UnboundedReceiver<Bundle>) {
    while let Some(bundle) = bundles.recv().await {
        for (request, outcome) in bundle {
            let _ = request.send(outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::signer::SignedHead;
    use crate::store::append::Appended;
    use avow_shared::checkpoint::Checkpoint;
    use std::sync::Arc;

    fn logged(leaf: i64) -> Logged {
        let checkpoint = Checkpoint { origin: String::new(), size: 0, root: [0; 32] };
        let head = SignedHead { epoch: 1, checkpoint, note: String::new() };
        Logged { appended: Appended::New(leaf), head: Arc::new(head) }
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
    }

    #[test]
    fn every_request_gets_its_own_answer_on_any_thread() {
        let threads: Vec<_> = (0..3_i64)
            .map(|thread| {
                let (send, replies) = std::sync::mpsc::channel();
                let waiting = std::thread::spawn(move || {
                    runtime().block_on(async {
                        let asked: Vec<_> = (0..10_i64).map(|_| reply()).collect();
                        let mut answers = Vec::new();
                        for (reply, answer) in asked {
                            send.send(reply).expect("the test waits for it");
                            answers.push(answer);
                        }
                        for (at, answer) in (thread * 10..).zip(answers) {
                            assert_eq!(answer.await.expect("answered").ok(), Some(logged(at)));
                        }
                    });
                });
                (waiting, replies)
            })
            .collect();
        // Of all threads in one batch, as the writer has them.
        let replies: Vec<Reply> = threads.iter().flat_map(|(_, replies)| replies.iter().take(10)).collect();
        deliver((0..).zip(replies).map(|(at, reply)| (reply, Ok(logged(at)))));
        for (waiting, _) in threads {
            waiting.join().expect("no assertion failed");
        }
    }

    #[test]
    fn a_thread_with_a_new_runtime_gets_a_new_desk() {
        for at in 0..2 {
            runtime().block_on(async {
                let (reply, answer) = reply();
                deliver(std::iter::once((reply, Ok(logged(at)))));
                assert_eq!(answer.await.expect("answered").ok(), Some(logged(at)));
            });
        }
    }

    #[test]
    fn an_answer_that_never_comes_is_noticed() {
        runtime().block_on(async {
            let (reply, answer) = reply();
            drop(reply);
            assert!(answer.await.is_err());
        });
    }
}
