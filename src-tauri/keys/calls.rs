//! Calls to the portal and to the bus, and the names in them.

use std::collections::HashMap;
use std::num::NonZeroU32;

use zbus::Message;
use zbus::export::serde::Serialize;
use zbus::zvariant::{DynamicType, Value};

use crate::Binding;
use crate::shortcuts::Output;
use crate::trigger::preferred_trigger;

/// Under which the desktop remembers what was bound, and the name of the desktop file without its ending.
pub(crate) const APP_ID: &str = "org.pushtalk.desktop";

pub(crate) const PORTAL: &str = "org.freedesktop.portal.Desktop";
pub(crate) const OBJECT: &str = "/org/freedesktop/portal/desktop";
pub(crate) const REGISTRY: &str = "org.freedesktop.host.portal.Registry";
pub(crate) const SHORTCUTS: &str = "org.freedesktop.portal.GlobalShortcuts";
pub(crate) const REQUEST: &str = "org.freedesktop.portal.Request";
pub(crate) const SESSION: &str = "org.freedesktop.portal.Session";
pub(crate) const BUS: &str = "org.freedesktop.DBus";

/// Errors of a desktop that has no such portal.
pub(crate) const UNKNOWN: [&str; 6] = [
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.UnknownMethod",
    "org.freedesktop.DBus.Error.UnknownInterface",
    "org.freedesktop.DBus.Error.UnknownObject",
    "org.freedesktop.DBus.Error.InvalidArgs",
];

/// Calls, and gives the serial of the call.
pub(crate) fn call<B>(
    destination: &str,
    path: &str,
    interface: &str,
    method: &str,
    body: &B,
    out: &mut Vec<Output>,
) -> Option<NonZeroU32>
where
    B: Serialize + DynamicType,
{
    let message = Message::method_call(path, method)
        .and_then(|message| message.destination(destination))
        .and_then(|message| message.interface(interface))
        .and_then(|message| message.build(body))
        .ok()?;
    let serial = message.primary_header().serial_num();
    out.push(Output::Send(message));
    Some(serial)
}

/// What the portal is told of a shortcut.
pub(crate) fn wish(bound: &Binding) -> HashMap<&'static str, Value<'_>> {
    let mut wish = HashMap::from([("description", Value::from(bound.description.as_str()))]);
    if let Some(trigger) = preferred_trigger(&bound.chord) {
        wish.insert("preferred_trigger", Value::from(trigger));
    }
    wish
}
