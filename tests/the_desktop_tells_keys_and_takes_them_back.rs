//! Where windows hear only their own keys, the desktop's portal is asked for them: it says yes, no or nothing, and goes
//! and comes back as it likes.

use std::time::Duration;

use anyhow::Context;
use pushtalk_keys::{Binding, Listener, Reach, Told};
use pushtalk_tests::portal::{Answer, Asked, Portal, Wish};
use pushtalk_tests::window::Bus;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const PATIENCE: Duration = Duration::from_secs(10);

/// A listener, and what it tells.
struct Heard {
    listener: Listener,
    told: UnboundedReceiver<Told>,
}

impl Heard {
    fn start(bus: &str, chords: &[&str]) -> anyhow::Result<Self> {
        let bound =
            |chord: &&str| Ok(Binding { chord: chord.parse()?, description: "Talk while held".to_owned() });
        let bound = chords.iter().map(bound).collect::<anyhow::Result<Vec<_>>>()?;
        let (tell, told) = unbounded_channel();
        let listener = Listener::on_bus(bus, &bound, move |what| drop(tell.send(what)))?;
        Ok(Self { listener, told })
    }

    async fn next(&mut self) -> anyhow::Result<Told> {
        let told = tokio::time::timeout(PATIENCE, self.told.recv()).await.context("nothing is told")?;
        told.context("nothing will be told")
    }

    async fn expect(&mut self, wanted: Told) -> anyhow::Result<()> {
        let told = self.next().await?;
        assert_eq!(told, wanted);
        Ok(())
    }

    async fn reach(&mut self, reach: Reach) -> anyhow::Result<()> {
        self.expect(Told::Reach(reach)).await
    }

    async fn ready(&mut self, by: &[Option<&str>]) -> anyhow::Result<()> {
        self.reach(Reach::ByDesktop(by.iter().map(|by| by.map(str::to_owned)).collect())).await
    }
}

