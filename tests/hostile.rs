//! The promises of the protocol, one scenario a file, against whoever would like to break them.
//!
//! P1 voice is sealed before it leaves · P2 the server reads nothing · P3 voice goes to those who are shown · P4 nobody
//! speaks as another · P5 a removed member hears nothing more · P6 nothing from before is opened · P7 the server lets nobody in · P8 conversations outlive the
//! server · P9 nothing is left.

mod a_conversation_outlives_its_server;
mod a_member_cannot_speak_as_another;
mod a_newcomer_opens_nothing_from_before_it_came;
mod a_removed_member_opens_nothing_that_is_said_afterwards;
mod a_server_that_does_what_it_likes_makes_no_wrong_pair;
mod nobody_comes_in_without_the_password;
mod the_server_reads_nothing_of_what_passes_through_it;
mod voice_goes_to_exactly_those_who_are_shown;
mod voice_is_sealed_before_it_leaves_the_device;
mod what_the_network_changes_is_never_heard;
mod who_has_left_keeps_nothing;
