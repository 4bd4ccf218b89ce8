//! What is said with the desktop's portal for shortcuts, message by message; no clock, no IO.
//!
//! `org.freedesktop.host.portal.Registry` and `org.freedesktop.portal.GlobalShortcuts`, as the documentation of the XDG
//! desktop portal has them. Only what the owner of the portal's name says counts; what nobody can read is passed over.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use zbus::Message;
use zbus::message::{Header, Type};
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use crate::calls::{APP_ID, BUS, OBJECT, PORTAL, REGISTRY, REQUEST, SESSION, SHORTCUTS, UNKNOWN, call, wish};
use crate::{Binding, Reach, Told};

/// A portal that came back is asked after so long, twice as long each time that it goes again.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// One that was there for so long counts as steady.
const STEADY: Duration = Duration::from_secs(60);
/// Nobody shows a longer one.
const LONGEST_TRIGGER: usize = 64;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Output {
    Send(Message),
    Tell(Told),
}

/// Shortcuts as the portal lists them: the id, and what it says of it.
type Listed = Vec<(String, HashMap<String, OwnedValue>)>;

#[derive(Debug)]
enum Stage {
    /// The portal is not there.
    Away,
    /// We say who we are.
    Registering(NonZeroU32),
    /// The bus is asked who the portal is.
    Finding(NonZeroU32),
    Creating(Request),
    Binding(Request),
    Ready,
    /// The desktop has said no, and is not asked again.
    Denied,
}

/// A call whose answer comes by a signal, because a person may be asked.
#[derive(Debug)]
struct Request {
    serial: NonZeroU32,
    path: String,
}

/// One talk with the portal.
pub(crate) struct Shortcuts {
    bound: Vec<Binding>,
    /// Our name on the bus, as it stands in paths of requests.
    name: String,
    owner: Option<String>,
    stage: Stage,
    session: Option<OwnedObjectPath>,
    down: Vec<bool>,
    triggers: Vec<Option<String>>,
    asked: u32,
    delay: Duration,
    ready_since: Option<Duration>,
    ask_at: Option<Duration>,
}

impl Shortcuts {
    /// `name` is our unique name on the bus.
    pub(crate) fn new(name: &str, bound: Vec<Binding>) -> Self {
        Self {
            down: vec![false; bound.len()],
            triggers: vec![None; bound.len()],
            bound,
            name: name.trim_start_matches(':').replace('.', "_"),
            owner: None,
            stage: Stage::Away,
            session: None,
            asked: 0,
            delay: FIRST_DELAY,
            ready_since: None,
            ask_at: None,
        }
    }

    /// What to be told by the bus, and the first question.
    pub(crate) fn begin(&mut self) -> Vec<Output> {
        let mut out = Vec::new();
        for rule in [
            format!("type='signal',sender='{PORTAL}',interface='{REQUEST}'"),
            format!("type='signal',sender='{PORTAL}',interface='{SESSION}'"),
            format!("type='signal',sender='{PORTAL}',interface='{SHORTCUTS}'"),
            format!("type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{PORTAL}'"),
        ] {
            call(BUS, "/org/freedesktop/DBus", BUS, "AddMatch", &rule, &mut out);
        }
        self.ask(&mut out);
        out
    }

    /// The last word: the session ends.
    pub(crate) fn end(&self) -> Option<Message> {
        let mut out = Vec::new();
        call(PORTAL, self.session.as_ref()?.as_str(), SESSION, "Close", &(), &mut out);
        out.into_iter().find_map(|output| match output {
            Output::Send(message) => Some(message),
            Output::Tell(_) => None,
        })
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.ask_at
    }

    pub(crate) fn handle_timeout(&mut self, now: Duration) -> Vec<Output> {
        let mut out = Vec::new();
        if self.ask_at.take_if(|at| *at <= now).is_some() {
            self.ask(&mut out);
        }
        out
    }

    /// Takes a message of the bus.
    pub(crate) fn handle(&mut self, now: Duration, message: &Message) -> Vec<Output> {
        let mut out = Vec::new();
        let header = message.header();
        match header.message_type() {
            Type::MethodReturn => self.answered(&header, Ok(message), &mut out),
            Type::Error => {
                let name = header.error_name().map(|name| name.as_str()).unwrap_or_default();
                self.answered(&header, Err(name), &mut out);
            }
            Type::Signal => self.signal(now, &header, message, &mut out),
            Type::MethodCall => {}
        }
        out
    }

