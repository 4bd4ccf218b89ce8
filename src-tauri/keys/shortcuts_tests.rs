//! What is made of what a portal says, and of what it should not say.

use super::*;
use zbus::export::serde::Serialize;
use zbus::message::Builder;
use zbus::zvariant::DynamicType;

const US: &str = ":1.7";
const OWNER: &str = ":1.3";
const SESSION_PATH: &str = "/org/freedesktop/portal/desktop/session/1_7/pushtalk";
const NOW: Duration = Duration::from_secs(1_000);

type Dict = HashMap<&'static str, Value<'static>>;

/// A talk with a portal, and all that was said to it.
struct Talk {
    shortcuts: Shortcuts,
    sent: Vec<Message>,
    told: Vec<Told>,
    now: Duration,
}

impl Talk {
    fn new() -> Self {
        let bound = ["F8", "Mouse4"]
            .map(|chord| Binding { chord: chord.parse().unwrap(), description: "Talk while held".into() });
        let mut shortcuts = Shortcuts::new(US, bound.to_vec());
        let begun = shortcuts.begin();
        let mut talk = Self { shortcuts, sent: Vec::new(), told: Vec::new(), now: NOW };
        talk.take(begun);
        talk
    }

    fn ready() -> Self {
        let mut talk = Self::new();
        talk.returns("Register", &());
        talk.returns("GetNameOwner", &OWNER);
        talk.returns("CreateSession", &request(1));
        talk.responds(&request(1), 0, Dict::from([("session_handle", SESSION_PATH.into())]));
        talk.returns("BindShortcuts", &request(2));
        talk.responds(
            &request(2),
            0,
            Dict::from([("shortcuts", listed(&[("F8", "Press F8"), ("Mouse4", "")]))]),
        );
        assert_eq!(talk.told, [Told::Reach(Reach::Asking), by(&[Some("Press F8"), None])]);
        talk.told.clear();
        talk
    }

    fn take(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send(message) => self.sent.push(message),
                Output::Tell(told) => self.told.push(told),
            }
        }
    }

    fn hears(&mut self, message: &Message) {
        let outputs = self.shortcuts.handle(self.now, message);
        self.take(outputs);
    }

    /// The last call of this method.
    fn call(&self, method: &str) -> &Message {
        let is_it = |message: &&Message| message.header().member().unwrap().as_str() == method;
        self.sent.iter().rfind(is_it).unwrap_or_else(|| panic!("{method} was not called"))
    }

    fn calls(&self, method: &str) -> usize {
        self.sent.iter().filter(|message| message.header().member().unwrap().as_str() == method).count()
    }

    fn returns<B: Serialize + DynamicType>(&mut self, method: &str, body: &B) {
        let answer = Message::method_return(&self.call(method).header()).unwrap().build(body).unwrap();
        self.hears(&answer);
    }

    fn fails(&mut self, method: &str, error: &str) {
        let answer = Message::error(&self.call(method).header(), error).unwrap().build(&"no").unwrap();
        self.hears(&answer);
    }

    fn responds(&mut self, path: &ObjectPath<'_>, code: u32, results: Dict) {
        self.hears(&signal(OWNER, path.as_str(), REQUEST, "Response").build(&(code, results)).unwrap());
    }

    fn owner_is(&mut self, owner: &str) {
        let signal = signal(BUS, "/org/freedesktop/DBus", BUS, "NameOwnerChanged");
        self.hears(&signal.build(&(PORTAL, "", owner)).unwrap());
    }

    fn key(&mut self, sender: &str, session: &str, id: &str, member: &str) {
        let body = (ObjectPath::try_from(session).unwrap(), id, 0_u64, Dict::new());
        self.hears(&signal(sender, OBJECT, SHORTCUTS, member).build(&body).unwrap());
    }

    fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}

fn signal<'a>(sender: &'a str, path: &'a str, interface: &'a str, member: &'a str) -> Builder<'a> {
    Message::signal(path, interface, member).unwrap().sender(sender).unwrap()
}

fn request(number: u32) -> ObjectPath<'static> {
    format!("{OBJECT}/request/1_7/pushtalk{number}").try_into().unwrap()
}

fn listed(all: &[(&str, &str)]) -> Value<'static> {
    let one = |(id, by): &(&str, &str)| {
        (id.to_string(), Dict::from([("trigger_description", Value::from(by.to_string()))]))
    };
    Value::from(all.iter().map(one).collect::<Vec<_>>())
}

fn by(all: &[Option<&str>]) -> Told {
    Told::Reach(Reach::ByDesktop(all.iter().map(|by| by.map(str::to_owned)).collect()))
}

fn went(place: usize, down: bool) -> [Told; 1] {
    [Told::Changed((place, down))]
}

