# valgrind sees no error in the module or the library. Perl's own, of which it keeps quiet, are in t/perl.supp.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use File::Temp;
use Test::More;

plan skip_all => 'there is no valgrind' unless grep { -x "$_/valgrind" } split /:/, $ENV{PATH};

my $log = File::Temp->new;
local $ENV{PERL_DESTRUCT_LEVEL} = 2;
local $ENV{NETSCTP_TEST_DEADLINE} = 80;
my $said = join '', do {
  my @command = ('valgrind', '--error-exitcode=9', '--leak-check=full', '--show-leak-kinds=definite', '--errors-for-leak-kinds=none',
    '--suppressions=t/perl.supp', "--log-file=$log", $^X, (map { "-I$_" } grep { !ref } @INC), 't/valgrind.pl');
  open my $output, '-|', @command or die "valgrind: $!";
  <$output>;
};
open my $in, '<', "$log" or die $!;
my $report = do { local $/; <$in> };
is($said, "done\n", 'the script gets to its end');
like($report, qr/ERROR SUMMARY: 0 errors/, 'no error') or diag substr $report, 0, 6000;

# Leaks of perl's own are not ours; none has the library or the module in its trace.
my @ours = grep { /definitely lost/ && /SCTP\.(?:so|c|xs)|netsctp/ } split /\n==\d+== \n/, $report;
is(scalar(@ours), 0, 'nothing of ours is lost') or diag @ours;

done_testing;
