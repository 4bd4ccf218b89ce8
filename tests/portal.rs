//! A desktop's portal for shortcuts on a bus: it says yes or no, presses and lets go, changes its mind, and goes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zbus::connection::Builder;
use zbus::message::Header;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, interface};

const NAME: &str = "org.freedesktop.portal.Desktop";
const OBJECT: &str = "/org/freedesktop/portal/desktop";
const SHORTCUTS: &str = "org.freedesktop.portal.GlobalShortcuts";
const PATIENCE: Duration = Duration::from_secs(10);

type Dict = HashMap<String, OwnedValue>;

/// What the portal does when shortcuts are to be bound.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// Each is bound to what is wished for; those without a wish to nothing.
    Yes,
    /// The person closes the dialog.
    No,
    /// The dialog stays open.
    Wait,
}

/// What was asked of it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A program said who it is.
    Register(String),
    /// A session was made.
    Session,
    /// Shortcuts were to be bound.
    Bind(Vec<Wish>),
    /// A session was closed by its program.
    Close,
}

/// A shortcut, as a program wishes for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The program's own name for it.
    pub id: String,
    /// For the person.
    pub description: String,
    /// In the syntax of the XDG.
    pub trigger: Option<String>,
}

/// The portal, until it is dropped.
pub struct Portal {
    connection: Connection,
    asked: UnboundedReceiver<Asked>,
    /// The program that asked last, and its session.
    client: Arc<Mutex<Option<(String, OwnedObjectPath)>>>,
}

impl Portal {
    /// Appears on the bus at this address.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn start(bus: &str, answer: Answer) -> anyhow::Result<Self> {
        Self::begin(bus, Some(answer)).await
    }

    /// As that of a desktop that knows no shortcuts.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn without_shortcuts(bus: &str) -> anyhow::Result<Self> {
        Self::begin(bus, None).await
    }

    async fn begin(bus: &str, answer: Option<Answer>) -> anyhow::Result<Self> {
        let (tell, asked) = unbounded_channel();
        let client = Arc::new(Mutex::new(None));
        let mut builder = Builder::address(bus)?.serve_at(OBJECT, Registry(tell.clone()))?;
        if let Some(answer) = answer {
            builder = builder.serve_at(OBJECT, Shortcuts { answer, tell, client: client.clone() })?;
        }
        let connection = builder.name(NAME)?.build().await?;
        Ok(Self { connection, asked, client })
    }

    /// What is asked of it next.
    ///
    /// # Errors
    /// When nothing is.
    pub async fn asked(&mut self) -> anyhow::Result<Asked> {
        let asked = tokio::time::timeout(PATIENCE, self.asked.recv()).await.context("nothing is asked")?;
        asked.context("nobody can ask any more")
    }

    /// True when there is nothing that [`Portal::asked`] has not given.
    pub fn has_told_all(&self) -> bool {
        self.asked.is_empty()
    }

    /// Shortcuts that are to be bound next, whatever is asked before.
    ///
    /// # Errors
    /// When there are none.
    pub async fn wishes(&mut self) -> anyhow::Result<Vec<Wish>> {
        loop {
            if let Asked::Bind(wishes) = self.asked().await? {
                return Ok(wishes);
            }
        }
    }

    /// A shortcut of the program goes down, or comes up.
    ///
    /// # Errors
    /// When no program has made a session.
    pub async fn key(&self, id: &str, down: bool) -> anyhow::Result<()> {
        let (_, session) = self.client()?;
        self.key_of(&session, id, down).await
    }

    /// The same, said of any session.
    ///
    /// # Errors
    /// When no program has made a session.
    pub async fn key_of(&self, session: &OwnedObjectPath, id: &str, down: bool) -> anyhow::Result<()> {
        let member = if down { "Activated" } else { "Deactivated" };
        self.signal(SHORTCUTS, OBJECT, member, &(session, id, 0_u64, Dict::new())).await
    }

    /// The person has bound a shortcut to something else.
    ///
    /// # Errors
    /// When no program has made a session.
    pub async fn change(&self, id: &str, trigger: &str) -> anyhow::Result<()> {
        let (_, session) = self.client()?;
        let about = HashMap::from([("trigger_description", Value::from(trigger))]);
        self.signal(SHORTCUTS, OBJECT, "ShortcutsChanged", &(session, vec![(id, about)])).await
    }

    /// The desktop closes the session.
    ///
    /// # Errors
    /// When no program has made a session.
    pub async fn close_session(&self) -> anyhow::Result<()> {
        let (_, session) = self.client()?;
        self.signal("org.freedesktop.portal.Session", session.as_str(), "Closed", &()).await
    }

    /// Says anything to the program that asked last.
    ///
    /// # Errors
    /// When no program has made a session.
    pub async fn signal<B>(&self, interface: &str, path: &str, member: &str, body: &B) -> anyhow::Result<()>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let (client, _) = self.client()?;
        Ok(self.connection.emit_signal(Some(client.as_str()), path, interface, member, body).await?)
    }

    /// The process of the portal ends, as when it crashes.
    ///
    /// # Errors
    /// When the connection does not close.
    pub async fn vanish(self) -> anyhow::Result<()> {
        Ok(self.connection.close().await?)
    }

    fn client(&self) -> anyhow::Result<(String, OwnedObjectPath)> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        client.clone().context("no program has made a session")
    }
}

