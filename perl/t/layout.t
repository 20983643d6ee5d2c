# The structs are laid out as the compiler does it: a program of assertions about every field, compiled.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Config;
use File::Temp;
use Test::More;

my %own = (sctp_peeloff_arg_t => 'sctp_peeloff_arg_t', sctp_peeloff_flags_arg_t => 'sctp_peeloff_flags_arg_t');
my @lines = ('#include <stddef.h>', '#include <sys/types.h>', '#include <sys/time.h>', '#include <sys/socket.h>', '#include <netinet/in.h>', '#include <linux/sctp.h>');
my $count = 0;
for my $struct (Net::SCTP::Struct::names()) {
  my $type   = $own{$struct} // "struct $struct";
  my $layout = Net::SCTP::Struct::layout($struct);
  push @lines, qq{_Static_assert(sizeof($type) == $layout->{size}, "$struct is $layout->{size} bytes");};
  for my $field (@{ $layout->{fields} }) {
    push @lines, qq{_Static_assert(offsetof($type, $field->{name}) == $field->{offset}, "$struct.$field->{name} at $field->{offset}");};
    push @lines, qq{_Static_assert(sizeof((($type*)0)->$field->{name}) == $field->{size}, "$struct.$field->{name} has $field->{size} bytes");}
      if $field->{size};
    ++$count;
  }
}
my $directory = File::Temp->newdir;
open my $program, '>', "$directory/layout.c" or die $!;
print {$program} map { "$_\n" } @lines;
close $program;
my @cc = split ' ', $Config{cc};
my $said = `$Config{cc} -fsyntax-only -x c $directory/layout.c 2>&1`;
is($?, 0, "$count fields are where the compiler has them") or diag substr $said, 0, 3000;
cmp_ok($count, '>', 200, 'that is all of them');

# Each named option's struct is there, and each constant used in the table.
for my $row (@Net::SCTP::Options::table) {
  my $kind = $row->[1];
  ok($kind =~ /^addresses$|_old$/ || Net::SCTP::Struct::is_scalar($kind) || Net::SCTP::Struct::layout($kind), "$row->[0]: $kind");
}
for my $name (sort keys %Net::SCTP::Notification::table) {
  ok(Net::SCTP::Struct::layout($Net::SCTP::Notification::table{$name}), "$name: its struct");
}

# What is encoded is decoded.
my $context = { port => 7, ipv6 => 1 };
for my $struct (Net::SCTP::Struct::names()) {
  my (%values, $n);
  for my $field (@{ Net::SCTP::Struct::layout($struct)->{fields} }) {
    my ($name, $kind) = @$field{qw(name kind)};
    $values{$name} = $kind eq 'address' ? (++$n % 2 ? '127.0.0.1' : '::1') : $kind eq 'struct' ? next
      : $kind eq 'addresses*' ? ['127.0.0.1', '::1'] : $kind eq 'bytes*' ? "a\0b" : $kind =~ /\*/ ? [1, 2, 3] : ++$n;
  }
  for my $field (grep { $_->{detail} && $_->{kind} ne 'struct' } @{ Net::SCTP::Struct::layout($struct)->{fields} }) {
    delete $values{ $field->{detail} };
  }
  my $decoded = Net::SCTP::Struct::decode($struct, Net::SCTP::Struct::encode($struct, \%values, $struct, $context));
  is_deeply({ map { $_ => $decoded->{$_} } keys %values }, \%values, "$struct there and back");
}

done_testing;
