//! A port, in virtual time.

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Microphones by their names; the first is the default one.
fn mics(names: &[&str]) -> Vec<DeviceInfo> {
    let info = |(index, name): (usize, &&str)| DeviceInfo {
        name: (*name).to_owned(),
        label: format!("The {name}"),
        direction: Direction::Input,
        is_default: index == 0,
        bluetooth: false,
    };
    names.iter().enumerate().map(info).collect()
}

fn open(attempt: u32, name: Option<&str>) -> Step {
    Step::Open(Plug { attempt, name: name.map(str::to_owned) })
}

fn works(device: &str, instead_of: Option<&str>) -> Step {
    Step::Works { device: device.to_owned(), instead_of: instead_of.map(str::to_owned) }
}

fn opened(device: &str) -> PlugNews {
    PlugNews::Opened(device.to_owned())
}

fn missing(name: &str) -> PlugNews {
    PlugNews::Failed(DeviceError::NotFound { name: name.to_owned() })
}

const NONE: PlugNews = PlugNews::Failed(DeviceError::NoMicrophone);

/// With the headset, or the default, open since the start.
fn port(chosen: Option<&str>, device: &str, all: &[&str]) -> Port {
    let mut port = Port::new(Direction::Input);
    assert_eq!(port.listed(ms(0), &mics(all)), []);
    assert_eq!(port.open(chosen.map(str::to_owned)), [open(1, chosen)]);
    assert_eq!(port.news(ms(0), 1, opened(device)), [works(device, None)]);
    port
}

#[test]
fn a_device_that_goes_is_opened_anew_when_it_is_still_there() {
    let mut port = port(Some("headset"), "headset", &["built-in", "headset"]);
    assert_eq!(port.news(ms(10_000), 1, PlugNews::Lost), [open(2, Some("headset"))]);
    assert_eq!(port.news(ms(10_050), 2, opened("headset")), [works("headset", None)]);
    assert_eq!(port.poll_timeout(), None);
}

#[test]
fn a_device_that_is_unplugged_is_replaced_by_the_default_one_until_it_comes_back() {
    let mut port = port(Some("headset"), "headset", &["built-in", "headset"]);
    assert_eq!(port.news(ms(10_000), 1, PlugNews::Lost), [open(2, Some("headset"))]);
    assert_eq!(port.news(ms(10_010), 2, missing("headset")), [open(3, None)]);
    assert_eq!(port.news(ms(10_050), 3, opened("built-in")), [works("built-in", Some("headset"))]);
    assert_eq!(port.listed(ms(11_000), &mics(&["built-in"])), []);
    assert_eq!(port.listed(ms(13_000), &mics(&["built-in", "headset"])), [open(4, Some("headset"))]);
    assert_eq!(port.news(ms(13_050), 4, opened("headset")), [works("headset", None)]);
}

#[test]
fn a_device_that_has_left_the_list_is_gone_though_its_stream_says_nothing() {
    let mut port = port(Some("headset"), "headset", &["built-in", "headset"]);
    assert_eq!(port.listed(ms(10_000), &mics(&["built-in"])), [open(2, Some("headset"))]);
    assert_eq!(port.news(ms(10_010), 2, missing("headset")), [open(3, None)]);
    assert_eq!(port.news(ms(10_050), 3, opened("built-in")), [works("built-in", Some("headset"))]);
}

#[test]
fn a_device_that_never_was_in_the_list_is_not_missed_there() {
    let mut port = port(Some("odd.monitor"), "odd.monitor", &["built-in"]);
    assert_eq!(port.listed(ms(2_000), &mics(&["built-in"])), []);
    assert_eq!(port.device(), Some("odd.monitor"));
}

#[test]
fn the_default_device_is_followed_where_none_was_chosen_or_the_chosen_one_is_away() {
    let mut port = port(None, "built-in", &["built-in", "usb"]);
    assert_eq!(port.listed(ms(2_000), &mics(&["built-in", "usb"])), []);
    assert_eq!(port.listed(ms(4_000), &mics(&["usb", "built-in"])), [open(2, None)]);
    assert_eq!(port.news(ms(4_050), 2, opened("usb")), [works("usb", None)], "it was the person who did it");

    assert_eq!(port.open(Some("headset".into())), [open(3, Some("headset"))]);
    assert_eq!(port.news(ms(5_000), 3, missing("headset")), [open(4, None)]);
    assert_eq!(port.news(ms(5_000), 4, opened("usb")), [works("usb", Some("headset"))]);
    assert_eq!(port.listed(ms(6_000), &mics(&["built-in", "usb"])), [open(5, None)]);
}

#[test]
fn a_chosen_device_stays_when_the_default_one_changes() {
    let mut port = port(Some("usb"), "usb", &["built-in", "usb"]);
    assert_eq!(port.listed(ms(2_000), &mics(&["other", "built-in", "usb"])), []);
}

#[test]
fn a_system_that_opens_another_device_than_it_calls_the_default_is_followed_once() {
    let mut port = port(None, "built-in", &["built-in", "usb"]);
    let all = mics(&["usb", "built-in"]);
    assert_eq!(port.listed(ms(2_000), &all), [open(2, None)]);
    assert_eq!(port.news(ms(2_050), 2, opened("built-in")), [works("built-in", None)]);
    assert_eq!(port.listed(ms(4_000), &all), []);
}

