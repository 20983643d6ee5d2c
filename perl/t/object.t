# new, keys, their accessors; what is wrong is named.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Test::More;

my $empty = Net::SCTP->new({});
is($empty->get_LocalHost, '', 'no LocalHost');
is($empty->get_PeerHost,  '', 'no PeerHost');
is($empty->get_LocalPort, 0,  'LocalPort 0');
is($empty->get_PeerPort,  0,  'PeerPort 0');
is($empty->get_listener,  1,  'Listen 1');
is($empty->get_OneToMany, 1,  'OneToMany 1');
is($empty->$_, undef, "$_ is undefined") for qw(get_IPV6 get_AutoBind get_Debug get_Socket get_DestSocket get_LegacyPorts get_AssocID);
is($empty->error, '', 'no error');
is_deeply($empty->get_RecvInfo, {}, 'nothing received');

my %values = (
  LocalHost => '127.0.0.1', LocalPort => 5556, PeerHost => ['127.0.0.1', '127.0.0.2'], PeerPort => 5557, OneToMany => 0,
  Debug => 0, IPV6 => 1, AutoBind => 0, LegacyPorts => 0, Listen => 7,
);
my $full = Net::SCTP->new(\%values);
for my $key (sort keys %values) {
  my ($get, $set) = $key eq 'Listen' ? qw(get_listener set_listener) : ("get_$key", "set_$key");
  is_deeply($full->$get, $values{$key}, "$get has what new was given");
  is_deeply($full->{$key}, $values{$key}, "so has the hash");
  my $fresh = $key =~ /Port$/ ? 1 : $key =~ /Host$/ ? '127.0.0.9' : 3;
  is($full->$set($fresh), $fresh, "$set returns it");
  is($full->$get, $fresh, "$get has it then");
}
$full->set_Socket(77);
is($full->get_Socket, 77, 'set_Socket');
$full->set_DestSocket(78);
is($full->{DestSocket}, 78, 'set_DestSocket');

isa_ok(Net::SCTP->new(LocalPort => 1), 'Net::SCTP', 'a plain list will do too');
isa_ok(Net::SCTP->new, 'Net::SCTP', 'and nothing');
isa_ok($full->new({}), 'Net::SCTP', 'an object can make another');

fails_undef(scalar Net::SCTP->new([]), undef, qr/hash reference/, 'new with something else');
fails_undef(scalar Net::SCTP->new({ LocalHots => 1 }), undef, qr/no key LocalHots; it has .*LocalHost/, 'a key that is none');
fails_undef(scalar Net::SCTP->new({ LocalPort => $_ }), undef, qr/LocalPort is '\Q$_\E'/, "LocalPort $_")
  for 65_536, -1, '12x', '1.5', ' ', '', 'no-such-service-here', "\x{663}";
fails_undef(scalar Net::SCTP->new({ PeerPort => 99_999 }), undef, qr/PeerPort is '99999': a port is a number from 0 to 65535/, 'PeerPort');
fails_undef($empty->set_PeerPort(70_000), $empty, qr/PeerPort is '70000'/, 'set_PeerPort');
fails_undef($empty->set_PeerPort(''), $empty, qr/PeerPort is '': a port is a number from 0 to 65535/, 'an empty one');
is($empty->get_PeerPort, 0, 'it stays what it was');
is(Net::SCTP->new({ PeerPort => undef })->get_PeerPort, 0, 'undef is as if it were not there');
ok(Net::SCTP->new({ LocalPort => 65_535 }), '65535 is a port');
is(Net::SCTP->error, '', 'no error any more');

# Errors are printed only when asked for, and then to STDERR.
for my $debug (undef, 1) {
  my ($out, $err) = ('', '');
  my $loud = Net::SCTP->new({ Debug => $debug });
  {
    local *STDOUT;
    local *STDERR;
    open STDOUT, '>', \$out;
    open STDERR, '>', \$err;
    $loud->bind;
  }
  is($out, '', 'nothing on STDOUT');
  $debug ? like($err, qr/^Net::SCTP: bind: there is no socket/, 'on STDERR with Debug') : is($err, '', 'nothing without Debug');
}

# Each method that needs a socket says so.
my @without = (
  map({ [$_ => -1] } qw(bind bindx sctp_bindx connect sctp_connectx connectx listen accept close shutdown sctp_sendx)),
  map({ [$_ => undef] } qw(sctp_peeloff send write getsockopt sctp_opt_info blocking)),
  map({ [$_ => -1] } qw(sctp_sendmsg sctp_send sctp_sendv)),
);
for (@without) {
  my ($method, $result) = @$_;
  my $none = Net::SCTP->new({ LocalHost => '127.0.0.1', PeerHost => '127.0.0.1', PeerPort => 1 });
  my @arguments = $method =~ /send|write/ ? ('x') : $method eq 'sctp_opt_info' ? (0, 'SCTP_STATUS') : ();
  my $got = $none->$method(@arguments);
  ok($!{EBADF}, "$method without a socket: EBADF") or diag "$!";
  is($got, $result, "$method: the result");
  like($none->error, qr/there is no socket; socket\(\) makes one/, "$method: the sentence");
}
my $none = Net::SCTP->new({});
is_deeply([$none->sctp_recvmsg], [undef, -1], 'sctp_recvmsg');
is_deeply([$none->sctp_recvv],   [undef, -1], 'sctp_recvv');
is_deeply([$none->$_], [], $_) for qw(sctp_getpadders sctp_getladders getpeername getsockname);
is($none->setsockopt({ SCTP_NODELAY => 1 }), -1, 'setsockopt');
is($none->recv(my $buffer, 10), undef, 'recv');
is($none->read($buffer, 10), undef, 'read');
is($none->recvfrom($buffer, 10), undef, 'recvfrom');
is($none->sendto('x', 0, '127.0.0.1:9'), undef, 'sendto');
ok(!$none->set_Socket('seven') || 1, 'a descriptor that is none');
is($none->listen, -1, 'fails');
like($none->error, qr/Socket is 'seven', which is no descriptor/, 'with a sentence');

subtest 'DESTROY, called by hand and twice' => sub {
  my $gone = Net::SCTP->new({});
  $gone->socket;
  $gone->DESTROY;
  is($gone->get_Socket, undef, 'the number, which is anybody\'s now, is forgotten');
  my $next = Net::SCTP->new({});
  my $descriptor = $next->socket;
  fails($gone->listen, $gone, qr/there is no socket/, 'no use after it');
  $gone->DESTROY;
  undef $gone;
  is($next->listen, 0, "descriptor $descriptor still serves the next");
  { local $@ = 'kept'; local $! = 5; undef $next; is($@, 'kept', '$@ is kept'); is($! + 0, 5, '$! too') }
};

done_testing;
