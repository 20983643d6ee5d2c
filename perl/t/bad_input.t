# Whatever is handed to a method, the answer is a result, or a failure with $! and a sentence: no crash, no warning, and
# nothing dies but what Perl's own functions die of.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Tie::Scalar;
use Test::More;
BEGIN { Net::SCTP->import(':all') }

# Names that are none are asked of nobody for long.
$ENV{RES_OPTIONS} = 'timeout:1 attempts:1';

{ package Says;  use overload '""' => sub { $_[0][0] }, fallback => 1 }
{ package Dies;  use overload '""' => sub { die "of itself\n" }, fallback => 1 }
{ package Plain; sub new { bless {}, shift } }

tie my $tied, 'Tie::StdScalar', 'tied';
my %values = (
  'undef' => undef, 'an empty string' => '', 'a space' => ' ', 'a line' => "1\n", 'a NUL' => "\0", 'a word' => 'b@d',
  'zero' => 0, 'one' => 1, '-1' => -1, '2**31' => 2**31, '2**32 + 3' => 2**32 + 3, '2**64 - 1' => ~0, '2**63' => 2**63,
  'thirty digits' => '9' x 30, '1.5' => 1.5, '1e300' => 1e300, 'infinity' => 9**9**9, 'less' => -9**9**9,
  'not a number' => -sin(9**9**9), 'true' => !!1, 'false' => !!0, 'a v-string' => v1.2.3,
  'wide' => "\x{263a}", 'wide and long' => "\x{263a}" x 40, 'an upgraded address' => do { my $a = pack 'S n C4 x8', 2, 5, 250, 251, 252, 253; utf8::upgrade($a); $a },
  'an address cut off' => pack('S n C4 x8', 2, 5, 127, 0, 0, 1) . pack('S', 10), 'long' => 'a' x 70_000,
  'an array' => [], 'an array of undef' => [undef], 'an array of arrays' => [[]], 'an array of a lot' => [1 .. 200],
  'a hash' => {}, 'a hash of undef' => { a => undef }, 'a reference' => \1, 'a reference to one' => \\1, 'code' => sub { 1 },
  'a pattern' => qr/x/, 'a glob' => *STDOUT, 'a handle' => \*STDOUT, 'an object' => Plain->new, 'a blessed array' => bless([], 'Plain'),
  'an object that says 1' => bless([1], 'Says'), 'an object that says wide' => bless(["\x{100}"], 'Says'), 'an object that says undef' => bless([''], 'Says'),
  'an object that dies' => bless([], 'Dies'), 'tied' => \$tied, 'a socket' => Net::SCTP->new({}),
);

my $server = server(LocalHost => ['127.0.0.1', '127.0.0.2']);
$server->blocking(0);
my $single = server(OneToMany => 0, Listen => 1000);
my $port   = $server->get_LocalPort;
my %made   = (
  'one-to-many' => sub { my $c = client($server); $c->blocking(0); $c },
  'one-to-one'  => sub { my $c = client($single, OneToMany => 0); $single->accept; $c->blocking(0); $c },
  'fresh'       => sub { my $s = Net::SCTP->new({ PeerPort => $port }); $s->socket; $s->blocking(0); $s },
  'without'     => sub { Net::SCTP->new({}) },
  'closed'      => sub { my $s = Net::SCTP->new({}); $s->socket; $s->close; $s },
  'gone'        => sub { my $s = Net::SCTP->new({}); $s->socket; $s->DESTROY; $s },
  'closed behind its back' => sub { my $s = Net::SCTP->new({}); $s->socket; Net::SCTP->new({ Socket => $s->{Socket} })->close; $s },
);
my %dead = map { $_ => 1 } 'without', 'closed', 'gone', 'closed behind its back';

# Each method with arguments that are right; each of them is replaced by each value in turn.
my %calls = (
  bind => ['127.0.0.1'], bindx => [['127.0.0.1'], 1], connect => ['127.0.0.1'], sctp_connectx => [['127.0.0.1']],
  connectx => [0, ['127.0.0.1']], listen => [], accept => [], sctp_recvmsg => [100, MSG_DONTWAIT], sctp_recvv => [100, MSG_DONTWAIT],
  sctp_sendmsg => ['x', {}], shutdown => [2], close => [], sctp_peeloff => [9999], sctp_getpaddrs => [0], sctp_getladdrs => [0],
  getpeername => [], getsockname => [], setsockopt => [SCTP_NODELAY => 1], getsockopt => ['SCTP_NODELAY'],
  sctp_opt_info => [0, 'SCTP_RTOINFO', {}], send => ['x', 0, '127.0.0.1:9'], sendto => ['x', 0, '127.0.0.1:9'],
  recv => ['', 10, MSG_DONTWAIT], recvfrom => ['', 10, MSG_DONTWAIT], read => ['', 10, 0], write => ['xyz', 1, 1],
  sctp_send => ['x', {}], sctp_sendx => ['x', ['127.0.0.1'], {}], sctp_sendv => ['x', ['127.0.0.1'], {}, 0], blocking => [0],
  start_server => [], start_client => [],
);
my %perls    = map { $_ => 1 } qw(send sendto recv recvfrom read write blocking sctp_peeloff getsockopt sctp_opt_info);
my %lists    = map { $_ => 1 } qw(sctp_getpaddrs sctp_getladdrs getpeername getsockname);
my %received = map { $_ => 1 } qw(sctp_recvmsg sctp_recvv);
my $dies     = qr/^(?:Wide character in |Modification of a read-only value attempted|of itself$)/;

