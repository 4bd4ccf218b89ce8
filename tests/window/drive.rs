//! What a person does with a window: look, click, type, hold and release.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use fantoccini::Locator;
use fantoccini::actions::{
    InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::elements::Element;

use super::{Display, PATIENCE, Window};

/// How often the page is looked at.
const GLANCE: Duration = Duration::from_millis(30);

/// Calls back when all that ever ends has ended moving, and it has been painted.
const AT_REST: &str = "
    const done = arguments[arguments.length - 1];
    const ending = document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity);
    Promise.allSettled(ending.map((one) => one.finished))
        .then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(null))));
";

impl Window {
    /// Makes a room from home, with the microphone off; gives its link.
    ///
    /// # Errors
    /// When the room does not come to be.
    pub async fn host(&self, name: &str) -> anyhow::Result<String> {
        self.type_into("name", name).await?;
        self.click("host").await?;
        self.wait_for("talk", "data-situation", "audioOff").await?;
        self.click("invite").await?;
        let link = self.value("invite-link").await?;
        self.escape().await?;
        Ok(link)
    }

    /// Goes from home into the room of this link, with the microphone off.
    ///
    /// # Errors
    /// When it does not get in.
    pub async fn join(&self, name: &str, link: &str) -> anyhow::Result<()> {
        self.type_into("name", name).await?;
        self.type_into("invitation", link).await?;
        self.wait_for_words("Leads to room").await?;
        self.click("join").await?;
        self.wait_for("talk", "data-situation", "audioOff").await
    }

    /// Hosts a room as Ana, into which the other one comes as Ben, and opens the microphone.
    ///
    /// # Errors
    /// When the two do not come together.
    pub async fn meet(&self, ben: &Self) -> anyhow::Result<()> {
        let link = self.host("Ana").await?;
        ben.join("Ben", &link).await?;
        self.click("mic-on").await?;
        self.wait_for("talk", "data-situation", "idle").await
    }

    /// Binds this key (as xdotool calls it) in the settings, which are open.
    ///
    /// # Errors
    /// When the settings do not ask for it.
    pub async fn bind(&self, display: &Display, key: &str) -> anyhow::Result<()> {
        self.focus(display)?;
        self.click("bind").await?;
        self.wait_for_words("Press the key you want").await?;
        display.hands(&["key", key]).map(drop)
    }