fn wish(id: &str, trigger: Option<&str>) -> Wish {
    Wish { id: id.into(), description: "Talk while held".into(), trigger: trigger.map(Into::into) }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desktop_tells_bound_keys_and_says_what_they_are_on() -> anyhow::Result<()> {
    let bus = Bus::start()?;
    let mut portal = Portal::start(bus.address(), Answer::Yes).await?;
    let mut heard = Heard::start(bus.address(), &["Ctrl+Shift+KeyA", "ControlRight"])?;
    heard.reach(Reach::Asking).await?;
    heard.ready(&[Some("Press CTRL+SHIFT+a"), None]).await?;
    assert_eq!(portal.asked().await?, Asked::Register("org.pushtalk.desktop".into()));
    assert_eq!(portal.asked().await?, Asked::Session);
    let wishes = vec![wish("Ctrl+Shift+KeyA", Some("CTRL+SHIFT+a")), wish("ControlRight", None)];
    assert_eq!(portal.asked().await?, Asked::Bind(wishes));

    // What is not ours, and what cannot be read, changes nothing.
    let other = zbus::zvariant::ObjectPath::try_from("/org/example/session")?.into();
    portal.key("F9", true).await?;
    portal.key_of(&other, "ControlRight", true).await?;
    portal.key("ControlRight", false).await?;
    for member in ["Activated", "ShortcutsChanged", "Response", "Closed"] {
        portal.signal("org.freedesktop.portal.GlobalShortcuts", "/", member, &"?").await?;
        portal.signal("org.freedesktop.portal.Request", "/", member, &"?").await?;
    }
    for down in [true, false, true] {
        portal.key("ControlRight", down).await?;
        heard.expect(Told::Changed((1, down))).await?;
        // That it went down counts again: that it came up between may have been lost.
        portal.key("ControlRight", down).await?;
        if down {
            heard.expect(Told::Changed((1, down))).await?;
        }
    }
    portal.change("ControlRight", "Alt+1").await?;
    heard.ready(&[Some("Press CTRL+SHIFT+a"), Some("Alt+1")]).await?;
    portal.key("ControlRight", false).await?;
    heard.expect(Told::Changed((1, false))).await?;

    let Heard { listener, .. } = heard;
    tokio::task::spawn_blocking(|| drop(listener)).await?;
    assert_eq!(portal.asked().await?, Asked::Close, "whoever goes closes the session");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_goes_takes_along_what_was_down_and_is_asked_when_it_is_back() -> anyhow::Result<()> {
    let bus = Bus::start()?;
    let portal = Portal::start(bus.address(), Answer::Yes).await?;
    let mut heard = Heard::start(bus.address(), &["F8"])?;
    heard.reach(Reach::Asking).await?;
    heard.ready(&[Some("Press F8")]).await?;
    portal.key("F8", true).await?;
    heard.expect(Told::Changed((0, true))).await?;
    portal.vanish().await?;
    heard.reach(Reach::Gone).await?;

    let mut portal = Portal::start(bus.address(), Answer::Yes).await?;
    heard.reach(Reach::Asking).await?;
    assert_eq!(portal.wishes().await?, [wish("F8", Some("F8"))]);
    heard.ready(&[Some("Press F8")]).await?;
    portal.key("F8", true).await?;
    heard.expect(Told::Changed((0, true))).await?;

    // In the middle of a question, too.
    portal.vanish().await?;
    heard.reach(Reach::Gone).await?;
    let mut portal = Portal::start(bus.address(), Answer::Wait).await?;
    heard.reach(Reach::Asking).await?;
    portal.wishes().await?;
    portal.vanish().await?;
    heard.reach(Reach::Gone).await?;

    // The bus itself ends with the session of the person.
    drop(bus);
    heard.reach(Reach::Gone).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_is_taken_for_one_and_not_asked_about_again() -> anyhow::Result<()> {
    let bus = Bus::start()?;
    let portal = Portal::start(bus.address(), Answer::No).await?;
    let mut heard = Heard::start(bus.address(), &["F8"])?;
    heard.reach(Reach::Asking).await?;
    heard.reach(Reach::Denied).await?;
    portal.vanish().await?;

    let mut portal = Portal::start(bus.address(), Answer::Yes).await?;
    let mut other = Heard::start(bus.address(), &["F9"])?;
    other.reach(Reach::Asking).await?;
    other.ready(&[Some("Press F9")]).await?;
    assert_eq!(portal.wishes().await?, [wish("F9", Some("F9"))], "only the other one has asked");
    // What the desktop takes back is a no as well.
    portal.close_session().await?;
    other.reach(Reach::Denied).await?;
    assert!(heard.told.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_without_the_portal_is_named_and_one_that_gets_it_is_asked() -> anyhow::Result<()> {
    let bus = Bus::start()?;
    let mut heard = Heard::start(bus.address(), &["F8"])?;
    heard.reach(Reach::Asking).await?;
    heard.reach(Reach::NoPortal).await?;
    let old = Portal::without_shortcuts(bus.address()).await?;
    heard.reach(Reach::Asking).await?;
    heard.reach(Reach::NoPortal).await?;
    old.vanish().await?;
    let portal = Portal::start(bus.address(), Answer::Yes).await?;
    heard.reach(Reach::Asking).await?;
    heard.ready(&[Some("Press F8")]).await?;

    // Not even a bus.
    let mut heard = Heard::start("unix:path=/dev/null", &["F8"])?;
    heard.reach(Reach::NoPortal).await?;
    // Whoever waits for a dialog can go at any time.
    drop(portal);
    let mut portal = Portal::start(bus.address(), Answer::Wait).await?;
    let heard = Heard::start(bus.address(), &["F9"])?;
    portal.wishes().await?;
    let Heard { listener, .. } = heard;
    tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(|| drop(listener))).await??;
    Ok(())
}