struct Registry(UnboundedSender<Asked>);

#[interface(name = "org.freedesktop.host.portal.Registry")]
impl Registry {
    fn register(&self, app: String, _options: Dict) {
        let _ = self.0.send(Asked::Register(app));
    }
}

struct Shortcuts {
    answer: Answer,
    tell: UnboundedSender<Asked>,
    client: Arc<Mutex<Option<(String, OwnedObjectPath)>>>,
}

#[interface(name = "org.freedesktop.portal.GlobalShortcuts")]
impl Shortcuts {
    async fn create_session(
        &self,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> zbus::fdo::Result<OwnedObjectPath> {
        let token = text(&options, "session_handle_token").unwrap_or_else(|| "none".into());
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let session = path(&format!("{OBJECT}/session/{}/{token}", element(&sender)))?;
        connection.object_server().at(&session, Session(self.tell.clone())).await?;
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some((sender, session.clone()));
        let _ = self.tell.send(Asked::Session);
        let results = HashMap::from([("session_handle", Value::from(session.as_str()))]);
        respond(connection, &header, &options, 0, results).await
    }

    async fn bind_shortcuts(
        &self,
        session: OwnedObjectPath,
        shortcuts: Vec<(String, Dict)>,
        _window: String,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> zbus::fdo::Result<OwnedObjectPath> {
        let known = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.is_none_or(|(_, known)| known != session) {
            return Err(zbus::fdo::Error::AccessDenied("not a session".into()));
        }
        let wish = |(id, about): (String, Dict)| Wish {
            id,
            description: text(&about, "description").unwrap_or_default(),
            trigger: text(&about, "preferred_trigger"),
        };
        let wishes: Vec<_> = shortcuts.into_iter().map(wish).collect();
        let listed: Vec<_> = wishes.iter().map(listed).collect();
        let _ = self.tell.send(Asked::Bind(wishes));
        match self.answer {
            Answer::Yes => {
                let results = HashMap::from([("shortcuts", Value::from(listed))]);
                respond(connection, &header, &options, 0, results).await
            }
            Answer::No => respond(connection, &header, &options, 1, HashMap::new()).await,
            Answer::Wait => request(&header, &options),
        }
    }
}

struct Session(UnboundedSender<Asked>);

#[interface(name = "org.freedesktop.portal.Session")]
impl Session {
    fn close(&self) {
        let _ = self.0.send(Asked::Close);
    }
}

fn listed(wish: &Wish) -> (String, HashMap<String, Value<'static>>) {
    let by = wish.trigger.as_ref().map(|trigger| format!("Press {trigger}")).unwrap_or_default();
    let about = [("description", wish.description.clone()), ("trigger_description", by)];
    (wish.id.clone(), about.map(|(name, text)| (name.to_owned(), text.into())).into())
}

/// Answers a request, and says where it does.
async fn respond(
    connection: &Connection,
    header: &Header<'_>,
    options: &Dict,
    code: u32,
    results: HashMap<&str, Value<'_>>,
) -> zbus::fdo::Result<OwnedObjectPath> {
    let path = request(header, options)?;
    let body = (code, results);
    let to = header.sender().map(ToString::to_string);
    connection.emit_signal(to.as_deref(), &path, "org.freedesktop.portal.Request", "Response", &body).await?;
    Ok(path)
}

fn request(header: &Header<'_>, options: &Dict) -> zbus::fdo::Result<OwnedObjectPath> {
    let token = text(options, "handle_token").unwrap_or_else(|| "none".into());
    let sender = header.sender().map(ToString::to_string).unwrap_or_default();
    path(&format!("{OBJECT}/request/{}/{token}", element(&sender)))
}

/// A name on the bus as it stands in paths.
fn element(name: &str) -> String {
    name.trim_start_matches(':').replace('.', "_")
}

fn path(text: &str) -> zbus::fdo::Result<OwnedObjectPath> {
    Ok(ObjectPath::try_from(text).map_err(zbus::Error::from)?.into())
}

fn text(of: &Dict, name: &str) -> Option<String> {
    of.get(name)?.downcast_ref::<String>().ok()
}
