# The table of options: names, structs, fields. getsockopt, setsockopt and sctp_opt_info work by it, the manual's list is
# written from it (options_pod) and the tests walk it.
package Net::SCTP::Options;
use strict;
use warnings;
use Errno qw(EINVAL ENOPROTOOPT);
use Net::SCTP::Address;
use Net::SCTP::Struct;

# name, kind of number or struct or `addresses`, and what it can: g get, s set; a: reading it does something, so that it
# is read only when it is named.
our @table = (
  [SCTP_RTOINFO                         => 'sctp_rtoinfo',             'gs'],
  [SCTP_ASSOCINFO                       => 'sctp_assocparams',         'gs'],
  [SCTP_INITMSG                         => 'sctp_initmsg',             'gs'],
  [SCTP_NODELAY                         => 's32',                      'gs'],
  [SCTP_AUTOCLOSE                       => 's32',                      'gs'],
  [SCTP_SET_PEER_PRIMARY_ADDR           => 'sctp_setpeerprim',         's'],
  [SCTP_PRIMARY_ADDR                    => 'sctp_prim',                'gs'],
  [SCTP_ADAPTATION_LAYER                => 'sctp_setadaptation',       'gs'],
  [SCTP_DISABLE_FRAGMENTS               => 's32',                      'gs'],
  [SCTP_PEER_ADDR_PARAMS                => 'sctp_paddrparams',         'gs'],
  [SCTP_DEFAULT_SEND_PARAM              => 'sctp_sndrcvinfo',          'gs'],
  [SCTP_EVENTS                          => 'sctp_event_subscribe',     'gs'],
  [SCTP_I_WANT_MAPPED_V4_ADDR           => 's32',                      'gs'],
  [SCTP_MAXSEG                          => 'sctp_assoc_value',         'gs'],
  [SCTP_STATUS                          => 'sctp_status',              'g'],
  [SCTP_GET_PEER_ADDR_INFO              => 'sctp_paddrinfo',           'g'],
  [SCTP_DELAYED_SACK                    => 'sctp_sack_info',           'gs'],
  [SCTP_CONTEXT                         => 'sctp_assoc_value',         'gs'],
  [SCTP_FRAGMENT_INTERLEAVE             => 's32',                      'gs'],
  [SCTP_PARTIAL_DELIVERY_POINT          => 'u32',                      'gs'],
  [SCTP_MAX_BURST                       => 'sctp_assoc_value',         'gs'],
  [SCTP_AUTH_CHUNK                      => 'sctp_authchunk',           's'],
  [SCTP_HMAC_IDENT                      => 'sctp_hmacalgo',            'gs'],
  [SCTP_AUTH_KEY                        => 'sctp_authkey',             's'],
  [SCTP_AUTH_ACTIVE_KEY                 => 'sctp_authkeyid',           'gs'],
  [SCTP_AUTH_DELETE_KEY                 => 'sctp_authkeyid',           's'],
  [SCTP_PEER_AUTH_CHUNKS                => 'sctp_authchunks',          'g'],
  [SCTP_LOCAL_AUTH_CHUNKS               => 'sctp_authchunks',          'g'],
  [SCTP_GET_ASSOC_NUMBER                => 'u32',                      'g'],
  [SCTP_GET_ASSOC_ID_LIST               => 'sctp_assoc_ids',           'g'],
  [SCTP_AUTO_ASCONF                     => 's32',                      'gs'],
  [SCTP_PEER_ADDR_THLDS                 => 'sctp_paddrthlds',          'gs'],
  [SCTP_RECVRCVINFO                     => 's32',                      'gs'],
  [SCTP_RECVNXTINFO                     => 's32',                      'gs'],
  [SCTP_DEFAULT_SNDINFO                 => 'sctp_sndinfo',             'gs'],
  [SCTP_AUTH_DEACTIVATE_KEY             => 'sctp_authkeyid',           's'],
  [SCTP_REUSE_PORT                      => 's32',                      'gs'],
  [SCTP_PEER_ADDR_THLDS_V2              => 'sctp_paddrthlds_v2',       'gs'],
  [SCTP_SOCKOPT_BINDX_ADD               => 'addresses',                's'],
  [SCTP_SOCKOPT_BINDX_REM               => 'addresses',                's'],
  [SCTP_SOCKOPT_PEELOFF                 => 'sctp_peeloff_arg_t',       'ga'],
  [SCTP_SOCKOPT_CONNECTX_OLD            => 'addresses',                's'],
  [SCTP_GET_PEER_ADDRS                  => 'sctp_getaddrs',            'g'],
  [SCTP_GET_LOCAL_ADDRS                 => 'sctp_getaddrs',            'g'],
  [SCTP_SOCKOPT_CONNECTX                => 'addresses',                's'],
  [SCTP_SOCKOPT_CONNECTX3               => 'sctp_getaddrs_old',        'ga'],
  [SCTP_GET_ASSOC_STATS                 => 'sctp_assoc_stats',         'g'],
  [SCTP_PR_SUPPORTED                    => 'sctp_assoc_value',         'gs'],
  [SCTP_DEFAULT_PRINFO                  => 'sctp_default_prinfo',      'gs'],
  [SCTP_PR_ASSOC_STATUS                 => 'sctp_prstatus',            'g'],
  [SCTP_PR_STREAM_STATUS                => 'sctp_prstatus',            'g'],
  [SCTP_RECONFIG_SUPPORTED              => 'sctp_assoc_value',         'gs'],
  [SCTP_ENABLE_STREAM_RESET             => 'sctp_assoc_value',         'gs'],
  [SCTP_RESET_STREAMS                   => 'sctp_reset_streams',       's'],
  [SCTP_RESET_ASSOC                     => 's32',                      's'],
  [SCTP_ADD_STREAMS                     => 'sctp_add_streams',         's'],
  [SCTP_SOCKOPT_PEELOFF_FLAGS           => 'sctp_peeloff_flags_arg_t', 'ga'],
  [SCTP_STREAM_SCHEDULER                => 'sctp_assoc_value',         'gs'],
  [SCTP_STREAM_SCHEDULER_VALUE          => 'sctp_stream_value',        'gs'],
  [SCTP_INTERLEAVING_SUPPORTED          => 'sctp_assoc_value',         'gs'],
  [SCTP_EVENT                           => 'sctp_event',               'gs'],
  [SCTP_ASCONF_SUPPORTED                => 'sctp_assoc_value',         'gs'],
  [SCTP_AUTH_SUPPORTED                  => 'sctp_assoc_value',         'gs'],
  [SCTP_ECN_SUPPORTED                   => 'sctp_assoc_value',         'gs'],
  [SCTP_EXPOSE_POTENTIALLY_FAILED_STATE => 'sctp_assoc_value',         'gs'],
  [SCTP_REMOTE_UDP_ENCAPS_PORT          => 'sctp_udpencaps',           'gs'],
  [SCTP_PLPMTUD_PROBE_INTERVAL          => 'sctp_probeinterval',       'gs'],
  [SO_SNDBUF                            => 's32',                      'gs', 'SOL_SOCKET'],
  [SO_RCVBUF                            => 's32',                      'gs', 'SOL_SOCKET'],
  [SO_LINGER                            => 'linger',                   'gs', 'SOL_SOCKET'],
  [SO_SNDTIMEO                          => 'timeval',                  'gs', 'SOL_SOCKET'],
  [SO_RCVTIMEO                          => 'timeval',                  'gs', 'SOL_SOCKET'],
  [SO_REUSEADDR                         => 's32',                      'gs', 'SOL_SOCKET'],
  [SO_ERROR                             => 's32',                      'ga', 'SOL_SOCKET'],
  [SO_TYPE                              => 's32',                      'g',  'SOL_SOCKET'],
  [SO_PROTOCOL                          => 's32',                      'g',  'SOL_SOCKET'],
  [SO_DOMAIN                            => 's32',                      'g',  'SOL_SOCKET'],
  [SO_ACCEPTCONN                        => 's32',                      'g',  'SOL_SOCKET'],
  [IPV6_V6ONLY                          => 's32',                      'gs', 'IPPROTO_IPV6'],
);

