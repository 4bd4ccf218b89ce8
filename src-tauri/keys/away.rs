//! Whatever is held says nothing any more once the screen is locked, the device goes to sleep, or another person has the
//! seat: nobody would see it come up.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;

use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Connection, MessageIterator};
use zbus::message::{Flags, Type};
use zbus::zvariant::{OwnedObjectPath, OwnedValue};
use zbus::{MatchRule, Message};

const LOGIN: &str = "org.freedesktop.login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const DBUS: &str = "org.freedesktop.DBus";
/// Those who are asked how it is, with their objects.
const SAVERS: [(&str, &str); 5] = [
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
    ("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver"),
    ("org.mate.ScreenSaver", "/org/mate/ScreenSaver"),
    ("org.xfce.ScreenSaver", "/org/xfce/ScreenSaver"),
];
/// What only who manages seats tells.
const OF_SEAT: [Away; 3] = [Away::Locked, Away::Inactive, Away::Asleep];

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
    begin("lock-screen", &[Away::Screen], screen, tell.clone());
    begin("lock-seat", &OF_SEAT, seat, tell);
}

/// What it told is over when nothing tells of it any more.
fn begin<T: Fn(Away, bool) + Send + 'static>(
    name: &'static str,
    over: &'static [Away],
    watch: fn(&T) -> zbus::Result<()>,
    tell: T,
) {
    let watched = std::thread::Builder::new().name(name.into()).spawn(move || {
        if let Err(error) = watch(&tell) {
            tracing::info!(%error, "nothing tells of it: {name}");
        }
        for why in over {
            tell(*why, false);
        }
    });
    drop(watched);
}

/// What locks the screen tells it on the bus of the session.
fn screen(tell: &impl Fn(Away, bool)) -> zbus::Result<()> {
    let bus = Connection::session()?;
    let signal = || MatchRule::builder().msg_type(Type::Signal);
    let rules = [
        signal().member("ActiveChanged")?.build(),
        signal().sender(DBUS)?.member("NameOwnerChanged")?.arg(2, "")?.build(),
    ];
    // It is not started for that: what does not run has locked nothing.
    let question = |(name, path)| {
        let call = Message::method_call(path, "GetActive")?.destination(name)?.interface(name)?;
        call.with_flags(Flags::NoAutoStart)?.build(&())
    };
    listen(&bus, rules, || SAVERS.into_iter().map(question).collect(), News::default(), tell)
}

/// Who manages seats tells of sleep, of locking, and of who is in front of it.
fn seat(tell: &impl Fn(Away, bool)) -> zbus::Result<()> {
    let bus = Connection::system()?;
    let signal = || MatchRule::builder().msg_type(Type::Signal);
    let rules = [
        signal().sender(LOGIN)?.build(),
        signal().sender(DBUS)?.member("NameOwnerChanged")?.arg(0, LOGIN)?.build(),
    ];
    let manager = "/org/freedesktop/login1";
    let found = bus.call_method(Some(LOGIN), manager, Some(MANAGER), "GetSession", &"auto");
    let session = found.and_then(|answer| answer.body().deserialize::<OwnedObjectPath>());
    if let Err(error) = &session {
        tracing::debug!(%error, "our session is not known");
    }
    let session = session.ok();
    let question = |session| {
        let call = Message::method_call(session, "GetAll")?.destination(LOGIN)?.interface(PROPERTIES)?;
        call.build(&SESSION)
    };
    let login = DBusProxy::new(&bus)?.get_name_owner(LOGIN.try_into()?);
    let login = login.map_or_else(|_| String::new(), |name| name.to_string());
    let news = News { session: session.clone(), login: Some(login), ..News::default() };
    listen(&bus, rules, || session.iter().map(question).collect(), news, tell)
}