    fn ask(&mut self, out: &mut Vec<Output>) {
        out.push(Output::Tell(Told::Reach(Reach::Asking)));
        let app = (APP_ID, HashMap::<&str, Value<'_>>::new());
        if let Some(serial) = call(PORTAL, OBJECT, REGISTRY, "Register", &app, out) {
            self.stage = Stage::Registering(serial);
        }
    }

    fn answered(&mut self, header: &Header<'_>, answer: Result<&Message, &str>, out: &mut Vec<Output>) {
        let Some(serial) = header.reply_serial() else { return };
        match &mut self.stage {
            Stage::Registering(asked) if *asked == serial => {
                if let Err(error) = answer {
                    tracing::info!(error, "the desktop does not take the name of the program");
                }
                if let Some(serial) = call(BUS, "/org/freedesktop/DBus", BUS, "GetNameOwner", &PORTAL, out) {
                    self.stage = Stage::Finding(serial);
                }
            }
            Stage::Finding(asked) if *asked == serial => {
                self.owner = answer.ok().and_then(|message| message.body().deserialize::<String>().ok());
                match self.owner {
                    Some(_) => self.create(out),
                    None => self.stop(Stage::Away, Reach::NoPortal, out),
                }
            }
            Stage::Creating(request) | Stage::Binding(request) if request.serial == serial => match answer {
                Ok(message) => {
                    // Portals before 0.9 choose a path of their own.
                    if let Ok(path) = message.body().deserialize::<ObjectPath<'_>>() {
                        path.as_str().clone_into(&mut request.path);
                    }
                }
                Err(error) => {
                    tracing::info!(error, "the desktop does not take shortcuts");
                    if UNKNOWN.contains(&error) {
                        self.stop(Stage::Away, Reach::NoPortal, out);
                    } else {
                        self.stop(Stage::Denied, Reach::Denied, out);
                    }
                }
            },
            _ => {}
        }
    }

    fn signal(&mut self, now: Duration, header: &Header<'_>, message: &Message, out: &mut Vec<Output>) {
        let (Some(sender), Some(member)) = (header.sender(), header.member()) else { return };
        if sender.as_str() == BUS && member.as_str() == "NameOwnerChanged" {
            if let Ok((name, _, owner)) = message.body().deserialize::<(String, String, String)>()
                && name == PORTAL
            {
                self.owner_changed(now, owner, out);
            }
            return;
        }
        if self.owner.as_deref() != Some(sender.as_str()) {
            return;
        }
        let path = header.path().map(|path| path.as_str()).unwrap_or_default();
        let interface = header.interface().map(|interface| interface.as_str()).unwrap_or_default();
        match (interface, member.as_str()) {
            (REQUEST, "Response") => self.response(now, path, message, out),
            (SESSION, "Closed") if self.session.as_ref().is_some_and(|session| session.as_str() == path) => {
                self.stop(Stage::Denied, Reach::Denied, out);
            }
            (SHORTCUTS, "Activated") => self.key(message, true, out),
            (SHORTCUTS, "Deactivated") => self.key(message, false, out),
            (SHORTCUTS, "ShortcutsChanged") => {
                if let Ok((session, listed)) = message.body().deserialize::<(OwnedObjectPath, Listed)>()
                    && self.is_session(&session)
                {
                    self.listed(listed, out);
                }
            }
            _ => {}
        }
    }

    fn owner_changed(&mut self, now: Duration, owner: String, out: &mut Vec<Output>) {
        let is_new = !owner.is_empty() && self.owner.as_ref() != Some(&owner);
        match self.stage {
            Stage::Denied => return,
            // Our own question has woken it, or it came too late: what we asked is being answered.
            Stage::Registering(_) | Stage::Finding(_) if is_new => return,
            Stage::Away => {}
            _ if !owner.is_empty() && !is_new => return,
            _ => {
                if self.ready_since.take().is_some_and(|since| now.saturating_sub(since) >= STEADY) {
                    self.delay = FIRST_DELAY;
                }
                self.stop(Stage::Away, Reach::Gone, out);
            }
        }
        self.ask_at = None;
        if is_new {
            self.ask_at = Some(now + self.delay);
            self.delay = (self.delay * 2).min(LONGEST_DELAY);
        }
    }