# Payload protocol identifiers and UDP ports are in network order in the structs, and plain numbers here.
Net::SCTP::Struct::define(
  sctp_rtoinfo     => [qw(srto_assoc_id s32 srto_initial u32 srto_max u32 srto_min u32)],
  sctp_assocparams => [qw(sasoc_assoc_id s32 sasoc_asocmaxrxt u16 sasoc_number_peer_destinations u16
                          sasoc_peer_rwnd u32 sasoc_local_rwnd u32 sasoc_cookie_life u32)],
  sctp_initmsg     => [qw(sinit_num_ostreams u16 sinit_max_instreams u16 sinit_max_attempts u16 sinit_max_init_timeo u16)],
  sctp_setadaptation   => [qw(ssb_adaptation_ind u32)],
  sctp_sndrcvinfo      => [qw(sinfo_stream u16 sinfo_ssn u16 sinfo_flags u16 sinfo_ppid be32 sinfo_context u32
                              sinfo_timetolive u32 sinfo_tsn u32 sinfo_cumtsn u32 sinfo_assoc_id s32)],
  sctp_sndinfo         => [qw(snd_sid u16 snd_flags u16 snd_ppid be32 snd_context u32 snd_assoc_id s32)],
  sctp_event_subscribe => [map { $_ => 'u8' } qw(sctp_data_io_event sctp_association_event sctp_address_event
                              sctp_send_failure_event sctp_peer_error_event sctp_shutdown_event
                              sctp_partial_delivery_event sctp_adaptation_layer_event sctp_authentication_event
                              sctp_sender_dry_event sctp_stream_reset_event sctp_assoc_reset_event
                              sctp_stream_change_event sctp_send_failure_event_event)],
  sctp_assoc_value   => [qw(assoc_id s32 assoc_value u32)],
  sctp_stream_value  => [qw(assoc_id s32 stream_id u16 stream_value u16)],
  sctp_sack_info     => [qw(sack_assoc_id s32 sack_delay u32 sack_freq u32)],
  sctp_authchunk     => [qw(sauth_chunk u8)],
  sctp_hmacalgo      => [shmac_num_idents => 'u32', shmac_idents => 'u16* shmac_num_idents'],
  sctp_authkey       => [sca_assoc_id => 's32', sca_keynumber => 'u16', sca_keylength => 'u16', sca_key => 'bytes* sca_keylength'],
  sctp_authkeyid     => [qw(scact_assoc_id s32 scact_keynumber u16)],
  sctp_authchunks    => [gauth_assoc_id => 's32', gauth_number_of_chunks => 'u32', gauth_chunks => 'u8* gauth_number_of_chunks'],
  sctp_assoc_ids     => [gaids_number_of_ids => 'u32', gaids_assoc_id => 's32* gaids_number_of_ids'],
  sctp_paddrthlds    => [qw(spt_assoc_id s32 spt_address address spt_pathmaxrxt u16 spt_pathpfthld u16)],
  sctp_paddrthlds_v2 => [qw(spt_assoc_id s32 spt_address address spt_pathmaxrxt u16 spt_pathpfthld u16 spt_pathcpthld u16)],
  sctp_peeloff_arg_t => [qw(associd s32 sd s32)],
  sctp_peeloff_flags_arg_t => [p_arg => 'struct sctp_peeloff_arg_t', flags => 'u32'],
  sctp_getaddrs            => [assoc_id => 's32', addr_num => 'u32', addrs => 'addresses* addr_num'],
  sctp_assoc_stats         => [sas_assoc_id => 's32', sas_obs_rto_ipaddr => 'address', map { $_ => 'u64' }
                               qw(sas_maxrto sas_isacks sas_osacks sas_opackets sas_ipackets sas_rtxchunks sas_outofseqtsns
                                  sas_idupchunks sas_gapcnt sas_ouodchunks sas_iuodchunks sas_oodchunks sas_iodchunks
                                  sas_octrlchunks sas_ictrlchunks)],
  sctp_default_prinfo => [qw(pr_assoc_id s32 pr_value u32 pr_policy u16)],
  sctp_prstatus       => [qw(sprstat_assoc_id s32 sprstat_sid u16 sprstat_policy u16 sprstat_abandoned_unsent u64
                             sprstat_abandoned_sent u64)],
  sctp_reset_streams  => [srs_assoc_id => 's32', srs_flags => 'u16', srs_number_streams => 'u16',
                          srs_stream_list => 'u16* srs_number_streams'],
  sctp_add_streams    => [qw(sas_assoc_id s32 sas_instrms u16 sas_outstrms u16)],
  sctp_event          => [qw(se_assoc_id s32 se_type u16 se_on u8)],
  sctp_udpencaps      => [qw(sue_assoc_id s32 sue_address address sue_port be16)],
  sctp_probeinterval  => [qw(spi_assoc_id s32 spi_address address spi_interval u32)],
  sctp_status         => [qw(sstat_assoc_id s32 sstat_state s32 sstat_rwnd u32 sstat_unackdata u16 sstat_penddata u16
                             sstat_instrms u16 sstat_outstrms u16 sstat_fragmentation_point u32), sstat_primary => 'struct sctp_paddrinfo'],
  linger  => [qw(l_onoff s32 l_linger s32)],
  timeval => [qw(tv_sec long tv_usec long)],
);
Net::SCTP::Struct::define_packed(
  sctp_setpeerprim => [qw(sspp_assoc_id s32 sspp_addr address)],
  sctp_prim        => [qw(ssp_assoc_id s32 ssp_addr address)],
  sctp_paddrparams => [qw(spp_assoc_id s32 spp_address address spp_hbinterval u32 spp_pathmaxrxt u16 spp_pathmtu u32
                          spp_sackdelay u32 spp_flags u32 spp_ipv6_flowlabel u32 spp_dscp u8)],
  sctp_paddrinfo   => [qw(spinfo_assoc_id s32 spinfo_address address spinfo_state s32 spinfo_cwnd u32 spinfo_srtt u32
                          spinfo_rto u32 spinfo_mtu u32)],
);
# Its last member points to the addresses: assembled below.
my @connectx3_fields = qw(assoc_id addr_num addrs);

