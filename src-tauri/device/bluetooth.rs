//! Which devices are reached over Bluetooth, as far as the systems tell.

use cpal::InterfaceType;

/// How PulseAudio and PipeWire begin the names of such devices.
const BLUEZ: [&str; 4] = ["bluez_source.", "bluez_sink.", "bluez_input.", "bluez_output."];

/// Windows and Android say it; PulseAudio, PipeWire and BlueALSA by the name, CoreAudio by an identifier that is the
/// address of the headset.
pub(crate) fn is_bluetooth(interface: InterfaceType, id: &str, label: &str) -> bool {
    interface == InterfaceType::Bluetooth
        || BLUEZ.iter().any(|prefix| id.starts_with(prefix))
        || id.starts_with("bluealsa")
        || is_headset_of_core_audio(id)
        // Windows calls the microphone side of a headset so, in every language.
        || label.contains("Hands-Free")
}

/// `AA-BB-CC-DD-EE-FF:input`
fn is_headset_of_core_audio(id: &str) -> bool {
    let Some((address, side)) = id.split_once(':') else { return false };
    let is_pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    matches!(side, "input" | "output") && address.split('-').count() == 6 && address.split('-').all(is_pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bluetooth_headset_is_known_by_what_its_system_says() {
        for (interface, id, label) in [
            (InterfaceType::Bluetooth, "{0.0.1.00000000}.{1234}", "Headset"),
            (InterfaceType::Unknown, "bluez_source.AC_12_2F_00_11_22.handsfree_head_unit", "WH-1000"),
            (InterfaceType::Unknown, "bluez_input.AC_12_2F_00_11_22.0", "WH-1000"),
            (InterfaceType::Unknown, "bluealsa:DEV=AC:12:2F:00:11:22,PROFILE=sco", "WH-1000"),
            (InterfaceType::Unknown, "ac-12-2f-00-11-22:input", "AirPods"),
            (InterfaceType::Unknown, "{0.0.1.00000000}.{5}", "Headset (WH-1000 Hands-Free AG Audio)"),
        ] {
            assert!(is_bluetooth(interface, id, label), "{id}");
        }
    }

    #[test]
    fn other_devices_are_not_taken_for_one() {
        for (interface, id, label) in [
            (InterfaceType::Usb, "alsa_input.usb-046d_0825-02.mono-fallback", "Webcam"),
            (InterfaceType::Unknown, "hw:CARD=PCH,DEV=0", "HDA Intel PCH"),
            (InterfaceType::BuiltIn, "BuiltInMicrophoneDevice", "MacBook Microphone"),
            (InterfaceType::Unknown, "AppleUSBAudioEngine:BLUE:Yeti:input", "Blue Yeti"),
            (InterfaceType::Unknown, "", ""),
        ] {
            assert!(!is_bluetooth(interface, id, label), "{id}");
        }
    }
}
