//! The types of the workspace as its sources declare them: what holds what, and what each can do.

mod doors;
mod secrets;
mod source;

pub use doors::not_plain;
pub use secrets::careless;
pub use source::{Sources, TypeId};