#[test]
fn the_portal_learns_who_asks_and_what_for_in_this_order() {
    let talk = Talk::ready();
    let methods: Vec<_> = talk.sent.iter().map(|sent| sent.header().member().unwrap().to_string()).collect();
    let portal = ["Register", "GetNameOwner", "CreateSession", "BindShortcuts"];
    assert_eq!(methods[4..], portal, "after the rules of the bus");
    let (app, _): (String, HashMap<String, OwnedValue>) = talk.call("Register").body().deserialize().unwrap();
    assert_eq!(app, "org.pushtalk.desktop");

    type Body = (OwnedObjectPath, Listed, String, HashMap<String, OwnedValue>);
    let (session, shortcuts, window, _): Body = talk.call("BindShortcuts").body().deserialize().unwrap();
    assert_eq!((session.as_str(), window.as_str()), (SESSION_PATH, ""));
    let wishes: Vec<_> = shortcuts
        .iter()
        .map(|(id, about)| {
            let text = |name| about.get(name).map(|value| value.downcast_ref::<String>().unwrap());
            (id.as_str(), text("description"), text("preferred_trigger"))
        })
        .collect();
    let talks = || Some("Talk while held".to_owned());
    assert_eq!(wishes, [("F8", talks(), Some("F8".to_owned())), ("Mouse4", talks(), None)]);
}

#[test]
fn only_keys_of_this_session_are_told_and_by_the_portal_itself() {
    let mut talk = Talk::ready();
    talk.key(OWNER, SESSION_PATH, "F8", "Deactivated");
    talk.key(OWNER, SESSION_PATH, "F9", "Activated");
    talk.key(OWNER, "/org/freedesktop/portal/desktop/session/1_9/pushtalk", "F8", "Activated");
    talk.key(":1.66", SESSION_PATH, "F8", "Activated");
    assert_eq!(talk.told(), []);
    for down in [true, false] {
        let member = if down { "Activated" } else { "Deactivated" };
        talk.key(OWNER, SESSION_PATH, "Mouse4", member);
        talk.key(OWNER, SESSION_PATH, "Mouse4", member);
        // The coming up between two goings down may have been lost.
        let told = talk.told();
        assert_eq!(told, if down { [went(1, true), went(1, true)].concat() } else { went(1, false).into() });
    }
}

#[test]
fn what_nobody_can_read_is_passed_over() {
    let mut talk = Talk::ready();
    for interface in [SHORTCUTS, REQUEST, SESSION, BUS, "org.example.Nothing"] {
        for member in [
            "Activated",
            "Deactivated",
            "ShortcutsChanged",
            "Response",
            "Closed",
            "NameOwnerChanged",
            "Other",
        ] {
            for sender in [OWNER, BUS, ":1.66"] {
                talk.hears(&signal(sender, "/", interface, member).build(&()).unwrap());
                talk.hears(&signal(sender, "/", interface, member).build(&(1_u8, vec!["a"])).unwrap());
                let nothing = Message::signal("/", interface, member).unwrap();
                talk.hears(&nothing.build(&"without a sender").unwrap());
            }
        }
    }
    talk.returns("BindShortcuts", &7_u32);
    talk.fails("CreateSession", "org.example.Error.Late");
    assert_eq!(talk.told(), []);
    talk.key(OWNER, SESSION_PATH, "F8", "Activated");
    assert_eq!(talk.told(), went(0, true), "it goes on");
}

#[test]
fn answers_that_nobody_can_read_are_a_no() {
    let good = || Dict::from([("session_handle", SESSION_PATH.into())]);
    for (code, results) in [
        (1, good()),
        (2, good()),
        (77, Dict::new()),
        (0, Dict::new()),
        (0, Dict::from([("session_handle", 7.into())])),
        (0, Dict::from([("session_handle", "not a path".into())])),
    ] {
        let mut talk = Talk::new();
        talk.fails("Register", "org.freedesktop.DBus.Error.UnknownInterface");
        talk.returns("GetNameOwner", &OWNER);
        // Before the call itself has come back.
        talk.responds(&request(1), code, results);
        assert_eq!(talk.told().pop(), Some(Told::Reach(Reach::Denied)), "{code}");
        talk.owner_is("");
        talk.owner_is(":1.9");
        assert_eq!((talk.shortcuts.poll_timeout(), talk.told()), (None, vec![]), "nobody is asked twice");
    }
    // A list that is none leaves all without a trigger.
    let mut talk = Talk::new();
    talk.returns("Register", &());
    talk.returns("GetNameOwner", &OWNER);
    let session = ObjectPath::try_from(SESSION_PATH).unwrap();
    talk.responds(&request(1), 0, Dict::from([("session_handle", session.into())]));
    talk.responds(&request(2), 0, Dict::from([("shortcuts", "none".into())]));
    assert_eq!(talk.told().pop(), Some(by(&[None, None])));
}

#[test]
fn a_portal_of_an_old_desktop_may_answer_from_a_path_of_its_own() {
    let mut talk = Talk::new();
    talk.returns("Register", &());
    talk.returns("GetNameOwner", &OWNER);
    let own = ObjectPath::try_from("/org/freedesktop/portal/desktop/request/t42").unwrap();
    talk.returns("CreateSession", &own);
    talk.responds(&request(9), 1, Dict::new());
    talk.responds(&own, 0, Dict::from([("session_handle", SESSION_PATH.into())]));
    assert_eq!(talk.calls("BindShortcuts"), 1);
}

