//! Scenarios of real programs, devices, servers and windows. Each has the machine for itself: what is measured here is
//! time and sound.

#[cfg(target_os = "linux")]
mod a_key_talks_by_the_desktop_where_windows_hear_only_their_own;
#[cfg(target_os = "linux")]
mod a_key_talks_while_another_window_has_the_focus;
#[cfg(target_os = "linux")]
mod a_locked_screen_lets_go;
#[cfg(target_os = "linux")]
mod a_room_goes_on_without_the_one_who_hosted_it;
#[cfg(target_os = "linux")]
mod a_server_on_the_internet_is_known_by_its_name;
#[cfg(target_os = "linux")]
mod a_server_runs_with_all_rights_taken_away;
#[cfg(target_os = "linux")]
mod a_voice_goes_through_the_devices;
#[cfg(target_os = "linux")]
mod another_program_holds_the_talk_button;
#[cfg(target_os = "linux")]
mod devices_that_go_are_replaced;
mod every_failure_is_told_and_ends_with_a_status;
#[cfg(target_os = "linux")]
mod keys_that_are_held_stay_down_and_taken_ones_are_named;
#[cfg(target_os = "linux")]
mod machines_find_each_other_on_any_network;
#[cfg(target_os = "linux")]
mod no_program_leaves_an_image_of_its_memory;
#[cfg(target_os = "linux")]
mod one_window_talks_and_the_other_is_heard;
#[cfg(target_os = "linux")]
mod people_in_two_homes_talk_through_their_routers;
#[cfg(target_os = "linux")]
mod preferences_stay_and_broken_ones_are_put_aside;
#[cfg(target_os = "linux")]
mod servers_that_stand_for_one_share_their_rooms;
#[cfg(target_os = "linux")]
mod the_desktop_tells_keys_and_takes_them_back;
#[cfg(target_os = "linux")]
mod the_server_bears_whatever_is_done_to_it;
#[cfg(target_os = "linux")]
mod the_window_is_open_to_nothing_but_its_doors;
#[cfg(target_os = "linux")]
mod two_people_talk_and_hear_each_other;
mod two_windows_do_what_people_do_in_a_room;