    /// Closes the dialog.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn escape(&self) -> anyhow::Result<()> {
        Ok(self.client().active_element().await?.send_keys("\u{e00c}").await?)
    }

    /// The element of this test id, as soon as it is there.
    ///
    /// # Errors
    /// When it does not come; the error tells what the page says instead.
    pub async fn find(&self, test_id: &str) -> anyhow::Result<Element> {
        self.find_by(Locator::Css(&selector(test_id))).await.with_context(|| format!("waited for {test_id}"))
    }

    /// The first element that this CSS selector means, as soon as it is there.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn find_css(&self, selector: &str) -> anyhow::Result<Element> {
        self.find_by(Locator::Css(selector)).await.with_context(|| format!("waited for {selector}"))
    }

    /// The button, link or field of this accessible name: its label, or the words on it.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn named(&self, name: &str) -> anyhow::Result<Element> {
        self.find_by(Locator::XPath(&by_name(name)))
            .await
            .with_context(|| format!("waited for the one named {name:?}"))
    }

    /// True when the element is on the page and can be seen.
    ///
    /// # Errors
    /// When the page does not answer.
    pub async fn shows(&self, test_id: &str) -> anyhow::Result<bool> {
        match self.client.find_all(Locator::Css(&selector(test_id))).await?.first() {
            Some(element) => Ok(element.is_displayed().await?),
            None => Ok(false),
        }
    }

    /// Clicks it.
    ///
    /// # Errors
    /// When it does not come or cannot be clicked.
    pub async fn click(&self, test_id: &str) -> anyhow::Result<()> {
        self.click_css(&selector(test_id)).await
    }

    /// Clicks the first element that this CSS selector means.
    ///
    /// # Errors
    /// When it does not come or cannot be clicked.
    pub async fn click_css(&self, selector: &str) -> anyhow::Result<()> {
        self.click_by(Locator::Css(selector)).await
    }

    /// Clicks the one of this accessible name.
    ///
    /// # Errors
    /// When it does not come or cannot be clicked.
    pub async fn click_named(&self, name: &str) -> anyhow::Result<()> {
        self.click_by(Locator::XPath(&by_name(name))).await
    }

    async fn click_by(&self, locator: Locator<'_>) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let element = self.find_by(locator).await.with_context(|| format!("waited for {locator:?}"))?;
            match element.clone().click().await {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() >= until => {
                    return Err(error).with_context(|| format!("a click on {locator:?}"));
                }
                // It may still move, as what is in a dialog that opens. And the driver brings into sight only what is
                // wholly out of it: not what shows a strip at the edge of what scrolls.
                Err(_) => {
                    self.show(&element).await?;
                    tokio::time::sleep(GLANCE).await;
                }
            }
        }
    }

    /// Scrolls it to the middle; one that is gone meanwhile is found anew by whoever looks for it.
    async fn show(&self, element: &Element) -> anyhow::Result<()> {
        let argument = serde_json::to_value(element)?;
        match self.client.execute("arguments[0].scrollIntoView({ block: 'center' })", vec![argument]).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_stale_element_reference() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Types into it, in place of what was there.
    ///
    /// # Errors
    /// When it does not come or takes no text.
    pub async fn type_into(&self, test_id: &str, text: &str) -> anyhow::Result<()> {
        let field = self.find(test_id).await?;
        field.clear().await?;
        field.send_keys(text).await.with_context(|| format!("typing into {test_id}"))
    }

    /// What it says.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn text(&self, test_id: &str) -> anyhow::Result<String> {
        Ok(self.find(test_id).await?.text().await?)
    }

    /// What stands in a field.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn value(&self, test_id: &str) -> anyhow::Result<String> {
        Ok(self.find(test_id).await?.prop("value").await?.unwrap_or_default())
    }

    /// An attribute of it, as it is now; none when the element or the attribute is not there.
    ///
    /// # Errors
    /// When the page does not answer.
    pub async fn attribute(&self, test_id: &str, name: &str) -> anyhow::Result<Option<String>> {
        match self.client.find_all(Locator::Css(&selector(test_id))).await?.first() {
            Some(element) => Ok(element.attr(name).await?),
            None => Ok(None),
        }
    }

    /// Waits until an attribute of it has this value.
    ///
    /// # Errors
    /// When it does not within [`PATIENCE`]; the error tells what it has instead.
    pub async fn wait_for(&self, test_id: &str, attribute: &str, value: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // An element may be replaced between finding and reading it.
            let last = self.attribute(test_id, attribute).await;
            if matches!(&last, Ok(Some(now)) if now == value) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!(
                    "{test_id} should have {attribute}={value:?}, but it is {last:?} on {:?}",
                    self.page().await
                );
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Waits until an attribute of the page as a whole has this value.
    ///
    /// # Errors
    /// When it does not within [`PATIENCE`].
    pub async fn wait_for_root(&self, attribute: &str, value: &str) -> anyhow::Result<()> {
        let locator = format!("html[{attribute}={}]", quoted(value));
        self.find_by(Locator::Css(&locator)).await.map(drop).with_context(|| format!("waited for {locator}"))
    }

    /// Waits until the words are on the page.
    ///
    /// # Errors
    /// When they do not come within [`PATIENCE`].
    pub async fn wait_for_words(&self, words: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let page = self.page().await;
            if page.contains(words) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{words:?} is not on the page {page:?}");
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Puts the pointer on it and presses, and holds until [`Window::pointer_up`].
    ///
    /// # Errors
    /// When it does not come.
    pub async fn pointer_down(&self, test_id: &str) -> anyhow::Result<()> {
        let element = self.find(test_id).await?;
        let there = PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 };
        let down = PointerAction::Down { button: MOUSE_BUTTON_LEFT };
        Ok(self.client.perform_actions(pointer().then(there).then(down)).await?)
    }

    /// Releases what [`Window::pointer_down`] holds.
    ///
    /// # Errors
    /// When the page does not answer.
    pub async fn pointer_up(&self) -> anyhow::Result<()> {
        let up = PointerAction::Up { button: MOUSE_BUTTON_LEFT };
        Ok(self.client.perform_actions(pointer().then(up)).await?)
    }

    /// Presses a key and holds it until [`Window::key_up`].
    ///
    /// # Errors
    /// When the page does not answer.
    pub async fn key_down(&self, key: char) -> anyhow::Result<()> {
        Ok(self.client.perform_actions(keys().then(KeyAction::Down { value: key })).await?)
    }

    /// Releases what [`Window::key_down`] holds.
    ///
    /// # Errors
    /// When the page does not answer.
    pub async fn key_up(&self, key: char) -> anyhow::Result<()> {
        Ok(self.client.perform_actions(keys().then(KeyAction::Up { value: key })).await?)
    }

    /// Writes a PNG of what the window shows, once it is painted and has come to rest.
    ///
    /// # Errors
    /// When there is no picture, or it cannot be written.
    pub async fn screenshot(&self, to: &Path) -> anyhow::Result<()> {
        self.client.execute_async(AT_REST, Vec::new()).await?;
        let png = self.client.screenshot().await?;
        std::fs::write(to, png).with_context(|| format!("{}", to.display()))
    }

    /// What an expression of the page's own language gives.
    ///
    /// # Errors
    /// When it throws, or the page does not answer.
    pub async fn evaluate(&self, expression: &str) -> anyhow::Result<serde_json::Value> {
        Ok(self.client.execute(&format!("return {expression};"), Vec::new()).await?)
    }

    async fn find_by(&self, locator: Locator<'_>) -> anyhow::Result<Element> {
        match self.client.wait().at_most(PATIENCE).every(GLANCE).for_element(locator).await {
            Ok(element) => Ok(element),
            Err(error) => {
                Err(anyhow::Error::new(error).context(format!("the page says {:?}", self.page().await)))
            }
        }
    }

    /// All that the page says; empty when it does not answer.
    async fn page(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }
}

fn selector(test_id: &str) -> String {
    format!("[data-testid={}]", quoted(test_id))
}

/// The XPath of buttons, links and fields of this accessible name.
fn by_name(name: &str) -> String {
    format!(
        "//*[self::button or self::a or self::input or self::textarea or self::select]\
         [@aria-label={0} or normalize-space(.)={0} or @id=//label[starts-with(normalize-space(.), {0})]/@for]",
        quoted(name)
    )
}

/// A text in quotes, for selectors and paths. It must not hold double quotes itself.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', ""))
}

fn pointer() -> MouseActions {
    MouseActions::new("pointer".to_owned())
}

fn keys() -> KeyActions {
    KeyActions::new("keys".to_owned())
}