fn listen<const N: usize>(
    bus: &Connection,
    rules: [MatchRule<'_>; N],
    ask: impl Fn() -> zbus::Result<Vec<Message>>,
    mut news: News,
    tell: &impl Fn(Away, bool),
) -> zbus::Result<()> {
    // What is told while we ask waits in it.
    let messages = MessageIterator::from(bus);
    let daemon = DBusProxy::new(bus)?;
    for rule in rules {
        daemon.add_match_rule(rule)?;
    }
    let put = |news: &mut News| -> zbus::Result<()> {
        for question in ask()? {
            news.asked.insert(question.primary_header().serial_num());
            bus.send(&question)?;
        }
        Ok(())
    };
    put(&mut news)?;
    for message in messages {
        for (why, begins) in news.of(&message?) {
            tell(why, begins);
        }
        if std::mem::take(&mut news.unsure) {
            put(&mut news)?;
        }
    }
    Ok(())
}

/// What messages tell of it.
#[derive(Default)]
struct News {
    session: Option<OwnedObjectPath>,
    /// Those who have said that the screen is theirs, by their names on the bus.
    savers: BTreeSet<String>,
    /// Who manages seats, by the name on the bus, where it is that bus: anybody there can send us what looks like it.
    login: Option<String>,
    /// Our session was that of who is there.
    was_active: bool,
    /// It has to be asked anew.
    unsure: bool,
    /// Our questions that were not answered yet.
    asked: BTreeSet<NonZeroU32>,
}

impl News {
    fn of(&mut self, message: &Message) -> Vec<(Away, bool)> {
        let (header, body) = (message.header(), message.body());
        let sender = header.sender().map(|name| name.as_str()).unwrap_or_default();
        let login = !sender.is_empty() && self.login.as_deref() == Some(sender);
        let ours = login && self.session.as_ref().is_some_and(|session| header.path() == Some(&**session));
        match (header.interface().map(|name| name.as_str()), header.member().map(|name| name.as_str())) {
            (Some(interface), Some("ActiveChanged"))
                if self.login.is_none() && interface.ends_with(".ScreenSaver") =>
            {
                body.deserialize().map_or_else(|_| Vec::new(), |on| self.saver(sender, on))
            }
            // One that has gone leaves no screen behind.
            (Some(DBUS), Some("NameOwnerChanged")) if sender == DBUS => {
                match body.deserialize::<(String, String, String)>() {
                    Ok((name, _, now)) if now.is_empty() && self.savers.contains(&name) => {
                        self.saver(&name, false)
                    }
                    Ok((name, _, now)) if self.login.is_some() && name == LOGIN => {
                        self.unsure = !now.is_empty();
                        self.login = Some(now);
                        OF_SEAT.map(|why| (why, false)).to_vec()
                    }
                    _ => Vec::new(),
                }
            }
            (Some(MANAGER), Some("PrepareForSleep")) if login => {
                body.deserialize().map(|begins| (Away::Asleep, begins)).into_iter().collect()
            }
            (Some(SESSION), Some("Lock")) if ours => vec![(Away::Asked, true)],
            (Some(PROPERTIES), Some("PropertiesChanged")) if ours => body
                .deserialize::<(String, Properties, Vec<String>)>()
                .map_or_else(|_| Vec::new(), |it| self.state(&it.1)),
            // What we have asked at the beginning.
            (None, None) if header.reply_serial().is_some_and(|serial| self.asked.remove(&serial)) => {
                match (body.deserialize::<bool>(), body.deserialize::<Properties>()) {
                    (Ok(on), _) => self.saver(sender, on),
                    (_, Ok(now)) => {
                        let told = self.state(&now);
                        // Where we never ran in the session of who is there, it says nothing.
                        if self.was_active { told } else { Vec::new() }
                    }
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    fn saver(&mut self, name: &str, on: bool) -> Vec<(Away, bool)> {
        match on {
            true => self.savers.insert(name.to_owned()),
            false => self.savers.remove(name),
        };
        // Where there are two, the screen is free when the last one says so.
        if on || self.savers.is_empty() { vec![(Away::Screen, on)] } else { Vec::new() }
    }

    /// What the properties of our session tell.
    fn state(&mut self, changed: &Properties) -> Vec<(Away, bool)> {
        let now = |name| changed.get(name).and_then(|now| bool::try_from(now).ok());
        let locked = now("LockedHint").map(|locked| (Away::Locked, locked));
        let active = now("Active");
        self.was_active |= active == Some(true);
        locked.into_iter().chain(active.map(|active| (Away::Inactive, !active))).collect()
    }
}

type Properties = HashMap<String, OwnedValue>;

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use zbus::zvariant::{DynamicType, Value};

    use super::*;

    const OURS: &str = "/org/freedesktop/login1/session/_32";
    const OTHER: &str = "/org/freedesktop/login1/session/_33";

    fn nothing_known() -> News {
        News { session: Some(OURS.try_into().unwrap()), login: Some(":1.2".to_owned()), ..News::default() }
    }

    fn told(
        path: &str,
        interface: &str,
        member: &str,
        body: &(impl Serialize + DynamicType),
    ) -> Vec<(Away, bool)> {
        told_by(":1.2", path, interface, member, body)
    }

    fn told_by(
        sender: &str,
        path: &str,
        interface: &str,
        member: &str,
        body: &(impl Serialize + DynamicType),
    ) -> Vec<(Away, bool)> {
        let signal = Message::signal(path, interface, member).unwrap().sender(sender).unwrap();
        let message = signal.build(body).unwrap();
        nothing_known().of(&message)
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
                let signal = Message::signal("/", saver, "ActiveChanged").unwrap().build(&on).unwrap();
                assert_eq!(News::default().of(&signal), [(Away::Screen, on)]);
                assert_eq!(told("/", saver, "ActiveChanged", &on), [], "not on the bus that is everybody's");
            }
            assert_eq!(told("/", "org.example.Window", "ActiveChanged", &on), []);
            let manager = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager");
            assert_eq!(told(manager.0, manager.1, "PrepareForSleep", &on), [(Away::Asleep, on)]);
            assert_eq!(changed(OURS, "LockedHint", on), [(Away::Locked, on)]);
            assert_eq!(changed(OURS, "Active", on), [(Away::Inactive, !on)]);
            assert_eq!(changed(OTHER, "LockedHint", on), [], "somebody else's");
            assert_eq!(changed(OURS, "IdleHint", on), []);
        }
        assert_eq!(told(OURS, SESSION, "Lock", &()), [(Away::Asked, true)]);
        assert_eq!(told(OTHER, SESSION, "Lock", &()), []);
        // Anybody can send it to us.
        assert_eq!(told_by(":1.9", OURS, SESSION, "Lock", &()), []);
        assert_eq!(told_by(":1.9", "/org/freedesktop/login1", MANAGER, "PrepareForSleep", &true), []);
        let lock = Message::signal(OURS, SESSION, "Lock").unwrap().build(&()).unwrap();
        assert_eq!(News { login: Some(String::new()), ..nothing_known() }.of(&lock), []);
        // What cannot be read says nothing.
        assert_eq!(told("/", "org.gnome.ScreenSaver", "ActiveChanged", &"true"), []);
        assert_eq!(changed(OURS, "LockedHint", "true"), []);
        assert_eq!(told(OURS, "org.freedesktop.DBus.Properties", "PropertiesChanged", &7_u32), []);
    }

    #[test]
    fn of_two_savers_the_last_one_frees_the_screen_and_one_that_dies_frees_it_too() {
        let mut news = News::default();
        let mut says = |sender: &str, on: bool| {
            let signal = Message::signal("/", "org.gnome.ScreenSaver", "ActiveChanged").unwrap();
            news.of(&signal.sender(sender).unwrap().build(&on).unwrap())
        };
        assert_eq!(says(":1.4", true), [(Away::Screen, true)]);
        assert_eq!(says(":1.5", true), [(Away::Screen, true)]);
        assert_eq!(says(":1.4", false), []);
        let mut goes = |sender: &str, name: &str, now: &str| {
            let signal = Message::signal("/org/freedesktop/DBus", DBUS, "NameOwnerChanged").unwrap();
            news.of(&signal.sender(sender).unwrap().build(&(name, ":1.5", now)).unwrap())
        };
        assert_eq!(goes(DBUS, ":1.6", ""), [], "somebody else");
        assert_eq!(goes(":1.7", ":1.5", ""), [], "only the bus knows");
        assert_eq!(goes(DBUS, ":1.5", ":1.5"), [], "it came");
        assert_eq!(goes(DBUS, ":1.5", ""), [(Away::Screen, false)]);
        assert_eq!(goes(DBUS, ":1.5", ""), []);
    }

    #[test]
    fn what_was_so_before_we_came_is_known_by_asking() {
        let mut news = nothing_known();
        let ask =
            || Message::method_call("/", "GetActive").unwrap().sender(":1.1").unwrap().build(&()).unwrap();
        let (asked, other) = (ask(), ask());
        let mut answers = |question: &Message, body: bool| {
            news.asked.insert(asked.primary_header().serial_num());
            let answer = Message::method_return(&question.header()).unwrap().sender(":1.4").unwrap();
            news.of(&answer.build(&body).unwrap())
        };
        assert_eq!(answers(&asked, true), [(Away::Screen, true)]);
        assert_eq!(answers(&asked, false), [(Away::Screen, false)]);
        assert_eq!(answers(&other, true), [], "we have not asked that");
        let mut session = |locked: bool, active: bool| {
            let now = HashMap::from([("LockedHint", Value::from(locked)), ("Active", Value::from(active))]);
            news.asked.insert(asked.primary_header().serial_num());
            news.of(&Message::method_return(&asked.header()).unwrap().build(&now).unwrap())
        };
        assert_eq!(session(true, false), [], "not the session of who is there");
        assert_eq!(session(true, true), [(Away::Locked, true), (Away::Inactive, false)]);
        assert_eq!(session(false, false), [(Away::Locked, false), (Away::Inactive, true)], "it was");
        for nothing in [
            Message::error(&asked.header(), "org.freedesktop.DBus.Error.ServiceUnknown")
                .unwrap()
                .build(&"nobody"),
            Message::method_return(&asked.header()).unwrap().build(&()),
        ] {
            news.asked.insert(asked.primary_header().serial_num());
            assert_eq!(news.of(&nothing.unwrap()), []);
        }
    }

    #[test]
    fn who_manages_seats_takes_along_what_it_told() {
        let mut news = nothing_known();
        let signal = Message::signal("/org/freedesktop/DBus", DBUS, "NameOwnerChanged").unwrap();
        let gone = signal.sender(DBUS).unwrap().build(&(LOGIN, ":1.2", ":1.8")).unwrap();
        assert_eq!(news.of(&gone), [(Away::Locked, false), (Away::Inactive, false), (Away::Asleep, false)]);
        assert_eq!((news.login.as_deref(), news.unsure), (Some(":1.8"), true));
        let mut savers = News::default();
        assert_eq!(
            (savers.of(&gone), savers.login),
            (vec![], None),
            "a name that anybody may take on one's own bus"
        );
    }
}
