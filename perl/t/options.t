# setsockopt, getsockopt, sctp_opt_info: every option of the table, set and read back; what is wrong is named.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Test::More;
BEGIN { Net::SCTP->import(':all') }

# What to set each option to, and where: a function that makes the object. `reads` is what then reads back, if it is not
# the same; `refused` the error where the stack has the extension off, as a kernel has by default.
sub many     { my $s = server(); return $s }
sub one      { my $s = Net::SCTP->new({ OneToMany => 0 }); $s->socket; return $s }
sub fresh    { my $s = Net::SCTP->new({ LocalHost => '127.0.0.1' }); $s->socket; return $s }
sub six      { my $s = Net::SCTP->new({ IPV6 => 1 }); $s->socket; return $s }
my @kept;    # servers of the clients
sub peer     { my $s = server(LocalHost => ['127.0.0.1', '127.0.0.2']); push @kept, $s; return client($s, PeerHost => ['127.0.0.1', '127.0.0.2'], LocalHost => '', @_) }
sub peer_one { my ($s, $c) = one_to_one(); push @kept, $s; return $c }

my $off = qr/Permission denied|Operation not permitted|Protocol not available|Operation not supported|Invalid argument/;
my %tests = (
  SCTP_RTOINFO                => [\&many, { srto_initial => 2000, srto_max => 50_000, srto_min => 900 }],
  SCTP_ASSOCINFO              => [\&many, { sasoc_asocmaxrxt => 7, sasoc_cookie_life => 30_000 }],
  SCTP_INITMSG                => [\&many, { sinit_num_ostreams => 5, sinit_max_instreams => 6, sinit_max_attempts => 7, sinit_max_init_timeo => 8000 }],
  SCTP_NODELAY                => [\&many, 1],
  SCTP_AUTOCLOSE              => [\&many, 30],
  SCTP_SET_PEER_PRIMARY_ADDR  => [\&peer, { sspp_addr => '127.0.0.1' }, refused => $off],
  SCTP_PRIMARY_ADDR           => [\&peer, { ssp_addr => '127.0.0.2' }, id => 1],
  SCTP_ADAPTATION_LAYER       => [\&many, { ssb_adaptation_ind => 4_000_000_000 }],
  SCTP_DISABLE_FRAGMENTS      => [\&many, 1],
  SCTP_PEER_ADDR_PARAMS       => [\&peer, { spp_address => '127.0.0.2', spp_hbinterval => 5000, spp_pathmaxrxt => 3 }, id => 1],
  SCTP_DEFAULT_SEND_PARAM     => [\&many, { sinfo_stream => 3, sinfo_ppid => 46, sinfo_context => 9, sinfo_flags => SCTP_UNORDERED }],
  SCTP_EVENTS                 => [\&many, { sctp_data_io_event => 1, sctp_association_event => 1, sctp_sender_dry_event => 0 }],
  SCTP_I_WANT_MAPPED_V4_ADDR  => [\&six, 0],
  SCTP_MAXSEG                 => [\&many, { assoc_value => 600 }],
  SCTP_DELAYED_SACK           => [\&many, { sack_delay => 100, sack_freq => 3 }],
  SCTP_CONTEXT                => [\&many, { assoc_value => 77 }],
  SCTP_FRAGMENT_INTERLEAVE    => [\&many, 1],
  SCTP_PARTIAL_DELIVERY_POINT => [\&many, 5000],
  SCTP_MAX_BURST              => [\&many, { assoc_value => 9 }],
  SCTP_AUTH_CHUNK             => [\&many, { sauth_chunk => 5 }, refused => $off],
  SCTP_HMAC_IDENT             => [\&many, { shmac_idents => [1, 3] }, refused => $off],
  SCTP_AUTH_KEY               => [\&many, { sca_keynumber => 1, sca_key => "key\0" }, refused => $off],
  SCTP_AUTH_ACTIVE_KEY        => [\&many, { scact_keynumber => 0 }, refused => $off],
  SCTP_AUTH_DELETE_KEY        => [\&many, { scact_keynumber => 1 }, refused => $off],
  SCTP_AUTH_DEACTIVATE_KEY    => [\&many, { scact_keynumber => 1 }, refused => $off],
  SCTP_AUTO_ASCONF            => [\&one, 1, refused => $off],
  SCTP_PEER_ADDR_THLDS        => [\&many, { spt_pathmaxrxt => 4, spt_pathpfthld => 2 }],
  SCTP_RECVRCVINFO            => [\&many, 0],
  SCTP_RECVNXTINFO            => [\&many, 1],
  SCTP_DEFAULT_SNDINFO        => [\&many, { snd_sid => 2, snd_ppid => 60, snd_context => 5, snd_flags => 0 }],
  SCTP_REUSE_PORT             => [\&one, 1],
  SCTP_PEER_ADDR_THLDS_V2     => [\&many, { spt_pathmaxrxt => 4, spt_pathpfthld => 2, spt_pathcpthld => 9 }],
  SCTP_SOCKOPT_BINDX_ADD      => [\&fresh, ['127.0.0.1', '127.0.0.2']],
  SCTP_SOCKOPT_BINDX_REM      => [sub { server(LocalHost => ['127.0.0.1', '127.0.0.2']) }, ['127.0.0.2']],
  SCTP_SOCKOPT_CONNECTX_OLD   => [\&fresh, sub { ['127.0.0.1:' . ($kept[@kept] = server())->get_LocalPort] }],
  SCTP_SOCKOPT_CONNECTX       => [\&fresh, sub { ['127.0.0.1:' . ($kept[@kept] = server())->get_LocalPort] }],
  SCTP_PR_SUPPORTED           => [\&many, { assoc_value => 1 }, refused => $off],
  SCTP_DEFAULT_PRINFO         => [\&many, { pr_policy => SCTP_PR_SCTP_TTL, pr_value => 1000 }, refused => $off],
  SCTP_RECONFIG_SUPPORTED     => [\&many, { assoc_value => 1 }, refused => $off],
  SCTP_ENABLE_STREAM_RESET    => [\&many, { assoc_value => 1 }, refused => $off],
  SCTP_RESET_STREAMS          => [\&peer, { srs_flags => SCTP_STREAM_RESET_OUTGOING, srs_stream_list => [1, 2] }, id => 1, refused => $off],
  SCTP_RESET_ASSOC            => [\&peer_one, 0, refused => $off],
  SCTP_ADD_STREAMS            => [\&peer, { sas_outstrms => 2 }, id => 1, refused => $off],
  SCTP_STREAM_SCHEDULER       => [\&many, { assoc_value => SCTP_SS_RR }],
  SCTP_STREAM_SCHEDULER_VALUE => [sub { my $s = peer(); $s->setsockopt({ SCTP_STREAM_SCHEDULER => { assoc_id => $s->get_AssocID, assoc_value => SCTP_SS_PRIO } }); $s }, { stream_id => 1, stream_value => 3 }, id => 1, refused => $off],
  SCTP_INTERLEAVING_SUPPORTED => [\&many, { assoc_value => 1 }, refused => $off],
  SCTP_EVENT                  => [\&many, { se_type => SCTP_SHUTDOWN_EVENT, se_on => 1 }],
  SCTP_ASCONF_SUPPORTED       => [\&many, { assoc_value => 0 }],
  SCTP_AUTH_SUPPORTED         => [\&many, { assoc_value => 0 }],
  SCTP_ECN_SUPPORTED          => [\&many, { assoc_value => 0 }],
  SCTP_EXPOSE_POTENTIALLY_FAILED_STATE => [\&many, { assoc_value => 2 }],
  SCTP_REMOTE_UDP_ENCAPS_PORT  => [\&many, { sue_port => 9899 }],
  SCTP_PLPMTUD_PROBE_INTERVAL  => [\&many, { spi_interval => 6000 }, refused => $off],
  SO_SNDBUF    => [\&many, 100_000, reads => sub { $_[0] >= 100_000 }],
  SO_RCVBUF    => [\&many, 100_000, reads => sub { $_[0] >= 100_000 }],
  SO_LINGER    => [\&many, { l_onoff => 1, l_linger => 5 }],
  SO_SNDTIMEO  => [\&many, { tv_sec => 2, tv_usec => 500_000 }, reads => sub { $_[0]{tv_sec} == 2 && $_[0]{tv_usec} >= 500_000 }],
  SO_RCVTIMEO  => [\&many, { tv_sec => 1, tv_usec => 0 }],
  SO_REUSEADDR => [\&many, 1],
  IPV6_V6ONLY  => [\&six, 1],
  # read only: what to ask with, and what then holds
  SCTP_STATUS             => [\&peer_one, undef, reads => sub { $_[0]{sstat_state} == SCTP_ESTABLISHED && $_[0]{sstat_primary}{spinfo_address} eq '127.0.0.1' }],
  SCTP_GET_PEER_ADDR_INFO => [\&peer, { spinfo_address => '127.0.0.2' }, reads => sub { $_[0]{spinfo_address} eq '127.0.0.2' && $_[0]{spinfo_mtu} > 500 && $_[0]{spinfo_assoc_id} >= 3 }],
  SCTP_PEER_AUTH_CHUNKS   => [\&peer_one, undef, refused => $off],
  SCTP_LOCAL_AUTH_CHUNKS  => [\&peer_one, undef, refused => $off],
  SCTP_GET_ASSOC_NUMBER   => [\&peer, undef, reads => sub { $_[0] == 1 }],
  SCTP_GET_ASSOC_ID_LIST  => [\&peer, undef, reads => sub { $_[0]{gaids_number_of_ids} == 1 && @{ $_[0]{gaids_assoc_id} } == 1 && $_[0]{gaids_assoc_id}[0] >= 3 }],
  SCTP_GET_PEER_ADDRS     => [\&peer, {}, id => 1, reads => sub { join(' ', sort @{ $_[0]{addrs} }) eq '127.0.0.1 127.0.0.2' && $_[0]{addr_num} == 2 }],
  SCTP_GET_LOCAL_ADDRS    => [\&many, undef, reads => sub { "@{ $_[0]{addrs} }" eq '127.0.0.1' && $_[0]{addr_num} == 1 }],
  SCTP_GET_ASSOC_STATS    => [\&peer_one, undef, reads => sub { $_[0]{sas_octrlchunks} > 0 && $_[0]{sas_obs_rto_ipaddr} =~ /^$|^127/ }],
  SCTP_PR_ASSOC_STATUS    => [\&peer_one, { sprstat_policy => SCTP_PR_SCTP_ALL }, refused => $off, reads => sub { $_[0]{sprstat_abandoned_sent} == 0 }],
  SCTP_PR_STREAM_STATUS   => [\&peer_one, { sprstat_policy => SCTP_PR_SCTP_TTL, sprstat_sid => 0 }, refused => $off, reads => sub { $_[0]{sprstat_abandoned_sent} == 0 }],
  SCTP_SOCKOPT_PEELOFF       => [\&peer, sub { { associd => $_[0]->get_AssocID } }, reads => sub { $_[0]{sd} > 0 }],
  SCTP_SOCKOPT_PEELOFF_FLAGS => [\&peer, sub { { p_arg => { associd => $_[0]->get_AssocID }, flags => 0 } }, reads => sub { $_[0]{p_arg}{sd} > 0 }],
  SCTP_SOCKOPT_CONNECTX3     => [\&fresh, sub { { addrs => ['127.0.0.1:' . ($kept[@kept] = server())->get_LocalPort] } }, reads => sub { $_[0]{assoc_id} >= 3 && $_[0]{addr_num} == 1 }],
  SO_ERROR      => [\&many, undef, reads => sub { $_[0] == 0 }],
  SO_TYPE       => [\&many, undef, reads => sub { $_[0] == 5 }],
  SO_PROTOCOL   => [\&many, undef, reads => sub { $_[0] == IPPROTO_SCTP }],
  SO_DOMAIN     => [\&six,  undef, reads => sub { $_[0] == 10 }],
  SO_ACCEPTCONN => [\&many, undef, reads => sub { $_[0] == 1 }],
);

