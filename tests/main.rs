//! One scenario a file; its name is a sentence that is true of the product.

#[cfg(target_os = "linux")]
mod a_voice_goes_through_the_devices;
mod any_bytes_end_in_a_value_or_an_error;
mod every_failure_is_told_and_ends_with_a_status;
mod hostile;
mod members_compare_what_they_see_and_emoji;
#[cfg(target_os = "linux")]
mod no_program_leaves_an_image_of_its_memory;
mod no_secret_can_be_copied_printed_or_sent_out;
#[cfg(target_os = "linux")]
mod one_window_talks_and_the_other_is_heard;
#[cfg(target_os = "linux")]
mod preferences_stay_and_broken_ones_are_put_aside;
mod strangers_stay_outside_and_are_never_heard;
mod the_floor_goes_round_as_the_room_is_set;
mod the_host_decides_who_is_in_the_room;
mod the_rig_finds_chirps;
mod the_text_of_the_protocol_shows_true_bytes;
#[cfg(target_os = "linux")]
mod the_window_is_open_to_nothing_but_its_doors;
#[cfg(target_os = "linux")]
mod two_people_talk_and_hear_each_other;
mod voice_flows_from_the_one_who_talks_to_all_others;