    fn stop(&mut self, stage: Stage, reach: Reach, out: &mut Vec<Output>) {
        self.stage = stage;
        self.owner = None;
        self.session = None;
        self.down.fill(false);
        self.triggers.fill(None);
        out.push(Output::Tell(Told::Reach(reach)));
    }

    fn create(&mut self, out: &mut Vec<Output>) {
        let (token, path) = self.token();
        let options = HashMap::from([
            ("handle_token", Value::from(token)),
            ("session_handle_token", Value::from("pushtalk")),
        ]);
        if let Some(serial) = call(PORTAL, OBJECT, SHORTCUTS, "CreateSession", &options, out) {
            self.stage = Stage::Creating(Request { serial, path });
        }
    }

    fn bind(&mut self, session: OwnedObjectPath, out: &mut Vec<Output>) {
        let (token, path) = self.token();
        let wishes: Vec<_> = self.bound.iter().map(|bound| (bound.chord.to_string(), wish(bound))).collect();
        let options = HashMap::from([("handle_token", Value::from(token))]);
        let body = (&session, wishes, "", options);
        if let Some(serial) = call(PORTAL, OBJECT, SHORTCUTS, "BindShortcuts", &body, out) {
            self.stage = Stage::Binding(Request { serial, path });
        }
        self.session = Some(session);
    }

    /// The token of a request, and where its answer comes from.
    fn token(&mut self) -> (String, String) {
        self.asked = self.asked.wrapping_add(1);
        let token = format!("pushtalk{}", self.asked);
        let path = format!("{OBJECT}/request/{}/{token}", self.name);
        (token, path)
    }

    fn response(&mut self, now: Duration, path: &str, message: &Message, out: &mut Vec<Output>) {
        let (Stage::Creating(request) | Stage::Binding(request)) = &self.stage else { return };
        if request.path != path {
            return;
        }
        let body = message.body();
        let Ok((0, mut results)) = body.deserialize::<(u32, HashMap<String, OwnedValue>)>() else {
            return self.stop(Stage::Denied, Reach::Denied, out);
        };
        if let Stage::Creating(_) = self.stage {
            // It is a text by the documentation, and a path where that was thought over.
            let session = match results.get("session_handle").map(|value| &**value) {
                Some(Value::Str(path)) => ObjectPath::try_from(path.as_str()).ok().map(Into::into),
                Some(Value::ObjectPath(path)) => Some(path.to_owned().into()),
                _ => None,
            };
            return match session {
                Some(session) => self.bind(session, out),
                None => self.stop(Stage::Denied, Reach::Denied, out),
            };
        }
        self.stage = Stage::Ready;
        self.ready_since = Some(now);
        let listed =
            results.remove("shortcuts").and_then(|listed| Listed::try_from(Value::from(listed)).ok());
        self.listed(listed.unwrap_or_default(), out);
    }

    /// Those that are not in the list are as before.
    fn listed(&mut self, listed: Listed, out: &mut Vec<Output>) {
        for (id, about) in listed {
            if let Some(place) = self.place(&id) {
                self.triggers[place] = match about.get("trigger_description").map(|value| &**value) {
                    Some(Value::Str(text)) => shown(text),
                    _ => None,
                };
            }
        }
        if let Stage::Ready = self.stage {
            out.push(Output::Tell(Told::Reach(Reach::ByDesktop(self.triggers.clone()))));
        }
    }

    fn key(&mut self, message: &Message, down: bool, out: &mut Vec<Output>) {
        type Event = (OwnedObjectPath, String, u64, HashMap<String, OwnedValue>);
        let Ok((session, id, _, _)) = message.body().deserialize::<Event>() else { return };
        let Some(place) = self.place(&id).filter(|_| self.is_session(&session)) else { return };
        // That it came up may have been lost while the screen was locked: who is told knows what that means.
        if std::mem::replace(&mut self.down[place], down) || down {
            out.push(Output::Tell(Told::Changed((place, down))));
        }
    }

    fn is_session(&self, session: &OwnedObjectPath) -> bool {
        matches!(self.stage, Stage::Ready) && self.session.as_ref() == Some(session)
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.bound.iter().position(|bound| bound.chord.to_string() == id)
    }
}

/// A trigger as it can be shown; none for no text.
fn shown(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|one| !one.is_control()).take(LONGEST_TRIGGER).collect();
    Some(text).filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
#[path = "shortcuts_tests.rs"]
mod tests;