is_deeply([sort keys %tests], [sort map { $_->[0] } @Net::SCTP::Options::table], 'every option of the table is tested');

for my $row (@Net::SCTP::Options::table) {
  my ($name, undef, $can) = @$row;
  my ($make, $value, %expected) = @{ $tests{$name} // next };
  @kept = ();
  my $s = $make->();
  $value = $value->($s) if ref $value eq 'CODE';
  $value = { %$value, assoc_id => $s->get_AssocID } if $expected{id};
  my $given;
  if ($can =~ /s/) {
    my $set = $s->setsockopt({ $name => $value });
    if ($set != 0 && $expected{refused}) {
      like($s->error, qr/^setsockopt $name: $expected{refused}$/, "$name: refused, as where its extension is off");
      next;
    }
    is($set, 0, "$name: set") or diag $s->error;
    next unless $can =~ /g/;
    # The fields that say what is asked for.
    $given = ref $value eq 'HASH' ? { map { $_ => $value->{$_} } grep { /assoc_id$|address$|se_type|stream_id/ } keys %$value } : undef;
  } else {
    $given = $value;
    fails($s->setsockopt({ $name => 1 }), $s, qr/^setsockopt: $name can only be read$/, "$name: cannot be set");
  }
  my $all = $s->getsockopt({ $name => $given });
  if (!$all && $expected{refused}) {
    like($s->error, qr/^getsockopt $name: $expected{refused}$/, "$name: refused, as where its extension is off");
    next;
  }
  my $read = ($all // {})->{$name};
  ok(defined $read, "$name: read") or diag $s->error;
  next unless defined $read;
  if (my $holds = $expected{reads}) {
    ok($holds->($read), "$name: as expected") or diag explain $read;
  } elsif (ref $value) {
    my %fields = %$value;
    delete $fields{assoc_id} unless exists $read->{assoc_id};
    is_deeply({ map { $_ => $read->{$_} } keys %fields }, \%fields, "$name: reads back");
    my @fields = Net::SCTP::Options::fields(Net::SCTP::Options::option($name));
    is_deeply([sort keys %$read], [sort @fields], "$name: has every field");
  } else {
    is($read, $value, "$name: reads back");
  }
}

# Set-only options cannot be read.
for my $name (map { $_->[0] } grep { $_->[2] !~ /g/ } @Net::SCTP::Options::table) {
  my $s = fresh();
  fails_undef($s->getsockopt($name), $s, qr/^getsockopt: $name can only be set$/, "$name: cannot be read");
}

subtest 'fields that are not named stay as they are' => sub {
  my $s = many();
  my $before = $s->getsockopt('SCTP_RTOINFO')->{SCTP_RTOINFO};
  is($s->setsockopt({ SCTP_RTOINFO => { srto_initial => 5 } }), 0, 'one field');
  is_deeply($s->getsockopt('SCTP_RTOINFO')->{SCTP_RTOINFO}, { %$before, srto_initial => 5 }, 'only that one');
  $s->setsockopt({ SCTP_EVENTS => { sctp_association_event => 1 } });
  $s->setsockopt({ SCTP_EVENTS => { sctp_data_io_event => 1 } });
  my $events = $s->getsockopt('SCTP_EVENTS')->{SCTP_EVENTS};
  is($events->{sctp_association_event}, 1, 'an event stays on');
  is($events->{sctp_data_io_event}, 1, 'when another is');
};

subtest 'several in one call, in every form' => sub {
  my $s = many();
  is($s->setsockopt({ SCTP_NODELAY => 1, SCTP_RTOINFO => { srto_initial => 1500 }, SCTP_MAXSEG => 500 }), 0, 'a hash of several');
  is($s->setsockopt({ SCTP_EVENTS => { sctp_data_io_event => 1 } }, SCTP_RTOINFO => { srto_initial => 5 }), 0, 'a hash and more behind it');
  is($s->setsockopt(SCTP_DISABLE_FRAGMENTS => 1), 0, 'a list');
  is($s->setsockopt({ SCTP_AUTOCLOSE() => 9 }), 0, 'by number');
  is($s->setsockopt(IPPROTO_SCTP, SCTP_NODELAY, pack 'i', 0), 0, 'level, option, bytes, as in Perl');
  is($s->setsockopt(SOL_SOCKET, SO_RCVBUF, 200_000), 0, 'or a number');
  my $expected = { SCTP_NODELAY => 0, SCTP_DISABLE_FRAGMENTS => 1, SCTP_AUTOCLOSE => 9 };
  is_deeply($s->getsockopt('SCTP_NODELAY', 'SCTP_DISABLE_FRAGMENTS', 'SCTP_AUTOCLOSE'), $expected, 'read by names');
  is_deeply($s->getsockopt(['SCTP_NODELAY', 'SCTP_DISABLE_FRAGMENTS', 'SCTP_AUTOCLOSE']), $expected, 'by an array of names');
  is_deeply($s->getsockopt({ map { $_ => undef } keys %$expected }), $expected, 'by a hash');
  is(unpack('i', $s->getsockopt(IPPROTO_SCTP, SCTP_AUTOCLOSE)), 9, 'level and option, as in Perl');
  is($s->getsockopt({ SCTP_DELAYED_ACK_TIME => {} })->{SCTP_DELAYED_ACK_TIME}{sack_freq}, 2, 'by an older name');
  is($s->setsockopt({ SO_RCVTIMEO => 1.5 }), 0, 'seconds for a time');
  is_deeply($s->getsockopt('SO_RCVTIMEO')->{SO_RCVTIMEO}, { tv_sec => 1, tv_usec => 500_000 }, 'read back');
};

subtest 'without arguments, every readable option' => sub {
  my $all = peer_one()->getsockopt;
  my @missing = grep { !exists $all->{$_} } map { $_->[0] } grep { $_->[2] =~ /g/ && $_->[2] !~ /a/ } @Net::SCTP::Options::table;
  cmp_ok(scalar(keys %$all), '>', 40, 'many');
  diag "not readable here: @missing" if $ENV{VERBOSE};
  is(ref $all->{SCTP_STATUS}, 'HASH', 'structs as hashes');
  ok(!ref $all->{SCTP_NODELAY}, 'numbers as such');
  ok(!exists $all->{SO_ERROR}, 'but not what reading takes away');
};

subtest 'of one association' => sub {
  my ($s, $two) = (server(), undef);
  my @clients = (client($s), client($s));
  my @ids;
  for (@clients) { $_->sctp_sendmsg('x'); $s->sctp_recvmsg; push @ids, $s->get_AssocID }
  is($s->setsockopt({ SCTP_RTOINFO => { assoc_id => $ids[0], srto_max => 7000 } }), 0, 'by assoc_id');
  is($s->setsockopt({ SCTP_RTOINFO => { srto_assoc_id => $ids[1], srto_max => 8000 } }), 0, "by the struct's own field");
  is($s->getsockopt({ SCTP_RTOINFO => { assoc_id => $ids[0] } })->{SCTP_RTOINFO}{srto_max}, 7000, 'one');
  is($s->getsockopt({ SCTP_RTOINFO => { srto_assoc_id => $ids[1] } })->{SCTP_RTOINFO}{srto_max}, 8000, 'the other');
  is($s->getsockopt('SCTP_RTOINFO')->{SCTP_RTOINFO}{srto_max}, 60_000, 'those to come');

  is($s->sctp_opt_info($ids[0], 'SCTP_RTOINFO')->{srto_max}, 7000, 'sctp_opt_info');
  is($s->sctp_opt_info($ids[1], 'SCTP_STATUS')->{sstat_assoc_id}, $ids[1], 'of a status');
  is($s->sctp_opt_info($ids[0], 'SCTP_PEER_ADDR_PARAMS', { spp_address => '127.0.0.1:' . $clients[0]->get_LocalPort })->{spp_assoc_id}, $ids[0], 'with fields that ask');
  is($s->sctp_opt_info(undef, 'SCTP_STATUS')->{sstat_assoc_id}, $ids[1], 'without an id: the association of the last message');
  is_deeply($s->sctp_opt_info(0, 'SCTP_NODELAY'), { SCTP_NODELAY => 0 }, 'of a number');
  fails_undef($s->sctp_opt_info(77_777, 'SCTP_STATUS'), $s, qr/^sctp_opt_info SCTP_STATUS: Invalid argument/, 'an association that is none');
  fails_undef($s->sctp_opt_info('x', 'SCTP_STATUS'), $s, qr/'x' is no association's id/, 'no id');
  fails_undef($s->sctp_opt_info(0, 'SCTP_STATE'), $s, qr/there is no option SCTP_STATE/, 'no option');
  fails_undef($s->sctp_opt_info(0, 'SCTP_RTOINFO', { srto => 1 }), $s, qr/SCTP_RTOINFO has no field srto; it has srto_assoc_id/, 'no field');
  fails_undef($s->sctp_opt_info(0, 'SCTP_SOCKOPT_PEELOFF', { associd => 1 }), $s, qr/^sctp_opt_info SCTP_SOCKOPT_PEELOFF: Operation not supported/, 'an option that it cannot read');
  fails_undef($s->sctp_opt_info(0, 'SO_RCVBUF'), $s, qr/^sctp_opt_info SO_RCVBUF: Operation not supported/, 'an option of another level');
};

subtest 'what is wrong is named' => sub {
  my $s = many();
  my %wrong = (
    'an option that is none'    => [{ SCTP_RTOINFOS => {} }, qr/^setsockopt: there is no option SCTP_RTOINFOS$/],
    'a field that is none'      => [{ SCTP_RTOINFO => { srto_inital => 5 } }, qr/^setsockopt: SCTP_RTOINFO has no field srto_inital; it has srto_assoc_id, srto_initial, srto_max, srto_min$/],
    'a number for a struct'     => [{ SCTP_RTOINFO => 5 }, qr/^setsockopt: SCTP_RTOINFO takes a hash of its fields: srto_assoc_id/],
    'a struct for a number'     => [{ SCTP_NODELAY => {} }, qr/^setsockopt: SCTP_NODELAY is a reference: it must be a number/],
    'an array for a struct'     => [{ SCTP_RTOINFO => [] }, qr/^setsockopt: SCTP_RTOINFO takes a hash of its fields/],
    'text for a number'         => [{ SCTP_NODELAY => 'yes' }, qr/^setsockopt: SCTP_NODELAY is 'yes': it must be a number from/],
    'nothing'                   => [{ SCTP_NODELAY => undef }, qr/^setsockopt: SCTP_NODELAY: there is no value$/],
    'text in a field'           => [{ SCTP_RTOINFO => { srto_min => 'x' } }, qr/^setsockopt: SCTP_RTOINFO: srto_min is 'x'/],
    'a number too large'        => [{ SCTP_INITMSG => { sinit_num_ostreams => 65_536 } }, qr/sinit_num_ostreams is '65536': it must be a number from 0 to 65535$/],
    'a number below zero'       => [{ SCTP_RTOINFO => { srto_min => -1 } }, qr/srto_min is '-1': it must be a number from 0/],
    'an address that is none'   => [{ SCTP_PRIMARY_ADDR => { ssp_addr => 'b@d' } }, qr/^setsockopt: SCTP_PRIMARY_ADDR: ssp_addr is 'b\@d'/],
    'a value that is refused'   => [{ SCTP_RTOINFO => { srto_min => 60_000, srto_max => 1000 } }, qr/^setsockopt SCTP_RTOINFO: Invalid argument$/],
    'no hash'                   => [[], qr/^setsockopt takes a hash of options$/],
  );
  for my $name (sort keys %wrong) {
    fails($s->setsockopt($wrong{$name}[0]), $s, $wrong{$name}[1], $name);
  }
  ok($s->setsockopt({ SCTP_FOO => 1 }) == -1 && $!{ENOPROTOOPT}, 'ENOPROTOOPT');
  is($s->setsockopt({ SCTP_AUTOCLOSE => 99, SCTP_FOO => 1 }), -1, 'one wrong among right ones');
  is($s->getsockopt('SCTP_AUTOCLOSE')->{SCTP_AUTOCLOSE}, 0, 'none is set then');
  fails($s->setsockopt(IPPROTO_SCTP, 99, 1), $s, qr/^setsockopt: Protocol not available$/, 'a number that is none');
  fails_undef($s->getsockopt('SCTP_FOO'), $s, qr/^getsockopt: there is no option SCTP_FOO$/, 'reading one that is none');
  fails_undef($s->getsockopt({ SCTP_RTOINFO => { foo => 1 } }), $s, qr/has no field foo/, 'reading by a field that is none');
  fails_undef($s->getsockopt('SCTP_STATUS'), $s, qr/^getsockopt SCTP_STATUS: Invalid argument$/, 'reading what is not there');
  fails_undef($s->getsockopt(IPPROTO_SCTP, 99), $s, qr/^getsockopt: Protocol not available$/, 'reading a number that is none');
  fails_undef($s->getsockopt(undef), $s, qr/no option is named/, 'reading undef');
};

done_testing;