# Calls, and returns what is wrong with the answer, or nothing.
sub wrong {
  my ($s, $method, $arguments, $must_fail) = @_;
  my @warned;
  local $SIG{__WARN__} = sub { push @warned, @_ };
  $! = 0;
  my @result = eval { $s->$method(@$arguments) };
  my ($died, $errno) = ($@, $! + 0);
  my @wrong = map { "it warns: $_" } @warned;
  if ($died ne '') {
    push @wrong, "it dies: $died" unless $died =~ $dies;
    return @wrong;
  }
  my $failed = $received{$method} ? $result[1] == -1
    : $method =~ /^start_/        ? !$result[0]
    : $lists{$method}             ? !@result && ($must_fail || $s->error ne '')    # an unbound socket has no address
    : $perls{$method}             ? !defined $result[0]
    :                               ($result[0] // '') eq '-1';
  push @wrong, 'it returns ' . ($result[0] // 'undef') if !$failed && !defined $result[0] && !$lists{$method};
  push @wrong, 'it does not fail: ' . ($result[0] // 'undef') if !$failed && $must_fail;
  push @wrong, 'no sentence: ' . ($s->error // 'undef') if $failed && ($s->error // '') !~ /^\w.{8}/s;
  push @wrong, 'no errno: ' . $s->error if $failed && !$errno && !$lists{$method};
  return @wrong;
}

for my $state (sort keys %made) {
  for my $method (sort keys %calls) {
    next if $dead{$state} && $method =~ /^start_/;
    my @wrong;
    my $s = $made{$state}->();
    for my $at (-1 .. $#{ $calls{$method} }) {
      for my $name ($at < 0 ? '' : sort keys %values) {
        my @arguments = @{ $calls{$method} };
        $arguments[$at] = $name eq 'tied' ? ${ $values{$name} } : $values{$name} if $at >= 0;
        push @wrong, map { "argument $at is $name: $_" } wrong($s, $method, \@arguments, $dead{$state});
        # What it might have changed is made anew.
        $s = $made{$state}->() if !$dead{$state} && ($method =~ /close|shutdown|connect|start|bind|send|write|blocking/ && $at >= 0 || $at < 0);
        $server->sctp_recvmsg(100_000) for 1 .. 3;
      }
    }
    ok(!@wrong, "$method, $state") or diag join "\n", @wrong[0 .. ($#wrong > 20 ? 20 : $#wrong)];
  }
}

subtest 'keys' => sub {
  my $warned = '';
  local $SIG{__WARN__} = sub { $warned .= "@_" };
  for my $name (sort keys %values) {
    my $given = Net::SCTP->new($values{$name});
    ok($given ? $values{$name} && ref $values{$name} eq 'HASH' : Net::SCTP->error =~ /\w/, "new with $name");
    for my $key (qw(LocalHost LocalPort PeerHost PeerPort Listen OneToMany IPV6 AutoBind LegacyPorts Socket DestSocket)) {
      my $died = eval {
        my $s = Net::SCTP->new({ LocalHost => '127.0.0.1', PeerHost => '127.0.0.1', PeerPort => $port, $key => $values{$name} });
        if ($s) {
          $s->socket unless $key eq 'Socket';
          $s->blocking(0);
          for my $call (qw(bind listen accept connect sctp_recvmsg getsockname)) {
            my @result = $s->$call($call eq 'sctp_recvmsg' ? (10, MSG_DONTWAIT) : ());
            fail("$call: no sentence") if ($result[-1] // '') eq '-1' && $s->error !~ /\w/;
          }
          $s->sctp_sendmsg('x') == -1 && $s->error !~ /\w/ and fail('sctp_sendmsg: no sentence');
          # Whose the descriptors 0 and 1 are is not this test's.
          $s->{Socket} = $s->{DestSocket} = undef;
        } elsif (Net::SCTP->error !~ /^\Q$key\E /) {
          fail("$key is $name: " . Net::SCTP->error);
        }
        1;
      };
      ok($died || $@ =~ $dies, "$key is $name") or diag $@;
    }
  }
  is($warned, '', 'no warning');
};

subtest 'attributes of messages' => sub {
  for my $method (qw(sctp_sendmsg sctp_sendv)) {
    my $c = $made{'one-to-many'}->();
    for my $key (qw(stream ppid flags context assoc_id addr msg_flags timetolive pr_policy pr_value auth_keynumber unordered eof)) {
      my @wrong;
      for my $name (sort keys %values) {
        push @wrong, map { "$name: $_" } wrong($c, $method, ['x', ($method eq 'sctp_sendv' ? undef : ()), { $key => $values{$name} }], 0);
        push @wrong, map { "array of $name: $_" } wrong($c, $method, ['x', ($method eq 'sctp_sendv' ? undef : ()), { $key => [$values{$name}] }], 0);
        $c = $made{'one-to-many'}->() if $key eq 'eof' || $key eq 'flags' || $key eq 'addr';
        $server->sctp_recvmsg(100_000) for 1 .. 3;
      }
      ok(!@wrong, "$method: $key") or diag join "\n", @wrong[0 .. ($#wrong > 20 ? 20 : $#wrong)];
    }
  }
};

subtest 'options and their fields' => sub {
  for my $row (@Net::SCTP::Options::table) {
    my ($name, $kind) = @$row;
    next if $name eq 'SO_LINGER';    # whose sockets would take long to close
    my $s = $made{'one-to-many'}->();
    my $id = $s->get_AssocID;
    my @wrong;
    for my $what (sort keys %values) {
      my $value = $values{$what};
      push @wrong, map { "set to $what: $_" } wrong($s, 'setsockopt', [{ $name => $value }], 0);
      push @wrong, map { "read with $what: $_" } wrong($s, 'getsockopt', [{ $name => $value }], 0);
      push @wrong, map { "asked with $what: $_" } wrong($s, 'sctp_opt_info', [$id, $name, $value], 0);
      for my $field (Net::SCTP::Options::fields({ kind => $kind })) {
        push @wrong, map { "$field set to $what: $_" } wrong($s, 'setsockopt', [{ $name => { $field => $value } }], 0);
        push @wrong, map { "$field read with $what: $_" } wrong($s, 'getsockopt', [{ $name => { $field => $value } }], 0);
      }
    }
    ok(!@wrong, $name) or diag join "\n", @wrong[0 .. ($#wrong > 20 ? 20 : $#wrong)];
  }
};

subtest 'numbers that an int cannot hold name no descriptor, association or option' => sub {
  my $c = client($server);
  my $over = 2**32 + $c->get_AssocID;
  fails($c->sctp_sendmsg('x', { assoc_id => $over }), $c, qr/assoc_id is '$over'/, 'assoc_id');
  fails_undef($c->sctp_peeloff($over), $c, qr/'$over' is no association's id/, 'sctp_peeloff');
  fails_undef($c->sctp_opt_info($over, 'SCTP_STATUS'), $c, qr/'$over' is no association's id/, 'sctp_opt_info');
  is_deeply([$c->sctp_getpaddrs($over)], [], 'sctp_getpaddrs');
  like($c->error, qr/'$over' is no association's id/, 'says so');
  my $descriptor = 2**32 + $c->get_Socket;
  my $other = Net::SCTP->new({ Socket => $descriptor });
  fails($other->sctp_sendmsg('x', { assoc_id => $c->get_AssocID }), $other, qr/Socket is '$descriptor', which is no descriptor/, 'Socket');
  fails($c->sctp_sendmsg('x', { flags => 65_536 }), $c, qr/flag '65536'/, 'flags, which have 16 bits');
  my $level = 2**32 + IPPROTO_SCTP;
  fails($c->setsockopt($level, SCTP_NODELAY, 1), $c, qr/'$level'/, 'the level of setsockopt');
  fails_undef($c->getsockopt($level, SCTP_NODELAY), $c, qr/$level/, 'the level of getsockopt');
  fails($c->setsockopt(IPPROTO_SCTP, SCTP_NODELAY, 2**32), $c, qr/4294967296/, 'a value of setsockopt');
};

subtest 'a message that an object says' => sub {
  my $c = client($server);
  $server->blocking(1);
  for my $text ("plain", "\xe4\xf6", '') {
    my $upgraded = "$text";
    utf8::upgrade($upgraded);
    next if $text eq '';
    is($c->sctp_sendmsg(bless [$upgraded], 'Says'), length $text, 'is its bytes');
    is(($server->sctp_recvmsg)[0], $text, 'and no others');
  }
  ok(!eval { $c->sctp_sendmsg(bless ["\x{100}"], 'Says'); 1 }, 'a wide one dies');
  like($@, qr/^Wide character in sctp_sendmsg at /, 'as any');
  is($c->sctp_sendv([bless(["\xe4"], 'Says'), 'b']), 2, 'a part of one');
  is(($server->sctp_recvmsg)[0], "\xe4b", 'too');
};

my $client = client($server);
is($client->sctp_sendmsg('after all'), 9, 'it still works');
my $message = '';
($message) = $server->sctp_recvmsg until $message eq 'after all';
is($message, 'after all', 'both ways');

done_testing;
