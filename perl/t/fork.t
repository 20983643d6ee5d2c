# fork: the parent's sockets go on in the parent; the child makes its own. exec closes them.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Test::More;

my $server = server();
my $client = client($server);
my $stack  = Net::SCTP->backend eq 'stack';

SKIP: {
  skip 'the kernel gives sockets to both', 1 unless $stack;
  is(finished(in_child(sub {
    return 1 if $client->sctp_sendmsg('x') != -1;
    return 2 unless $!{ENOTSOCK};
    return 3 unless $client->error =~ /^sctp_sendmsg: Socket operation on non-socket/;
    my @ready = IO::Select->new($server)->can_read(0);
    return 4 unless @ready == 1;    # hung up
    return 0;
  })), 0, 'in the child, inherited sockets give an error');
}

my $child = in_child(sub {
  my $own_server = server();
  my $own_client = client($own_server);
  return 1 if $own_client->sctp_sendmsg('own') != 3;
  return 2 if ($own_server->sctp_recvmsg)[0] ne 'own';
  my $to_parent = client($server);
  return 3 if $to_parent->sctp_sendmsg('from the child') != 14;
  return ($to_parent->sctp_recvmsg)[0] eq 'to the child' ? 0 : 4;
});
is(($server->sctp_recvmsg)[0], 'from the child', 'sockets of the child reach the parent');
is($server->sctp_sendmsg('to the child'), 12, 'and the other way round');
is(finished($child), 0, 'and each other');

is(finished(in_child(sub { undef $server; undef $client; 0 })), 0, 'objects that go in the child');
is($client->sctp_sendmsg('still'), 5, 'mean nothing to the parent');
is(($server->sctp_recvmsg)[0], 'still', 'whose sockets go on');

{
  my $child = in_child(sub {
    my $taken = Net::SCTP->new({ LocalHost => '127.0.0.1', LocalPort => $server->get_LocalPort });
    return $taken->start_server ? 1 : $!{EADDRINUSE} ? 0 : 2;
  });
  is(finished($child), 0, 'a port of the parent is taken');
}

# A server that forks before it makes sockets, and a child that runs another program.
my @children = map {
  my $number = $_;
  in_child(sub {
    my $c = client($server);
    $c->sctp_sendmsg("child $number");
    return ($c->sctp_recvmsg)[0] eq "hello child $number" ? 0 : 1;
  });
} 1 .. 4;
for (1 .. 4) {
  my ($message) = $server->sctp_recvmsg;
  $server->sctp_sendmsg("hello $message");
}
is_deeply([map { finished($_) } @children], [0, 0, 0, 0], 'four children at once');
is(system($^X, '-e', 'exit((grep { m{/(\d+)$} && $1 > 2 && (readlink // "") =~ /^socket:/ } glob "/proc/self/fd/*") ? 1 : 0)') >> 8, 0,
  'a program that is executed inherits none') if -d '/proc/self/fd' && $stack;
is($client->sctp_sendmsg('after system'), 12, 'the parent goes on');
is(($server->sctp_recvmsg)[0], 'after system', 'received');

done_testing;
