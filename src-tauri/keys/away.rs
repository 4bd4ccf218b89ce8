//! Whatever is held says nothing any more once the screen is locked, the device goes to sleep, or another person has the
//! seat: nobody would see it come up.

use std::collections::HashMap;

use zbus::blocking::{Connection, MessageIterator};
use zbus::message::Type;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};
use zbus::{MatchRule, Message};

const LOGIN: &str = "org.freedesktop.login1";

/// Why nobody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Away {
    /// The screen saver is on, or the screen is locked by it.
    Screen,
    /// The session is locked.
    Locked,
    /// Somebody asks to lock it: no more than a moment, for nobody tells that it is over.
    Asked,
    /// Another person has the seat.
    Inactive,
    /// The device goes to sleep.
    Asleep,
}

/// Tells it each time that something of it begins (true) or ends, as long as the program runs. Where nothing is known of it,
/// that is written to the log.
pub fn watch_away(tell: impl Fn(Away, bool) + Clone + Send + 'static) {
    begin("lock-screen", screen, tell.clone());
    begin("lock-seat", seat, tell);
}

fn begin<T: Fn(Away, bool) + Send + 'static>(name: &'static str, watch: fn(&T) -> zbus::Result<()>, tell: T) {
    let watched = std::thread::Builder::new().name(name.into()).spawn(move || {
        if let Err(error) = watch(&tell) {
            tracing::info!(%error, "nothing tells of it: {name}");
        }
    });
    drop(watched);
}

/// What locks the screen tells it on the bus of the session.
fn screen(tell: &impl Fn(Away, bool)) -> zbus::Result<()> {
    let bus = Connection::session()?;
    let rule = MatchRule::builder().msg_type(Type::Signal).member("ActiveChanged")?.build();
    listen(&bus, rule, None, tell)
}

/// Who manages seats tells of sleep, of locking, and of who is in front of it.
fn seat(tell: &impl Fn(Away, bool)) -> zbus::Result<()> {
    let bus = Connection::system()?;
    let rule = MatchRule::builder().msg_type(Type::Signal).sender(LOGIN)?.build();
    let manager = "/org/freedesktop/login1";
    let asked =
        bus.call_method(Some(LOGIN), manager, Some("org.freedesktop.login1.Manager"), "GetSession", &"auto");
    let session = asked.and_then(|answer| answer.body().deserialize::<OwnedObjectPath>());
    if let Err(error) = &session {
        tracing::debug!(%error, "our session is not known");
    }
    listen(&bus, rule, session.ok(), tell)
}

fn listen(
    bus: &Connection,
    rule: MatchRule<'_>,
    session: Option<OwnedObjectPath>,
    tell: &impl Fn(Away, bool),
) -> zbus::Result<()> {
    for message in MessageIterator::for_match_rule(rule, bus, None)? {
        for (why, begins) in news(&message?, session.as_ref()) {
            tell(why, begins);
        }
    }
    Ok(())
}

/// What a message tells of it.
fn news(message: &Message, session: Option<&OwnedObjectPath>) -> Vec<(Away, bool)> {
    let (header, body) = (message.header(), message.body());
    let ours = || session.is_some_and(|session| header.path() == Some(&**session));
    let flag = |why| body.deserialize::<bool>().map(|begins| (why, begins)).into_iter().collect();
    match (header.interface().map(|name| name.as_str()), header.member().map(|name| name.as_str())) {
        (Some(interface), Some("ActiveChanged")) if interface.ends_with(".ScreenSaver") => flag(Away::Screen),
        (Some("org.freedesktop.login1.Manager"), Some("PrepareForSleep")) => flag(Away::Asleep),
        (Some("org.freedesktop.login1.Session"), Some("Lock")) if ours() => vec![(Away::Asked, true)],
        (Some("org.freedesktop.DBus.Properties"), Some("PropertiesChanged")) if ours() => {
            type Changed = (String, HashMap<String, OwnedValue>, Vec<String>);
            let Ok((_, changed, _)) = body.deserialize::<Changed>() else { return Vec::new() };
            let now = |name| changed.get(name).and_then(|now| bool::try_from(now).ok());
            let locked = now("LockedHint").map(|locked| (Away::Locked, locked));
            let active = now("Active").map(|active| (Away::Inactive, !active));
            locked.into_iter().chain(active).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use zbus::zvariant::{DynamicType, Value};

    use super::*;

    const SESSION: &str = "/org/freedesktop/login1/session/_32";
    const OTHER: &str = "/org/freedesktop/login1/session/_33";

    fn told(
        path: &str,
        interface: &str,
        member: &str,
        body: &(impl Serialize + DynamicType),
    ) -> Vec<(Away, bool)> {
        let message = Message::signal(path, interface, member).unwrap().build(body).unwrap();
        news(&message, Some(&SESSION.try_into().unwrap()))
    }

    fn changed(path: &str, name: &str, value: impl Into<Value<'static>>) -> Vec<(Away, bool)> {
        let changed = HashMap::from([(name, value.into())]);
        let body = ("org.freedesktop.login1.Session", changed, Vec::<String>::new());
        told(path, "org.freedesktop.DBus.Properties", "PropertiesChanged", &body)
    }

    #[test]
    fn a_locked_screen_sleep_and_another_person_are_told_and_nothing_else_is() {
        for on in [true, false] {
            for saver in ["org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"] {
                assert_eq!(told("/", saver, "ActiveChanged", &on), [(Away::Screen, on)]);
            }
            assert_eq!(told("/", "org.example.Window", "ActiveChanged", &on), []);
            let manager = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager");
            assert_eq!(told(manager.0, manager.1, "PrepareForSleep", &on), [(Away::Asleep, on)]);
            assert_eq!(changed(SESSION, "LockedHint", on), [(Away::Locked, on)]);
            assert_eq!(changed(SESSION, "Active", on), [(Away::Inactive, !on)]);
            assert_eq!(changed(OTHER, "LockedHint", on), [], "somebody else's");
            assert_eq!(changed(SESSION, "IdleHint", on), []);
        }
        let session = "org.freedesktop.login1.Session";
        assert_eq!(told(SESSION, session, "Lock", &()), [(Away::Asked, true)]);
        assert_eq!(told(OTHER, session, "Lock", &()), []);
        // What cannot be read says nothing.
        assert_eq!(told("/", "org.gnome.ScreenSaver", "ActiveChanged", &"true"), []);
        assert_eq!(changed(SESSION, "LockedHint", "true"), []);
        assert_eq!(told(SESSION, "org.freedesktop.DBus.Properties", "PropertiesChanged", &7_u32), []);
    }
}