#[test]
fn a_desktop_without_the_portal_is_told_apart_from_one_that_says_no() {
    for (error, reach) in [
        ("org.freedesktop.DBus.Error.UnknownMethod", Reach::NoPortal),
        ("org.freedesktop.DBus.Error.UnknownInterface", Reach::NoPortal),
        ("org.freedesktop.portal.Error.NotAllowed", Reach::Denied),
    ] {
        let mut talk = Talk::new();
        talk.returns("Register", &());
        talk.returns("GetNameOwner", &OWNER);
        talk.fails("CreateSession", error);
        assert_eq!(talk.told().pop(), Some(Told::Reach(reach)));
    }
    let mut talk = Talk::new();
    talk.fails("Register", "org.freedesktop.DBus.Error.ServiceUnknown");
    talk.fails("GetNameOwner", "org.freedesktop.DBus.Error.NameHasNoOwner");
    assert_eq!(talk.told().pop(), Some(Told::Reach(Reach::NoPortal)));
    // It comes later.
    talk.owner_is(OWNER);
    assert_eq!(talk.shortcuts.poll_timeout(), Some(NOW + FIRST_DELAY));
}

#[test]
fn the_desktop_changes_triggers_and_nothing_that_is_down_comes_up() {
    let mut talk = Talk::ready();
    talk.key(OWNER, SESSION_PATH, "F8", "Activated");
    talk.told();
    let changed = |session: &str, value: Value<'static>| {
        let body = (ObjectPath::try_from(session).unwrap().to_owned(), Listed::try_from(value).unwrap());
        signal(OWNER, OBJECT, SHORTCUTS, "ShortcutsChanged").build(&body).unwrap()
    };
    talk.hears(&changed("/org/freedesktop/portal/desktop/session/1_9/pushtalk", listed(&[("F8", "F1")])));
    assert_eq!(talk.told(), []);
    let long = "x".repeat(1_000);
    talk.hears(&changed(SESSION_PATH, listed(&[("Mouse4", "Alt\u{7}+1"), ("Other", "F2")])));
    talk.hears(&changed(SESSION_PATH, listed(&[("F8", &long)])));
    let cut = &long[..LONGEST_TRIGGER];
    let alt = Some("Alt+1");
    assert_eq!(talk.told(), [by(&[Some("Press F8"), alt]), by(&[Some(cut), alt])]);
    talk.key(OWNER, SESSION_PATH, "F8", "Deactivated");
    assert_eq!(talk.told(), went(0, false));
}

#[test]
fn a_session_that_the_desktop_closes_is_over() {
    let mut talk = Talk::ready();
    talk.hears(&signal(OWNER, SESSION_PATH, SESSION, "Closed").build(&()).unwrap());
    assert_eq!(talk.told(), [Told::Reach(Reach::Denied)]);
    talk.key(OWNER, SESSION_PATH, "F8", "Activated");
    assert_eq!(talk.told(), []);
    assert!(talk.shortcuts.end().is_none());
}

#[test]
fn a_portal_that_comes_and_goes_is_asked_ever_later() {
    let mut talk = Talk::ready();
    talk.key(OWNER, SESSION_PATH, "F8", "Activated");
    talk.told();
    let mut waits = Vec::new();
    for _ in 0..12 {
        talk.owner_is("");
        assert_eq!(talk.told().pop(), Some(Told::Reach(Reach::Gone)));
        assert_eq!(talk.shortcuts.poll_timeout(), None, "nothing is asked of nobody");
        talk.owner_is(OWNER);
        let at = talk.shortcuts.poll_timeout().unwrap();
        waits.push(at - talk.now);
        let early = talk.shortcuts.handle_timeout(talk.now);
        assert!(early.is_empty());
        talk.now = at;
        let asked = talk.shortcuts.handle_timeout(at);
        talk.take(asked);
        assert_eq!(talk.told(), [Told::Reach(Reach::Asking)]);
    }
    assert_eq!(waits[..3], [100, 200, 400].map(Duration::from_millis));
    assert_eq!(waits[11], LONGEST_DELAY);

    // It stays, and is trusted again.
    talk.returns("Register", &());
    talk.returns("GetNameOwner", &OWNER);
    talk.responds(&request(3), 0, Dict::from([("session_handle", SESSION_PATH.into())]));
    talk.responds(&request(4), 0, Dict::new());
    talk.key(OWNER, SESSION_PATH, "F8", "Activated");
    assert_eq!(talk.told(), [by(&[None, None]), went(0, true)[0].clone()], "nothing was down any more");
    talk.now += STEADY;
    talk.owner_is(":1.30");
    assert_eq!(talk.told(), [Told::Reach(Reach::Gone)], "another one has taken its place");
    assert_eq!(talk.shortcuts.poll_timeout(), Some(talk.now + FIRST_DELAY));
}
