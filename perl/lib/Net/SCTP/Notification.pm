# Notifications (RFC 6458 section 6): what a message with MSG_NOTIFICATION says, as a hash.
package Net::SCTP::Notification;
use strict;
use warnings;
use Net::SCTP::Struct;
use Net::SCTP::Options;    # structs that are part of some

# name => struct. The number is the constant of that name.
our %table = (
  SCTP_ASSOC_CHANGE           => 'sctp_assoc_change',
  SCTP_PEER_ADDR_CHANGE       => 'sctp_paddr_change',
  SCTP_SEND_FAILED            => 'sctp_send_failed',
  SCTP_REMOTE_ERROR           => 'sctp_remote_error',
  SCTP_SHUTDOWN_EVENT         => 'sctp_shutdown_event',
  SCTP_PARTIAL_DELIVERY_EVENT => 'sctp_pdapi_event',
  SCTP_ADAPTATION_INDICATION  => 'sctp_adaptation_event',
  SCTP_AUTHENTICATION_EVENT   => 'sctp_authkey_event',
  SCTP_SENDER_DRY_EVENT       => 'sctp_sender_dry_event',
  SCTP_STREAM_RESET_EVENT     => 'sctp_stream_reset_event',
  SCTP_ASSOC_RESET_EVENT      => 'sctp_assoc_reset_event',
  SCTP_STREAM_CHANGE_EVENT    => 'sctp_stream_change_event',
  SCTP_SEND_FAILED_EVENT      => 'sctp_send_failed_event',
);

sub _head { my ($prefix) = @_; return ("${prefix}_type", 'u16', "${prefix}_flags", 'u16', "${prefix}_length", 'u32') }

Net::SCTP::Struct::define(
  sctp_assoc_change      => [_head('sac'), qw(sac_state u16 sac_error u16 sac_outbound_streams u16 sac_inbound_streams u16
                             sac_assoc_id s32 sac_info bytes*)],
  sctp_send_failed       => [_head('ssf'), ssf_error => 'u32', ssf_info => 'struct sctp_sndrcvinfo', qw(ssf_assoc_id s32 ssf_data bytes*)],
  sctp_remote_error      => [_head('sre'), qw(sre_error be16 sre_assoc_id s32 sre_data bytes*)],
  sctp_shutdown_event    => [_head('sse'), qw(sse_assoc_id s32)],
  sctp_pdapi_event       => [_head('pdapi'), qw(pdapi_indication u32 pdapi_assoc_id s32 pdapi_stream u32 pdapi_seq u32)],
  sctp_adaptation_event  => [_head('sai'), qw(sai_adaptation_ind u32 sai_assoc_id s32)],
  sctp_authkey_event     => [_head('auth'), qw(auth_keynumber u16 auth_altkeynumber u16 auth_indication u32 auth_assoc_id s32)],
  sctp_sender_dry_event  => [_head('sender_dry'), qw(sender_dry_assoc_id s32)],
  sctp_stream_reset_event => [_head('strreset'), qw(strreset_assoc_id s32 strreset_stream_list u16*)],
  sctp_assoc_reset_event  => [_head('assocreset'), qw(assocreset_assoc_id s32 assocreset_local_tsn u32 assocreset_remote_tsn u32)],
  sctp_stream_change_event => [_head('strchange'), qw(strchange_assoc_id s32 strchange_instrms u16 strchange_outstrms u16)],
  sctp_send_failed_event   => [_head('ssf'), ssf_error => 'u32', ssfe_info => 'struct sctp_sndinfo', qw(ssf_assoc_id s32 ssf_data bytes*)],
);
Net::SCTP::Struct::define_packed(
  sctp_paddr_change => [_head('spc'), qw(spc_aaddr address spc_state s32 spc_error s32 spc_assoc_id s32)],
);

my %by_number;

# The fields of the notification's struct by their names, and `type`: the name of the notification.
sub decode {
  my ($bytes) = @_;
  if (!%by_number) {
    no strict 'refs';
    %by_number = map { &{"Net::SCTP::$_"}() => $_ } keys %table;
  }
  return { type => 'unknown' } if length $bytes < 8;
  my $name = $by_number{ unpack 'S', $bytes } // return { type => 'unknown' };
  return { type => $name, %{ Net::SCTP::Struct::decode($table{$name}, $bytes) } };
}

1;
