//! Under Wayland the real program asks the desktop for its keys, talks while the desktop says that one is down, and says
//! in its settings what the desktop made of it.

use pushtalk_tests::binary::binary;
use pushtalk_tests::portal::{Answer, Asked, Portal, Wish};
use pushtalk_tests::rig::SoundRig;
use pushtalk_tests::window::{Bus, Display, Launch, Window};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_talks_by_the_desktop_where_windows_hear_only_their_own() -> anyhow::Result<()> {
    let rig = SoundRig::start()?;
    let display = Display::start()?;
    let bus = Bus::start()?;
    let mut portal = Portal::start(bus.address(), Answer::Yes).await?;
    let program = binary("pushtalk", "pushtalk")?;
    let folder = tempfile::tempdir()?;
    let launch = |name: &str| Launch::with(rig.command(&program)).profile(folder.path().join(name));

    // The window is on X all the same: there is no compositor here.
    let desktop = launch("ana").env("WAYLAND_DISPLAY", "wayland-none");
    let desktop = desktop.env("DBUS_SESSION_BUS_ADDRESS", bus.address());
    let ana = Window::open(&display, &program, desktop).await?;
    let ben = Window::open(&display, &program, launch("ben")).await?;
    ana.meet(&ben).await?;

    ana.click("open-settings").await?;
    ana.bind(&display, "F8").await?;
    let f8 = Wish { id: "F8".into(), description: "Talk while held".into(), trigger: Some("F8".into()) };
    assert_eq!(portal.wishes().await?.as_slice(), std::slice::from_ref(&f8));
    ana.wait_for_words("The desktop has it on: \u{2068}Press F8\u{2069}.").await?;
    ana.wait_for_words("Press it once, with another window in front").await?;
    portal.change("F8", "Press Super + T").await?;
    ana.wait_for_words("The desktop has it on: \u{2068}Press Super + T\u{2069}.").await?;

    ben.focus(&display)?;
    portal.key("F8", true).await?;
    ana.find_css("[data-testid=bound][data-proven=true]").await?;
    ana.wait_for_words("Works in other programs").await?;
    ana.escape().await?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    ben.find_css("[data-testid=member][data-talks=true]").await?;
    portal.key("F8", false).await?;
    ana.wait_for("talk", "data-situation", "idle").await?;
    // Of another session, and without having gone down.
    let other = zbus::zvariant::ObjectPath::try_from("/org/example/session")?.into();
    portal.key_of(&other, "F8", true).await?;
    portal.key("F8", false).await?;

    portal.key("F8", true).await?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    portal.vanish().await?;
    ana.wait_for("talk", "data-situation", "idle").await?;
    ana.click("open-settings").await?;
    ana.wait_for_words("the desktop does not answer any more").await?;

    let mut portal = Portal::start(bus.address(), Answer::No).await?;
    assert_eq!(portal.wishes().await?.as_slice(), std::slice::from_ref(&f8));
    ana.wait_for_words("the desktop did not allow it").await?;
    portal.vanish().await?;

    // What works without the desktop goes on working, and who asks anew is heard.
    let mut portal = Portal::start(bus.address(), Answer::Yes).await?;
    ana.click_css("[data-testid=bound] button").await?;
    ana.bind(&display, "F8").await?;
    assert_eq!(portal.wishes().await?, [f8]);
    ana.wait_for_words("The desktop has it on: \u{2068}Press F8\u{2069}.").await?;
    ana.escape().await?;
    portal.key("F8", true).await?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    portal.key("F8", false).await?;
    ana.wait_for("talk", "data-situation", "idle").await?;

    // Keyboards themselves are read only by choice, and instead.
    ana.click("open-settings").await?;
    ana.click("raw-keys").await?;
    assert_eq!(portal.asked().await?, Asked::Close);
    ana.click("raw-keys").await?;
    portal.wishes().await?;
    ana.wait_for_words("The desktop has it on").await?;
    assert!(portal.has_told_all(), "the desktop was asked while keyboards were read");
    ana.quit().await?;
    ben.quit().await
}