#[test]
fn a_chosen_device_that_cannot_be_opened_is_left_alone_until_it_has_been_away() {
    let mut port = Port::new(Direction::Input);
    let all = mics(&["built-in", "headset"]);
    port.listed(ms(0), &all);
    assert_eq!(port.open(Some("headset".into())), [open(1, Some("headset"))]);
    assert_eq!(port.news(ms(10), 1, PlugNews::Failed(DeviceError::Busy)), [open(2, None)]);
    assert_eq!(port.news(ms(20), 2, opened("built-in")), [works("built-in", Some("headset"))]);
    assert_eq!(port.listed(ms(2_000), &all), []);
    assert_eq!(port.listed(ms(4_000), &mics(&["built-in"])), []);
    assert_eq!(port.listed(ms(6_000), &all), [open(3, Some("headset"))]);
}

#[test]
fn it_is_tried_again_and_again_with_longer_and_longer_pauses_and_told_once() {
    let mut port = Port::new(Direction::Input);
    assert_eq!(port.open(None), [open(1, None)]);
    assert_eq!(port.news(ms(0), 1, NONE), [Step::Fails(DeviceError::NoMicrophone)]);
    let mut now = Duration::ZERO;
    let mut pauses = Vec::new();
    for attempt in 2..9 {
        let at = port.poll_timeout().unwrap();
        pauses.push((at - now).as_millis());
        assert_eq!(port.tick(at - ms(1)), []);
        assert_eq!(port.tick(at), [open(attempt, None)]);
        assert_eq!(port.poll_timeout(), None, "while it is being opened there is nothing to do");
        assert_eq!(port.news(at, attempt, NONE), []);
        now = at;
    }
    assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    assert_eq!(port.listed(now, &mics(&["usb"])), [open(9, None)], "something was plugged in");
}

#[test]
fn a_port_that_has_no_device_after_a_moment_says_which_one_is_gone() {
    let mut port = port(None, "usb", &["usb"]);
    assert_eq!(port.news(ms(10_000), 1, PlugNews::Lost), [open(2, None)]);
    assert_eq!(port.news(ms(10_010), 2, NONE), []);
    assert_eq!(port.tick(ms(10_260)), [open(3, None)]);
    assert_eq!(port.poll_timeout(), Some(ms(11_000)), "opening may take longer than that");
    assert_eq!(port.tick(ms(11_000)), [Step::Gone("usb".into())]);
    assert_eq!(port.news(ms(11_100), 3, NONE), []);
    assert_eq!(port.tick(ms(11_600)), [open(4, None)]);
    assert_eq!(port.news(ms(11_650), 4, opened("usb")), [works("usb", None)], "it was plugged in again");
}

#[test]
fn a_device_that_dies_whenever_it_is_opened_does_not_keep_the_machine_busy() {
    let mut port = port(None, "usb", &["usb"]);
    let mut attempt = 1;
    let (mut now, mut tries) = (ms(0), 0);
    while now < ms(60_000) {
        let mut steps = port.news(now, attempt, PlugNews::Lost);
        while !steps.iter().any(|step| matches!(step, Step::Open(_))) {
            now = port.poll_timeout().unwrap();
            steps = port.tick(now);
        }
        (attempt, tries) = (attempt + 1, tries + 1);
        port.news(now, attempt, opened("usb"));
    }
    assert!(tries < 20, "{tries} tries in a minute");
}

#[test]
fn what_the_system_forbids_is_not_tried_again_until_a_person_asks() {
    let mut port = port(Some("headset"), "headset", &["built-in", "headset"]);
    let denied = PlugNews::Failed(DeviceError::PermissionDenied);
    assert_eq!(port.news(ms(9_000), 1, denied), [Step::Fails(DeviceError::PermissionDenied)]);
    assert_eq!(port.poll_timeout(), None);
    assert_eq!(port.listed(ms(10_000), &mics(&["built-in"])), []);
    assert_eq!(port.open(Some("headset".into())), [open(2, Some("headset"))]);
}

#[test]
fn an_answer_that_was_overtaken_or_comes_after_the_end_counts_for_nothing() {
    let mut port = Port::new(Direction::Input);
    port.open(Some("a".into()));
    assert_eq!(port.open(Some("b".into())), [open(2, Some("b"))]);
    assert_eq!(port.news(ms(10), 1, opened("a")), []);
    assert_eq!(port.news(ms(20), 2, opened("b")), [works("b", None)]);
    port.close();
    assert_eq!(port.news(ms(30), 2, PlugNews::Lost), []);
    assert_eq!(port.listed(ms(40), &mics(&["c"])), []);
    assert_eq!(port.poll_timeout(), None);
}

#[test]
fn a_device_chosen_by_its_description_is_the_one_that_was_chosen() {
    let mut port = port(Some("The usb"), "usb", &["built-in", "usb"]);
    assert_eq!(port.listed(ms(2_000), &mics(&["built-in", "usb"])), []);
    assert_eq!(port.news(ms(9_000), 1, PlugNews::Lost), [open(2, Some("The usb"))]);
}
