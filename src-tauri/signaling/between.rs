//! The way between servers that stand for one: takes orders to the store, and brings back what comes from there.

use std::time::Duration;

use pushtalk_protocol::RoomId;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::ask::Wanted;
use crate::letter::Letter;
use crate::moving::Kept;
use crate::nodes::{Found, Order};
use crate::store::{GONE_AFTER, KEPT_FOR, Session, Store, Text};
use crate::switchboard::Switchboard;

/// A server says so often that it lives.
const BEAT: Duration = Duration::from_millis(500);
/// What waits to be written goes out in pieces of so many.
const AT_ONCE: usize = 64;
/// After the store was lost it is looked for again, at first after this time and then ever later.
const AGAIN: Duration = Duration::from_millis(200);
const AGAIN_AT_MOST: Duration = Duration::from_secs(2);
/// After the store was lost, others may not have said yet what they have.
const ALL_ARE_BACK: Duration = Duration::from_secs(4);
/// Who has a room that is looked for may just be gone: until that is certain.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const LOOKS: u32 = 35;

/// Connects this server to the others for as long as it is not dropped; `first` is its first connection to the store.
pub(crate) async fn connect<S: Store>(
    board: Switchboard,
    store: S,
    first: (S::Session, mpsc::UnboundedReceiver<Text>),
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let (mut begun, mut before, mut wait) = (Some(first), None, AGAIN);
    loop {
        let (session, inbox) = match begun.take() {
            Some(begun) => begun,
            None => {
                let (letters, inbox) = mpsc::unbounded_channel();
                match store.begin(letters).await {
                    Ok(session) => (session, inbox),
                    Err(_) => {
                        tracing::warn!("the store does not answer");
                        sleep(wait).await;
                        wait = (2 * wait).min(AGAIN_AT_MOST);
                        continue;
                    }
                }
            }
        };
        wait = AGAIN;
        // What was to be done in the last session is done anew, or refused already.
        while orders.try_recv().is_ok() {}
        let me = session.me();
        let previous = before.replace(me);
        board.with(|state, now| state.store_back(now, me, previous));
        tracing::info!("connected to the store");
        let complete = previous.map(|_| Instant::now() + ALL_ARE_BACK);
        if attend(&board, session, inbox, &mut orders, complete).await.is_err() {
            tracing::warn!("the store is lost; rooms on this server go on");
        }
        board.with(|state, now| state.store_gone(now));
    }
}

/// One session, until it ends.
async fn attend<S: Session>(
    board: &Switchboard,
    session: S,
    mut inbox: mpsc::UnboundedReceiver<Text>,
    orders: &mut mpsc::UnboundedReceiver<Order>,
    complete: Option<Instant>,
) -> Result<(), S::Error> {
    let mut alive = Instant::now();
    let (mut beat, mut renew) = (interval(BEAT), interval(KEPT_FOR / 4));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    renew.tick().await;
    let mut some = Vec::with_capacity(AT_ONCE);
    loop {
        tokio::select! {
            count = orders.recv_many(&mut some, AT_ONCE) => {
                if count == 0 {
                    return Ok(());
                }
                for room in carry_out(board, &session, some.drain(..), complete).await? {
                    board.with(|state, now| state.lobby.yield_room(now, room));
                }
            }
            letter = inbox.recv() => {
                let Some(letter) = letter else { return Ok(()) };
                match serde_json::from_str::<Letter>(&letter) {
                    Ok(letter) => board.with(|state, now| state.letter(now, letter)),
                    Err(error) => tracing::error!(kind = ?error.classify(), "a letter cannot be read"),
                }
            }
            _ = beat.tick() => {
                // One that stood still is taken for gone, and its rooms may be another's by now.
                if alive.elapsed() >= GONE_AFTER {
                    return Ok(());
                }
                for gone in session.beat(board.with(|state, _| state.acquaintances())).await? {
                    board.with(|state, now| state.node_gone(now, gone));
                }
                alive = Instant::now();
                board.with(|state, now| state.refuse_late(now));
            }
            _ = renew.tick() => board.with(|state, now| state.renew(now, session.me())),
        }
    }
}

/// Gives the rooms that another server has.
async fn carry_out<S: Session>(
    board: &Switchboard,
    session: &S,
    orders: impl Iterator<Item = Order>,
    complete: Option<Instant>,
) -> Result<Vec<RoomId>, S::Error> {
    let mut writes = Vec::new();
    for order in orders {
        match order {
            Order::Write(write) => writes.push(write),
            Order::Find { connection, errand, what } => {
                let (board, session) = (board.clone(), session.clone());
                tokio::spawn(async move {
                    let found = match find(&board, &session, what).await.unwrap_or(Found::NoAnswer) {
                        Found::Nowhere if complete.is_some_and(|at| Instant::now() < at) => Found::NoAnswer,
                        found => found,
                    };
                    board.with(|state, now| state.found(now, connection, errand, found));
                });
            }
            Order::Claim { connection, errand, room, nameplate, text } => {
                let (board, session) = (board.clone(), session.clone());
                tokio::spawn(async move {
                    let claimed = session.claim(room, nameplate, text).await.ok();
                    board.with(|state, now| state.claimed(now, connection, errand, claimed));
                });
            }
        }
    }
    session.write(writes).await
}

/// Looks for a room; one whose server is gone is taken over.
async fn find<S: Session>(board: &Switchboard, session: &S, what: Wanted) -> Result<Found, S::Error> {
    let room = match what {
        Wanted::Room(room) => room,
        Wanted::Nameplate(nameplate) => match session.find(nameplate).await? {
            Some(room) => room,
            None => return Ok(Found::Nowhere),
        },
    };
    for _ in 0..LOOKS {
        let Some(home) = session.home(room).await? else { return Ok(Found::Nowhere) };
        if home == session.me() {
            // Somebody else may have it just taken over.
            if board.with(|state, _| state.lobby.has(Wanted::Room(room))) {
                return Ok(Found::At(home));
            }
        } else if session.hears(home).await? {
            return Ok(Found::At(home));
        } else if let Some(text) = session.adopt(room, home).await? {
            return Ok(match serde_json::from_str::<Kept>(&text) {
                Ok(kept) => {
                    tracing::info!("a room of a server that is gone goes on here");
                    board.with(|state, now| state.lobby.adopt(now, room, kept));
                    Found::At(session.me())
                }
                Err(_) => Found::Nowhere,
            });
        }
        sleep(LOOK_AGAIN).await;
    }
    Ok(Found::NoAnswer)
}

const _: () = assert!(GONE_AFTER.as_millis() < LOOK_AGAIN.as_millis() * LOOKS as u128);
