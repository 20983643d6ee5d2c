# Blocking calls end when a signal is caught, as Perl's own do; a handler that dies gets out.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Time::HiRes ();
use Test::More;

my $deadline = alarm 0;    # the alarm is needed for the test itself

# Runs the call with an alarm in a moment; and again, should the first one come before the call waits.
sub interrupted {
  my ($call, $handler) = @_;
  my $waiting = 1;
  local $SIG{ALRM} = sub {
    return unless $waiting;
    return if eval { $handler->(); 1 };
    $waiting = 0;    # a second one would miss the eval
    die $@;
  };
  Time::HiRes::ualarm(20_000, 20_000);
  my @result = eval { $call->() };
  $waiting = 0;
  my ($errno, $died) = ($! + 0, $@);
  Time::HiRes::ualarm(0);
  $! = $errno;
  return ($died, @result);
}

my $server  = server();
my ($single, $peer) = one_to_one();
my $listener = server(OneToMany => 0);
my $full = client($server);
my %calls = (
  'sctp_recvmsg, one-to-many' => sub { $server->sctp_recvmsg },
  'sctp_recvmsg, one-to-one'  => sub { $single->sctp_recvmsg },
  'accept'                    => sub { $listener->accept },
  'recv'                      => sub { $server->recv(my $buffer, 10) },
  'read'                      => sub { $server->read(my $buffer, 10) },
  'sctp_recvv'                => sub { $server->sctp_recvv },
);
for my $name (sort keys %calls) {
  my $caught = 0;
  my ($died, @result) = interrupted($calls{$name}, sub { ++$caught });
  ok($!{EINTR}, "$name: EINTR") or diag "$!";
  cmp_ok($caught, '>=', 1, "$name: the handler has run");
  is($died, '', "$name: it returned");
  ok(!defined $result[0] || $result[0] == -1, "$name: as a failure");
  ($died) = interrupted($calls{$name}, sub { die "enough\n" });
  is($died, "enough\n", "$name: a handler that dies");
}
interrupted($calls{accept}, sub { });
is($listener->error, 'accept: Interrupted system call', 'the sentence');

{
  my ($died) = interrupted(sub { 1 while $full->sctp_sendmsg('x' x 50_000) >= 0; -1 }, sub { die "enough\n" });
  is($died, "enough\n", 'sctp_sendmsg into a full buffer');
}
alarm $deadline;
{
  my $caught = 0;
  local $SIG{USR1} = sub { ++$caught };
  my $parent = $$;
  pipe my $over, my $waiting or die $!;
  my $child = in_child(sub {
    close $waiting;
    my $select = IO::Select->new($over);
    kill USR1 => $parent until $select->can_read(0.02);
    return 0;
  });
  is($listener->accept, -1, 'a signal from another process');
  ok($!{EINTR}, 'ends accept');
  close $waiting;
  1 until waitpid($child, 0) == $child;
  is($?, 0, 'the other process is through');
  cmp_ok($caught, '>=', 1, 'the handler has run');
}

# It all still works, nothing is left locked.
my $client = client($server);
$client->sctp_sendmsg('after');
my $message = '';
($message) = $server->sctp_recvmsg(60_000) until $message !~ /^x*\z/;
is($message, 'after', 'the sockets go on');
done_testing;