my %synonyms = (
  SCTP_DELAYED_ACK => 'SCTP_DELAYED_SACK', SCTP_DELAYED_ACK_TIME => 'SCTP_DELAYED_SACK',
  SCTP_EXPOSE_PF_STATE => 'SCTP_EXPOSE_POTENTIALLY_FAILED_STATE',
);
my (%by_name, %by_number);

sub _fill {
  return if %by_name;
  no strict 'refs';
  for my $row (@table) {
    my ($name, $kind, $can, $level) = @$row;
    my $option = { name => $name, kind => $kind, can => $can, level => &{"Net::SCTP::" . ($level // 'IPPROTO_SCTP')}(),
                   number => &{"Net::SCTP::$name"}() };
    $by_name{$name} = $option;
    $by_number{ $option->{number} } = $option unless defined $level;
  }
  $by_name{$_} = $by_name{ $synonyms{$_} } for keys %synonyms;
  return;
}

# The row of an option, by name or by SCTP's number.
sub option {
  my ($name) = @_;
  _fill();
  die "no option is named\n" unless defined $name && length $name;
  return $by_name{$name} // $by_number{$name} // die "there is no option $name\n";
}

sub can_read { my ($option) = @_; return $option->{can} =~ /g/ }

sub fields {
  my ($option) = @_;
  my $kind = $option->{kind};
  return @connectx3_fields if $kind eq 'sctp_getaddrs_old';
  return $kind eq 'addresses' || Net::SCTP::Struct::is_scalar($kind)
    ? ()
    : map { $_->{name} } @{ Net::SCTP::Struct::layout($kind)->{fields} };
}

use constant MOST_TAIL => 65_536;    # room for what has no fixed length

# The bytes to ask with. Dies on what is wrong with `value`.
sub question {
  my ($option, $value, $context) = @_;
  my ($name, $kind) = @$option{qw(name kind)};
  die "$name can only be set\n" unless can_read($option);
  return pack 'x' . Net::SCTP::Struct::size_of($kind) if Net::SCTP::Struct::is_scalar($kind);
  return _connectx3($value, $context) if $kind eq 'sctp_getaddrs_old';
  my $bytes = Net::SCTP::Struct::encode($kind, ref $value ? $value : {}, $name, $context);
  return $bytes . "\0" x (Net::SCTP::Struct::layout($kind)->{fields}[-1]{kind} =~ /\*/ ? MOST_TAIL : 0);
}

my $kept;    # what the last argument points to

sub _connectx3 {
  my ($value, $context) = @_;
  ref $value eq 'HASH' or die "SCTP_SOCKOPT_CONNECTX3 takes a hash of its fields: " . join(', ', @connectx3_fields) . "\n";
  my %given = %$value;
  $kept = join '', map { Net::SCTP::Address::from_value($_, 'SCTP_SOCKOPT_CONNECTX3: addrs', $context) }
    Net::SCTP::Address::list(delete $given{addrs});
  delete @given{qw(assoc_id addr_num)};
  die "SCTP_SOCKOPT_CONNECTX3 has no field $_; it has " . join(', ', @connectx3_fields) . "\n" for sort keys %given;
  return pack 'l l p', 0, length $kept, $kept;
}

# What came back, as a hash of fields or a number.
sub answer {
  my ($option, $bytes) = @_;
  my $kind = $option->{kind};
  return Net::SCTP::Struct::scalar($kind, $bytes) if Net::SCTP::Struct::is_scalar($kind);
  if ($kind eq 'sctp_getaddrs_old') {
    my ($id) = unpack 'l', $bytes;
    my @hosts = Net::SCTP::Address::hosts($kept);
    return { assoc_id => $id, addr_num => scalar @hosts, addrs => \@hosts };
  }
  return Net::SCTP::Struct::decode($kind, $bytes);
}

# The bytes to set it to; `now` reads the present ones (given the bytes that name the association), for the fields that
# are not named.
sub value {
  my ($option, $value, $context, $now) = @_;
  my ($name, $kind) = @$option{qw(name kind)};
  die "$name can only be read\n" unless $option->{can} =~ /s/;
  die "$name: there is no value\n" unless defined $value;
  if ($kind eq 'addresses') {
    return join '', map { Net::SCTP::Address::from_value($_, $name, $context) } Net::SCTP::Address::list($value);
  }
  return Net::SCTP::Struct::number($kind, $value, $name) if Net::SCTP::Struct::is_scalar($kind);
  if ($kind eq 'timeval' && !ref $value && $value =~ /^[0-9]*\.?[0-9]+$/) {
    $value = { tv_sec => int $value, tv_usec => int(($value - int $value) * 1e6) };
  }
  if (!ref $value) {
    my $only = Net::SCTP::Struct::value_field($kind) // die "$name takes a hash of its fields: " . join(', ', fields($option)) . "\n";
    $value = { $only => $value };
  }
  my $given = Net::SCTP::Struct::encode($kind, $value, $name, $context);
  my $before = can_read($option) && keys %$value < fields($option) ? $now->($given) : undef;
  # A tail is the caller's own, never what is left of a longer one.
  substr $before, length $given, length $before, '' if defined $before && length $before > length $given;
  return Net::SCTP::Struct::encode($kind, $value, $name, $context, $before);
}

# For the manual: every option with its fields, as POD.
sub options_pod {
  my %says = (gs => '', g => 'read only', s => 'set only', ga => 'read only, and only when it is named');
  return join '', map {
    my ($name, $kind, $can) = @$_;
    my @fields = fields({ kind => $kind });
    my $is = $kind eq 'addresses' ? 'an array of hosts' : @fields ? join ', ', @fields : 'a number';
    "=item $name\n\n$is" . ($says{$can} ? " ($says{$can})" : '') . "\n\n";
  } @table;
}

1;
