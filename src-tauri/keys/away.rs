//! Whatever is held says nothing any more once the screen is locked, the device goes to sleep, or another person has the
//! seat: nobody would see it come up.

use std::collections::HashMap;

use zbus::blocking::{Connection, MessageIterator};
use zbus::message::Type;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};
use zbus::{MatchRule, Message};

const LOGIN: &str = "org.freedesktop.login1";

/// Tells it each time, as long as the program runs. Where nothing is known of it, that is written to the log.
pub fn watch_away(tell: impl Fn() + Clone + Send + 'static) {
    begin("lock-screen", screen, tell.clone());
    begin("lock-seat", seat, tell);
}

fn begin<T: Fn() + Send + 'static>(name: &'static str, watch: fn(&T) -> zbus::Result<()>, tell: T) {
    let watched = std::thread::Builder::new().name(name.into()).spawn(move || {
        if let Err(error) = watch(&tell) {
            tracing::info!(%error, "nothing tells of it: {name}");
        }
    });
    drop(watched);
}

/// What locks the screen tells it on the bus of the session.
fn screen(tell: &impl Fn()) -> zbus::Result<()> {
    let bus = Connection::session()?;
    let rule = MatchRule::builder().msg_type(Type::Signal).member("ActiveChanged")?.build();
    listen(&bus, rule, None, tell)
}

/// Who manages seats tells of sleep, of locking, and of who is in front of it.
fn seat(tell: &impl Fn()) -> zbus::Result<()> {
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
    tell: &impl Fn(),
) -> zbus::Result<()> {
    for message in MessageIterator::for_match_rule(rule, bus, None)? {
        if is_away(&message?, session.as_ref()) {
            tell();
        }
    }
    Ok(())
}

/// True for a message by which nobody is there any more.
fn is_away(message: &Message, session: Option<&OwnedObjectPath>) -> bool {
    let (header, body) = (message.header(), message.body());
    let ours = || session.is_some_and(|session| header.path() == Some(&**session));
    let is_set = || body.deserialize::<bool>() == Ok(true);
    match (header.interface().map(|name| name.as_str()), header.member().map(|name| name.as_str())) {
        (Some(interface), Some("ActiveChanged")) => interface.ends_with(".ScreenSaver") && is_set(),
        (Some("org.freedesktop.login1.Manager"), Some("PrepareForSleep")) => is_set(),
        (Some("org.freedesktop.login1.Session"), Some("Lock")) => ours(),
        (Some("org.freedesktop.DBus.Properties"), Some("PropertiesChanged")) if ours() => {
            let Ok((_, changed, _)) =
                body.deserialize::<(String, HashMap<String, OwnedValue>, Vec<String>)>()
            else {
                return false;
            };
            let is = |name, value| changed.get(name).is_some_and(|now| bool::try_from(now) == Ok(value));
            is("LockedHint", true) || is("Active", false)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use zbus::zvariant::{DynamicType, Value};

    use super::*;

    const SESSION: &str = "/org/freedesktop/login1/session/_32";
    const OTHER: &str = "/org/freedesktop/login1/session/_33";

    fn told(path: &str, interface: &str, member: &str, body: &(impl Serialize + DynamicType)) -> bool {
        let message = Message::signal(path, interface, member).unwrap().build(body).unwrap();
        is_away(&message, Some(&SESSION.try_into().unwrap()))
    }

    fn changed(path: &str, name: &str, value: impl Into<Value<'static>>) -> bool {
        let changed = HashMap::from([(name, value.into())]);
        let body = ("org.freedesktop.login1.Session", changed, Vec::<String>::new());
        told(path, "org.freedesktop.DBus.Properties", "PropertiesChanged", &body)
    }

    #[test]
    fn a_locked_screen_sleep_and_another_person_are_told_and_nothing_else_is() {
        for saver in ["org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"] {
            assert!(told("/", saver, "ActiveChanged", &true));
            assert!(!told("/", saver, "ActiveChanged", &false), "unlocked");
            assert!(!told("/", saver, "ActiveChanged", &"true"), "no such thing");
        }
        assert!(!told("/", "org.example.Window", "ActiveChanged", &true));
        let manager = "org.freedesktop.login1.Manager";
        assert!(told("/org/freedesktop/login1", manager, "PrepareForSleep", &true));
        assert!(!told("/org/freedesktop/login1", manager, "PrepareForSleep", &false), "awake again");
        let session = "org.freedesktop.login1.Session";
        assert!(told(SESSION, session, "Lock", &()));
        assert!(!told(OTHER, session, "Lock", &()), "somebody else's");
        assert!(changed(SESSION, "LockedHint", true) && changed(SESSION, "Active", false));
        assert!(!changed(SESSION, "LockedHint", false) && !changed(SESSION, "Active", true));
        assert!(!changed(OTHER, "LockedHint", true) && !changed(SESSION, "IdleHint", true));
        assert!(!changed(SESSION, "LockedHint", "true"));
        assert!(!told(SESSION, "org.freedesktop.DBus.Properties", "PropertiesChanged", &7_u32));
    }
}
