# The module loads, tells what serves, and exports its constants by tags.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Test::More;
BEGIN { Net::SCTP->import(':all') }

is(Net::SCTP->VERSION, $Net::SCTP::VERSION, 'version');
like(Net::SCTP->backend, qr/^(?:stack|kernel)$/, 'what serves');

my %expected = (
  events => [qw(SCTP_ASSOC_CHANGE SCTP_COMM_UP SCTP_SHUTDOWN_EVENT SCTP_ADDR_CONFIRMED)],
  flags  => [qw(SCTP_UNORDERED SCTP_EOF MSG_NOTIFICATION MSG_PEEK SPP_HB_ENABLE)],
  all    => [qw(SCTP_COMM_UP SCTP_UNORDERED SCTP_RTOINFO SCTP_ESTABLISHED SO_RCVBUF)],
);
for my $tag (sort keys %expected) {
  for my $name (@{ $expected{$tag} }) {
    ok(eval "package Import::$tag; use Net::SCTP ':$tag'; defined &$name && defined $name()", ":$tag has $name") or diag $@;
  }
}
my %all = map { $_ => 1 } @{ $Net::SCTP::EXPORT_TAGS{all} };
for my $tag (sort keys %Net::SCTP::EXPORT_TAGS) {
  is(scalar(grep { !$all{$_} } @{ $Net::SCTP::EXPORT_TAGS{$tag} }), 0, "all of :$tag is in :all");
}
ok(!defined &Import::events::SCTP_UNORDERED, 'a tag exports no more than it says');

no strict 'refs';
is(scalar(grep { !defined &{"Net::SCTP::$_"} } @Net::SCTP::Constants::names), 0, 'each name has a value');
is(SCTP_UNORDERED(), 1, 'the values are those of Linux');
is(SCTP_EOF(), 0x200, 'SCTP_EOF');
is(SCTP_ASSOC_CHANGE(), 0x8001, 'SCTP_ASSOC_CHANGE');
is(SCTP_COMM_UP(), 0, 'SCTP_COMM_UP');
{
  local $SIG{__WARN__} = sub { };
  ok(!eval { Net::SCTP->import(':nothing'); 1 }, 'there is no other tag');
}

done_testing;
